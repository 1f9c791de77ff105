"""All evidence of a lesson through the grading's own mechanism: what is handed in, what comes of
it, and what of that is not as the evidence says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import determine_grade

from insidedocker.grading import processors
from insidedocker.grading.intake import Assignment
from insidedocker.grading.plugins.preprocessors import as_cell, have_images
from insidedocker.grading.pod import names
from insidedocker.grading.rebuild import rebuild
from insidedocker.grading.runner import run
from insidedocker.grading.sandbox import Limits, Sandbox
from tests.exercises.evidence import Exercise, Lesson, Solution, grade_id, is_tests

LIMITS = Limits(notebook_seconds=900, cell_seconds=240)

Marks = dict[str, tuple[float, float, str]]
"""By test cell: points, most points, and what the learner reads."""


@dataclass
class Submission:
    """One solution of each exercise, and those exercises that are judged: others may call what
    stands in for their reference here. Without any it is the untouched lesson.

    A bare one has no text left in cells that only show something: checks do not build on them."""

    solutions: dict[str, Solution]
    judged: set[str]
    bare: bool = False

    def notebook(self, lesson: Lesson) -> bytes:
        path = lesson.course / "release" / lesson.name / f"{lesson.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if grade_id(cell) in self.solutions:
                cell.source = self.solutions[grade_id(cell)].source
        if self.bare:
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            used = names.needed([_as_used(cell) for cell in code])
            for number, cell in enumerate(code):
                if not grade_id(cell) and number not in used:
                    cell.source = ""
        return str(nbformat.writes(notebook)).encode()

    def saved(self) -> dict[str, object]:
        """The answers that were clicked."""
        return {key: each for s in self.solutions.values() for key, each in s.saved.items()}


def _as_used(cell: Any) -> dict[str, str]:
    """A cell for `names.needed`: what answers build upon counts as what checks do."""
    kind = "tests" if grade_id(cell) else "shown"
    return {"kind": kind, "source": cell.source, "stub": cell.source}


def submissions(lesson: Lesson) -> list[Submission]:
    """As few as hold every solution, in each of them none that calls another; first the
    references alone, the untouched lesson, and a bare one."""
    exercises = lesson.exercises()
    reference = {each.name: _reference(lesson, each) for each in exercises}
    found: list[dict[str, Solution]] = [{}]
    for exercise in exercises:
        for solution in lesson.solutions(exercise):
            place = next((each for each in found if _fits(exercise, solution, each)), None)
            if place is None:
                place = {}
                found.append(place)
            place[exercise.name] = solution
    rest = [Submission({**reference, **each}, set(each)) for each in found]
    whole = Submission(reference, set(reference))
    bare = Submission(reference, set(reference), bare=True)
    return [whole, Submission({}, set()), bare, *rest]


def _fits(exercise: Exercise, solution: Solution, others: dict[str, Solution]) -> bool:
    """Whether a solution may be beside these: none of them calls another."""
    if exercise.name in others:
        return False
    uses, sets = _names(solution)
    return not any(uses & theirs or sets & used for used, theirs in map(_names, others.values()))


def _names(solution: Solution) -> tuple[set[str], set[str]]:
    """The names that a solution needs, and those it sets for others."""
    return names.needs(solution.source), names.defined(solution.source)


def _reference(lesson: Lesson, exercise: Exercise) -> Solution:
    return Solution("reference", "right", lesson.source()[exercise.answer].source)


def graded(lesson: Lesson, submission: Submission, folder: Path) -> Marks:
    """What comes of a submission; `folder` is made for its files."""
    checks = {grade_id(cell): cell.source for cell in lesson.source() if is_tests(cell)}
    release = lesson.course / "release" / lesson.name
    (released,) = Assignment.load(release, {lesson.name: checks}).notebooks.values()
    notebook, findings = rebuild(released, submission.notebook(lesson))
    assert findings == []
    folder.mkdir()
    if submission.saved():
        (folder / "answers.json").write_text(json.dumps(submission.saved()))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cells = [as_cell(cell) for cell in code]
    have_images(cells)
    ran = run(cells, Sandbox(limits=LIMITS), folder)
    found = {}
    for cell, outputs in zip(code, ran.outputs, strict=True):
        if is_tests(cell):
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
            score, most = determine_grade(cell)
            told = "\n".join(line for o in outputs for line in o.get("traceback", []))
            found[grade_id(cell)] = (score or 0.0, most, told)
    return found


def problems(lesson: Lesson, handed_in: list[Submission], folder: Path) -> Iterator[str]:
    """Grade submissions, several at once, and tell what is not as the evidence says."""
    with ThreadPoolExecutor(processors.allowed()) as pool:
        marks = pool.map(
            lambda pair: graded(lesson, pair[1], folder / str(pair[0])), enumerate(handed_in)
        )
        for submission, each in zip(handed_in, marks, strict=True):
            yield from _problems(lesson, submission, each)


def _problems(lesson: Lesson, submission: Submission, marks: Marks) -> Iterator[str]:
    if not submission.solutions:
        for name, (score, _, told) in marks.items():
            if score or "Try next: " not in told:
                yield f"{name}, untouched: {score:g} points, told: {told}"
    source = lesson.source()
    for exercise in lesson.exercises():
        if exercise.name not in submission.judged:
            continue
        solution = submission.solutions[exercise.name]
        tests = [marks[grade_id(source[index])] for index in exercise.tests]
        full = all(score == most for score, most, _ in tests)
        told = "\n".join(text for _, _, text in tests)
        if full != (solution.kind == "right"):
            name = f"{solution.name}, bare" if submission.bare else solution.name
            yield f"{exercise.name}, {name}: full marks {full}, told: {told}"
        elif solution.told and not re.search(solution.told, told):
            yield f"{exercise.name}, {solution.name} was told: {told}"
