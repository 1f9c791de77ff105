"""A failure of our own side in a check: it is run again, and where it fails again a person is told
and the next call grades it anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook

from insidedocker.grading import cache, processors
from insidedocker.grading.runner import Cell, Ran, run
from insidedocker.grading.sandbox import PROCESSES, Limits, Sandbox

REPOSITORY = Path(__file__).parents[2]
ASSIGNMENT = "faults"
ANSWER = "def f(x):\n    return x * 2"
HERE = Sandbox(PROCESSES, Limits(cell_seconds=60))  # where a check can see the test's files

SILENT = """\
import socket
from insidedocker.lab.engines.session import Engine
with socket.create_server(("127.0.0.1", 0)) as silent:
    Engine(f"tcp://127.0.0.1:{silent.getsockname()[1]}").get("/_ping", timeout=0.2)"""
FAULTS = {
    "an engine that does not answer": SILENT,
    "no engine at an address": (
        "from insidedocker.lab.engines.session import Engine\nEngine('unix:///nowhere').get('/_ping')"
    ),
    "an engine that does not start": (
        "import os\nfrom insidedocker.lab import check\n"
        "os.environ['INSIDEDOCKER_RUNTIME'] = 'no-such'\nwith check.fresh_engine(): pass"
    ),
    "a scene that cannot be set up": (
        "from insidedocker.lab import check, staging\n"
        "with check.fresh_engine() as engine, staging.container(engine, 'x', image='none'): pass"
    ),
    "a time limit of requests": "import requests\nraise requests.Timeout('no answer')",
    "a full disk": "import errno\nraise OSError(errno.ENOSPC, 'No space left on device')",
    "too many open files": "import errno\nraise OSError(errno.EMFILE, 'Too many open files')",
    "no memory": "raise MemoryError",
    "the checks end": "import os\nos._exit(3)",
}


def indented(source: str) -> str:
    return "\n".join(f"    {line}" for line in source.splitlines())


def notebook(*checks: str, answer: str = ANSWER) -> list[Cell]:
    return [
        Cell("locked", "import insidedocker.lab"),
        Cell("answer", answer, stub="def f(x):\n    pass"),
        *(Cell("tests", f"assert f(1) == 2\n{check}", points=2) for check in checks),
        Cell("tests", "assert f(3) == 6", points=3),
    ]


def first_time_only(flag: Path, source: str) -> str:
    flag_ = f"from pathlib import Path\nflag = Path({str(flag)!r})\n"
    return f"{flag_}if not flag.exists():\n    flag.touch()\n{indented(source)}"


def test_a_bad_moment_costs_nobody_a_point(tmp_path: Path) -> None:
    checks = [
        first_time_only(tmp_path / str(number), each) for number, each in enumerate(FAULTS.values())
    ]
    ran = run(notebook(*checks), HERE)
    assert (ran.points[2:], ran.complete) == ([*[2] * len(FAULTS), 3], True)
    assert ran.notes == ran.faults == []


def test_what_fails_again_has_no_points_and_is_told() -> None:
    *faults, ends = FAULTS.values()
    ran = run(notebook(*faults), HERE)
    assert ran.points[2:] == [*[0] * len(faults), 3]
    told = [each.split(": ")[0] for each in ran.faults]
    assert told == [f"the checks of code cell {number + 3}" for number in range(len(faults))]
    assert ran.notes == [f"the machine failed: {each}" for each in ran.faults]
    assert not ran.complete, "and so it is not kept"
    ran = run(notebook(ends), HERE)
    assert [each["ename"] for outputs in ran.outputs[2:] for each in outputs] == ["NotChecked"] * 2
    assert len(ran.faults) == 1
    assert not ran.complete


def test_a_learner_s_own_failure_is_not_ours() -> None:
    """Whatever it says that it is; nor does the exception that a check makes of it."""
    faults = list(FAULTS.values())[:-1]
    ways = [
        f"    if x == {number + 2}:\n{indented(indented(each))}"
        for number, each in enumerate(faults)
    ]
    answer = "\n".join(["def f(x):", *ways, "    return 2"])
    checks = [
        around.format(f"f({number + 2})")
        for number in range(len(faults))
        for around in ("{}", "try:\n    {}\nexcept Exception as error:\n    raise error", CALLED)
    ]
    ran = run(notebook(*checks, answer=answer), HERE)
    assert ran.points[2:] == [0.0] * (len(checks) + 1)
    assert (ran.faults, ran.notes, ran.complete) == ([], [], True)


CALLED = "from insidedocker.lab import check\ncheck.call(lambda: {})"


def test_a_lesson_s_own_cell_that_our_side_lets_down_is_our_fault() -> None:
    ran = run([Cell("locked", FAULTS["no memory"]), *notebook("")[1:]], HERE)
    assert ran.faults == ["code cell 1: MemoryError: "]
    assert not ran.complete


class Course:
    """A course with one learner and a check that meets an engine which does not answer."""

    def __init__(self, root: Path, check: str) -> None:
        self.root = root
        self.write(check)
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        with (root / "nbgrader_config.py").open("a") as config:
            config.write("\nc.SandboxedExecute.sandbox = 'processes'\n")
        self.run("nbgrader", "generate_assignment", ASSIGNMENT)
        shutil.copytree(root / "release" / ASSIGNMENT, root / "submitted" / "ada" / ASSIGNMENT)
        path = root / "submitted" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.write_text(path.read_text().replace("pass  # Your code goes here", "return x * 2  #"))

    def write(self, check: str) -> None:
        def cell(name: str, source: str, **more: Any) -> Any:
            kind = {"grade": False, "solution": False, "locked": True, "task": False, **more}
            marks = {"grade_id": name, "schema_version": 3, **kind}
            return new_code_cell(source, metadata={"nbgrader": marks}, id=name)

        solved = "def f(x):\n    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION"
        first, _answer, *tests = [each.source for each in notebook(check)]
        cells = [
            cell("first", first),
            cell("f", solved, solution=True, locked=False),
            *(cell(f"test{n}", each, grade=True, points=2 + n) for n, each in enumerate(tests)),
        ]
        folder = self.root / "source" / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(made, folder / f"{ASSIGNMENT}.ipynb")

    def run(self, *words: str) -> tuple[int, str]:
        beside = str(Path(sys.executable).parent)
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.root,
            env={**os.environ, "PATH": os.pathsep.join([beside, os.environ["PATH"]])},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def result(self) -> tuple[float, bool]:
        """Ada's points, and whether a person is to look."""
        with Gradebook(f"sqlite:///{self.root}/gradebook.db") as book:
            found = book.find_submission(ASSIGNMENT, "ada")
            return found.score, found.needs_manual_grade

    def kept(self) -> list[Path]:
        return list((self.root / ".grading" / "cache").rglob("*.json"))


def failing_while(flag: Path) -> str:
    return f"from pathlib import Path\nif Path({str(flag)!r}).exists():\n{indented(SILENT)}"


def test_a_bad_moment_is_gone_before_it_is_graded(tmp_path: Path) -> None:
    course = Course(tmp_path, first_time_only(tmp_path / "flag", SILENT))
    code, said = course.run("insidedocker", "grade", ASSIGNMENT)
    assert code == 0, said
    assert "To be looked at: nobody." in said
    assert course.result() == (5, False)
    assert len(course.kept()) == 1


@pytest.mark.parametrize("way", ["grade", "regrade", "autograde"])
def test_what_fails_each_time_is_graded_again_by_the_next_call(way: str, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    course = Course(tmp_path, failing_while(flag))
    words = ("nbgrader" if way == "autograde" else "insidedocker", way, ASSIGNMENT)
    for _ in range(2):
        code, said = course.run(*words)
        assert course.result() == (3, True)
        assert course.kept() == []
        if way != "autograde":
            assert code == 1
            assert "The machine failed, not ada: the checks of code cell 3: ReadTimeout" in said
    flag.unlink()
    code, said = course.run(*words)
    assert code == 0, said
    assert course.result() == (5, False)


def ran() -> Ran:
    return Ran([[]], complete=True, points=[2.0], learner=[None])


ONE = [Cell("own", "1")]


def test_a_run_is_known_by_all_that_decides_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells, files, limits, libraries, images and runtime."""
    files, library, images = (tmp_path / each for each in ("files", "library", "images"))
    for folder in (files, library, images):
        folder.mkdir()
    monkeypatch.syspath_prepend(library)
    monkeypatch.setenv("INSIDEDOCKER_CATALOG", str(images))
    monkeypatch.setenv("INSIDEDOCKER_RUNTIME", "namespaces")

    def key(sandbox: Sandbox = HERE) -> str:
        cache._machine.cache_clear()
        return cache.key(ONE, files, sandbox)

    found = [key(), key(Sandbox(PROCESSES, Limits(memory=5))), key(Sandbox())]
    (files / "data").write_text("1")
    found.append(key())
    (library / "numpy-99.0.dist-info").mkdir()
    found.append(key())
    entry = {
        **{"reference": "busybox:latest", "file": "f", "digest": "sha256:1", "size": 1},
        **{"config": "c", "manifest": "m", "platform": "p", "origin": "hub", "details": []},
    }
    for digest in ("sha256:1", "sha256:2"):
        index = {"images": [{**entry, "digest": digest}]}
        (images / "index.json").write_text(json.dumps(index))
        found.append(key())
    monkeypatch.setenv("INSIDEDOCKER_RUNTIME", "proot")
    found.append(key())
    assert len(set(found)) == len(found)
    assert key() == found[-1]


def test_what_is_kept_is_read_again_and_old_entries_go(tmp_path: Path) -> None:
    cache.write(tmp_path, "ab" * 32, ran())
    cache.write(tmp_path, "cd" * 32, ran())
    (old,) = tmp_path.glob("cd/*.json")
    os.utime(old, (0, time.time() - 86400 * (cache.UNUSED_DAYS + 1)))
    folder = tmp_path / "ab"
    gone = [folder / f"{'ab' * 32}.json", folder / f"{'ab' * 32}.{'0' * 16}.json", old]
    stays = [folder / "notes.json", folder / "thesis.txt", tmp_path / f"{'ab' * 32}.json"]
    for path in [*gone[:2], *stays]:
        path.write_text("{}")
    cache.tidy.cache_clear()
    cache.tidy(tmp_path)
    assert [path for path in gone if path.exists()] == []
    assert [path for path in stays if not path.exists()] == []
    assert cache.read(tmp_path, "ab" * 32, 1) == ran()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"outputs": []}', '{"outputs":[],"notes":[],"points":[],"learner":[]}']
)
def test_what_cannot_be_read_is_run(text: str, tmp_path: Path) -> None:
    cache.write(tmp_path, "ab" * 32, ran())
    (path,) = tmp_path.glob("ab/*.json")
    path.write_text(text)
    assert cache.read(tmp_path, "ab" * 32, 1) is None


@pytest.mark.parametrize(
    ("files", "mount", "group", "expected"),
    [
        ({"cpu.max": "150000 100000"}, "cgroup2", "0::/", 1),
        ({"cpu.max": "max 100000"}, "cgroup2", "0::/", None),
        ({"cpu.max": "50000 100000"}, "cgroup2", "0::/", 1),
        ({"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000"}, "cgroup2", "0::/a/b", 1),
        ({"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"}, "cgroup", "3:cpu:/", 1),
        ({"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, "cgroup", "3:cpu:/", None),
        ({"cpu.max": "100000 100000"}, "cgroup2", "0::/elsewhere", 1),
        ({}, "cgroup2", "0::/", None),
    ],
)
def test_processors_are_those_that_are_allowed(
    files: dict[str, str], mount: str, group: str, expected: int | None, tmp_path: Path
) -> None:
    """None: all that this process may run on."""
    proc, mounted = tmp_path / "proc", tmp_path / "cgroup"
    proc.mkdir()
    for name, text in files.items():
        (mounted / name).parent.mkdir(parents=True, exist_ok=True)
        (mounted / name).write_text(f"{text}\n")
    (proc / "cgroup").write_text(f"9:memory:/x\n{group}\n")
    line = f"31 23 0:28 / {mounted} rw,relatime - {mount} {mount} rw,cpu\n"
    (proc / "mountinfo").write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n{line}")
    assert processors.allowed(proc) == (expected or len(os.sched_getaffinity(0)))
