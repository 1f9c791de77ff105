"""A learner's own values: drawn once, the same at grading time, and odd ones are told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from insidedocker.grading import settings
from insidedocker.teaching import graded as graded_class
from insidedocker.teaching import similarity
from tests.support.small_class import ASSIGNMENT, Course

SHOW = "from insidedocker import lab; print(lab.variant.number('apples', 1, 1_000_000))"


def shown(folder: Path, **environment: str) -> int:
    clean = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_value_is_drawn_once_and_kept_beside_the_notebook(tmp_path: Path) -> None:
    ada, grace = tmp_path / "ada", tmp_path / "grace"
    ada.mkdir()
    grace.mkdir()
    first = shown(ada)
    assert [path.name for path in ada.iterdir()] == ["variant.txt"]
    assert shown(ada) == first == shown(ada, NBGRADER_EXECUTION="autograde")
    assert shown(grace) != first
    shutil.copy(ada / "variant.txt", grace)
    assert shown(grace) == first


@pytest.mark.parametrize("seed", [None, b"", b"\0\0", b"\xff" * 32, b"a" * 1_000_000])
def test_without_a_seed_grading_goes_on_with_the_common_values(
    tmp_path: Path, seed: bytes | None
) -> None:
    if seed is not None:
        (tmp_path / "variant.txt").write_bytes(seed)
    before = list(tmp_path.iterdir())
    # What the hash gives without a seed, on whatever version of Python.
    assert shown(tmp_path, NBGRADER_EXECUTION="autograde") == 123906
    assert list(tmp_path.iterdir()) == before


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("apart", [True, False], ids=["apart", "plain"])
def test_a_submission_is_graded_by_its_own_values(
    own_course: Course, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = own_course
    monkeypatch.setenv(settings.VARIABLE, settings.APART if apart else settings.PLAIN)
    _ask_for_apples(course)
    mine: dict[str, int] = {}
    for learner, like in (("ada", ""), ("grace", ""), ("linus", "ada"), ("zoe", "")):
        if like:
            course.hand_in(learner, {"words": str(mine[like])})
            shutil.copy(course.submission(like) / "variant.txt", course.submission(learner))
        else:
            course.hand_in(learner, {})
            if learner != "zoe":
                mine[learner] = shown(course.submission(learner))
    for learner, answer in (("ada", mine["ada"]), ("grace", mine["ada"]), ("linus", mine["ada"])):
        _answer(course.submission(learner), f"apples = {answer}")
    for learner in ("ada", "grace", "linus", "zoe"):
        assert course.api().autograde(ASSIGNMENT, learner)["success"]
    grades = graded_class.grades(course.root, ASSIGNMENT)
    points = {learner: grades[learner][ASSIGNMENT, "apples_tests"].score for learner in grades}
    # grace has taken ada's answer; linus her whole folder, which is told below
    assert points == {"ada": 1, "grace": 0, "linus": 1, "zoe": 0}
    said = similarity.odd_variants(graded_class.read(course.root, ASSIGNMENT))
    assert [line.partition(":")[0] for line in said] == ["ada, linus", "zoe"]
    assert "the same variant" in said[0] and "without variant.txt" in said[1]


def _ask_for_apples(course: Course) -> None:
    path = course.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}

    def cell(grade_id: str, source: str, **more: object) -> None:
        metadata = {"nbgrader": {**marks, "grade_id": grade_id, **more}}
        made = nbformat.v4.new_code_cell(source, metadata=metadata, id=grade_id.replace("_", "-"))
        notebook.cells.append(made)

    cell("stock", f"{SHOW}", locked=True)
    cell("apples", "apples = 0\n### BEGIN SOLUTION\n### END SOLUTION", solution=True)
    tests = "assert apples == lab.variant.number('apples', 1, 1_000_000)"
    cell("apples_tests", tests, grade=True, locked=True, points=1)
    nbformat.write(notebook, path)
    course.generate()


def _answer(folder: Path, answer: str) -> None:
    path = folder / f"{ASSIGNMENT}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "apples":
            cell["source"] = answer
    path.write_text(json.dumps(notebook))
