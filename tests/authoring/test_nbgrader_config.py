"""nbgrader_config.py: nbgrader's own commands go the whole way with it, as an ordinary user."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.course import Course
from tests.authoring.conftest import Run
from tests.authoring.taste import LESSON


def test_the_exchange_is_the_users_own(
    course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NBGRADER_EXCHANGE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    config = load_nbgrader_config(course.nbgrader_config)
    assert config.Exchange.root == str(tmp_path / "data" / "insidedocker" / "exchange")
    monkeypatch.setenv("NBGRADER_EXCHANGE", "/shared/exchange")
    assert load_nbgrader_config(course.nbgrader_config).Exchange.root == "/shared/exchange"


def test_the_course_is_where_the_file_lies(course: Course) -> None:
    config = load_nbgrader_config(course.nbgrader_config)
    assert config.CourseDirectory.root == str(course.root)


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
def test_the_whole_cycle_in_a_terminal(course: Course, run: Run, tmp_path: Path) -> None:
    run("sync")
    home = tmp_path / "home"
    home.mkdir()
    exchange = home / "exchange"
    # an environment that is not activated: nothing of .venv on PATH
    environment = {
        "HOME": str(home),
        "PATH": os.defpath,
        "NBGRADER_EXCHANGE": str(exchange),
        "USER": "ada",
    }

    def nbgrader(*arguments: str, cwd: Path = course.root) -> None:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    here = ["--course", "insidedocker", f"--Exchange.root={exchange}"]
    nbgrader("generate_assignment", LESSON, "--force")
    nbgrader("release_assignment", LESSON)
    nbgrader("fetch_assignment", LESSON, *here, cwd=home)
    path = home / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["id"] == "count_images":
            cell["source"] = "def count_images(listing):\n    return len(list(listing))"
    path.write_text(json.dumps(notebook))
    nbgrader("submit", LESSON, *here, cwd=home)
    nbgrader("collect", LESSON)
    nbgrader("autograde", LESSON)
    nbgrader("generate_feedback", LESSON)
    nbgrader("release_feedback", LESSON)
    nbgrader("export")
    with (course.root / "grades.csv").open() as file:
        (grade,) = csv.DictReader(file)
    assert (float(grade["score"]), float(grade["max_score"])) == (2.0, 5.0)
    assert list(course.root.glob(f"feedback/*/{LESSON}/{LESSON}.html"))
