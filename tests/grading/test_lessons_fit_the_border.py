"""Checks of every lesson use only what the checking process has: names of locked cells, of earlier
checks, of the answers' stubs, of what the lesson shows, and Python's own. Learners' cells use no
name that only a check sets."""

import json

import nbformat
import pytest

from insidedocker.grading.intake import Assignment
from insidedocker.grading.plugins.preprocessors import as_cell
from insidedocker.grading.pod import names
from insidedocker.grading.rebuild import rebuild
from tests.exercises.evidence import Lesson, grade_id, is_tests, lessons


@pytest.mark.parametrize("name", lessons())
def test_checks_use_no_name_from_beyond(name: str) -> None:
    lesson = Lesson(name)
    checks = {grade_id(cell): cell.source for cell in lesson.source() if is_tests(cell)}
    release = lesson.course / "release" / name
    (released,) = Assignment.load(release, {name: checks}).notebooks.values()
    notebook, _ = rebuild(released, json.dumps(released).encode())
    cells = [vars(as_cell(cell)) for cell in notebook.cells if cell.cell_type == "code"]
    needed = names.needed(cells)
    known: set[str] = set()
    beyond: dict[str, set[str]] = {}
    for number, cell in enumerate(cells):
        if cell["kind"] == "answer":
            known |= names.sets(cell["stub"])
        elif cell["kind"] in ("tests", "locked") or number in needed:
            if missing := names.needs(cell["source"]) - known:
                beyond[cell["source"][:40]] = missing
            known |= names.sets(cell["source"])
    assert beyond == {}
    assert nbformat.validator.isvalid(notebook)


@pytest.mark.parametrize("name", lessons())
def test_learners_cells_use_no_name_that_only_a_check_sets(name: str) -> None:
    cells = [cell for cell in Lesson(name).source() if cell.cell_type == "code"]
    theirs = [cell.source for cell in cells if not is_tests(cell)]
    set_there = {each for source in theirs for each in names.sets(source)}
    set_by_checks = {each for cell in cells if is_tests(cell) for each in names.sets(cell.source)}
    only_checks = set_by_checks - set_there
    used = {source[:40]: names.needs(source) & only_checks for source in theirs}
    assert {where: each for where, each in used.items() if each} == {}
