"""Grades in the form in which Canvas and Moodle import them, by `nbgrader export`."""

from __future__ import annotations

import csv

from nbgrader.api import Gradebook

from insidedocker.teaching.exports import Moodle
from tests.support.small_class import ASSIGNMENT, POINTS, Course

CANVAS = "insidedocker.teaching.exports.Canvas"


def rows(course: Course, name: str) -> list[list[str]]:
    with (course.root / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def fill(course: Course) -> None:
    """Names and ids of some, one who has handed in nothing, and points with a long tail."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        book.update_or_create_student(
            "ada",
            first_name="Ada",
            last_name='King, "Lovelace"',
            email="ada@example.org",
            lms_user_id="4711",
        )
        book.update_or_create_student("zoe", first_name="Zoë")
        notebook = book.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "grace")
        notebook.late_submission_penalty = 1 / 3
        book.db.commit()


def test_canvas(own_graded: Course) -> None:
    fill(own_graded)
    own_graded.configure(f'c.Canvas.assignment_ids = {{"{ASSIGNMENT}": "1234"}}')
    done = own_graded.run("nbgrader", "export", f"--exporter={CANVAS}", "--to=canvas.csv")
    assert done.returncode == 0, done.stderr
    assert f"{ASSIGNMENT}: still to be graded or looked at: ada" in done.stderr
    header, possible, *learners = rows(own_graded, "canvas.csv")
    # What Canvas's importer insists on: these columns at their places, Section as the last of
    # them, and the points in a row whose first cell says so.
    assert header == ["Student", "ID", "SIS Login ID", "Section", f"{ASSIGNMENT} (1234)"]
    assert possible == ["    Points Possible", "", "", "", "8"]
    by_login = {row[2]: row for row in learners}
    assert by_login["ada"] == ['King, "Lovelace", Ada', "4711", "ada", "", "6"]
    assert by_login["grace"] == ["grace", "", "grace", "", "5.6667"]
    assert by_login["zoe"] == ["Zoë", "", "zoe", "", ""]
    assert {row[2]: row[4] for row in learners if row[2] not in ("grace", "zoe")} == {
        learner: str(sum(points)) for learner, points in POINTS.items() if learner != "grace"
    }


def test_moodle(own_graded: Course) -> None:
    fill(own_graded)
    exporter = Moodle(
        to=str(own_graded.root / "moodle.csv"), student=["ada", "zoe"], assignment=[ASSIGNMENT]
    )
    with Gradebook(f"sqlite:///{own_graded.root}/gradebook.db") as book:
        exporter.export(book)
    assert rows(own_graded, "moodle.csv") == [
        [*("Username", "ID number", "Email address", "First name", "Last name"), ASSIGNMENT],
        ["zoe", "", "", "Zoë", "", ""],
        ["ada", "4711", "ada@example.org", "Ada", 'King, "Lovelace"', "6"],
    ]
