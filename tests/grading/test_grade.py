"""`insidedocker grade`: stopped at any moment, the next call does what is missing and only that."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.grading import settings
from tests.grading.hostile.case import ASSIGNMENT, RIGHT, Scene
from tests.grading.hostile.judge import nbgrader, points_of, scene
from tests.grading.hostile.killing import GRADE, LEARNERS, hand_in, kill, points

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("walls"),
]


@pytest.fixture
def class_(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, "ours") as (made, _):
        hand_in(made)
        yield made


def grade(course: Path, *options: str) -> str:
    done = subprocess.run(
        [*GRADE, *options],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_second_call_grades_what_has_changed(class_: Scene) -> None:
    first = grade(class_.course)
    assert "Graded: 9. As before: 0." in first
    assert points(class_) == LEARNERS
    assert "Graded: 0. As before: 9." in grade(class_.course)
    path = class_.submission("learner0") / f"{ASSIGNMENT}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double":
            cell["source"] = RIGHT["double"]
    path.write_text(json.dumps(notebook))
    assert "Graded: 1. As before: 8." in grade(class_.course)
    assert points(class_) == {**LEARNERS, "learner0": 2.0}


@pytest.mark.slow
def test_killed_at_any_moment_nobody_is_lost(class_: Scene) -> None:
    started = time.monotonic()
    grade(class_.course)
    usual = time.monotonic() - started
    kill(class_, 6, usual)
    grade(class_.course)
    assert points(class_) == LEARNERS
    assert "Graded: 0. As before: 9." in grade(class_.course)


BY_BUTTON = """\
import json, sys
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from insidedocker.authoring.release_notebooks import load_nbgrader_config
from pathlib import Path
config = load_nbgrader_config(Path("nbgrader_config.py"))
api = NbGraderAPI(CourseDirectory(config=config), config=config)
done = api.autograde("mini", "broken")
print(json.dumps([done["success"], api.coursedir.submitted_directory]))
"""
"""What Formgrader's button does."""


def test_a_broken_notebook_gets_a_verdict_that_says_so(class_: Scene) -> None:
    broken = class_.submission("broken")
    broken.mkdir(parents=True)
    (broken / f"{ASSIGNMENT}.ipynb").write_text("{")
    done = subprocess.run(
        [sys.executable, "-c", BY_BUTTON],
        cwd=class_.course,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [True, "submitted"], done.stderr
    with Gradebook(f"sqlite:///{class_.course}/gradebook.db") as book:
        submission = book.find_submission(ASSIGNMENT, "broken")
        assert submission.score == 0
        assert submission.needs_manual_grade
    said = "the notebook is broken: its file is not readable JSON"
    graded = class_.course / "autograded" / "broken" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert said in "".join(json.loads(graded.read_text())["cells"][0]["source"])
    nbgrader(class_, "generate_feedback", ASSIGNMENT, "--student=broken")
    (page,) = (class_.course / "feedback" / "broken").rglob("*.html")
    assert said in page.read_text()
    assert "HIDDEN TESTS" not in page.read_text()


def test_the_sandbox_that_is_chosen_is_the_one_that_is_taken(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        config = made.course / "nbgrader_config.py"
        ours = config.read_text()
        config.write_text(ours + "\nc.SandboxedExecute.sandbox = 'chroot'\n")
        refused = nbgrader(made, "autograde", ASSIGNMENT, "--student=victim")
        assert refused.returncode == 1
        assert "There is no sandbox 'chroot': choose 'bubblewrap'" in refused.stdout
        assert "Traceback" not in refused.stdout
        assert points_of(made, "victim") is None

        config.write_text(ours + "\nc.SandboxedExecute.sandbox = 'processes'\n")
        weaker = nbgrader(made, "autograde", ASSIGNMENT, "--student=victim")
        assert weaker.returncode == 0
        assert "Submissions are not walled off" in weaker.stdout
        assert points_of(made, "victim") == 6
        assert "Submissions are not walled off" in grade(made.course, "--student=victim")


@pytest.mark.parametrize(("said", "apart"), [(None, True), ("plain", False), ("typo", True)])
def test_only_one_word_has_nbgrader_run_submissions_itself(
    said: str | None, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if said:
        monkeypatch.setenv(settings.VARIABLE, said)
    config = load_nbgrader_config(Path(__file__).parents[2] / "nbgrader_config.py")
    assert ("autograde_preprocessors" in config.Autograde) is apart


def test_nothing_handed_in_is_said_so(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        done = subprocess.run(
            [sys.executable, "-m", "insidedocker", "grade", "other"],
            cwd=made.course,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Nobody has handed in other:")
