"""The gradebook in a real PostgreSQL instead of a file."""

import contextlib
import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.hosted.hub import programs
from tests.support.engines import own_folder
from tests.support.missing import Missing, skip_missing
from tests.support.ordinary import as_ordinary_user, give_away

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(not ASKED_FOR, reason="takes a minute: INSIDEDOCKER_MORE=hosted"),
]


LESSON = "00-start-here"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of an empty database, behind a socket in a folder of its own."""
    with skip_missing(), server() as url:
        yield url


@contextlib.contextmanager
def server() -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise Missing("postgres is missing: apt install postgresql")
    bin_ = found[-1].parent
    with own_folder() as folder:
        give_away(folder)
        data, user = folder / "data", "grader"

        def run(*words: str) -> None:
            subprocess.run(
                [*as_ordinary_user(), *words], cwd=folder, check=True, capture_output=True
            )

        run(f"{bin_}/initdb", "--pgdata", str(data), "--username", user, "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        control = (f"{bin_}/pg_ctl", "--pgdata", str(data), "--log", f"{folder}/log", "--wait")
        run(*control, "start", "--options", options)
        try:
            run(f"{bin_}/createdb", "--host", str(folder), "--username", user, "gradebook")
            yield f"postgresql+psycopg://{user}@/gradebook?host={folder}"
        finally:
            run(*control, "stop", "--mode", "immediate")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with two submissions: the solution, and the untouched lesson."""
    for area, learner in (("source", "ada"), ("release", "alan")):
        shutil.copytree(ROOT / area / LESSON, tmp_path / "submitted" / learner / LESSON)
    shutil.copytree(ROOT / "source" / LESSON, tmp_path / "source" / LESSON)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def test_a_class_is_graded_into_it(postgres: str, course: Path) -> None:
    with skip_missing():
        python = programs() / "bin/python"
    for words in (
        ("generate_assignment", LESSON, "--force"),
        ("autograde", LESSON, "--create"),
        ("export", "--to", "grades.csv"),
        ("db", "upgrade"),
    ):
        done = subprocess.run(
            [python, "-m", "nbgrader", *words],
            cwd=course,
            env={**os.environ, "INSIDEDOCKER_GRADEBOOK": postgres, "INSIDEDOCKER_GRADING": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    with (course / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ada": 4.0, "alan": 0.0}
    assert not (course / "gradebook.db").exists()
