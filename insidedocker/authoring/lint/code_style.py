"""ruff on the code of lessons: its findings, with line numbers of the text, and its formatting.

ruff reads notebooks, with their magics and cells; so the cells go to ruff as a notebook.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.source_notebook import build_source, cells_of, read_notebook
from insidedocker.course import Course
from insidedocker.errors import UserError


def findings(course: Course, lessons: Sequence[Lesson]) -> Iterator[Finding]:
    """Findings of `ruff check` on the lessons' code."""
    with tempfile.TemporaryDirectory(prefix="insidedocker-ruff-") as folder:
        by_file = _write(lessons, Path(folder))
        output = _ruff(course, "check", "--output-format=json", folder)
    for each in json.loads(output):
        lesson = by_file[Path(each["filename"]).name]
        # ruff counts all cells from 1, and lines within a cell
        cell = lesson.cells[each["cell"] - 1]
        line = cell.source_line + each["location"]["row"] - 1
        yield Finding(lesson.path, line, f"{each['code']} {each['message']}")


def formatted(course: Course, lessons: Sequence[Lesson]) -> dict[str, tuple[Cell, ...]]:
    """Lesson's name -> its cells, with code formatted by `ruff format`."""
    with tempfile.TemporaryDirectory(prefix="insidedocker-ruff-") as folder:
        by_file = _write(lessons, Path(folder))
        _ruff(course, "format", "--quiet", folder)
        return {
            lesson.name: cells_of(read_notebook((Path(folder) / name).read_bytes(), name), name)
            for name, lesson in by_file.items()
        }


def _write(lessons: Sequence[Lesson], folder: Path) -> Mapping[str, Lesson]:
    by_file = {f"{lesson.name}.ipynb": lesson for lesson in lessons}
    for name, lesson in by_file.items():
        (folder / name).write_bytes(build_source(lesson))
    return by_file


def _ruff(course: Course, *arguments: str) -> str:
    if find_spec("ruff") is None:
        raise UserError("ruff is not installed here: run 'make lint' or 'make format'.")
    command, *rest = arguments
    settings = course.root / "pyproject.toml"
    options = ["--no-cache", *(["--config", str(settings)] if settings.is_file() else [])]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", command, *options, *rest],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or (command == "format" and done.returncode):
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise UserError(f"ruff {command} could not read the lessons' code: {reason}")
    return done.stdout
