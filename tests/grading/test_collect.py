"""Collecting from an exchange that learners write to: links lead nowhere."""

import os
import subprocess
import sys
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from insidedocker.grading.plugins.collect import Collect

ROOT = Path(__file__).parents[2]


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


def hand_in(inbound: Path, name: str, text: str = "{}") -> Path:
    """A folder in the exchange, as `nbgrader submit` leaves it, or somebody else."""
    folder = Path(os.fsdecode(os.fsencode(inbound) + b"/" + os.fsencode(name)))
    folder.mkdir()
    (folder / "mini.ipynb").write_text(text)
    (folder / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC")
    return folder


def test_what_one_has_left_in_the_exchange_stops_nobody_elses(
    tmp_path: Path,
) -> None:
    inbound = tmp_path / "exchange" / "course" / "inbound"
    inbound.mkdir(parents=True)
    course = tmp_path / "course"
    course.mkdir()
    time = "2026-01-02 03:04:05 UTC"
    hand_in(inbound, f"ada+mini+{time}+x")
    hand_in(inbound, f"zoe+mini+{time}+x")
    hand_in(inbound, "bad+mini+yesterday at noon+x")
    hand_in(inbound, f"..+mini+{time}+x")
    hand_in(inbound, f"*+mini+{time}+x")
    hand_in(inbound, f"\udcff+mini+{time}+x")
    (inbound / f"link+mini+{time}+x").symlink_to("nowhere")
    (inbound / f"file+mini+{time}+x").write_text("x")
    bad_time = hand_in(inbound, f"tim+mini+{time}+x")
    (bad_time / "timestamp.txt").write_text("nonsense")

    def collect(update: bool) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "collect", "mini", *["--update"] * update],
            cwd=course,
            env={**os.environ, "NBGRADER_EXCHANGE": str(tmp_path / "exchange")},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        for name in ("bad+mini", "*+mini", r"\udcff+mini", "link+mini"):
            assert f"Not collected: {name}" in done.stderr.replace("'", "")
        return done.stderr

    config = (ROOT / "nbgrader_config.py").read_text()
    (course / "nbgrader_config.py").write_text(f"{config}\nc.CourseDirectory.course_id = 'course'")
    collect(update=False)
    submitted = course / "submitted"
    assert sorted(each.name for each in submitted.iterdir()) == ["ada", "file", "tim", "zoe"]
    assert sorted(each.name for each in course.iterdir() if each.is_dir()) == [
        *(".grading", "submitted")
    ]
    newer = time.replace("2026", "2027")
    hand_in(inbound, f"zoe+mini+{newer}+x", "{ }")
    collect(update=True)
    assert (submitted / "zoe" / "mini" / "mini.ipynb").read_text() == "{ }"
