"""The closing quiz through nbgrader itself: clicked answers count, and the key stays at home."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

REPOSITORY = Path(__file__).parents[2]
LESSON = "13-quiz"

pytestmark = pytest.mark.slow


def nbgrader(course: Path, *arguments: str) -> None:
    environment = {**os.environ, "HOME": str(course), "XDG_RUNTIME_DIR": str(course)}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def key() -> dict[str, Any]:
    """The right answers, as the instructor's cells give them when they are run."""
    cells = nbformat.read(REPOSITORY / f"source/{LESSON}/{LESSON}.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code" and "nbgrader" in cell.metadata]
    names: dict[str, Any] = {"__name__": "lesson"}
    for cell in code:
        if cell.metadata["nbgrader"]["solution"] or not cell.metadata["nbgrader"]["grade"]:
            exec(cell.source, names)
    asked = [cell.metadata["nbgrader"] for cell in code if cell.metadata["nbgrader"]["solution"]]
    return {ng["grade_id"]: names[ng["grade_id"]].value for ng in asked}


def submit(course: Path, learner: str, answers: dict[str, Any]) -> Path:
    folder = course / "submitted" / learner / LESSON
    shutil.copytree(course / "release" / LESSON, folder)
    (folder / "answers.json").write_text(json.dumps(answers))
    return folder / "answers.json"


@pytest.mark.usefixtures("walls")
def test_clicked_answers_are_graded(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    shutil.copytree(REPOSITORY / "source" / LESSON, tmp_path / "source" / LESSON)
    nbgrader(tmp_path, "generate_assignment", LESSON)
    right = key()
    assert len(right) >= 20
    half = {name: value for index, (name, value) in enumerate(right.items()) if index % 2}
    submit(tmp_path, "all", right)
    submit(tmp_path, "half", half)
    submit(tmp_path, "none", {})
    garbled = submit(tmp_path, "garbled", {})
    garbled.write_text('{"daemon_role": ')
    marked = submit(tmp_path, "marked", {})
    marked.write_text(json.dumps(half), encoding="utf-8-sig")
    moved = submit(tmp_path, "moved", right).with_name(f"{LESSON}.ipynb")
    notebook = nbformat.read(moved, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import os\nos.chdir('/')"))
    nbformat.write(notebook, moved)

    nbgrader(tmp_path, "autograde", LESSON)
    nbgrader(tmp_path, "generate_feedback", LESSON)

    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        scores = {
            learner: gradebook.find_submission(LESSON, learner).score
            for learner in ("all", "half", "none", "garbled", "marked", "moved")
        }
    full, some = len(right), len(half)
    assert scores == {
        **{"all": full, "half": some, "none": 0, "garbled": 0},
        **{"marked": some, "moved": full},
    }
    feedback = (tmp_path / "feedback/none" / LESSON / f"{LESSON}.html").read_text()
    assert "this question has no saved answer" in feedback
    assert "most recent call last" not in feedback
    for learner, answers in (("all", right), ("none", {})):
        graded = tmp_path / "autograded" / learner / LESSON / "answers.json"
        assert json.loads(graded.read_text()) == answers, "grading writes no answers"


def test_the_key_is_not_in_the_release() -> None:
    release = (REPOSITORY / f"release/{LESSON}/{LESSON}.ipynb").read_text()
    assert "remedies" not in release and "otherwise" not in release
    cells = nbformat.reads(release, as_version=4).cells
    told = [cell.source for cell in cells if cell.cell_type == "code"]
    assert not [source for source in told if ".answer(" in source.replace("check.answer(", "")]
    assert all(source.count("check.answer(") <= 1 for source in told)
