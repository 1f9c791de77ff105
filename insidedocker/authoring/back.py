"""The way back: an instructor's edits of source/*.ipynb, home into the lesson's text.

Refuses where the text has changed since the notebook was made, so that no side's edit is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from insidedocker.authoring.course import Course
from insidedocker.authoring.lesson import Cell, parse_lesson, read_lesson, write_lesson
from insidedocker.authoring.source_notebook import (
    cells_of,
    fingerprint,
    made_from,
    read_notebook,
)
from insidedocker.authoring.sync import replace
from insidedocker.errors import UserError


def take_back(course: Course, name: str, *, force: bool = False) -> bool:
    """Rewrite the text of lesson `name` from its source notebook; False if there is no edit.

    The front matter stays as it is. Raises UserError where the text has changed in the meantime
    (unless `force`), or where a cell cannot be said in a text.
    """
    text = course.text(name)
    path = course.source_notebook(name)
    short = course.short(path)
    if not path.is_file():
        raise UserError(f"{short} is not there: run 'insidedocker sync {name}' first.")
    notebook = read_notebook(path.read_bytes(), short)
    cells = cells_of(notebook, short)
    lesson = read_lesson(text)
    if cells == lesson.cells:
        return False
    if not force:
        _refuse_conflict(course, name, made_from(notebook), lesson.cells, cells)
    written = write_lesson(lesson.header, cells)
    _check_reading(cells, parse_lesson(written, text).cells, short)
    replace(text, written.encode())
    return True


def _refuse_conflict(
    course: Course, name: str, mark: str | None, in_text: Sequence[Cell], edited: Sequence[Cell]
) -> None:
    notebook, text = course.short(course.source_notebook(name)), course.short(course.text(name))
    if mark is None:
        raise UserError(
            f"{notebook} does not say which text it was made from: compare it with {text}, then "
            f"'insidedocker back {name} --force' to take it over."
        )
    if mark != fingerprint(in_text):
        if mark == fingerprint(edited):
            raise UserError(
                f"{text} is newer than {notebook}, which holds no edits: "
                f"run 'insidedocker sync {name}'."
            )
        raise UserError(
            f"{text} has changed since {notebook} was made, and so has the notebook: keep the "
            f"text with 'insidedocker sync {name} --force', or the notebook with "
            f"'insidedocker back {name} --force'."
        )


def _check_reading(cells: Sequence[Cell], read: Sequence[Cell], name: str) -> None:
    """Make sure that the text says what the notebook says, before it replaces anything."""
    for number, cell in enumerate(cells, start=1):
        if number > len(read) or read[number - 1] != cell:
            raise UserError(
                f"{name}: cell {number} cannot be written as text, because it holds a line that "
                "starts a cell itself (+++ or ```{code-cell}): reword that line."
            )
    if len(read) != len(cells):
        raise UserError(f"{name}: the last cell cannot be written as text: reword its last line.")
