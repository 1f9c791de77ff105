"""Every exercise of every lesson, proved by the evidence beside the lesson,
notebooks/NN-name/evidence/ANSWER/.

A lesson is played once on each engine, by an ordinary user if the engine allows it; the tests read
the report. `evidence.py` lists the solutions, `play.py` tries them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from insidedocker import catalog
from insidedocker.catalog import folders
from tests.exercises.evidence import REPOSITORY, Lesson, is_tests, lessons, points
from tests.exercises.neighbour import Neighbour
from tests.support import engines, hub_like
from tests.support.engines import ENGINES, Engine
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

PLAY = Path(__file__).with_name("play.py")
FUTURE = REPOSITORY / "tests/support/future_engine.py"
PLAY_SECONDS = 900
LESS = os.environ.get("INSIDEDOCKER_LESS", "").split()
# Engines on which every solution is tried: the check tells right from wrong, not the engine. On
# the others the reference and the untouched lesson show that the lesson works there. Of several
# runs on one machine, one tries them: the others have INSIDEDOCKER_LESS=solutions.
WITH_SOLUTIONS = () if "solutions" in LESS else ("embedded_namespaces",)
TWICE = ("embedded_namespaces", "docker_20")
"""Engines on which a lesson is run a second time at once: half of it, then all in a new kernel. The
objects that a lesson leaves are compared on every engine."""
QUICK = "embedded_namespaces"  # the others are slow, and real parts
QUICK_LESSON = "00-start-here"  # the others take longer than a quick suite should

Report = dict[str, Any]
Play = Callable[[str], Report]

REPORTS: dict[tuple[str, str], Report] = {}
"""(engine, lesson) -> report."""

MORE = os.environ.get("INSIDEDOCKER_MORE", "").split()
BESIDE_A_NEIGHBOUR = ("04-rest-api", "08-storage")
"""Lessons that are always tried on a busy engine. Lessons 01 and 02 never are: they count the
engine's objects, and the neighbour changes the numbers meanwhile."""

LESSONS = lessons()
EXERCISES = [(lesson, each.name) for lesson in LESSONS for each in Lesson(lesson).exercises()]


def _engine(name: str) -> Any:
    return pytest.param(name, marks=[] if name == QUICK else [pytest.mark.slow, pytest.mark.real])


def _of_lesson(lesson: str, *more: str) -> Any:
    return pytest.param(lesson, *more, marks=[] if lesson == QUICK_LESSON else pytest.mark.slow)


each_lesson = pytest.mark.parametrize("lesson", [_of_lesson(lesson) for lesson in LESSONS])
each_exercise = pytest.mark.parametrize(
    ("lesson", "exercise"), [_of_lesson(*exercise) for exercise in EXERCISES]
)


@pytest.fixture(scope="module")
def ordinary_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a home for the ordinary user with all the course's images in its cache: inside a real
    engine's network namespace nothing can be downloaded for them."""
    for name in catalog.names():
        catalog.archive(name)
    with engines.own_folder() as home:
        cache = home / ".cache/insidedocker/catalog"
        shutil.copytree(folders.cache(), cache, ignore=shutil.ignore_patterns("apt", "tools"))
        for path in [home, *home.rglob("*")]:
            give_away(path)
        yield home


@pytest.fixture(scope="module", params=[_engine(name) for name in ENGINES])
def play(request: pytest.FixtureRequest, ordinary_home: Path) -> Play:
    """Return a function from lesson to its report on this engine; each lesson is played once."""
    engine: Engine = request.getfixturevalue(request.param)

    def once(lesson: str) -> Report:
        if (key := (request.param, lesson)) not in REPORTS:
            options = ["--solutions"] if request.param in WITH_SOLUTIONS else []
            options += [] if request.param in TWICE else ["--once"]
            REPORTS[key] = _played(lesson, engine, ordinary_home, options)
        return REPORTS[key]

    return once


def _played(lesson: str, engine: Engine, home: Path, options: list[str]) -> Report:
    report = home / f"{lesson}-{engine.folder.name}.json"
    embedded = engine.kind == "embedded"
    # A real engine's socket belongs to root, and its published ports are in its own network
    # namespace.
    prefix = as_ordinary_user() if embedded else engine.inside
    python = ordinary_python() if embedded else sys.executable
    clean = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    own = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(home),
        "DOCKER_HOST": engine.url,
        "INSIDEDOCKER_ENGINE": "auto",
        "INSIDEDOCKER_RUNTIME": engine.runtime or "auto",
    }

    def played() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*prefix, python, str(PLAY), lesson, str(report), *options],
            env={**clean, **own},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=PLAY_SECONDS / (2 if engine.kind == "podman" else 1),
            check=False,
        )

    if engine.kind == "podman":
        # Podman 4.3 may miss the end of a short container whose log is followed: play it again.
        options = [*options, "--patience", "60"]
    done = played()
    if engine.kind == "podman" and "CellTimeoutError" in done.stderr:
        done = played()
    assert done.returncode == 0, done.stderr[-4000:]
    told: Report = json.loads(report.read_text())
    return told


@pytest.mark.timeout(PLAY_SECONDS + 60)
@each_lesson
def test_the_reference_has_full_marks_also_again_in_a_new_kernel(play: Play, lesson: str) -> None:
    wanted = {
        cell.metadata["nbgrader"]["grade_id"]: [points(cell), points(cell)]
        for cell in Lesson(lesson).source()
        if is_tests(cell)
    }
    for run in play(lesson)["runs"]:
        assert run["errors"] == {}
        assert run["scores"] == wanted, run["told"]


@pytest.mark.timeout(PLAY_SECONDS + 60)
@each_lesson
def test_a_lesson_leaves_nothing_behind(play: Play, lesson: str) -> None:
    report = play(lesson)
    for moment in ("between", "after", "last"):
        assert report[moment] == report["before"], moment


@pytest.mark.timeout(PLAY_SECONDS + 60)
@each_lesson
def test_the_untouched_lesson_scores_nothing_and_breaks_nowhere(play: Play, lesson: str) -> None:
    untouched = play(lesson)["untouched"]
    assert untouched["errors"] == {}
    assert {name: score for name, (score, _) in untouched["scores"].items() if score} == {}
    for name, told in untouched["told"].items():
        assert "Try next:" in told, f"{name}: {told}"


@pytest.mark.timeout(PLAY_SECONDS + 60)
@pytest.mark.parametrize("play", [_engine(name) for name in WITH_SOLUTIONS], indirect=True)
@each_exercise
def test_right_solutions_pass_and_wrong_ones_are_told_why(
    play: Play, lesson: str, exercise: str
) -> None:
    for each in play(lesson)["exercises"][exercise]:
        told = "\n".join(text for text in each["told"].values() if text)
        full = all(score == most for score, most in each["scores"].values())
        if each["kind"] == "right":
            assert full, f"{each['name']} was told:\n{told}"
            assert each["errors"] == {}, each["name"]
        else:
            assert not full, f"{each['name']} has full marks"
            assert re.search(each["pattern"], told), f"{each['name']} was told:\n{told}"


def has_full_marks(run: dict[str, Any]) -> None:
    """Hold that no cell of a run of the reference has raised or lost a point."""
    assert run["errors"] == {}
    lost = {name: score for name, score in run["scores"].items() if score[0] != score[1]}
    assert lost == {}, run["told"]


@pytest.fixture(scope="module")
def future_engine(session_stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine with a newer API than any of today, and images as Docker Hub has them."""
    folder = tmp_path_factory.mktemp("hub")
    with skip_missing():
        program = (str(FUTURE),)
        engine = session_stack.enter_context(engines.embedded(program=program, recorded=False))
    for name in catalog.names():
        engine.load(hub_like.archive(name, folder))
    assert "Images" not in engine.request("GET", "/system/df").json()
    bases = [
        engine.request("GET", f"/images/{name}/json").json()["RootFS"]["Layers"][0]
        for name in catalog.names()
    ]
    assert len(set(bases)) == len(bases)
    return engine


@pytest.mark.skipif("solutions" in LESS, reason="another run does it: INSIDEDOCKER_LESS=solutions")
@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(PLAY_SECONDS + 60)
@each_lesson
def test_an_engine_to_come_with_images_of_docker_hub_costs_no_point(
    future_engine: Engine, lesson: str, ordinary_home: Path
) -> None:
    assert future_engine.api == "1.55"
    (run,) = _played(lesson, future_engine, ordinary_home, ["--once", "--reference"])["runs"]
    has_full_marks(run)


@pytest.mark.timeout(PLAY_SECONDS + 60)
@pytest.mark.parametrize("play", [_engine(name) for name in WITH_SOLUTIONS], indirect=True)
@each_lesson
def test_every_hint_is_met_by_a_wrong_solution(play: Play, lesson: str) -> None:
    tried = [each for found in play(lesson)["exercises"].values() for each in found]
    told = "\n".join(text for each in tried for text in each["told"].values() if text)
    assert [hint for hint in Lesson(lesson).hints() if hint not in told] == []


def _beside_a_neighbour() -> list[Any]:
    found = LESSONS if "neighbours" in MORE else BESIDE_A_NEIGHBOUR
    kept = ("01-architecture", "02-daemon")
    return [_of_lesson(each) for each in found if each not in kept]


@pytest.mark.timeout(PLAY_SECONDS + 60)
@pytest.mark.parametrize("lesson", _beside_a_neighbour())
@pytest.mark.parametrize(
    "name", [_engine(each) for each in (QUICK, *(["docker_20"] if "neighbours" in MORE else []))]
)
def test_a_busy_neighbour_loses_nothing_and_costs_no_point(
    name: str, lesson: str, ordinary_home: Path, busybox: Path, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(name)
    engine.load(busybox)
    with Neighbour(engine) as neighbour:
        (run,) = _played(lesson, engine, ordinary_home, ["--once", "--reference"])["runs"]
    assert neighbour.rounds > 2
    assert neighbour.missed == []
    has_full_marks(run)


@each_exercise
def test_there_are_solutions_enough(lesson: str, exercise: str) -> None:
    played = Lesson(lesson)
    [found] = [each for each in played.exercises() if each.name == exercise]
    names = [each.name for each in played.solutions(found)]
    wrong = [name for name in names if name.startswith("wrong-")]
    assert len(names) - len(wrong) >= 2, "at least two other right solutions are wanted"
    # A question's wrong answers are fixed: a true-or-false statement has one, and no answer.
    assert len(wrong) >= 3 or "wrong-unanswered" in wrong, "at least three wrong ones are wanted"


def test_no_evidence_is_left_without_an_exercise() -> None:
    with_evidence = {
        (path.parts[-3], path.name)
        for path in (REPOSITORY / "notebooks").glob("*/evidence/*")
        if path.is_dir()
    }
    assert with_evidence <= set(EXERCISES)
