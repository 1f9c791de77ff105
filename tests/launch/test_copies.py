"""The learner's copies: nothing changed by the learner is ever lost."""

from __future__ import annotations

from pathlib import Path

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
