"""An instructor's own assignment, made in nbgrader's way, turned into texts.

Refuses contents that a text cannot hold before anything is written; never touches source/.
"""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from insidedocker.authoring.import_notebook import as_text
from insidedocker.authoring.lesson import parse_lesson
from insidedocker.authoring.source_notebook import (
    Notebook,
    build_source,
    cells_of,
    joined,
    read_notebook,
)
from insidedocker.authoring.sync import files_below, insist_on_release
from insidedocker.course import Course
from insidedocker.errors import UserError

HEADER = """\
---
insidedocker:
  kind: assignment
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---
"""


def is_adoptable(course: Course, name: str) -> bool:
    """True where source/ holds an assignment of exactly this name and notebooks/ does not."""
    return (
        Path(name).name == name
        and any((course.source / name).glob("*.ipynb"))
        and not (course.notebooks / name).exists()
    )


def adopt(course: Course, name: str) -> list[Path]:
    """Make notebooks/NAME/ from source/NAME/: a text for each notebook, and the files beside them.
    Returns the written paths. Raises UserError where a text cannot say the same."""
    folder = course.source / name
    files: dict[str, bytes] = {}
    for path in files_below([folder]):
        if path.parent != folder or path.suffix != ".ipynb":
            _insist_that_it_travels(course, folder, path)
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    for path in sorted(folder.glob("*.ipynb")):
        short = course.short(path)
        notebook = read_notebook(path.read_bytes(), short)
        _insist_on_python(notebook, short)
        _take_pictures_out(notebook, files, short)
        cells = cells_of(notebook, short)
        text = course.notebooks / name / f"{path.stem}.md"
        written = as_text(HEADER, cells, text, short)
        made = read_notebook(build_source(parse_lesson(written, text)), short)
        if cells_of(made, short) != cells:
            raise UserError(f"{short} says something that no text can say: it stays as it is.")
        files[text.name] = written.encode()
    insist_on_release(course, name)
    _write(course.notebooks / name, files)
    return [course.notebooks / name / each for each in sorted(files)]


def _insist_that_it_travels(course: Course, folder: Path, path: Path) -> None:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    if hidden or path.suffix in (".md", ".ipynb"):
        raise UserError(
            f"{course.short(path)} cannot lie beside a text, where such files stay at home: rename "
            "it or move it away, or leave the assignment without a text."
        )


def _insist_on_python(notebook: Notebook, name: str) -> None:
    metadata = notebook.get("metadata")
    found: Any = metadata if isinstance(metadata, dict) else {}
    spec, info = found.get("kernelspec") or {}, found.get("language_info") or {}
    language = str(spec.get("language") or info.get("name") or spec.get("name") or "python")
    if not language.lower().startswith("python"):
        raise UserError(f"{name} is written in {language}: a text makes notebooks in Python only.")


def _take_pictures_out(notebook: Notebook, files: dict[str, bytes], short: str) -> None:
    """Move pasted pictures into `files`, to lie beside the text."""
    for number, cell in enumerate(notebook["cells"], start=1):
        source = joined(cell.get("source", ""))
        for name, data in (cell.pop("attachments", None) or {}).items():
            try:
                content = base64.b64decode("".join(next(iter(data.values()))))
            except (StopIteration, TypeError, AttributeError, binascii.Error):
                raise UserError(f"{short}: the picture of cell {number} cannot be read.") from None
            place = _free_name(name, content, files)
            files[place] = content
            for written in {name, quote(name)}:
                source = source.replace(f"attachment:{written}", place)
        cell["source"] = source


def _free_name(name: str, content: bytes, files: dict[str, bytes]) -> str:
    wanted = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip(".-") or "picture.png"
    if Path(wanted).suffix in (".md", ".ipynb", ""):
        wanted += ".png"
    count, found = 1, wanted
    while files.get(found, content) != content:
        count += 1
        found = f"{count}-{wanted}"
    return found


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write `folder` with all `files`, or not at all."""
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as scratch:
        made = Path(scratch, folder.name)
        for name, content in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content)
        made.rename(folder)
