"""The learner's copies: nothing changed by the learner is ever lost."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from insidedocker.launch import copies


@pytest.fixture
def release(tmp_path: Path) -> Path:
    lesson = tmp_path / "release" / "04-rest-api"
    lesson.mkdir(parents=True)
    (lesson / "04-rest-api.ipynb").write_text("first")
    (lesson / "picture.svg").write_text("<svg/>")
    return tmp_path / "release"


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != copies.LEDGER
    }


def test_new_lessons_arrive_whole(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    delivery = copies.update(release, work)
    assert delivery.new == ["04-rest-api"]
    assert contents(work) == contents(release)
    assert copies.update(release, work) == copies.Delivery()


def test_a_lesson_released_later_arrives_too(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    (release / "05-images").mkdir()
    (release / "05-images" / "05-images.ipynb").write_text("new")
    assert copies.update(release, work).new == ["05-images"]


def test_an_untouched_copy_follows_the_release(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    (release / "04-rest-api" / "04-rest-api.ipynb").write_text("second")
    assert copies.update(release, work).updated == ["04-rest-api"]
    assert contents(work) == contents(release)


def test_a_changed_copy_stays_and_the_new_version_arrives_beside(
    release: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    mine = work / "04-rest-api" / "04-rest-api.ipynb"
    mine.write_text("my answers")
    (release / "04-rest-api" / "04-rest-api.ipynb").write_text("second")
    delivery = copies.update(release, work)
    assert mine.read_text() == "my answers"
    assert [(name, folder.name) for name, folder in delivery.beside] == [
        ("04-rest-api", "04-rest-api-new-1")
    ]
    assert contents(work / "04-rest-api-new-1") == contents(release / "04-rest-api")
    assert "work/04-rest-api-new-1/" in delivery.lines(work)[0]
    assert copies.update(release, work) == copies.Delivery(), "the same version arrives once"


def test_a_deleted_file_comes_back_fresh(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    (work / "04-rest-api" / "04-rest-api.ipynb").unlink()
    copies.update(release, work)
    assert (work / "04-rest-api" / "04-rest-api.ipynb").read_text() == "first"


@pytest.mark.parametrize("ledger", ["", "{", "[]"])
def test_a_lost_ledger_never_costs_the_learner_work(
    release: Path, tmp_path: Path, ledger: str
) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    mine = work / "04-rest-api" / "04-rest-api.ipynb"
    mine.write_text("my answers")
    (work / copies.LEDGER).write_text(ledger)
    copies.update(release, work)
    assert mine.read_text() == "my answers"


def test_the_learners_own_files_are_left_alone(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    (work / "04-rest-api" / "notes.txt").write_text("mine")
    (release / "04-rest-api" / "04-rest-api.ipynb").write_text("second")
    copies.update(release, work)
    assert (work / "04-rest-api" / "notes.txt").read_text() == "mine"


# The learner saves while an update comes


NEW = "the author's new version"
MINE = "what the learner saves at this moment"


class Learner:
    """Somebody who saves, in one of the ways in which programs do."""

    def __init__(self, path: Path, way: str) -> None:
        self.path, self.way = path, way
        self.open = path.open("r+") if way == "writes to what it has open" else None

    def save(self) -> None:
        if self.open:
            self.open.truncate(0)
            self.open.write(MINE)
            self.open.close()
        elif self.way == "renames over it":
            draft = self.path.with_name("~draft")
            draft.write_text(MINE)
            draft.replace(self.path)
        else:
            self.path.write_text(MINE)


def update_while(release: Path, work: Path, act: Callable[[], None], moment: int) -> bool:
    """An update, in which somebody acts before the line of copies.py that is executed as the
    `moment`th; False where the update has fewer."""
    passed = 0

    def line(frame: FrameType, event: str, _: object) -> Any:
        nonlocal passed
        if event == "line":
            passed += 1
            if passed == moment:
                act()
        return line

    def call(frame: FrameType, _event: str, _: object) -> Any:
        return line if frame.f_code.co_filename == copies.__file__ else None

    sys.settrace(call)
    try:
        copies.update(release, work)
    finally:
        sys.settrace(None)
    return passed >= moment


@pytest.mark.parametrize("way", ["writes into it", "renames over it", "writes to what it has open"])
def test_a_save_at_any_moment_of_an_update_is_kept(release: Path, tmp_path: Path, way: str) -> None:
    moment, within = 0, True
    while within:
        moment += 1
        work = tmp_path / f"work-{moment}"
        copies.update(release, work)
        lesson = release / "04-rest-api/04-rest-api.ipynb"
        lesson.write_text(NEW)
        learner = Learner(work / "04-rest-api/04-rest-api.ipynb", way)
        within = update_while(release, work, learner.save, moment)
        if not within:
            learner.save()
        lines = copies.update(release, work).lines(work)
        seen = {name: text for name, text in contents(work).items() if not name.startswith(".")}
        assert MINE in seen.values(), f"a save before line {moment} is gone: {seen}, {lines}"
        place = seen["04-rest-api/04-rest-api.ipynb"]
        assert NEW in seen.values() or place == MINE, f"a save before line {moment}: {lines}"
        assert contents(work) == seen, "nothing is left behind out of sight"
        lesson.write_text("first")
        shutil.rmtree(work)
    assert moment > 50, "the update was gone through line by line"


def test_a_save_without_end_loses_nothing(release: Path, tmp_path: Path) -> None:
    """A real process that saves again and again, each time something else, while versions come."""
    work = tmp_path / "work"
    copies.update(release, work)
    place = work / "04-rest-api/04-rest-api.ipynb"
    script = """
import sys
number = 0
for line in sys.stdin:
    for _ in range(50):
        number += 1
        with open(sys.argv[1], "w") as file:
            file.write(f"save {number}")
    print(number, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin and process.stdout
        for version in range(20):
            (release / "04-rest-api/04-rest-api.ipynb").write_text(f"version {version}")
            process.stdin.write("go\n")
            copies.update(release, work)
            last = process.stdout.readline().strip()
            copies.update(release, work)
            kept = [text for name, text in contents(work).items() if name[0] != "."]
            assert f"save {last}" in kept
            shutil.rmtree(work)
            copies.update(release, work)
        process.stdin.close()


def test_an_update_that_was_killed_at_any_line_is_made_good(release: Path, tmp_path: Path) -> None:
    moment, killed = 0, True
    while killed:
        moment += 1
        work = tmp_path / f"work-{moment}"
        copies.update(release, work)
        lesson = release / "04-rest-api/04-rest-api.ipynb"
        lesson.write_text(NEW)

        child = os.fork()
        if child == 0:
            update_while(release, work, functools.partial(os._exit, 1), moment)
            os._exit(0)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        copies.update(release, work)
        seen = {name: text for name, text in contents(work).items() if name[0] != "."}
        assert seen["04-rest-api/04-rest-api.ipynb"] == NEW, moment
        lesson.write_text("first")
        shutil.rmtree(work)


# A notebook by another name


def notebook(*sources: str, graded: bool = True, ids: bool = True) -> str:
    made = [
        {
            "cell_type": "code",
            "source": [source],
            "outputs": [],
            "execution_count": None,
            "metadata": {"nbgrader": {"grade_id": f"task-{number}"}} if graded else {},
            **({"id": f"cell-{number}"} if ids else {}),
        }
        for number, source in enumerate(sources)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


TASKS = ("print('the first task')", "print('the second task')", "# Your code goes here")
WORKED_ON = (*TASKS[:2], "answer = 42")


@pytest.fixture
def lesson(release: Path) -> Path:
    path = release / "04-rest-api/04-rest-api.ipynb"
    path.write_text(notebook(*TASKS))
    return path


@pytest.mark.parametrize(
    "found",
    [
        ("my solution.ipynb", notebook(*WORKED_ON)),
        ("04-rest-api (1).ipynb", notebook(*WORKED_ON, graded=False)),
        ("04-rest-api.ipynb.txt", notebook(*WORKED_ON, ids=False)),
        ("Kopie.ipynb", notebook(*WORKED_ON, graded=False, ids=False)),
        ("old/04-rest-api.ipynb", notebook(*WORKED_ON)),
        ("with a mark.ipynb", "\ufeff" + notebook(*WORKED_ON)),
        ("damaged.ipynb", notebook(*WORKED_ON)[:-20]),
    ],
)
@pytest.mark.parametrize("newer", [False, True])
def test_no_fresh_notebook_is_put_beside_a_renamed_one(
    release: Path, lesson: Path, tmp_path: Path, found: tuple[str, str], newer: bool
) -> None:
    name, text = found
    work = tmp_path / "work"
    copies.update(release, work)
    fresh = work / "04-rest-api/04-rest-api.ipynb"
    (fresh.parent / name).parent.mkdir(exist_ok=True)
    fresh.rename(fresh.parent / name)
    (fresh.parent / name).write_text(text)
    if newer:
        lesson.write_text(notebook(*TASKS, "print('a third task')"))
    lines = copies.update(release, work).lines(work)
    assert not fresh.exists()
    assert (fresh.parent / name).read_text() == text
    if newer:
        assert "04-rest-api has a newer version. Yours stays as it is" in lines[0]
        assert (work / "04-rest-api-new-1/04-rest-api.ipynb").read_text() == lesson.read_text()
    else:
        assert lines == [
            f"04-rest-api: you have 04-rest-api.ipynb as {name}. No fresh one is put beside it; "
            "to start afresh, move yours out of work/04-rest-api/"
        ]
    again = copies.update(release, work).lines(work)
    assert len(again) == 1 and f"as {name}. No fresh one" in again[0]
    assert not fresh.exists()


@pytest.mark.parametrize("left", ["nothing", "answers", "an own notebook", "a checkpoint"])
def test_a_deleted_notebook_comes_back_whatever_else_is_there(
    release: Path, lesson: Path, tmp_path: Path, left: str
) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    mine = work / "04-rest-api"
    fresh = mine / "04-rest-api.ipynb"
    fresh.unlink()
    if left == "nothing":
        shutil.rmtree(mine)
    elif left == "answers":
        (mine / "picture.svg").unlink()
        (mine / "answers.json").write_text('{"quiz": "a"}')
    elif left == "an own notebook":
        (mine / "scratch.ipynb").write_text(notebook("1 + 1", graded=False, ids=False))
    else:
        (mine / ".ipynb_checkpoints").mkdir()
        (mine / ".ipynb_checkpoints/04-rest-api-checkpoint.ipynb").write_text(notebook(*TASKS))
    copies.update(release, work)
    assert fresh.read_text() == lesson.read_text()
    assert (mine / "picture.svg").read_text() == "<svg/>"


@pytest.mark.parametrize("what", ["a folder", "a link", "a dangling link", "a file for the folder"])
@pytest.mark.parametrize("newer", [False, True])
def test_what_is_not_a_plain_file_is_left_alone(
    release: Path, tmp_path: Path, what: str, newer: bool
) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    mine = work / "04-rest-api/04-rest-api.ipynb"
    if what == "a folder":
        mine.unlink()
        mine.mkdir()
        (mine / "kept").write_text("mine")
    elif what == "a link":
        mine.rename(tmp_path / "elsewhere")
        mine.symlink_to(tmp_path / "elsewhere")
    elif what == "a dangling link":
        mine.unlink()
        mine.symlink_to(tmp_path / "gone")
    else:
        shutil.rmtree(mine.parent)
        mine.parent.write_text("mine")
    before = {
        path: path.lstat().st_ino
        for path in [tmp_path / "elsewhere", mine.parent, mine]
        if os.path.lexists(path)
    }
    if newer:
        (release / "04-rest-api/04-rest-api.ipynb").write_text(NEW)
    for _ in range(2):
        copies.update(release, work)
        if not (what == "a link" and newer):  # what it leads to stays, and is as it was delivered
            assert {path: path.lstat().st_ino for path in before} == before
    if what == "a link":
        assert (tmp_path / "elsewhere").read_text() == "first"
    assert (work / "04-rest-api-new-1").exists() == (newer and what != "a link")
    assert not (work / "04-rest-api-new-2").exists()


def test_two_updates_at_once_take_turns(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    for number in range(30):
        (release / f"{number}").mkdir()
        (release / f"{number}/{number}.ipynb").write_text("first")
    script = (
        "import sys, pathlib; from insidedocker.launch import copies;"
        "print(*copies.update(*map(pathlib.Path, sys.argv[1:])).new)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, release, work], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    new = [each.communicate()[0].split() for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted([*new[0], *new[1]]) == sorted(path.name for path in release.iterdir())
    assert len(json.loads((work / copies.LEDGER).read_text())) == 31


def old_answers(folder: Path) -> None:
    (folder / "answers.json").write_text('{"q": "old"}')
    (folder / "variant.txt").write_text("0" * 32)


@pytest.mark.parametrize("new_version", [False, True])
def test_a_deleted_notebook_starts_without_its_answers_which_are_kept(
    release: Path, tmp_path: Path, new_version: bool
) -> None:
    work = tmp_path / "work"
    mine = work / "04-rest-api"
    for number in (1, 2):
        copies.update(release, work)
        old_answers(mine)
        (mine / "04-rest-api.ipynb").unlink()
        if new_version:
            (release / "04-rest-api/04-rest-api.ipynb").write_text(f"version {number}")
        told = "\n".join(copies.update(release, work).lines(work))
        assert (mine / "04-rest-api.ipynb").exists()
        assert not (mine / "answers.json").exists() and not (mine / "variant.txt").exists()
        assert (mine / f"answers.json.earlier-{number}").read_text() == '{"q": "old"}'
        assert f"answers.json.earlier-{number}" in told and "afresh" in told


def test_answers_stay_where_only_something_else_was_deleted(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    old_answers(work / "04-rest-api")
    (work / "04-rest-api/picture.svg").unlink()
    assert copies.update(release, work) == copies.Delivery()
    assert (work / "04-rest-api/answers.json").exists()
    assert (work / "04-rest-api/variant.txt").exists()


def test_answers_stay_with_a_notebook_that_was_renamed(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    copies.update(release, work)
    old_answers(work / "04-rest-api")
    (work / "04-rest-api/04-rest-api.ipynb").rename(work / "04-rest-api/mine.ipynb")
    copies.update(release, work)
    assert (work / "04-rest-api/answers.json").read_text() == '{"q": "old"}'
