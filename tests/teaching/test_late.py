"""Late policies through nbgrader's own preprocessor and gradebook."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from insidedocker.teaching.late import DAY, LatePolicy
from tests.support.small_class import ASSIGNMENT, SOLVED, Course

HOUR = 60 * 60


@pytest.mark.parametrize(
    ("policy", "late", "taken"),
    [
        ({}, 40 * DAY, None),
        ({"penalty_method": "zero"}, 1, 8),
        ({"penalty_method": "zero", "grace_minutes": 10}, 600, None),
        ({"penalty_method": "zero", "grace_minutes": 10}, 601, 8),
        ({"penalty_method": "per_day"}, 1, 0.8),
        ({"penalty_method": "per_day"}, DAY, 0.8),
        ({"penalty_method": "per_day"}, DAY + 1, 1.6),
        ({"penalty_method": "per_day", "percent_per_day": 25}, 30 * DAY, 8),
        ({"penalty_method": "per_day", "percent_per_day": -5}, DAY, 0),
        ({"penalty_method": "per_day", "grace_minutes": 60}, HOUR, None),
        ({"penalty_method": "per_day", "grace_minutes": 60}, HOUR + 1, 0.8),
    ],
)
def test_a_policy(policy: dict[str, object], late: float, taken: float | None) -> None:
    plugin = LatePolicy(config=Config({"LatePolicy": policy}))
    assert plugin.late_submission_penalty("ada", 8, late) == taken


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(Exception, match="penalty_method"):
        LatePolicy(config=Config({"LatePolicy": {"penalty_method": "lenient"}}))


@pytest.mark.usefixtures("walls")
def test_the_gradebook_has_what_is_taken_off(own_course: Course) -> None:
    own_course.configure(
        'c.LatePolicy.penalty_method = "per_day"',
        "c.LatePolicy.percent_per_day = 20",
        "c.LatePolicy.grace_minutes = 15",
    )
    own_course.ok(
        *("nbgrader", "db", "assignment", "add", ASSIGNMENT),
        "--duedate=2026-01-02 12:00:00 UTC",
    )
    answers = {"sizes": SOLVED["sizes"], "tagged": SOLVED["tagged"]}
    times = {"ada": "11:59:59", "alan": "12:15:00", "grace": "12:15:01", "linus": "12:00:01"}
    for learner, time in times.items():
        day = 4 if learner == "linus" else 2
        own_course.hand_in(learner, answers, time=f"2026-01-0{day} {time} UTC")
    own_course.grade()
    with Gradebook(f"sqlite:///{own_course.root}/gradebook.db") as book:
        found = {
            each.student.id: (each.score, each.late_submission_penalty)
            for each in book.find_assignment(ASSIGNMENT).submissions
        }
    assert found == {"ada": (5, 0), "alan": (5, 0), "grace": (5, 1), "linus": (5, 3)}
