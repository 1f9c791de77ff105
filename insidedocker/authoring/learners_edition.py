"""Writes the learner's edition: a folder with what learners need and nothing that tells an answer.

This module lists the contents, file by file and folder by folder; all else stays out. Before the
first file is written, every file is searched for the answers of the source notebooks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insidedocker.authoring.sync import replace
from insidedocker.course import EDITION, EVIDENCE, Course
from insidedocker.errors import UserError

OWN_TEXTS = Path(__file__).with_name("edition")
"""The folder with the edition's README.md and Makefile; the course's own name things that the
edition lacks."""
FILES = (
    "LICENSE",
    "LICENSE-lessons",
    "bootstrap.py",
    "pyproject.toml",
    "locks/requirements.lock",
    "locks/requirements-build.lock",
    "locks/requirements-dev.lock",  # bootstrap.py finds uv in it
    "docs/cheat-sheet.md",
    "docs/glossary.md",
    "docs/further-reading.md",
    "insidedocker/__init__.py",
    "insidedocker/__main__.py",
    "insidedocker/cli.py",
    "insidedocker/course.py",
    "insidedocker/commands.py",
    "insidedocker/errors.py",
    "insidedocker/loopback.py",
    "insidedocker/moved.py",
    "insidedocker/parsing.py",
    "insidedocker/place.py",
    "insidedocker/progress.py",
)
FOLDERS = (
    "release",
    "insidedocker/lab",
    "insidedocker_engine",
    "insidedocker/catalog",
    "insidedocker/launch",
)
PASSED_OVER = {"__pycache__", ".ipynb_checkpoints"}
REGIONS = {
    "solution": ("### BEGIN SOLUTION", "### END SOLUTION"),
    "hidden test": ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
}


@dataclass(frozen=True)
class Secret:
    """A text that tells an answer: a solution, a hidden test, or a whole answer in words."""

    lesson: str
    cell: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"the {self.kind} of {self.lesson}, {self.cell}"


def write(course: Course, folder: Path) -> list[str]:
    """Write the edition to a new or empty folder, or bring an earlier edition up to date; returns
    the names of files that were left alone because a person has changed them.

    Raises UserError, before anything is written, where the folder holds something else or a file
    would tell an answer.
    """
    before = _written_before(folder)
    files = contents(course)
    told = [f"{name} holds {secret}" for name, secret in leaks(files, secrets(course))]
    if told:
        raise UserError(
            "Nothing was written, for it would tell answers: "
            f"{'; '.join(told[:5])}{' …' if len(told) > 5 else ''}. Run make sync, then look at "
            "what these files show."
        )
    changed = [name for name in before if _changed(folder / name, before[name])]
    for name, content in files.items():
        if name not in changed:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            replace(folder / name, content)
    for name in set(before) - set(files) - set(changed):
        (folder / name).unlink(missing_ok=True)
    digests = {name: _digest(content) for name, content in files.items()}
    kept = {name: before[name] for name in changed}
    replace(folder / EDITION, json.dumps({"files": digests | kept}, indent=1).encode() + b"\n")
    return sorted(changed)


def contents(course: Course) -> dict[str, bytes]:
    """Name -> content of the edition's files. Raises UserError where the course lacks a file."""
    found = {name: _read(course.root / name) for name in FILES}
    for folder in FOLDERS:
        for path in sorted((course.root / folder).rglob("*")):
            if path.is_file() and not PASSED_OVER & set(path.parts):
                found[path.relative_to(course.root).as_posix()] = path.read_bytes()
    if not any(name.startswith("release/") for name in found):
        raise UserError(f"There are no lessons in {course.release}: run make sync first.")
    return found | {path.name: path.read_bytes() for path in sorted(OWN_TEXTS.iterdir())}


def secrets(course: Course) -> list[Secret]:
    """The texts in the source notebooks and the evidence that tell an answer."""
    found = []
    for path in sorted(course.source.glob("*/*.ipynb")):
        lesson = path.parent.name
        for cell in json.loads(path.read_bytes())["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            source = "".join(cell["source"])
            regions = [
                Secret(lesson, marks.get("grade_id", "?"), kind, text)
                for kind, marks_ in REGIONS.items()
                for text in _between(source, *marks_)
            ]
            if marks.get("solution") and not regions:
                regions = [Secret(lesson, marks["grade_id"], "model answer", source)]
            found += regions
    for path in sorted(course.notebooks.glob(f"*/{EVIDENCE}/*/right-*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Secret(path.parts[-4], path.parts[-2], "right solution", text))
    return found


def leaks(files: dict[str, bytes], hidden: list[Secret]) -> Iterator[tuple[str, Secret]]:
    """Pairs (name of a file, secret that the file holds); indentation does not count."""
    needles = [(_plain(secret.text), secret) for secret in hidden]
    for name, content in files.items():
        text = _plain(_as_text(name, content))
        for needle, secret in needles:
            if needle and f"\n{needle}\n" in f"\n{text}\n":
                yield name, secret


def _as_text(name: str, content: bytes) -> str:
    """The text that a person reads in a file: for a notebook, the sources of its cells."""
    text = content.decode("utf-8", errors="replace")
    if not name.endswith(".ipynb"):
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def _plain(text: str) -> str:
    """`text` without indentation, comments and blank lines."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _between(source: str, begin: str, end: str) -> Iterator[str]:
    inside: list[str] | None = None
    for line in source.splitlines():
        if begin in line:
            inside = []
        elif end in line and inside is not None:
            yield "\n".join(inside)
            inside = None
        elif inside is not None:
            inside.append(line)


def _written_before(folder: Path) -> dict[str, str]:
    """Name -> digest of the edition in the folder; empty for a new or empty folder."""
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return {}
        told: Any = json.loads((folder / EDITION).read_bytes())
        return {str(name): str(digest) for name, digest in told["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise UserError(
            f"{folder} holds something else: name a new folder, or an empty one."
        ) from None


def _changed(path: Path, digest: str) -> bool:
    return path.is_file() and _digest(path.read_bytes()) != digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): restore it first.") from None
