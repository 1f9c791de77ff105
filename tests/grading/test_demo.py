"""The instructor's whole cycle, by nbgrader's own commands, as `make demo` runs it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "insidedocker", "demo", *options],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
def test_the_whole_cycle_grades_every_sample_as_it_should(tmp_path: Path) -> None:
    done = demo("--folder", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "demo" / "course" / "grades.csv").open(newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores["ada"] == scores["grace"] == 15
    assert 0 < scores["edsger"] < 15
    assert 0 < scores["linus"] < 15
    assert scores["alan"] == scores["margaret"] == 0
    (page,) = (tmp_path / "demo" / "learners" / "grace").rglob("*.html")
    assert str(page) in done.stdout
    assert "HIDDEN TESTS" not in page.read_text()
    assert "Graded the plain way" not in done.stdout


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = demo("--folder", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is not empty: name a new folder with --folder.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_lesson_that_is_not_there_is_said_so() -> None:
    done = demo("--lesson", "99-nothing")
    assert done.returncode == 2
    assert done.stderr.startswith("99-nothing names no lesson: choose from 00-start-here")
