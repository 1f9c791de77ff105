"""The offline kit: a folder with all that a classroom without internet needs, and installing from
it. The course's files, wheels for chosen Pythons, the images' archives, and PRoot.

A kit starts by itself: `python3 KIT/install.py [FOLDER]` needs a bare Python only.
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
    """Write a kit to the folder `kit`; one that is there already is brought up to date.

    `pythons` are the interpreters for which wheels are taken, the one that runs this if none is
    named. Raises UserError.
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
    """Take images and tools of a kit into the account's cache. Raises UserError."""
    if not (kit / MARK).is_file():
        raise UserError(f"{kit} is no kit: name a folder that insidedocker kit write has made.")
    store.take_from(kit / "images", progress)
    tools.take_from(kit / "tools")
    progress.say(f"The images and tools of the kit are in {folders.cache()}.")


def _pack(course: Path, archive: Path) -> None:
    """The course as a clone would hold it: nobody's work, nothing that is made here. As an
    archive, since what a USB stick is formatted with may know neither links nor modes."""
    with tarfile.open(archive, "w") as packed:
        for name in _files(course):
            packed.add(course / name, name, filter=_nobodys)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _files(course: Path) -> list[str]:
    """Those that git knows; without git, all but what grows in a course while it is used."""
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
    """All that bootstrap.py installs, for one interpreter; pip checks the locks' hashes."""
    if shutil.which(python) is None:
        raise UserError(f"There is no {python} here: name a Python of this machine with --python.")
    found = UV.search((course / "locks/requirements-dev.lock").read_text())
    wheels.mkdir(exist_ok=True)
    only_uv = wheels / "uv.txt"
    only_uv.write_text(found[0] if found else "")
    locks = [course / "locks/requirements.lock", course / "locks/requirements-build.lock", only_uv]
    hashed = ["--require-hashes", *(word for lock in locks for word in ("-r", str(lock)))]
    # pip itself, for Pythons that come without.
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
