"""What a case is, and the assignment that all cases are submissions of."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

Notebook = dict[str, Any]

ASSIGNMENT = "mini"
HIDDEN_NUMBER = 8461357
"""Expected by a hidden check: whoever returns it has read the check."""
SECRET = "canary-5f1e0c9a"
"""Stands in files, the environment and other submissions: nobody may show it."""
MARK = "canary-was-here"
"""What hostile submissions leave where they can write."""
MOST = 6.0

RIGHT = {
    "double": "def double(value):\n    return value * 2",
    "limit": f"limit = {HIDDEN_NUMBER}",
    "share": "def share(number):\n    return number // 2",
}


@dataclass(frozen=True)
class Scene:
    """Where things are that a submission has no business with."""

    root: Path
    tcp_port: int
    unix_socket: Path
    abstract: str

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def submission(self, learner: str) -> Path:
        return self.course / "submitted" / learner / ASSIGNMENT


@dataclass(frozen=True)
class Case:
    """One submission. `most` is what it deserves; anything above is a bad outcome. An honest one
    must get exactly that."""

    name: str
    of: str
    answers: dict[str, str] = field(default_factory=dict)
    edit: Callable[[Notebook], Notebook | bytes | None] | None = None
    """Changes the notebook, or gives the file's bytes."""
    files: Callable[[Path, Scene], object] | None = None
    """Changes the folder, after the notebook was written."""
    most: float = 0.0
    honest: bool = False
    with_engine: bool = False

    def write(self, scene: Scene) -> None:
        """Put the submission into the course's folder of submissions."""
        folder = scene.submission(self.name)
        folder.mkdir(parents=True)
        notebook = released()
        for name, source in self.answers.items():
            cell_of(notebook, name)["source"] = _filled(source, scene)
        written: Notebook | bytes = notebook
        if self.edit:
            written = self.edit(notebook) or notebook
        data = written if isinstance(written, bytes) else json.dumps(written).encode()
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
        (folder / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC\n")
        if self.files:
            self.files(folder, scene)


def _filled(source: str, scene: Scene) -> str:
    words = {
        "@COURSE@": str(scene.course),
        "@HOME@": str(scene.home),
        "@PORT@": str(scene.tcp_port),
        "@SOCKET@": str(scene.unix_socket),
        "@ABSTRACT@": scene.abstract,
        "@MARK@": MARK,
    }
    for word, value in words.items():
        source = source.replace(word, value)
    return source


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell of this grade id."""
    return next(
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def _marks(grade_id: str, **more: Any) -> dict[str, Any]:
    kind = {"grade": False, "solution": False, "locked": False, "task": False, **more}
    return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **kind}}


def source_notebook() -> Any:
    """The instructor's notebook of the assignment."""
    begin, end = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
    locked = {"locked": True}
    answer = {"solution": True}
    solved = {name: text.splitlines() for name, text in RIGHT.items()}

    def solution(name: str, first: list[str], inner: str) -> Any:
        region = [f"{inner}### BEGIN SOLUTION", solved[name][-1], f"{inner}### END SOLUTION"]
        source = "\n".join([*first, *region])
        return new_code_cell(source, metadata=_marks(name, **answer), id=name)

    def tests(name: str, points: int, source: str) -> Any:
        marks = _marks(f"{name}_test", grade=True, points=points, **locked)
        return new_code_cell(source, metadata=marks, id=f"{name}-test")

    cells = [
        new_markdown_cell("# A small assignment", id="title"),
        new_code_cell("STEP = 2", metadata=_marks("set_up", **locked), id="set-up"),
        new_code_cell("shown = STEP + 1\nshown", id="shown"),
        solution("double", ["def double(value):"], "    "),
        tests(
            "double",
            2,
            f"assert double(2) == 4\n{begin}\nassert double(21) == 21 * STEP\n"
            f"assert double('ab') == 'abab'\n{end}",
        ),
        solution("limit", ["limit = None"], ""),
        tests(
            "limit",
            1,
            f"assert limit is not None, 'limit has no value yet'\n{begin}\n"
            f"assert limit == {HIDDEN_NUMBER}\n{end}",
        ),
        solution("share", ["def share(number):"], "    "),
        tests("share", 3, "sum(share(number) == number // STEP for number in (4, 6, 8))"),
        new_markdown_cell(
            "In your own words.",
            metadata=_marks("words", grade=True, points=2, **answer),
            id="words",
        ),
    ]
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )


_released: list[Notebook] = []


def use_released(path: Path) -> None:
    """Learners' copies are made from this notebook from now on."""
    notebook = json.loads(json.dumps(nbformat.read(path, as_version=4)))
    _released[:] = [notebook]


def released() -> Notebook:
    """A learner's fresh copy."""
    return copy.deepcopy(_released[0])
