"""A lesson's cells as nbgrader's source notebook, reproducible to the byte, and cells from one.

Details that vary between machines are fixed: cell ids come from the grade id or the content, the
header names only the kernel and the language. Knows no folders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat import v4

from insidedocker.authoring.lesson import Cell, Lesson, tidy_source, write_cells
from insidedocker.authoring.shorthand import ShorthandError, collapse, expand
from insidedocker.errors import UserError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# Keys under the notebook's `insidedocker` metadata: the text from which the notebook was made, its
# place, and the files made together with it. They prove that sync made a file and may remove it.
MADE_FROM = "made_from"
MADE_AS = "made_as"
MADE_WITH = "made_with"

Notebook = dict[str, Any]


def build_source(lesson: Lesson, with_it: Mapping[str, str] | None = None) -> bytes:
    """The source notebook of a lesson, byte for byte the same on every machine. `with_it` is name
    -> digest of the files that are made together with the notebook.

    Raises UserError where the shorthand of a cell is unknown.
    """
    ours: dict[str, Any] = {
        MADE_AS: f"{lesson.path.parent.name}/{lesson.name}.ipynb",
        MADE_FROM: fingerprint(lesson.cells),
    }
    if not lesson.free:
        ours |= {"minutes": lesson.minutes, "points": lesson.points}
    if with_it:
        ours[MADE_WITH] = dict(with_it)
    notebook = v4.new_notebook(
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "insidedocker": ours,
        }
    )
    taken: set[str] = set()
    for cell in lesson.cells:
        try:
            metadata = expand(cell.metadata)
        except ShorthandError as error:
            raise UserError(f"{lesson.path}:{cell.line}: {error}.") from error
        notebook.cells.append(_notebook_cell(cell, metadata, _cell_id(cell, metadata, taken)))
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n").encode()


def _notebook_cell(cell: Cell, metadata: dict[str, Any], cell_id: str) -> Any:
    new = {
        "markdown": v4.new_markdown_cell,
        "code": v4.new_code_cell,
        "raw": v4.new_raw_cell,
    }[cell.kind]
    return new(source=cell.source, metadata=metadata, id=cell_id)


def _cell_id(cell: Cell, metadata: dict[str, Any], taken: set[str]) -> str:
    """A cell's id, the same while the cell is: its grade id, else a digest of its content."""
    grade_id = metadata.get("nbgrader", {}).get("grade_id")
    digest = hashlib.sha256(f"{cell.kind}\0{cell.source}".encode()).hexdigest()[:8]
    wanted = candidate = grade_id or digest
    count = 1
    while candidate in taken:
        count += 1
        candidate = f"{wanted[:60]}-{count}"
    taken.add(candidate)
    return candidate


def fingerprint(cells: Sequence[Cell]) -> str:
    """16 hex digits that change with every change of an author in the cells."""
    return digest(write_cells(cells).encode())


def digest(content: bytes) -> str:
    """16 hex digits that change whenever the content does."""
    return hashlib.sha256(content).hexdigest()[:16]


def read_notebook(content: bytes, name: str) -> Notebook:
    """A notebook as plain data; raises UserError for another file (`name` is for the message)."""
    try:
        notebook = json.loads(content)
        cells = notebook["cells"]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{name}: this is not a notebook; run insidedocker sync anew.") from error
    if notebook.get("nbformat") != 4 or not isinstance(cells, list):
        raise UserError(f"{name}: only notebooks of format 4 can be read; save it anew in Lab.")
    return notebook if isinstance(notebook, dict) else {}


def made_from(notebook: Notebook) -> str | None:
    """The fingerprint of the text from which sync made a notebook; None if made by hand."""
    value = _ours(notebook).get(MADE_FROM)
    return value if isinstance(value, str) else None


def made_as(notebook: Notebook) -> str | None:
    """The place below source/ for which sync made a notebook; None if made by hand."""
    value = _ours(notebook).get(MADE_AS)
    return value if isinstance(value, str) else None


def made_with(notebook: Notebook) -> dict[str, str]:
    """Name -> digest of the files that sync made together with a notebook."""
    value = _ours(notebook).get(MADE_WITH)
    return value if isinstance(value, dict) else {}


def _ours(notebook: Notebook) -> dict[str, Any]:
    metadata = notebook.get("metadata")
    ours = metadata.get("insidedocker") if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}


def cells_of(notebook: Notebook, name: str) -> tuple[Cell, ...]:
    """The cells as a text holds them: shorthand restored, outputs and ids dropped.

    Empty cells without grading are left out: running the last cell in JupyterLab makes one.
    Raises UserError for a pasted picture, which a text cannot hold.
    """
    cells = []
    for number, raw in enumerate(notebook["cells"], start=1):
        if raw.get("attachments"):
            raise UserError(
                f"{name}: cell {number} holds a pasted picture: put the picture's file beside "
                "the lesson's text and link it as ![what it shows](file.png)."
            )
        source = tidy_source(joined(raw.get("source", "")))
        metadata = collapse(raw.get("metadata", {}))
        if source or "ng" in metadata or "nbgrader" in metadata:
            cells.append(Cell(str(raw.get("cell_type")), source, metadata))
    return tuple(cells)


def joined(source: Any) -> str:
    """A cell's source as one string; a file may hold it as a list of lines."""
    return source if isinstance(source, str) else "".join(source)
