"""A check was wrong and is fixed: who gains, who loses, and what a person gave stays."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from insidedocker.grading import settings
from insidedocker.teaching import graded as graded_class
from insidedocker.teaching import regrade
from tests.support.small_class import ASSIGNMENT, Course

pytestmark = pytest.mark.slow


@pytest.fixture
def with_a_fixed_check(own_graded: Course) -> Course:
    """Images of one size count once now, and None for no names is right; before that a person
    has given points to two learners."""
    with Gradebook(f"sqlite:///{own_graded.root}/gradebook.db") as book:
        for cell, learner, points in (("words", "ada", 2.0), ("sizes_tests", "edsger", 1.5)):
            grade = book.find_grade(cell, ASSIGNMENT, ASSIGNMENT, learner)
            grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()
    path = own_graded.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("[7, 5, 5],", "[7, 5],")
        cell.source = cell.source.replace('raise LookupError("no list came back")', "pass")
        cell.source = cell.source.replace(
            "check.equal(canary_hidden_line, []", "check.equal(canary_hidden_line or [], []"
        )
    nbformat.write(notebook, path)
    own_graded.generate()
    return own_graded


def test_what_changed_and_for_whom_is_told(with_a_fixed_check: Course) -> None:
    course = with_a_fixed_check
    said = course.ok("insidedocker", "regrade", ASSIGNMENT, "--to", "changes.csv")
    assert f"{ASSIGNMENT}: 9 of 9 graded again. More points: 0. Fewer: 5." in said
    with (course.root / "changes.csv").open(newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        ("ada", "sizes_tests", "3.0", "0.0", ""),
        ("barbara", "sizes_tests", "3.0", "0.0", ""),
        ("edsger", "sizes_tests", "0.0", "3.0", "1.5"),
        ("grace", "sizes_tests", "3.0", "0.0", ""),
        ("mallory", "sizes_tests", "3.0", "0.0", ""),
        ("mallory", "tagged_tests", "0.0", "2.0", ""),
        ("radia", "sizes_tests", "3.0", "0.0", ""),
        ("radia", "tagged_tests", "0.0", "2.0", ""),
    ]
    after = graded_class.grades(course.root, ASSIGNMENT)
    key = (ASSIGNMENT, "sizes_tests")
    assert (after["edsger"][key].score, after["edsger"][key].waits) == (1.5, True)
    assert after["ada"][ASSIGNMENT, "words"].score == 2
    again = regrade.run(course.root, ASSIGNMENT, 1)
    assert (again.graded_again, again.changes, again.goes_on) == (0, [], False)


def test_stopped_in_the_middle_the_next_call_tells_all_of_it(with_a_fixed_check: Course) -> None:
    course = with_a_fixed_check
    process = subprocess.Popen(
        [sys.executable, "-m", "insidedocker", "regrade", ASSIGNMENT, "--workers", "1"],
        cwd=course.root,
        env={**os.environ, settings.VARIABLE: settings.APART},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert first.startswith("[1/9] ")
    said = course.ok("insidedocker", "regrade", ASSIGNMENT)
    assert "9 of 9 graded again" not in said
    assert "before the call that was stopped" in said
    assert "More points: 0. Fewer: 5." in said
    assert next(line.split() for line in said.splitlines() if line.startswith("ada ")) == [
        *("ada", "sizes_tests", "3", "0", "-")
    ]
