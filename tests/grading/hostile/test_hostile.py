"""No hostile or unlucky submission gains anything, and no honest one loses: all of them graded in
one go by `insidedocker grade`, beside one that `nbgrader autograde` graded before."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.grading.hostile.case import Case
from tests.grading.hostile.cases import CONTROLS, HOSTILE
from tests.grading.hostile.judge import Outcome, grade

SECONDS = 1500.0
QUICK = (
    *("tests-emptied", "tag-skip-execution", "schema-of-the-future", "notebook-is-a-fifo"),
    *("prints-crowd-out-the-verdict", "partial-credit-behind-much-output"),
    *("tells-by-print", "exception-with-a-lone-surrogate"),
    *("equal-to-everything", "environment", "points-in-the-gradebook", "endless-call", "loopback"),
    *("plain", "warnings-on-stderr", "untouched", "aab-modules", "aac-modules"),
    *("aad-more-than-fits", "aae-images-by-word"),
)
EVERY = [*HOSTILE, *CONTROLS]
# Some minutes' worth, and so not in the standard run: INSIDEDOCKER_MORE=hostile
ALL = "hostile" in os.environ.get("INSIDEDOCKER_MORE", "").split()
CASES = EVERY if ALL else [case for case in EVERY if case.name in QUICK]

pytestmark = [
    pytest.mark.timeout(SECONDS + 60),
    pytest.mark.usefixtures("walls"),
]

Graded = Callable[[str], Outcome]


def _graded(cases: list[Case], folder: Path) -> Graded:
    found = {each.case.name: each for each in grade(cases, folder, "ours", SECONDS)}
    return found.__getitem__


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return _graded(CASES, tmp_path_factory.mktemp("graded"))


@pytest.mark.parametrize("name", [*(case.name for case in CASES), "everything together"])
def test_a_submission_gets_what_it_deserves_and_touches_nothing(graded: Graded, name: str) -> None:
    assert graded(name).bad == []


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in EVERY}) == len(EVERY)
    assert len(HOSTILE) >= 110
    assert len({case.of for case in HOSTILE}) == 7
