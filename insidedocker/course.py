"""The folders and files of a course, by path. Knows the folders, not the files' contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from insidedocker.errors import UsageError, UserError

EVIDENCE = "evidence"
EDITION = "edition.json"
"""Marks a learner's edition, which has lessons in release/ and no texts."""
FREE = re.compile(rb"\A---\r?\ninsidedocker:\r?\n  kind: assignment\r?\n")
"""The first lines of a text that was made from an instructor's own assignment: the rules of lessons
do not hold for such a text, and a folder may have several."""

LESSON_NAME = re.compile(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Course:
    """A course by its root folder; every path is made from it."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Find the course that contains the folder `start` (default: the current folder).

        Raises UserError where neither `start` nor a folder above it is a course or a learner's
        edition of one.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if any((folder / mark).is_file() for mark in ("notebooks/objectives.yml", EDITION)):
                return cls(folder)
        raise UserError(
            f"There is no course at {here} or above it (no notebooks/objectives.yml): "
            "change into the course's folder or name it with --course."
        )

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def release(self) -> Path:
        return self.root / "release"

    @property
    def objectives(self) -> Path:
        return self.notebooks / "objectives.yml"

    @property
    def nbgrader_config(self) -> Path:
        return self.root / "nbgrader_config.py"

    def lesson_names(self) -> list[str]:
        """Names of all lessons that have a text, in order."""
        return sorted(
            path.parent.name
            for path in self.notebooks.glob("*/*.md")
            if is_text(path) and not is_free(path)
        )

    def assignment_names(self) -> list[str]:
        """Names of all assignments beside the lessons that have a text, in order."""
        return sorted({path.parent.name for path in self.notebooks.glob("*/*.md") if is_free(path)})

    def chosen(self, names: Iterable[str], *, assignments: bool = False) -> list[str]:
        """The lessons that `names` names, or all lessons if `names` is empty; a name may be cut
        short (`04`). With `assignments` also the assignments beside the lessons.

        Raises UsageError where a name fits no lesson or more than one.
        """
        wanted = list(names)
        every = self.lesson_names() + (self.assignment_names() if assignments else [])
        if not wanted:
            return every
        return sorted({self._one(name, every) for name in wanted})

    def _one(self, name: str, every: list[str]) -> str:
        name = Path(name).stem
        fitting = [name] if name in every else [each for each in every if each.startswith(name)]
        if len(fitting) != 1:
            found = "more than one lesson" if fitting else "no lesson"
            raise UsageError(f"{name} names {found}: choose from {', '.join(every) or 'nothing'}.")
        return fitting[0]

    def text(self, name: str) -> Path:
        return self.notebooks / name / f"{name}.md"

    def texts(self, name: str) -> list[Path]:
        """The texts of a lesson (one) or an assignment (one or more); each makes a notebook."""
        return sorted(filter(is_free, (self.notebooks / name).glob("*.md"))) or [self.text(name)]

    def source_notebook(self, name: str) -> Path:
        return self.source / name / f"{name}.ipynb"

    def release_notebook(self, name: str) -> Path:
        return self.release / name / f"{name}.ipynb"

    def evidence(self, name: str) -> Path:
        """The folder with right and wrong solutions of a lesson's exercises: ANSWER-ID/*.py."""
        return self.notebooks / name / EVIDENCE

    def beside(self, name: str) -> list[Path]:
        """Files beside a lesson's text that travel with the text: pictures and data, in order.

        Texts (*.md), the evidence and files or folders whose name starts with a dot are left out.
        """
        folder = self.notebooks / name
        return sorted(
            path
            for path in folder.rglob("*")
            if path.is_file()
            and path.suffix != ".md"
            and not path.is_relative_to(self.evidence(name))
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        )

    def short(self, path: Path) -> str:
        """A path for messages: relative to the course's root where the path lies in the course."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def is_text(path: Path) -> bool:
    """True for a lesson's text: notebooks/NN-name/NN-name.md."""
    return path.stem == path.parent.name and LESSON_NAME.fullmatch(path.stem) is not None


def is_free(path: Path) -> bool:
    """True for the text of an assignment that is not a lesson; False for an unreadable file."""
    try:
        with path.open("rb") as file:
            return FREE.match(file.read(100)) is not None
    except OSError:
        return False
