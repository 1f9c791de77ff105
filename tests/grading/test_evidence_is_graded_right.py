"""All evidence of all lessons through the grading's own mechanism: nobody honest is marked wrong,
and nobody wrong right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.exercises.evidence import lessons
from tests.grading.graded_evidence import Lesson, problems, submissions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("walls"),
]

# Some minutes each, and so in the standard run but one that is small, and of one that builds on
# registries the references: INSIDEDOCKER_MORE=graded
ALL = "graded" in os.environ.get("INSIDEDOCKER_MORE", "").split()


@pytest.mark.parametrize("name", lessons() if ALL else ["00-start-here"])
def test_every_solution_is_marked_as_its_evidence_says(name: str, tmp_path: Path) -> None:
    lesson = Lesson(name)
    assert list(problems(lesson, submissions(lesson), tmp_path)) == []


def test_what_a_lesson_sets_up_is_there_on_both_sides(tmp_path: Path) -> None:
    lesson = Lesson("07-registries")
    bare = [each for each in submissions(lesson) if each.bare]
    assert list(problems(lesson, bare, tmp_path)) == []
