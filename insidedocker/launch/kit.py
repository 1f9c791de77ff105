"""The offline kit: a folder with all that a classroom without internet needs (the course's files,
wheels for chosen Pythons, the images' archives, and PRoot), and installing from it.

A kit is self-contained: `python3 KIT/install.py [FOLDER]` needs only a bare Python.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from insidedocker import catalog
from insidedocker.catalog import folders, store, tools
from insidedocker.course import Course
from insidedocker.errors import UserError

MARK = "kit.json"
NOT_OURS = {
    *("work", "submitted", "autograded", "feedback", ".grading"),
    *("artefacts", ".catalog", ".venv", ".git", ".kit-delivered.json"),
}
UV = re.compile(r"^uv==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)
INSTALL = Path(__file__).with_name("kit_install.py")


def write(course: Course, kit: Path, pythons: list[str], progress: catalog.Progress) -> None:
    """Write a kit to the folder `kit`, or bring the kit in it up to date.

    `pythons` are the interpreters for which the kit gets wheels; default: the one that runs this
    program. Raises UserError.
    """
    pythons = pythons or [sys.executable]
    if kit.exists() and any(kit.iterdir()) and not (kit / MARK).is_file():
        raise UserError(f"{kit} holds something else: name a new folder, or an empty one.")
    kit.mkdir(parents=True, exist_ok=True)
    (kit / MARK).write_text(json.dumps({"pythons": pythons}) + "\n")
    progress.say("Copying the course.")
    _pack(course.root, kit / "course.tar")
    for python in pythons:
        progress.say(f"Fetching packages for {python}.")
        _wheels(course.root, kit / "wheels", python)
    store.copy_to(kit / "images", store.names(), progress)
    tools.copy_to(kit / "tools", ["proot"], progress)
    shutil.copyfile(INSTALL, kit / "install.py")


def install(kit: Path, progress: catalog.Progress) -> None:
    """Add the images and tools of a kit to the account's cache. Raises UserError."""
    if not (kit / MARK).is_file():
        raise UserError(f"{kit} is not a kit: name a folder that insidedocker kit write has made.")
    store.take_from(kit / "images", progress)
    tools.take_from(kit / "tools")
    progress.say(f"The images and tools of the kit are in {folders.cache()}.")


def _pack(course: Path, archive: Path) -> None:
    """Write the course's files to `archive` as a clone would hold them: without anyone's work and
    without generated files. An archive, since the file system of a USB stick may have neither
    links nor modes."""
    with tarfile.open(archive, "w") as packed:
        for name in _files(course):
            packed.add(course / name, name, filter=_nobodys)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _files(course: Path) -> list[str]:
    """The files that git tracks; without git, all files except those that arise by use."""
    git = ["git", "-C", str(course), "ls-files", "-z"]
    if (course / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(git, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            names = [name for name in listed.stdout.split("\0") if name]
            return [name for name in names if (course / name).is_file()]
    return [
        path.relative_to(course).as_posix()
        for path in sorted(course.rglob("*"))
        if path.is_file()
        and path.relative_to(course).parts[0] not in NOT_OURS
        and not path.relative_to(course).parts[0].startswith(".venv-")
        and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
        and not path.name.startswith("gradebook.db")
    ]


def _wheels(course: Path, wheels: Path, python: str) -> None:
    """Download what bootstrap.py installs, for one interpreter; pip checks the locks' hashes."""
    if shutil.which(python) is None:
        raise UserError(f"There is no {python} here: name a Python of this machine with --python.")
    found = UV.search((course / "locks/requirements-dev.lock").read_text())
    wheels.mkdir(exist_ok=True)
    only_uv = wheels / "uv.txt"
    only_uv.write_text(found[0] if found else "")
    locks = [course / "locks/requirements.lock", course / "locks/requirements-build.lock", only_uv]
    hashed = ["--require-hashes", *(word for lock in locks for word in ("-r", str(lock)))]
    # pip itself, for Pythons that lack it.
    for wanted in (hashed, ["pip"]):
        _download(python, wheels, wanted)
    only_uv.unlink()


def _download(python: str, wheels: Path, wanted: list[str]) -> None:
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(wheels)]
    command = [sys.executable, "-m", "pip", "--python", python, "download", *options, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise UserError(
            f"The packages for {python} could not be fetched (is the network up?): "
            f"{said[-1] if said else 'pip said nothing'}"
        )
