"""A learner's progress, read from their own notebooks and saved answers.

A check has passed where its cell was run and neither raised an error nor wrote to stderr: the
rule by which nbgrader gives points. Nothing else is recorded anywhere, and nothing is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from insidedocker.lab.quiz import answers
from insidedocker.lab.quiz.answer_matching import half

FOLDER = re.compile(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*")
LARGEST = 50_000_000  # bytes of a notebook; a larger one has outputs that need care
STUB = "goes here: replace this line"  # in every untouched answer

_FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_QUESTION = re.compile(r"\bquiz\.\w+\(\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True)
class Task:
    """A graded task: a cell with checks, a question, or an answer in one's own words.

    For the last two `done` says only that there is an answer, not that the answer is right.
    """

    kind: Literal["checks", "question", "words"]
    heading: str
    cell: str  # the id of the cell with the heading
    points: float
    done: bool
    tried: bool


@dataclass(frozen=True)
class Work:
    """A learner's copy of one lesson. `problem` says why the copy could not be read, else empty."""

    name: str
    notebook: Path
    title: str = ""
    tasks: list[Task] = field(default_factory=list)
    problem: str = ""

    @property
    def state(self) -> str:
        """The lesson's state in words, for the table."""
        if self.problem:
            return "cannot be read"
        if not self.tasks:
            return "nothing to hand in"
        if all(task.done for task in self.tasks):
            return "done"
        return "under way" if any(task.tried for task in self.tasks) else "not begun"

    @property
    def next(self) -> Task | None:
        """The first task that is still to be done; None where all are done."""
        return next((task for task in self.tasks if not task.done), None)

    @property
    def points(self) -> tuple[float, float]:
        """The points of the checks that pass, and of all checks."""
        checks = [task for task in self.tasks if task.kind == "checks"]
        return sum(task.points for task in checks if task.done), sum(task.points for task in checks)

    @property
    def answered(self) -> tuple[int, int]:
        """The number of questions and own-words tasks with an answer, and of all of them."""
        asked = [task for task in self.tasks if task.kind != "checks"]
        return sum(task.done for task in asked), len(asked)


def find(folder: Path) -> list[Work]:
    """The lessons in `folder`, or beside it where it is a lesson's own folder; by number."""
    for place in (folder, folder.absolute().parent) if folder.is_dir() else ():
        found = [_read(each) for each in _lessons(place)]
        if found:
            return found
    return []


def _lessons(place: Path) -> list[Path]:
    """The folders of lessons in `place`. A folder such as 04-name-new-1 is left out: it holds a
    newer version of a lesson, and its notebook has another name than the folder."""
    try:
        folders = sorted(each for each in place.iterdir() if FOLDER.fullmatch(each.name))
        return [
            each
            for each in folders
            if each.is_dir()
            and (_notebook(each).is_file() or not re.search(r"-new-\d+$", each.name))
        ]
    except OSError:
        return []


def _notebook(folder: Path) -> Path:
    return folder / f"{folder.name}.ipynb"


def _read(folder: Path) -> Work:
    name, path = folder.name, _notebook(folder)
    cells, problem = _cells(path)
    titles = (heading for cell in cells for heading in _headings(cell))
    return Work(name, path, next(titles, ""), list(_tasks(cells, folder)), problem)


def _cells(path: Path) -> tuple[list[dict[str, Any]], str]:
    """The cells of a notebook, and the problem where the notebook has none."""
    try:
        if not path.is_file():
            return [], f"there is no {path.name} in its folder; was it renamed?"
        if path.stat().st_size > LARGEST:
            return [], "it is very large: clear its outputs, and save it."
        found = json.loads(path.read_bytes())["cells"]
        cells = [cell for cell in found if _source(cell) is not None]
    except OSError:
        return [], "this account may not read it."
    except (ValueError, KeyError, TypeError, RecursionError):
        cells = []
    return cells, "" if cells else "it is damaged: move it away, and make lab brings a fresh copy."


def _tasks(cells: list[dict[str, Any]], folder: Path) -> Iterator[Task]:
    heading, at, question = "", "", ""
    for cell in cells:
        ng = _dict(_dict(cell.get("metadata")).get("nbgrader"))
        graded, answer = bool(ng.get("grade")), bool(ng.get("solution"))
        points = ng.get("points")
        worth = float(points) if isinstance(points, int | float) else 0.0
        if not graded and (found := _headings(cell)):
            heading, at = found[-1], str(cell.get("id", ""))
        if graded and answer:
            done = STUB not in (_source(cell) or "")
            yield Task("words", heading, at, worth, done, done)
        elif answer:
            asks = _QUESTION.search(_source(cell) or "")
            question = asks[1] if asks else ""
        elif graded and cell.get("cell_type") == "code" and question:
            saved = answers.read(question, folder)
            done = _passed(cell) or (saved is not None and not half(saved))
            yield Task("question", heading, at, worth, done, saved is not None or _was_run(cell))
        elif graded and cell.get("cell_type") == "code":
            yield Task("checks", heading, at, worth, _passed(cell), _was_run(cell))


def _passed(cell: dict[str, Any]) -> bool:
    outputs = cell.get("outputs")
    return _was_run(cell) and not any(
        _dict(each).get("output_type") == "error" or _dict(each).get("name") == "stderr"
        for each in (outputs if isinstance(outputs, list) else [])
    )


def _was_run(cell: dict[str, Any]) -> bool:
    return isinstance(cell.get("execution_count"), int)


def _source(cell: Any) -> str | None:
    """A cell's text; None for a value that is not a cell."""
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def _headings(cell: dict[str, Any]) -> list[str]:
    """A cell's headings as shown: without marks for code and emphasis."""
    if cell.get("cell_type") != "markdown":
        return []
    found = _HEADING.findall(_FENCED.sub("", _source(cell) or ""))
    return [re.sub(r"[`*]", "", text) for text in found]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
