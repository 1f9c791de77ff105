"""A small class whose grading is killed at random moments, and gone on with."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.grading.hostile.case import ASSIGNMENT, RIGHT, Case, Scene
from tests.grading.hostile.judge import points_of

LEARNERS = {f"learner{number}": float(number % 7) for number in range(6)}
"""Of whom each deserves another number of points."""
GRADE = [sys.executable, "-m", "insidedocker", "grade", ASSIGNMENT]


def answers(points: float) -> dict[str, str]:
    """Work that deserves so many points."""
    found: dict[str, str] = {}
    if points >= 3:
        found["share"], points = RIGHT["share"], points - 3
    if points >= 2:
        found["double"], points = RIGHT["double"], points - 2
    return found | ({"limit": RIGHT["limit"]} if points else {})


def hand_in(scene: Scene) -> None:
    """The whole class's work."""
    for learner, points in LEARNERS.items():
        Case(learner, "class", answers(points)).write(scene)


def points(scene: Scene) -> dict[str, float | None]:
    """What the gradebook has."""
    return {learner: points_of(scene, learner) for learner in LEARNERS}


def kill(scene: Scene, times: int, usual: float) -> None:
    """Grade everything anew and kill that, so many times; `usual` is how long it takes, in
    seconds. Any moment will do: there is no right one."""
    chance = random.Random(6)
    for _ in range(times):
        for learner in LEARNERS:
            _forget(scene.course / "autograded" / learner)
        process = subprocess.Popen(
            [*GRADE, "--again"],
            cwd=scene.course,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(usual * chance.uniform(0.2, 1))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _forget(folder: Path) -> None:
    """Its files are read-only, its folders are not."""
    shutil.rmtree(folder, ignore_errors=True)
