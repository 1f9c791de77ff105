"""`insidedocker lab`, `teach`, `session`, `kit` and `doctor`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from insidedocker import commands
from insidedocker.errors import UsageError

ENGINES = ("auto", "docker", "podman", "embedded")
ROLES = ("learner", "class", "teacher")


def add_to(subparsers: Any) -> None:
    """Register this package's commands."""
    lab = commands.add(
        subparsers, "lab", "open the course in JupyterLab", "insidedocker lab --engine embedded"
    )
    _add_options(lab)
    lab.add_argument(
        "--work", type=Path, help="folder of your own copies (default: work/ in the course)"
    )
    lab.set_defaults(run=_lab)
    teach = commands.add(
        subparsers,
        "teach",
        "open the course folder in JupyterLab with Formgrader",
        "insidedocker teach --port 8890",
    )
    _add_options(teach)
    teach.set_defaults(run=_teach)
    session = commands.add(
        subparsers,
        "session",
        "run a server of Binder or JupyterHub with the course around it",
        "insidedocker session --role class jupyterhub-singleuser",
    )
    session.add_argument(
        "--role",
        choices=ROLES,
        default="learner",
        help="learner: on copies of all lessons; class: on what an instructor releases; "
        "teacher: on the course itself (default: learner)",
    )
    session.add_argument(
        "--folder", type=Path, help="what is served (default: work/, ~/inside-docker, the course)"
    )
    session.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    session.set_defaults(run=_session)
    _add_kit(subparsers)
    doctor = commands.add(
        subparsers,
        "doctor",
        "say what this machine offers the course, why not more, and what to do",
        "insidedocker doctor",
    )
    doctor.set_defaults(run=_doctor)


def _add_kit(subparsers: Any) -> None:
    kit = commands.add(
        subparsers,
        "kit",
        "write or install all that a classroom without internet needs",
        "insidedocker kit write /media/stick/inside-docker",
    )
    kits = kit.add_subparsers(dest="kit_command", metavar="COMMAND", required=True)
    write = commands.add(
        kits,
        "write",
        "write course, packages and images to a folder, such as a USB stick's",
        "insidedocker kit write /media/stick/inside-docker",
    )
    write.add_argument("kit", type=Path, metavar="FOLDER")
    add_python(write)
    write.set_defaults(run=_write_kit)
    install = commands.add(
        kits,
        "install",
        "take a kit's images into your cache (its install.py does the rest)",
        "insidedocker kit install /media/stick/inside-docker",
    )
    install.add_argument("kit", type=Path, metavar="FOLDER")
    install.set_defaults(run=_install_kit)


def add_python(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the Pythons for which a kit has packages."""
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PROGRAM",
        help="a Python to have packages for, such as python3.12; may be given again "
        "(default: the one that runs this)",
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=None, help="port to serve on (default: 8888 or the next free)"
    )
    parser.add_argument(
        "--engine",
        type=_engine,
        default="auto",
        metavar="{" + ",".join(ENGINES) + "}",
        help="which engine to use (default: the first that answers, else the embedded one)",
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(
            f"{text!r} is not a valid port number: give a number from 1 to 65535, as in PORT=8890."
        )
    return int(text)


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise UsageError(f"{text!r} is not an engine: choose one of {', '.join(ENGINES)}.")
    return text


def _lab(arguments: argparse.Namespace) -> int:
    from insidedocker.course import Course
    from insidedocker.launch import local

    course = Course.find()
    return local.open_lab(
        course,
        (arguments.work or course.root / "work").absolute(),
        engine=arguments.engine,
        port=arguments.port,
        show=not arguments.no_open,
    )


def _teach(arguments: argparse.Namespace) -> int:
    from insidedocker.course import Course
    from insidedocker.launch import local

    return local.open_teach(
        Course.find(),
        engine=arguments.engine,
        port=arguments.port,
        show=not arguments.no_open,
        exchange=os.environ.get("NBGRADER_EXCHANGE"),
    )


def _session(arguments: argparse.Namespace) -> int:
    from insidedocker.course import Course
    from insidedocker.launch import copies, hosted

    if not arguments.words:
        raise UsageError(
            "Which server? Give its command, as in: insidedocker session jupyter lab --no-browser"
        )
    folder = arguments.folder
    if arguments.role == "learner":
        course = Course.find()
        folder = folder or course.root / "work"
        for line in copies.update(course.release, folder).lines(folder):
            print(line, flush=True)
    elif arguments.role == "class":
        folder = folder or Path.home() / "inside-docker"
    else:
        folder = folder or Course.find().root
    hosted.become(arguments.words, folder.absolute(), arguments.role)


def _write_kit(arguments: argparse.Namespace) -> int:
    from insidedocker.course import Course
    from insidedocker.launch import kit
    from insidedocker.progress import for_stream

    kit.write(Course.find(), arguments.kit.absolute(), arguments.python, for_stream(sys.stderr))
    print(f"Written. On the other machine: python3 {arguments.kit.name}/install.py [FOLDER]")
    return 0


def _install_kit(arguments: argparse.Namespace) -> int:
    from insidedocker.launch import kit
    from insidedocker.progress import for_stream

    kit.install(arguments.kit.absolute(), for_stream(sys.stderr))
    print("Installed. In the course's folder: make lab")
    return 0


def _doctor(_arguments: argparse.Namespace) -> int:
    from insidedocker.launch import doctor

    return doctor.run()
