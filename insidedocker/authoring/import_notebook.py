"""The way back: an instructor's edits of source/*.ipynb, put into the lesson's text.

Refuses where the text has changed since the notebook was made, so that neither side's edit is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from insidedocker.authoring.lesson import Cell, parse_lesson, read_lesson, write_lesson
from insidedocker.authoring.source_notebook import (
    cells_of,
    fingerprint,
    made_from,
    read_notebook,
)
from insidedocker.authoring.sync import replace
from insidedocker.course import Course
from insidedocker.errors import UserError


def take_back(course: Course, text: Path, path: Path, *, force: bool = False) -> bool:
    """Rewrite a text from its source notebook at `path`; False if the notebook has no edit.

    The front matter stays as it is. Raises UserError where the text has changed in the meantime
    (unless `force`), or where a text cannot hold a cell.
    """
    short = course.short(path)
    if not path.is_file():
        raise UserError(f"{short} is not there: run 'insidedocker sync {path.parent.name}' first.")
    notebook = read_notebook(path.read_bytes(), short)
    cells = cells_of(notebook, short)
    lesson = read_lesson(text)
    if cells == lesson.cells:
        return False
    if not force:
        names = (path.parent.name, short, course.short(text))
        _refuse_conflict(names, made_from(notebook), lesson.cells, cells)
    replace(text, as_text(lesson.header, cells, text, short).encode())
    return True


def as_text(header: str, cells: Sequence[Cell], text: Path, name: str) -> str:
    """The text of these cells. Raises UserError where a text cannot hold a cell; `name` is the
    notebook's, for messages."""
    written = write_lesson(header, cells)
    _check_reading(cells, parse_lesson(written, text).cells, name)
    return written


def _refuse_conflict(
    names: tuple[str, str, str], mark: str | None, in_text: Sequence[Cell], edited: Sequence[Cell]
) -> None:
    name, notebook, text = names
    if mark is None:
        raise UserError(
            f"{notebook} does not say which text it was made from: compare it with {text}, then "
            f"'insidedocker import {name} --force' to take it over."
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
            f"'insidedocker import {name} --force'."
        )


def _check_reading(cells: Sequence[Cell], read: Sequence[Cell], name: str) -> None:
    """Raise UserError unless the text, read back, gives the notebook's cells: checked before the
    text replaces anything."""
    for number, cell in enumerate(cells, start=1):
        if number > len(read) or read[number - 1] != cell:
            raise UserError(
                f"{name}: cell {number} cannot be written as text, because it holds a line that "
                "starts a cell itself (+++ or ```{code-cell}): reword that line."
            )
    if len(read) != len(cells):
        raise UserError(f"{name}: the last cell cannot be written as text: reword its last line.")
