"""Checks that the gradebook and release/ are what nbgrader makes of source/, and that source/ is
what the lesson's text makes.

Grading trusts the gradebook: a check that was corrected only in source/ would be left out without
a word. So nbgrader's generator runs into a scratch folder, and its results are compared.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, SaveCells
from traitlets.config import Config

from insidedocker.authoring.lesson import read_lesson
from insidedocker.authoring.source_notebook import build_source, cells_of, read_notebook
from insidedocker.authoring.sync import edited_by_hand
from insidedocker.course import Course
from insidedocker.errors import UserError
from insidedocker.grading import kept, scratch
from insidedocker.grading.intake import FOLDER
from insidedocker.grading.rebuild import digest_of, key_of

Cells = dict[str, list[Any]]
"""Grade id -> [type, source, is locked, is an answer, points or None where it is not graded]."""


KINDS = (utils.is_grade, utils.is_solution, utils.is_locked, utils.is_task)
"""Tests for the kinds of cells that the gradebook has."""


@dataclass
class Made:
    """Result of nbgrader's generator for an assignment.

    cells: notebook -> its cells for the gradebook. notebooks, files: path in release/ -> visible
    cells of a notebook, content of any other file.
    """

    cells: dict[str, Cells] = field(default_factory=dict)
    notebooks: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def insist(course: CourseDirectory, config: Config) -> None:
    """Raise UserError where the gradebook or release/ differs from an assignment's source. An
    assignment without a source is accepted."""
    name = course.assignment_id
    source = folder_of(course, course.source_directory)
    if not any(source.glob("*.ipynb")):
        return
    _insist_on_the_text(Path(course.root), name)
    with Gradebook(course.db_url, course.course_id) as book:
        known = _known(book, name)
        if not known:
            raise UserError(
                f"The gradebook does not know {name}: run "
                f"`nbgrader generate_assignment {name} --force` first."
            )
        print_ = _fingerprint(course, known)
        if kept.get(book, kept.GENERATED, name).get("") == print_:
            return
    if found := _difference(course, known, make(course, config)):
        raise UserError(
            f"{found}: run `nbgrader generate_assignment {name} --force` first, "
            "or bring back the older source."
        )
    with Gradebook(course.db_url, course.course_id) as book:
        kept.put(book, kept.GENERATED, name, print_)
        book.db.commit()


def make(course: CourseDirectory, config: Config) -> Made:
    """Run nbgrader's generator in a scratch folder; release/ and the gradebook are not changed.
    Raises UserError."""
    made = Made()

    def remember(notebook: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        made.cells[resources["nbgrader"]["notebook"]] = {
            cell.metadata.nbgrader.grade_id: _facts(cell)
            for cell in notebook.cells
            if any(kind(cell) for kind in KINDS)
        }
        return notebook, resources

    name, source = course.assignment_id, course.source_directory
    with scratch.made("generating") as root:
        settings = {each: getattr(course, each) for each in course.trait_names(config=True)}
        there = CourseDirectory(**{**settings, "root": str(root), "notebook_id": "*"})
        from_, to = folder_of(course, source), folder_of(there, source)
        shutil.copytree(from_, to, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        log = logging.Logger("insidedocker.generated")
        log.addHandler(logging.NullHandler())  # without one, its errors would go to stderr
        run = GenerateAssignment(coursedir=there, config=config, log=log)
        run.no_database, run.exporter_class = True, NotebookExporter
        run.preprocessors = [
            remember if each is SaveCells or each == "nbgrader.preprocessors.SaveCells" else each
            for each in run.preprocessors
        ]
        try:
            run.start()
        except NbGraderException:
            raise UserError(
                f"nbgrader cannot make {name} of its source: run "
                f"`nbgrader generate_assignment {name} --force`, which says why."
            ) from None
        released = folder_of(there, course.release_directory)
        for path in sorted(each for each in released.rglob("*") if each.is_file()):
            place = str(path.relative_to(released))
            if path.suffix == ".ipynb":
                made.notebooks[place] = _visible(path)
            else:
                made.files[place] = path.read_bytes()
    return made


def folder_of(course: CourseDirectory, step: str) -> Path:
    """Path of an assignment's folder in source/ or release/ (`step`)."""
    return Path(course.format_path(step, ".", course.assignment_id))


def _insist_on_the_text(root: Path, name: str) -> None:
    """Raise UserError where the text has changed since source/ was made of it. A source/ edited by
    hand is accepted: the edit is still to be synced into the text."""
    course = Course(root)
    text, source = course.text(name), course.source_notebook(name)
    if not text.is_file() or not source.is_file():
        return
    there, short = read_notebook(source.read_bytes(), name), course.short(source)
    if cells_of(there, name) != cells_of(
        read_notebook(build_source(read_lesson(text)), name), name
    ) and not edited_by_hand(source, short):
        raise UserError(
            f"{course.short(text)} has changed since {short} was made of it: run `make sync` and "
            f"`nbgrader generate_assignment {name} --force` first."
        )


def _facts(cell: NotebookNode) -> list[Any]:
    graded = utils.is_grade(cell) or utils.is_task(cell)
    points = float(cell.metadata.nbgrader["points"]) if graded else None
    return [cell.cell_type, cell.source, utils.is_locked(cell), utils.is_solution(cell), points]


def _known(book: Gradebook, name: str) -> dict[str, Cells]:
    """Notebook -> its cells in the gradebook, as in `Made.cells`; empty where it does not know the
    assignment."""
    try:
        notebooks = book.find_assignment(name).notebooks
    except MissingEntry:
        return {}
    found = {}
    for notebook in notebooks:
        points = {each.name: float(each.max_score) for each in notebook.grade_cells}
        points |= {each.name: float(each.max_score) for each in notebook.task_cells}
        answers = {each.name for each in notebook.solution_cells}
        found[notebook.name] = {
            each.name: [
                each.cell_type,
                each.source,
                each.locked,
                each.name in answers,
                points.get(each.name),
            ]
            for each in notebook.source_cells
        }
    return found


def _visible(path: Path) -> Any:
    """The cells of a released notebook, without what differs at random between runs of the
    generator; None where it cannot be read."""
    try:
        notebook = nbformat.read(path, as_version=4)
        return [
            [cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in notebook.cells
        ]
    except Exception:  # an unreadable file cannot be what was made
        return None


def _difference(course: CourseDirectory, known: Mapping[str, Cells], made: Made) -> str:
    """Describe the first difference in a sentence; empty where there is none."""
    name = course.assignment_id
    source = f"{course.source_directory}/{name}"
    for notebook in [*made.cells, *(each for each in known if each not in made.cells)]:
        there, here = known.get(notebook, {}), made.cells.get(notebook, {})
        cells = [each for each in [*here, *there] if here.get(each) != there.get(each)]
        if notebook not in made.cells or cells or notebook not in known:
            which = f"the cell {cells[0]} of " if cells else ""
            return f"The gradebook has another version of {which}{notebook} than {source}"
    released = folder_of(course, course.release_directory)
    for place, cells_ in made.notebooks.items():
        if _visible(released / place) != cells_:
            return f"{course.release_directory}/{name}/{place} is not what {source} gives"
    for place, content in made.files.items():
        with suppress(OSError):
            if (released / place).read_bytes() == content:
                continue
        return f"{course.release_directory}/{name}/{place} is not what {source} gives"
    return ""


def _fingerprint(course: CourseDirectory, known: Mapping[str, Cells]) -> str:
    """SHA-256 of all that `insist` compares, and of nbgrader's version and configuration."""
    told = hashlib.sha256(json.dumps([known, nbgrader.__version__], sort_keys=True).encode())
    root = Path(course.root)
    folders = [
        folder_of(course, each) for each in (course.source_directory, course.release_directory)
    ]
    files = [each for folder in folders for each in sorted(folder.rglob("*")) if each.is_file()]
    for path in [root / "nbgrader_config.py", *files]:
        with suppress(OSError):
            told.update(json.dumps(str(path)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def remember_versions(course: CourseDirectory) -> None:
    """Keep the versions in release/ and in the gradebook as given out. No version is ever removed,
    since a learner may hand in any of them."""
    name = course.assignment_id
    with Gradebook(course.db_url, course.course_id) as book:
        found: list[tuple[str, dict[str, str]]] = []
        for path in folder_of(course, course.release_directory).glob("*.ipynb"):
            with suppress(Exception):  # a release that cannot be read was not given out
                notebook = nbformat.read(path, as_version=4)
                found.append(
                    (
                        path.stem,
                        {key_of(c): digest_of(c.cell_type, c.source) for c in notebook.cells},
                    )
                )
        found += _as_released(book, name)
        for stem, version in found:
            digest = hashlib.sha256(json.dumps(version, sort_keys=True).encode()).hexdigest()
            if digest not in kept.get(book, kept.RELEASED, name, stem):
                kept.put(book, kept.RELEASED, name, version, notebook=stem, name=digest)
        book.db.commit()


def _as_released(book: Gradebook, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(notebook, grade id -> digest) of the cells that the gradebook has, hidden tests removed."""
    clear = ClearHiddenTests()
    for notebook, cells in _known(book, name).items():
        version = {}
        for grade_id, (kind, source, *_) in cells.items():
            cell = NotebookNode(cell_type=kind, source=source)
            with suppress(RuntimeError):  # unpaired marks of hidden tests
                clear._remove_hidden_test_region(cell)
            version[grade_id] = digest_of(kind, cell.source)
        yield notebook, version


def versions(book: Gradebook, assignment: str, notebook: str) -> list[dict[str, str]]:
    """The versions of a notebook that were given out, each as key of a cell -> digest."""
    return list(kept.get(book, kept.RELEASED, assignment, notebook).values())


@contextmanager
def release_kept(course: CourseDirectory) -> Iterator[None]:
    """Restore the released folder where the body raises: nbgrader removes the folder before it
    generates a new one."""
    released = folder_of(course, course.release_directory)
    if not released.is_dir():
        yield
        return
    aside = Path(course.root) / FOLDER / "released-before"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(released, aside)
    try:
        yield
    except BaseException:
        shutil.rmtree(released, ignore_errors=True)
        shutil.move(aside, released)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
