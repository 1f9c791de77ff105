"""A new version in the middle of a course: learners keep their work, instructors their grades."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.support import patience
from tests.support.missing import skip_missing
from tests.support.newcomer import Newcomer, copy_checkout, make_home
from tests.support.ordinary import give_away, lasting_folder

LESSON = "00-start-here"
SCORES = {"ada": 1.0, "alan": 0.5}

# The gradebook as nbgrader 0.5 wrote it in 2018: no courses, no ids of other systems' learners.
OLD_FORM = """
PRAGMA foreign_keys = OFF;
PRAGMA legacy_alter_table = ON;
ALTER TABLE assignment RENAME TO newer;
CREATE TABLE assignment (
    id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(128) NOT NULL UNIQUE, duedate DATETIME);
INSERT INTO assignment SELECT id, name, duedate FROM newer;
DROP TABLE newer;
DROP TABLE course;
ALTER TABLE student DROP COLUMN lms_user_id;
UPDATE alembic_version SET version_num = '167914646830';
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """An instructor's course with a lesson given out."""
    folder = tmp_path / "course"
    shutil.copytree(ROOT / "source" / LESSON, folder / "source" / LESSON)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    nbgrader(folder, "generate_assignment", LESSON, "--force")
    return folder


def nbgrader(course: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env={name: value for name, value in os.environ.items() if "INSIDEDOCKER" not in name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def grade_by_hand(course: Path) -> str:
    """Give two learners points for the first graded cell; its name."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "insidedocker") as book:
        cell = book.find_assignment(LESSON).notebooks[0].grade_cells[0].name
        for learner, points in SCORES.items():
            book.add_student(learner)
            book.add_submission(LESSON, learner)
            book.find_grade(cell, LESSON, LESSON, learner).manual_score = points
        book.db.commit()
        return str(cell)


def grades(course: Path) -> dict[str, tuple[float, float]]:
    """Score and most possible score, by learner, as the current nbgrader reads them."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "insidedocker") as book:
        return {
            each["student"]: (each["score"], each["max_score"])
            for each in book.submission_dicts(LESSON)
        }


@pytest.mark.slow
def test_an_old_gradebook_is_brought_up_to_date_with_its_grades(course: Path) -> None:
    grade_by_hand(course)
    before = grades(course)
    assert {learner: score for learner, (score, _) in before.items()} == SCORES
    with sqlite3.connect(course / "gradebook.db") as book:
        book.executescript(OLD_FORM)
    with (
        pytest.raises(OperationalError, match="lms_user_id"),
        Gradebook(f"sqlite:///{course}/gradebook.db", "insidedocker") as opened,
    ):
        list(opened.students)
    nbgrader(course, "db", "upgrade")
    assert grades(course) == before


@pytest.mark.slow
def test_a_changed_lesson_keeps_the_points_it_has_given(course: Path) -> None:
    cell = grade_by_hand(course)
    path = course / "source" / LESSON / f"{LESSON}.ipynb"
    lesson = nbformat.read(path, as_version=4)
    (tests,) = (
        each for each in lesson.cells if each.metadata.get("nbgrader", {}).get("grade_id") == cell
    )
    most = sum(each.metadata.get("nbgrader", {}).get("points", 0) for each in lesson.cells)
    tests.source += "\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"
    tests.metadata.nbgrader.points += 2
    nbformat.write(lesson, path)
    nbgrader(course, "generate_assignment", LESSON, "--force")
    assert grades(course) == {learner: (score, most + 2) for learner, score in SCORES.items()}

    more = nbformat.from_dict(json.loads(json.dumps(tests)))
    more.metadata.nbgrader.grade_id = "new_tests"
    more.id = "new-tests"
    lesson.cells.append(more)
    nbformat.write(lesson, path)
    with pytest.raises(AssertionError, match="Cannot add or remove cells"):
        nbgrader(course, "generate_assignment", LESSON, "--force")
    assert grades(course) == {learner: (score, most + 2) for learner, score in SCORES.items()}


@pytest.fixture
def learner() -> Iterator[Newcomer]:
    """Somebody whose course is a clone, set up and with an answer in it."""
    with skip_missing():
        folder = lasting_folder("idt-new-")
        copy_checkout(folder / "upstream")
        make_home(folder / "home")
        give_away(folder)
        somebody = Newcomer(folder / "course", folder / "home")
        upstream = folder / "upstream"
        somebody.run("git", "init", "--quiet", "--initial-branch=main", folder=upstream)
        publish(somebody, upstream)
        cloned = somebody.run("git", "clone", "--quiet", "upstream", "course", folder=folder)
        assert cloned.returncode == 0, cloned.stderr
    yield somebody
    somebody.kill_all()


def publish(somebody: Newcomer, upstream: Path) -> None:
    """A new version."""
    who = ["-c", "user.name=An author", "-c", "user.email=author@example.org"]
    somebody.run("git", "add", "--all", folder=upstream)
    done = somebody.run("git", *who, "commit", "--quiet", "-m", "New version", folder=upstream)
    assert done.returncode == 0, done.stderr


def open_course(somebody: Newcomer) -> str:
    """What `make lab` says until JupyterLab is there."""
    with somebody.terminal("make", "lab", "OPEN=no", "ENGINE=embedded") as terminal:
        terminal.url(patience.SETUP)
        terminal.press_ctrl_c()
        terminal.ends()
        return terminal.text


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(not ASKED_FOR, reason="sets a course up twice: INSIDEDOCKER_MORE=hosted")
def test_a_learner_pulls_and_goes_on(learner: Newcomer) -> None:
    open_course(learner)
    mine = learner.course / f"work/{LESSON}/{LESSON}.ipynb"
    mine.write_text(mine.read_text().replace("pass  # Your code goes here", "return 'mine'  #", 1))
    (mine.parent / "answers.json").write_text('{"where_to_look": "a"}')
    before = {path.name: path.read_bytes() for path in mine.parent.iterdir() if path.is_file()}
    volume = "from insidedocker import lab; e = lab.connect(); "
    made = learner.run(
        *("env", "INSIDEDOCKER_ENGINE=embedded", ".venv/bin/python", "-c"),
        volume + "e.post('/volumes/create', json={'Name': 'mine'})",
    )
    assert made.returncode == 0, made.stderr

    upstream = learner.course.with_name("upstream")
    for lesson in (LESSON, "01-architecture"):
        path = upstream / f"release/{lesson}/{lesson}.ipynb"
        path.write_text(path.read_text().replace("## What to remember", "## Remember this", 1))
    settings = upstream / "pyproject.toml"
    settings.write_text(settings.read_text().replace('version = "0.1.0"', 'version = "0.2.0"'))
    publish(learner, upstream)
    pulled = learner.run("git", "pull", "--quiet")
    assert pulled.returncode == 0, pulled.stderr
    said = open_course(learner)
    assert "Setting up .venv" in said
    assert "Updated, you had not changed them: 01-architecture" in said
    assert re.search(rf"{LESSON} has a newer version. Yours stays as it is; .*-new-1/", said)
    after = {path.name: path.read_bytes() for path in mine.parent.iterdir() if path.is_file()}
    assert after == before
    beside = learner.course / f"work/{LESSON}-new-1/{LESSON}.ipynb"
    assert "## Remember this" in beside.read_text()
    assert learner.run(".venv/bin/insidedocker", "--version").stdout == "0.2.0\n"
    there = learner.run(
        *("env", "INSIDEDOCKER_ENGINE=embedded", ".venv/bin/python", "-c"),
        volume + "print(e.get('/volumes/mine').status_code)",
    )
    assert there.stdout.splitlines()[-1] == "200"
