"""A graded class as plain data: exercises, and each learner's answers, points and messages.

Reads the released and the graded notebooks and the gradebook; changes nothing.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker.lab.learner import variant
from insidedocker.lab.quiz import answers

Cell = dict[str, Any]


@dataclass(frozen=True)
class Exercise:
    """An answer with the graded cells that belong to it; a manually graded answer is its own
    graded cell."""

    notebook: str
    name: str
    """The answer's grade id."""
    parts: tuple[str, ...]
    points: float
    stub: str
    is_code: bool
    model: str = ""
    """The instructor's own solution."""


@dataclass(frozen=True)
class Work:
    """One learner's work on one exercise."""

    answer: str
    tried: bool
    score: float | None
    """None while a part of the exercise waits for manual grading."""
    told: tuple[str, ...]
    """Messages of the failed parts, in order."""


@dataclass
class GradedClass:
    """An assignment's exercises in order, and the works: learner -> exercise -> work."""

    assignment: str
    exercises: list[Exercise]
    works: dict[str, dict[Exercise, Work]] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)
    """Learner -> seed of the learner's own values; empty where the assignment has none."""
    left_out: list[str] = field(default_factory=list)
    """Learners whose graded notebook cannot be read."""


def read(root: Path, assignment: str) -> GradedClass:
    """Read all learners whose submission is graded. Raises UserError if there are none."""
    course = course_directory(root)
    with alone(Path(course.root), reading=True):
        return _read(root, course, assignment)


def _read(root: Path, course: CourseDirectory, assignment: str) -> GradedClass:
    released = Path(course.format_path(course.release_directory, ".", assignment))
    notebooks = {path.stem: _cells(path) for path in sorted(released.glob("*.ipynb"))}
    source = Path(course.format_path(course.source_directory, ".", assignment))
    models = {
        (path.stem, _grade_id(cell)): _source(cell)
        for path in source.glob("*.ipynb")
        for cell in _cells(path)
    }
    found = GradedClass(
        assignment,
        [
            replace(each, model=models.get((name, each.name), ""))
            for name, cells in notebooks.items()
            for each in exercises(name, cells)
        ],
    )
    varied = any("lab.variant" in _source(cell) for cells in notebooks.values() for cell in cells)
    for student, scores in grades(root, assignment).items():
        folder = Path(course.format_path(course.autograded_directory, student, assignment))
        try:
            by_notebook = {
                name: {_grade_id(cell): cell for cell in _cells(folder / f"{name}.ipynb")}
                for name in notebooks
                if (folder / f"{name}.ipynb").exists()
            }
            works = {
                each: _work(each, by_notebook[each.notebook], scores, folder)
                for each in found.exercises
                if each.notebook in by_notebook
            }
        except (UserError, OSError, ValueError, LookupError, TypeError, AttributeError):
            found.left_out.append(student)
            continue
        if works:
            found.works[student] = works
            if varied:
                found.seeds[student] = variant.seed_in(folder)
    if not found.works:
        raise UserError(
            f"Nobody's {assignment} has been graded yet: `insidedocker grade {assignment}` does it."
        )
    return found


def course_directory(root: Path) -> CourseDirectory:
    """Return the course's folders and gradebook address, as in its nbgrader_config.py."""
    config = load_nbgrader_config(root.resolve() / "nbgrader_config.py")
    config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=config, log=logging.Logger("insidedocker.teaching"))


@dataclass(frozen=True)
class Grade:
    """The gradebook's record of one graded cell of one learner."""

    auto: float | None
    manual: float | None
    score: float
    max_score: float
    waits: bool
    """True while the cell waits for a person to grade or check."""


def grades(root: Path, assignment: str) -> dict[str, dict[tuple[str, str], Grade]]:
    """Return learner -> (notebook, graded cell) -> grade. Raises UserError if the gradebook does
    not know the assignment."""
    with gradebook(root) as book:
        try:
            submissions = book.find_assignment(assignment).submissions
        except MissingEntry:
            raise UserError(
                f"The gradebook does not know {assignment}: is its name right? "
                f"`nbgrader generate_assignment {assignment} --force` makes it known."
            ) from None
        return {
            submission.student.id: {
                (notebook.name, each.name): Grade(
                    each.auto_score,
                    each.manual_score,
                    each.score,
                    each.max_score,
                    each.needs_manual_grade,
                )
                for notebook in submission.notebooks
                for each in notebook.grades
            }
            for submission in sorted(submissions, key=lambda each: str(each.student.id))
        }


@contextmanager
def gradebook(root: Path) -> Iterator[Gradebook]:
    """Open the course's gradebook, without the SQLAlchemy warnings that nbgrader's use causes."""
    course = course_directory(root)
    mishaps.insist_there_is_one(course.db_url)
    with warnings.catch_warnings(), mishaps.as_user_errors():
        warnings.filterwarnings("ignore", category=SAWarning)
        with Gradebook(course.db_url, course.course_id) as book:
            yield book


def exercises(notebook: str, cells: list[Cell]) -> list[Exercise]:
    """Return a released notebook's exercises: each tests cell belongs to the nearest answer above
    that cell."""
    found: list[Exercise] = []
    for cell in cells:
        marks = cell["metadata"].get("nbgrader", {})
        name, points = _grade_id(cell), float(marks.get("points", 0) or 0)
        if marks.get("solution"):
            parts: tuple[str, ...] = (name,) if marks.get("grade") else ()
            is_code = cell["cell_type"] == "code"
            found.append(Exercise(notebook, name, parts, points, _source(cell), is_code))
        elif marks.get("grade"):
            last = found.pop() if found else Exercise(notebook, name, (), 0, "", True)
            parts, points = (*last.parts, name), last.points + points
            found.append(Exercise(notebook, last.name, parts, points, last.stub, last.is_code))
    return [each for each in found if each.parts]


def _work(
    exercise: Exercise,
    cells: dict[str, Cell],
    scores: dict[tuple[str, str], Grade],
    folder: Path,
) -> Work:
    answer = _source(cells.get(exercise.name, {}))
    found = [scores[key] for part in exercise.parts if (key := (exercise.notebook, part)) in scores]
    ungraded = any(each.auto is None and each.manual is None for each in found)
    return Work(
        answer,
        # A quiz answer is saved beside the notebook, under the cell's name, not in the cell.
        answer.strip() != exercise.stub.strip() or answers.read(exercise.name, folder) is not None,
        None if ungraded else sum(each.score for each in found),
        tuple(
            message
            for part in exercise.parts
            if (grade := scores.get((exercise.notebook, part)))
            and grade.score < grade.max_score
            and (message := _told(cells.get(part, {})))
        ),
    )


def _told(cell: Cell) -> str:
    """Return a failed check's message."""
    errors = [each for each in cell.get("outputs", []) if each["output_type"] == "error"]
    return "\n".join(f"{each['evalue']}" or each["ename"] for each in errors)


def _cells(path: Path) -> list[Cell]:
    try:
        cells: list[Cell] = json.loads(path.read_bytes())["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} cannot be read as a notebook: `nbgrader generate_assignment` makes a released "
            "one anew, `insidedocker grade` a graded one."
        ) from None
    return cells


def _source(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _grade_id(cell: Cell) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
