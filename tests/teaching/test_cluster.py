"""Grading on a Dask cluster: a real scheduler, two workers, and one of them killed in mid-run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client

from insidedocker.errors import UserError
from insidedocker.grading import settings
from insidedocker.grading.cluster import Cluster, run_there
from insidedocker.grading.grade import Grading
from insidedocker.grading.plugins import preprocessors
from insidedocker.grading.runner import Cell, Ran
from insidedocker.grading.sandbox import Sandbox, SandboxUnavailable
from insidedocker.teaching import graded as graded_class
from tests.support import patience
from tests.support.small_class import ASSIGNMENT, SOLVED, Course

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]

LEARNERS = [f"learner{number}" for number in range(4)]


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of Dask's programs, for a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Client]:
    """A scheduler with two workers of one thread each."""
    file = tmp_path / "scheduler.json"
    at = ["--scheduler-file", str(file)]
    worker = ["worker", *at, "--nthreads=1", "--no-nanny", "--no-dashboard", "--host=127.0.0.1"]
    with ExitStack() as stack:
        folder = f"--local-directory={tmp_path}"
        port = ["--host=127.0.0.1", "--port=0", "--no-dashboard"]
        stack.enter_context(running("scheduler", *at, *port))
        for _ in range(2):
            stack.enter_context(running(*worker, folder))
        client = stack.enter_context(Client(scheduler_file=str(file), timeout=patience.START))
        client.wait_for_workers(2, timeout=patience.START)
        yield client


def test_a_worker_killed_in_mid_run_costs_nobody_a_point(
    own_course: Course, cluster: Client
) -> None:
    for learner in LEARNERS:
        # Long enough to be in the middle of it, and nobody's the same as another's.
        own = f"import time\ntime.sleep(0.5)\n{learner!r}"
        own_course.hand_in(learner, {"sizes": SOLVED["sizes"]}, clicked="b", own=own)
    pids = cluster.run(os.getpid)
    address = json.loads(Path(cluster.scheduler_file).read_text())["address"]
    process = subprocess.Popen(
        [*(sys.executable, "-m", "insidedocker", "grade", ASSIGNMENT), "--scheduler", address],
        cwd=own_course.root,
        env={**os.environ, settings.VARIABLE: settings.APART},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.kill(pids[_busy(cluster)], signal.SIGKILL)
    said, _ = process.communicate(timeout=patience.SETUP)
    assert process.returncode == 0, said
    assert "Graded: 4. As before: 0. To be looked at: nobody." in said
    assert len(cluster.scheduler_info()["workers"]) == 1
    grades = graded_class.grades(own_course.root, ASSIGNMENT)
    assert {
        learner: sum(grade.score for grade in grades[learner].values()) for learner in grades
    } == dict.fromkeys(LEARNERS, 4.0)


def _busy(cluster: Client) -> str:
    """The address of a worker as soon as one has been given something to run."""
    end = time.monotonic() + patience.EVENT
    while time.monotonic() < end:
        for worker, tasks in cluster.processing().items():
            if tasks:
                return str(worker)
        time.sleep(0.02)
    raise AssertionError("nothing was given to a worker")


def test_no_scheduler_is_said_so() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(UserError, match="No Dask scheduler answers at tcp"),
    ):
        Cluster("tcp://127.0.0.1:9")


def test_a_worker_of_another_version_grades_nobody() -> None:
    with pytest.raises(SandboxUnavailable, match="another version"):
        run_there([Cell("own", "1")], Sandbox(), {}, "the key of another version")


def test_a_run_that_is_cut_short_is_not_run_again_here(
    own_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = own_course
    course.hand_in("linus", {"sizes": SOLVED["sizes"]}, own="import os\nos._exit(1)")
    shutil.copytree(course.submission("linus").parent, course.root / "submitted" / "mallory")
    runs: list[list[Cell]] = []
    real = preprocessors.run

    def counted(cells: list[Cell], *rest: Any) -> Ran:
        runs.append(cells)
        return real(cells, *rest)

    monkeypatch.setattr(preprocessors, "run", counted)
    done = Grading(course.root, ASSIGNMENT).run(2)
    assert (sorted(done.look), done.failed) == (["linus", "mallory"], {})
    assert len(runs) == 2
