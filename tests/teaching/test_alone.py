"""One run at a time, whatever goes wrong: one sentence each, and nothing is called done that is
not."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from insidedocker.cli import main
from insidedocker.grading import scratch, settings
from insidedocker.grading.alone import alone
from tests.support.small_class import ASCENDING, ASSIGNMENT, POINTS, SOLVED, Course, whole_class

pytestmark = [
    pytest.mark.usefixtures("walls"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
BUSY = "This course is being graded already"
GRADE = [sys.executable, "-m", "insidedocker", "grade", ASSIGNMENT]
MARKS = [f"insidedocker-{each}-*/{scratch.MARK}" for each in ("grading", "files")]


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.VARIABLE, settings.APART)


def grade(course: Course, *options: str) -> int:
    return main(["grade", ASSIGNMENT, "--course", str(course.root), *options])


def points(course: Course) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        return {
            each.student.id: each.score for each in book.find_assignment(ASSIGNMENT).submissions
        }


RIGHT = {learner: float(sum(each)) for learner, each in POINTS.items()}


def is_one_sentence(said: str) -> bool:
    return said.count("\n") == 1 and "Traceback" not in said and "sqlalchemy" not in said.lower()


def test_a_second_run_of_whatever_kind_is_refused(
    own_graded: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course, root = own_graded, str(own_graded.root)
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)
    course.configure(f"c.Exchange.root = {str(tmp_path / 'exchange')!r}")
    course.hand_in("ada", {"sizes": ASCENDING})
    api = course.api()
    with alone(course.root):
        for command in ("grade", "regrade", "items", "similar"):
            assert main([command, ASSIGNMENT, "--course", root]) == 1
            said = capsys.readouterr().err
            assert said.startswith(BUSY)
            assert is_one_sentence(said)
        for done in (
            api.autograde(ASSIGNMENT, "ada"),
            api.generate_assignment(ASSIGNMENT),
            api.generate_feedback(ASSIGNMENT, "ada"),
            api.release_assignment(ASSIGNMENT),
            api.release_feedback(ASSIGNMENT),
            api.collect(ASSIGNMENT),
        ):
            assert not done["success"]
            assert BUSY in done["log"]
        exported = course.run("nbgrader", "export", "--to=grades.csv")
        assert exported.returncode == 1
        assert BUSY in exported.stderr
        assert not (course.root / "grades.csv").exists()
    assert points(course) == RIGHT  # nothing was half done
    assert api.autograde(ASSIGNMENT, "ada")["success"]


def test_the_lock_is_given_back_however_its_holder_ends(own_graded: Course) -> None:
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys, time; from pathlib import Path; "
            "from insidedocker.grading.alone import alone\n"
            "with alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)",
            str(own_graded.root),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert grade(own_graded) == 1
    holder.kill()
    holder.communicate()
    assert grade(own_graded) == 0


def test_three_ways_at_once_lose_nobody(own_course: Course) -> None:
    course = own_course
    whole_class(course)
    environment = {**os.environ, settings.VARIABLE: settings.APART}
    commands = [GRADE, [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT]]
    running = [
        subprocess.Popen(
            each,
            cwd=course.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for each in commands
    ]
    pressed = {each: course.api().autograde(ASSIGNMENT, each) for each in POINTS}
    said = [each.communicate()[0] for each in running]
    for text in [*said, *(each["log"] for each in pressed.values())]:
        assert "Traceback" not in text
    for each, text in zip(running, said, strict=True):
        assert (each.returncode == 0) == (BUSY not in text)
    for learner, done in pressed.items():
        assert done["success"] or BUSY in done["log"], learner
    assert grade(course) == 0
    assert points(course) == RIGHT


@contextmanager
def locked(course: Course) -> Iterator[None]:
    """As by another program that writes into the gradebook."""
    file = course.root / "gradebook.db"
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def spoilt(course: Course, kind: str) -> None:
    gradebook = course.root / "gradebook.db"
    if kind == "missing":
        gradebook.unlink()
    elif kind == "no database":
        gradebook.write_bytes(b"Dear diary, " * 999)
    elif kind == "corrupt":
        content = bytearray(gradebook.read_bytes())
        content[4096:] = bytes(len(content) - 4096)
        gradebook.write_bytes(content)
    elif kind == "of another version":
        with closing(sqlite3.connect(gradebook, isolation_level=None)) as book:
            book.execute("ALTER TABLE grade RENAME COLUMN auto_score TO score_of_old")


@pytest.mark.parametrize("kind", ["missing", "no database", "corrupt", "of another version"])
def test_a_gradebook_that_cannot_be_used(
    own_graded: Course, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    course, root = own_graded, str(own_graded.root)
    assert course.api().generate_feedback(ASSIGNMENT, "ada")["success"]
    spoilt(course, kind)
    for command in ("grade", "regrade", "items", "similar"):
        assert main([command, ASSIGNMENT, "--course", root]) == 1, command
        said = capsys.readouterr().err
        assert "gradebook" in said
        assert is_one_sentence(said), said
    api = course.api()
    for done in (api.autograde(ASSIGNMENT, "ada"), api.generate_feedback(ASSIGNMENT, "ada")):
        assert not done["success"]
        assert "gradebook" in done["log"]
        assert "sqlalchemy" not in (done["log"] + done["error"]).lower()
    for exporter in ("Csv", "Canvas"):
        name = f"--exporter=insidedocker.teaching.exports.{exporter}"
        exported = course.run("nbgrader", "export", name)
        assert exported.returncode == 1
        assert "gradebook" in exported.stderr
        assert "Traceback" not in exported.stderr
    assert (course.root / "gradebook.db").exists() == (kind != "missing")
    assert list((course.root / "feedback" / "ada").rglob("*.html"))  # which was right


def test_a_gradebook_that_is_locked(own_graded: Course, capsys: pytest.CaptureFixture[str]) -> None:
    course = own_graded
    course.hand_in("ada", {"sizes": ASCENDING})
    with locked(course):
        assert grade(course) == 1
        said = capsys.readouterr().err
        assert said.startswith("The gradebook is locked")
        assert is_one_sentence(said)
        done = course.api().autograde(ASSIGNMENT, "ada")
        assert "The gradebook is locked" in done["log"]
        assert "sqlalchemy" not in (done["log"] + done["error"]).lower()
    assert grade(course) == 0
    assert "Graded: 1. As before: 8." in capsys.readouterr().out


def test_a_gradebook_that_gets_locked_names_who_is_not_graded(own_course: Course) -> None:
    course = own_course
    whole_class(course)
    run = subprocess.Popen(
        [*GRADE, "--workers", "1"],
        cwd=course.root,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout is not None
    first = run.stdout.readline()
    with locked(course):
        said = first + run.communicate()[0]
    assert run.returncode == 1
    assert "Traceback" not in said
    lines = said.splitlines()
    not_graded = {line.split(": ")[1] for line in lines if line.startswith("Not graded: ")}
    assert not_graded
    assert f"Graded: {len(POINTS) - len(not_graded)}." in said
    done = {each: RIGHT[each] for each in POINTS if each not in not_graded}
    assert done.items() <= points(course).items()
    assert grade(course) == 0
    assert points(course) == RIGHT


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk: only root can mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free", [4, 40, 90, 140])
def test_a_full_disk(
    own_course: Course, tmp_path: Path, free: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        course = Course(disk / "course")
        shutil.copytree(own_course.root, course.root)
        whole_class(course)
        found = os.statvfs(disk)
        (disk / "ballast").write_bytes(bytes(found.f_bavail * found.f_frsize - free * 1024))
        assert grade(course, "--workers", "1") == 1
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert "space" in said.out + said.err
        counted = "Graded: " in said.out
        names = {line.split(": ")[1] for line in said.out.splitlines() if "Not graded: " in line}
        assert names if counted else is_one_sentence(said.err)
        (disk / "ballast").unlink()
        if counted:
            done = {each: RIGHT[each] for each in POINTS if each not in names}
            assert done.items() <= points(course).items()
        assert grade(course) == 0
        assert points(course) == RIGHT


def test_a_full_temporary_folder(
    own_graded: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own_graded.hand_in("ada", {"sizes": ASCENDING})
    with small_disk(tmp_path / "disk", "64k") as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        (disk / "ballast").write_bytes(bytes(60 * 1024))
        assert grade(own_graded) == 1
        said = capsys.readouterr()
        assert "space" in said.out + said.err
        assert "Traceback" not in said.out + said.err
        assert [each.name for each in disk.iterdir()] == ["ballast"]


def test_what_killed_runs_leave_is_cleared_and_nothing_else(
    own_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, temporary = own_course, tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    whole_class(course)
    first, _, rest = SOLVED["sizes"].partition("\n")
    slow = f"{first}\n    __import__('time').sleep(1)\n{rest}"  # under way when it is looked at
    course.hand_in("ada", {"sizes": slow, "tagged": SOLVED["tagged"]}, clicked="b")
    foreign = temporary / "insidedocker-grading-of-mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    run = subprocess.Popen([*GRADE, "--workers", "2"], cwd=course.root, start_new_session=True)
    while not all(list(temporary.glob(each)) for each in MARKS):
        assert run.poll() is None
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert any(temporary.glob(MARKS[1]))
    other = subprocess.Popen(  # one that is alive, and of another course
        [
            *(sys.executable, "-c"),
            "from insidedocker.grading import scratch; import time; "
            "print(scratch.make('grading'), flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    alive = Path(other.stdout.readline().strip())
    done = subprocess.run(GRADE, cwd=course.root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    left = sorted(each for each in temporary.iterdir() if each.name.startswith("insidedocker-"))
    assert left == sorted([foreign, alive])
    assert (foreign / "thesis.txt").exists()
    other.kill()
    other.communicate()
    assert points(course) == RIGHT


def test_a_result_that_is_gone_is_not_counted(
    own_course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    course = own_course
    whole_class(course)
    over = threading.Event()
    result = course.root / "autograded" / "ada"

    def remove() -> None:
        notebook = result / ASSIGNMENT / "timestamp.txt"
        while not over.is_set():
            if notebook.exists() and any((course.root / "autograded").glob("b*/*/timestamp.txt")):
                shutil.rmtree(result, ignore_errors=True)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        code = grade(course)
    finally:
        over.set()
        remover.join()
    said = capsys.readouterr().out
    assert code == 1
    assert "Graded: 8. As before: 0." in said
    assert "Not graded: ada: " in said
    assert grade(course) == 0
    assert points(course) == RIGHT


def test_an_older_gradebook_is_brought_up_to_the_results(
    own_course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_class(own_course)
    gradebook = own_course.root / "gradebook.db"
    older = gradebook.read_bytes()
    assert grade(own_course) == 0
    gradebook.write_bytes(older)  # a backup
    assert grade(own_course) == 0
    assert "Graded: 9. As before: 0." in capsys.readouterr().out.splitlines()[-1]
    assert points(own_course) == RIGHT


def test_collecting_names_what_it_leaves(own_course: Course, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    inbound = exchange / "insidedocker" / "inbound"
    inbound.mkdir(parents=True)
    exchange.chmod(0o777)
    own_course.configure(f"c.Exchange.root = {str(exchange)!r}")

    def submit(time: str) -> None:
        folder = inbound / f"ada+{ASSIGNMENT}+{time}"
        shutil.copytree(own_course.root / "release" / ASSIGNMENT, folder)
        (folder / "timestamp.txt").write_text(time)

    def collect(update: bool) -> dict[str, Any]:
        found: dict[str, Any] = own_course.api().collect(ASSIGNMENT, update=update)
        return found

    submit("2026-01-02 03:04:05.000000 UTC")
    assert "Not collected" not in collect(False)["log"]
    submit("2026-01-03 03:04:05.000000 UTC")
    assert "Not collected, since an older submission is there: ada." in collect(False)["log"]
    assert "Not collected" not in collect(True)["log"]
    assert "Not collected" not in collect(False)["log"]
