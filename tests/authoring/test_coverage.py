"""`insidedocker coverage`: the table follows from the lessons' metadata."""

import pytest

from insidedocker.cli import main
from insidedocker.course import Course
from tests.authoring.conftest import Run
from tests.authoring.taste import LESSON, ROOT


def row(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(name))


def test_each_way_is_told_apart(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("coverage") == 0
    said = capsys.readouterr().out
    assert row(said, "API2") == ["API2", "04", "04", "04", "04"]
    assert row(said, "IMG3") == ["IMG3", "-", "-", "04", "04"]
    assert row(said, "API1") == ["API1", "-", "-", "-", "-"]
    missing = next(line for line in said.splitlines() if line.startswith("Not yet graded"))
    assert "API1" in missing.split()
    assert "API2" not in missing.split()


def test_lessons_add_up(course: Course, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    other = course.notebooks / "05-second"
    other.mkdir()
    text = course.text(LESSON).read_text()
    (other / "05-second.md").write_text(text.replace("API2", "API1"))
    run("coverage")
    said = capsys.readouterr().out
    assert row(said, "IMG3") == ["IMG3", "-", "-", "04", "05", "04", "05"]
    assert row(said, "API1") == ["API1", "05", "05", "05", "05"]


def test_as_a_page(course: Course, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", "--markdown") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| objective | says | taught | shown | practised | graded |"
    api2 = next(line for line in lines if line.startswith("| API2 |"))
    assert api2.endswith("| 04 | 04 | 04 | 04 |")


def test_the_syllabus_is_checked(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    course.objectives.write_text("a:\n  - {id: X1, says: one}\n  - {id: X1, says: two}\n")
    assert run("coverage") == 1
    assert "X1 stands there twice" in capsys.readouterr().err


def test_every_objective_is_taught_shown_practised_and_graded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["coverage", "--course", str(ROOT)]) == 0
    said = capsys.readouterr().out.splitlines()
    missing = [line.rpartition(": ") for line in said if line.startswith("Not yet")]
    assert [ids for _, _, ids in missing] == ["none"] * 4, missing
