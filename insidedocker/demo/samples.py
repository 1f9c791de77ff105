"""Sample submissions for a demonstration, made from a lesson's evidence.

Knows notebooks and the evidence beside the lesson, notebooks/NN-name/evidence/ANSWER/; nothing of
nbgrader's commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat

from insidedocker.course import Course
from insidedocker.errors import UserError


@dataclass(frozen=True)
class Submission:
    """One learner's submission: a notebook's text, and the score expected in the gradebook."""

    learner: str
    story: str
    notebook: str
    expected: Literal["all", "some", "none", "unreadable"]
    """The points it should get; "unreadable" is a broken notebook, which gets none."""

    def fits(self, score: float, most: float) -> bool:
        """Return True if a score is the one this submission should get."""
        if self.expected == "some":
            return 0 < score < most
        return score == (most if self.expected == "all" else 0)


def make(course: Course, lesson: str) -> list[Submission]:
    """Make six submissions: right in two ways, partly right, a misconception, untouched, broken.

    Raises UserError if the lesson has no evidence.
    """
    evidence = course.evidence(lesson)
    right = {
        folder.name: sorted(folder.glob("right-*.py")) for folder in sorted(evidence.glob("*"))
    }
    wrong = sorted(evidence.glob("*/wrong-*.py"))
    if not wrong:
        raise UserError(f"{lesson} has no evidence in {evidence}: choose another with --lesson.")
    released = course.release_notebook(lesson).read_text(encoding="utf-8")
    solved = _answers(course.source_notebook(lesson))
    first = solved | {name: files[0].read_text() for name, files in right.items() if files}
    second = solved | {name: files[-1].read_text() for name, files in right.items() if files}
    half = dict(list(solved.items())[: len(solved) // 2])
    chosen = _telling(wrong)
    mistaken = solved | {chosen.parent.name: chosen.read_text()}
    misconception = chosen.read_text().splitlines()[0].removeprefix("# shows: ")
    return [
        Submission("ada", "right, one way", _with(released, first), "all"),
        Submission("grace", "right, written differently", _with(released, second), "all"),
        Submission("linus", "the first half only", _with(released, half), "some"),
        Submission(
            "edsger", f"a misconception: {misconception}", _with(released, mistaken), "some"
        ),
        Submission("alan", "untouched", released, "none"),
        Submission("margaret", "a broken file", released[: len(released) // 2], "unreadable"),
    ]


def _telling(wrong: list[Path]) -> Path:
    """Return the wrong solution to show: `wrong-decimals` if there is one, since a sentence can
    tell its misconception, else the first."""
    preferred = [path for path in wrong if path.stem == "wrong-decimals"]
    return (preferred or wrong)[0]


def _answers(notebook: Path) -> dict[str, str]:
    """Return grade id -> the instructor's solution, in the notebook's order."""
    cells = nbformat.read(notebook, as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
        and not cell.metadata.nbgrader.get("grade")
    }


def _with(notebook: str, answers: dict[str, str]) -> str:
    filled = nbformat.reads(notebook, as_version=4)
    for cell in filled.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return str(nbformat.writes(filled))
