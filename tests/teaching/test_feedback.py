"""No file of a learner's feedback holds a line of a hidden test, however the work was graded."""

from __future__ import annotations

import pytest

from insidedocker.grading import settings
from tests.support.small_class import ASCENDING, ASSIGNMENT, HIDDEN, NEVER_NONE, Course

# Marks in a learner's own cell would end nbgrader's own preprocessor.
MARKS = "### BEGIN HIDDEN TESTS\nmine = 1"


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("apart", [True, False], ids=["apart", "plain"])
def test_hidden_tests_stay_hidden(
    own_course: Course, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = own_course
    monkeypatch.setenv(settings.VARIABLE, settings.APART if apart else settings.PLAIN)
    # One fails in a visible check, one by an exception that the hidden test itself raises.
    answers = {"sizes": ASCENDING, "tagged": NEVER_NONE}
    course.hand_in("radia", answers, clicked="a", own=MARKS)
    assert course.api().autograde(ASSIGNMENT, "radia")["success"]
    name = f"{ASSIGNMENT}.ipynb"
    graded = (course.root / "autograded" / "radia" / ASSIGNMENT / name).read_text()
    assert HIDDEN in graded
    assert course.api().generate_feedback(ASSIGNMENT, "radia")["success"]
    files = [each for each in (course.root / "feedback").rglob("*") if each.is_file()]
    page = next(each for each in files if each.suffix == ".html").read_text()
    assert not any(HIDDEN.encode() in each.read_bytes() for each in files)
    for told in ("no list came back", "Largest first", "this answer is not right"):
        assert told in page
    assert "mine" in page
