"""A learner's progress, read from notebooks as they lie on disk, whole or broken."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from insidedocker import lab
from insidedocker.lab.engines.stub_engine import Answer
from insidedocker.lab.learner import progress
from tests.support import patience

REPOSITORY = Path(__file__).parents[2]
LESSONS = sorted(path.name for path in (REPOSITORY / "release").iterdir())
RIGHT = 'return lab.connect(url).get("/_ping").text'


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of all lessons, seen from the first one's folder, where the start page runs."""
    shutil.copytree(REPOSITORY / "release", tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work/00-start-here")
    return tmp_path / "work"


def edit(work: Path, lesson: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the cells of a copy by their grade id."""
    path = work / lesson / f"{lesson}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["id_"] = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        change(cell)
        del cell["id_"]
    path.write_text(json.dumps(notebook))


def row(name: str) -> progress.Work:
    return next(each for each in lab.my_progress().lessons if each.name == name)


def test_untouched_lessons_are_not_begun(work: Path) -> None:
    found = lab.my_progress()
    assert [each.name for each in found.lessons] == LESSONS
    assert {each.state for each in found.lessons} == {"not begun"}
    assert row("00-start-here").points == (0, 3)
    assert row("00-start-here").answered == (0, 1)
    assert row("13-quiz").points == (0, 0)
    assert row("13-quiz").answered == (0, 30)
    assert "Go on with 00 Start here" in str(found)


def test_a_lesson_that_was_worked_on(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For real: the first lesson is run, with one task solved and one question clicked."""
    path = work / "00-start-here/00-start-here.ipynb"
    edit(work, "00-start-here", solve_the_first_task)
    notebook = nbformat.read(path, as_version=4)
    version = {"Version": "1", "ApiVersion": "1.44", "Os": "linux", "Arch": "amd64"}
    answers: dict[str, Answer] = {
        "GET /_ping": (200, {"Api-Version": "1.44"}, b"OK"),
        "GET /version": (200, {}, version),
        "GET /info": (200, {}, {"Name": "scripted"}),
    }
    place = {"metadata": {"path": str(path.parent)}}
    with lab.check.scripted_engine(answers) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.url)
        NotebookClient(
            notebook, timeout=patience.EVENT, allow_errors=True, resources=place
        ).execute()
    nbformat.write(notebook, path)
    (path.parent / "answers.json").write_text('{"where_to_look": "b"}')
    found = row("00-start-here")
    assert found.state == "under way"
    assert found.points == (1, 3)
    assert found.answered == (1, 1)
    assert found.next is not None and found.next.heading.startswith("Task 2")


def solve_the_first_task(cell: dict[str, Any]) -> None:
    if cell["id_"] == "ping":
        cell["source"] = f"def ping(url):\n    {RIGHT}"


def passed(cell: dict[str, Any]) -> None:
    if cell["metadata"].get("nbgrader", {}).get("grade"):
        cell["execution_count"] = 7


def test_a_check_passes_by_nbgraders_rule(work: Path) -> None:
    def errors(cell: dict[str, Any]) -> None:
        passed(cell)
        error = {"output_type": "error", "ename": "CheckFailed", "evalue": "", "traceback": []}
        warning = {"output_type": "stream", "name": "stderr", "text": "careful"}
        told = {"ping_test": error, "read_ping_status_test": warning}.get(cell["id_"])
        if told:
            cell["outputs"] = [told]

    edit(work, "00-start-here", errors)
    assert row("00-start-here").points == (1, 3)
    edit(work, "00-start-here", lambda cell: cell.update(outputs=[]) if "outputs" in cell else None)
    assert row("00-start-here").points == (3, 3)
    assert row("00-start-here").state == "done"


def test_clicked_answers_count_and_half_ones_do_not(work: Path) -> None:
    saved = {"daemon_role": "a", "run_nginx_steps": ["d", "", "", "", "", "", ""], "latest": 5}
    (work / "13-quiz/answers.json").write_text(json.dumps(saved))
    assert row("13-quiz").answered == (1, 30)
    assert row("13-quiz").state == "under way"
    assert row("13-quiz").next.heading == "Question 2"  # type: ignore[union-attr]
    assert "Go on with 13 Closing quiz." in str(lab.my_progress()), "what was begun goes first"


def test_own_words_count_once_they_are_there(work: Path) -> None:
    ng = {"grade": True, "solution": True, "grade_id": "words", "points": 2}
    stub = "*Your answer goes here: replace this line, in your own words.*"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Own\n", "\n", "```\n# no\n```\n"]},
        {"cell_type": "markdown", "metadata": {"nbgrader": ng}, "source": stub},
    ]
    (work / "01-own").mkdir()
    path = work / "01-own/01-own.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert (row("01-own").title, row("01-own").answered) == ("Own", (0, 1))
    path.write_text(json.dumps({"cells": cells}).replace(stub, "A tag is a name."))
    assert row("01-own").answered == (1, 1)
    assert stub in (REPOSITORY / "nbgrader_config.py").read_text()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"cells": 3}', '{"cells": {"a": 1}}', "\0", "[" * 100_000, "\xff"],
)
def test_a_damaged_notebook_has_a_row_of_its_own(work: Path, content: str) -> None:
    (work / "04-rest-api/04-rest-api.ipynb").write_bytes(content.encode("latin-1"))
    assert row("04-rest-api").state == "cannot be read"
    assert "make lab brings a fresh copy" in str(lab.my_progress())
    assert row("05-images").state == "not begun"


@pytest.mark.parametrize(
    "cell",
    [3, {}, {"source": 5}, {"source": [1]}, {"source": "", "metadata": 4, "outputs": 5}]
    + [
        {"cell_type": "code", "source": "", "execution_count": 1, "outputs": outputs, "metadata": m}
        for outputs in (None, 4, ["x"])
        for m in ({"nbgrader": 3}, {"nbgrader": {"grade": 1, "points": "many"}})
    ],
)
def test_odd_cells_do_no_harm(work: Path, cell: Any) -> None:
    (work / "04-rest-api/04-rest-api.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert "04" in str(lab.my_progress())


def test_missing_renamed_huge_and_newer_copies(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "04-rest-api/04-rest-api.ipynb").rename(work / "04-rest-api/mine.ipynb")
    shutil.rmtree(work / "05-images")
    shutil.copytree(work / "13-quiz", work / "13-quiz-new-1")
    (work / "notes.txt").touch()
    monkeypatch.setattr(progress, "LARGEST", 30_000)
    found = {each.name: each.problem for each in lab.my_progress().lessons}
    assert list(found) == [name for name in LESSONS if name != "05-images"]
    assert "was it renamed?" in found["04-rest-api"]
    assert "clear its outputs" in found["13-quiz"]
    html = lab.my_progress()._repr_html_()
    assert "04-rest-api.ipynb</a>" not in html and "clear its outputs" in html


def test_it_reads_and_writes_nothing_else(work: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*")}
    str(lab.my_progress())
    lab.my_progress()._repr_html_()
    assert {path: path.stat().st_mtime_ns for path in work.rglob("*")} == before


def test_from_the_folder_above_and_from_elsewhere(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(work / "06-fifo")
    assert len(lab.my_progress(work).lessons) == len(LESSONS)
    assert 'href="../work/05-images' not in lab.my_progress(work)._repr_html_()
    monkeypatch.chdir(work)
    assert 'href="05-images/05-images.ipynb"' in lab.my_progress()._repr_html_()
    for nowhere in (tmp_path / "nowhere", work / "06-fifo"):
        assert "No lessons were found" in str(lab.my_progress(nowhere))
        assert "No lessons were found" in lab.my_progress(nowhere)._repr_html_()


def test_what_a_notebook_says_is_text_and_no_markup(work: Path) -> None:
    bad = "# <img src=x onerror=alert(1)> & co"

    def rename(cell: dict[str, Any]) -> None:
        if cell["cell_type"] == "markdown" and "".join(cell["source"]).startswith("# "):
            cell["source"] = bad

    edit(work, "04-rest-api", rename)
    html = lab.my_progress()._repr_html_()
    assert "<img" not in html and "&lt;img" in html
    assert re.search(r'href="\.\./04-rest-api/04-rest-api\.ipynb#cell-id=[\w-]+">Exercise 1', html)
