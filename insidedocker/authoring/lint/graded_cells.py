"""The graded cells: ids, points, objectives, markers, and that each answer has its tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.lint.prose import headings
from insidedocker.authoring.shorthand import ShorthandError, expand

SOLUTION = ("BEGIN SOLUTION", "END SOLUTION")
HIDDEN_TESTS = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")

# Folders of evidence are named after grade ids; Windows reserves these names.
_DEVICES = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)\d")
# Ids that nbgrader's sidebar proposes: they tell a reader nothing.
_PROPOSED = re.compile(r"cell-[0-9a-f]{8,}")


def check(lesson: Lesson, objectives: Set[str]) -> Iterator[Finding]:
    """Findings on every cell that has shorthand, covers or markers."""
    for cell in lesson.cells:
        try:
            expand(cell.metadata)
        except ShorthandError as error:
            yield Finding(lesson.path, cell.line, str(error))
            continue
        yield from _kind(lesson, cell)
        yield from _covers(lesson, cell, objectives)
        yield from _markers(lesson, cell)
    yield from _ids(lesson)
    yield from _pairs(lesson)


def _kind(lesson: Lesson, cell: Cell) -> Iterator[Finding]:
    if "nbgrader" in cell.metadata:
        yield Finding(lesson.path, cell.line, "nbgrader metadata in full: say it as ng: ...")
    if not cell.ng:
        return
    kind = cell.ng[0]
    if kind in ("answer", "tests") and cell.kind != "code":
        yield Finding(lesson.path, cell.line, f"'{kind}' needs a code cell; in Markdown use manual")
    if kind == "manual" and cell.kind == "markdown":
        for heading in headings(cell):
            yield Finding(
                lesson.path,
                heading.line,
                f"the heading '{heading.text}' would be part of the manual answer: "
                "close the answer above it with a line +++",
            )


def _covers(lesson: Lesson, cell: Cell, objectives: Set[str]) -> Iterator[Finding]:
    for objective in cell.covers:
        if objective not in objectives:
            yield Finding(
                lesson.path,
                cell.line,
                f"covers {objective}, which notebooks/objectives.yml does not know",
            )
    if cell.ng and cell.ng[0] in ("tests", "manual") and not cell.covers:
        yield Finding(
            lesson.path, cell.line, f"{cell.ng[1]} is graded: name what it covers, 'covers: ...'"
        )


def _markers(lesson: Lesson, cell: Cell) -> Iterator[Finding]:
    kind = cell.ng[0] if cell.ng else ""
    for (begin, end), kinds in ((SOLUTION, ("answer", "manual")), (HIDDEN_TESTS, ("tests",))):
        is_open = 0
        for number, line in enumerate(cell.source.splitlines(), start=cell.source_line):
            if begin in line or end in line:
                if kind not in kinds:
                    yield Finding(
                        lesson.path, number, f"{line.strip()!r} belongs in {' or '.join(kinds)}"
                    )
                if (begin in line) == bool(is_open):
                    yield Finding(
                        lesson.path, number, f"{line.strip()!r} has no partner: pair {begin} {end}"
                    )
                is_open = number if begin in line else 0
        if is_open:
            yield Finding(lesson.path, is_open, f"{begin} is never closed: add ### {end}")
    if kind == "answer" and SOLUTION[0] not in cell.source:
        yield Finding(
            lesson.path,
            cell.line,
            f"{cell.ng[1]} has no solution: put it between ### {SOLUTION[0]} and ### {SOLUTION[1]}",
        )


def _ids(lesson: Lesson) -> Iterator[Finding]:
    first: dict[str, Cell] = {}
    for cell in lesson.cells:
        if len(cell.ng) < 2:
            continue
        grade_id = cell.ng[1]
        if _DEVICES.fullmatch(grade_id) or _PROPOSED.fullmatch(grade_id):
            yield Finding(
                lesson.path,
                cell.line,
                f"the id {grade_id} is reserved or says nothing: name what the cell is about",
            )
        # folders of evidence are named after ids, and some file systems ignore case
        earlier = first.setdefault(grade_id.lower(), cell)
        if earlier is not cell:
            yield Finding(
                lesson.path,
                cell.line,
                f"the id {grade_id} is taken by the cell in line {earlier.line}: choose another",
            )


def _pairs(lesson: Lesson) -> Iterator[Finding]:
    answer: Cell | None = None
    tested = True
    for cell in lesson.cells:
        kind = cell.ng[0] if len(cell.ng) >= 2 else ""
        if kind == "answer":
            if answer and not tested:
                yield _untested(lesson, answer)
            answer, tested = cell, False
        elif kind == "tests":
            tested = True
            if answer is None:
                yield Finding(
                    lesson.path, cell.line, f"{cell.ng[1]} has no answer above: add ng: answer ID"
                )
    if answer and not tested:
        yield _untested(lesson, answer)


def _untested(lesson: Lesson, answer: Cell) -> Finding:
    return Finding(
        lesson.path, answer.line, f"nothing tests {answer.ng[1]}: add ng: tests ID POINTS below it"
    )
