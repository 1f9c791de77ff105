"""Marks of folders that may not be on the disk yet."""

from pathlib import Path

from insidedocker_engine.files.unsettled import Unsettled
from tests.support import patience


def marks(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_mark_goes_once_its_folder_is_synced(tmp_path: Path) -> None:
    unsettled = Unsettled(tmp_path, seconds=0)
    unsettled.begin("whole")
    unsettled.begin("half")
    assert marks(tmp_path) == ["half", "whole"]
    unsettled.done("whole")
    patience.until(lambda: marks(tmp_path) == ["half"])
    unsettled.done("half")
    patience.until(lambda: marks(tmp_path) == [])


def test_a_folder_that_is_made_again_meanwhile_keeps_its_mark(tmp_path: Path) -> None:
    unsettled = Unsettled(tmp_path, seconds=0.05)
    unsettled.begin("again")
    unsettled.done("again")
    unsettled.begin("again")
    unsettled.begin("other")
    unsettled.done("other")
    patience.until(lambda: "other" not in marks(tmp_path))
    assert marks(tmp_path) == ["again"]


def test_marks_of_an_earlier_engine_are_in_doubt(tmp_path: Path) -> None:
    Unsettled(tmp_path).begin("layer")
    later = Unsettled(tmp_path)
    assert later.doubtful == ["layer"]
    later.settled("layer")
    assert Unsettled(tmp_path).doubtful == []
