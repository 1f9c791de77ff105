"""Collecting from an exchange that learners write to: links lead nowhere."""

import os
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from insidedocker.grading.collect import Collect


def test_plain_files_are_collected_and_nothing_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("years of work")
    inbound = tmp_path / "inbound"
    (inbound / "data").mkdir(parents=True)
    (inbound / "mini.ipynb").write_text("{}")
    (inbound / "data" / "mine.txt").write_text("mine")
    (inbound / "theirs.txt").symlink_to(secret)
    (inbound / "folder").symlink_to(tmp_path)
    os.mkfifo(inbound / "fifo")
    collect = Collect(coursedir=CourseDirectory())
    collect.do_copy(str(inbound), str(tmp_path / "submitted"))
    found = sorted(path for path in (tmp_path / "submitted").rglob("*") if not path.is_dir())
    assert [str(path.relative_to(tmp_path / "submitted")) for path in found] == [
        "data/mine.txt",
        "mini.ipynb",
    ]
