"""A lesson as text: front matter and cells, read from MyST Markdown and written to it.

jupytext reads and writes the cells; this module adds the header, the line numbers for messages,
and the canonical form of texts. Knows no notebook files.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jupytext.myst import MystMetadataParsingError, myst_to_notebook, notebook_to_myst
from nbformat import v4

from insidedocker.course import FREE
from insidedocker.errors import UserError

LEXER = "ipython3"  # what jupytext itself writes after {code-cell}

_HEADER = re.compile(r"\A---\n(.*?\n)---[ \t]*\n", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """One cell of a text.

    `metadata` is as written (`ng`, `covers`, tags), not expanded. The cell opens at `line` and its
    source at `source_line`, counted from 1; both are 0 for a cell that did not come from a text.
    Comparing cells ignores both lines.
    """

    kind: str  # "markdown", "code" or "raw"
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)
    line: int = field(default=0, compare=False)
    source_line: int = field(default=0, compare=False)

    @property
    def ng(self) -> tuple[str, ...]:
        """The words of the shorthand, such as ("tests", "ping_test", "2"); empty if none."""
        value = self.metadata.get("ng", "")
        return tuple(value.split()) if isinstance(value, str) else ()

    @property
    def covers(self) -> tuple[str, ...]:
        """The ids of the cell's objectives, in the order of the text."""
        value = self.metadata.get("covers", "")
        return tuple(value.split()) if isinstance(value, str) else ()


@dataclass(frozen=True)
class Lesson:
    """A lesson's text, parsed. `header` is the front matter, as written."""

    path: Path
    header: str
    minutes: int
    points: int | float
    cells: tuple[Cell, ...]
    free: bool = False
    """True for an assignment beside the lessons, which states no minutes and points."""

    @property
    def name(self) -> str:
        return self.path.stem


def read_lesson(path: Path) -> Lesson:
    """Read notebooks/NN-name/NN-name.md; raises UserError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}).") from error
    return parse_lesson(text, path)


def parse_lesson(text: str, path: Path) -> Lesson:
    """Parse a text; `path` is for messages and for the lesson's name."""
    match = _HEADER.match(text)
    if not match:
        raise UserError(f"{path}:1: start the text with front matter between two lines of ---.")
    cells = read_cells(text, path)
    if FREE.match(text.encode()):
        return Lesson(path, match.group(0), 0, 0, cells, free=True)
    settings = _settings(match.group(1), path)
    return Lesson(path, match.group(0), settings["minutes"], settings["points"], cells)


def _settings(header: str, path: Path) -> dict[str, Any]:
    try:
        front = yaml.safe_load(header)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise UserError(f"{path}:{line}: the front matter is not valid YAML.") from error
    ours = front.get("insidedocker") if isinstance(front, dict) else None
    if not isinstance(ours, dict):
        raise UserError(f"{path}:1: say minutes and points under insidedocker: in front matter.")
    for key in ("minutes", "points"):
        value = ours.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UserError(f"{path}:1: front matter needs insidedocker: {key}: as a number.")
    if unknown := sorted(set(ours) - {"minutes", "points"}):
        raise UserError(f"{path}:1: front matter knows no insidedocker: {unknown[0]}: remove it.")
    return ours


def read_cells(text: str, path: Path) -> tuple[Cell, ...]:
    """The cells of a text, in order, each with its line numbers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells of another language: the form check says so
            notebook = myst_to_notebook(text, add_source_map=True)
    except MystMetadataParsingError as error:
        raise UserError(f"{path}: {_one_line(error)}") from error
    lines = text.splitlines()
    starts = notebook.metadata["source_map"]
    cells = []
    for cell, start in zip(notebook.cells, starts, strict=True):
        source = tidy_source(cell.source)
        first = _first_line(lines, start, source)
        opens = start if cell.cell_type != "markdown" else _opening_line(lines, first)
        cells.append(Cell(cell.cell_type, source, dict(cell.metadata), opens, first))
    return tuple(cells)


def _first_line(lines: Sequence[str], start: int, source: str) -> int:
    """The line number (from 1) at which a cell's source begins, at or after index `start`."""
    wanted = source.splitlines()
    for index in range(start, len(lines)):
        # reading may have removed trailing blanks from the last line
        found = [line.rstrip() for line in lines[index : index + len(wanted)]]
        if wanted and found == [line.rstrip() for line in wanted]:
            return index + 1
    return start + 1


def _opening_line(lines: Sequence[str], first: int) -> int:
    """The line number of the +++ that opens a Markdown cell, else of the cell's first line."""
    for index in range(first - 2, -1, -1):
        if lines[index].strip():
            return index + 1 if lines[index].startswith("+++") else first
    return first


def tidy_source(source: str) -> str:
    """A cell's source without blank lines at either end, as readers and writers here expect it."""
    return source.rstrip().lstrip("\n")


def write_cells(cells: Sequence[Cell]) -> str:
    """The text of cells in canonical form: `read_cells` returns the same cells from it."""
    notebook = v4.new_notebook()
    for cell in cells:
        new = {
            "markdown": v4.new_markdown_cell,
            "code": v4.new_code_cell,
            "raw": v4.new_raw_cell,
        }[cell.kind]
        notebook.cells.append(new(source=cell.source, metadata=_in_order(cell.metadata)))
    return str(notebook_to_myst(notebook, default_lexer=LEXER)) if cells else ""


def write_lesson(header: str, cells: Sequence[Cell]) -> str:
    """A whole text: the header as it was, one blank line, the cells."""
    return f"{header}\n{write_cells(cells)}"


def _in_order(metadata: dict[str, Any]) -> dict[str, Any]:
    first = [key for key in ("ng", "covers") if key in metadata]
    return {key: metadata[key] for key in [*first, *sorted(set(metadata) - {"ng", "covers"})]}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
