"""What a person has graded or looked at stays so, in whatever way the class is graded again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from nbgrader.api import Gradebook

from insidedocker.cli import main
from insidedocker.grading import settings
from tests.support.small_class import ASSIGNMENT, SOLVED, Course

pytestmark = [
    pytest.mark.usefixtures("walls"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
ANSWERS = {"sizes": SOLVED["sizes"], "tagged": SOLVED["tagged"], "words": "It stays."}
ODD = "a link"


def grades(course: Course, learner: str) -> dict[str, tuple[Any, ...]]:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        (notebook,) = book.find_submission(ASSIGNMENT, learner).notebooks
        comments = {each.name: each.manual_comment for each in notebook.comments}
        return {
            each.name: (
                *(each.manual_score, each.extra_credit, comments.get(each.name)),
                each.needs_manual_grade,
            )
            for each in notebook.grades
        }


def mark(course: Course, learner: str, cell: str, points: float | None, extra: float = 0) -> None:
    """What Formgrader saves when a person has graded a cell."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        grade = book.find_grade(cell, ASSIGNMENT, ASSIGNMENT, learner)
        grade.manual_score, grade.extra_credit = points, extra or None
        grade.needs_manual_grade = False
        if cell == "words":
            comment = book.find_comment(cell, ASSIGNMENT, ASSIGNMENT, learner)
            comment.manual_comment = "Well put."
        book.db.commit()


def grade(course: Course, *options: str) -> None:
    assert main(["grade", ASSIGNMENT, "--course", str(course.root), *options]) == 0


def again(course: Course) -> None:
    grade(course, "--again")


def handed_in_again(course: Course) -> None:
    course.hand_in("ada", ANSWERS, clicked="b", time="2026-01-03 03:04:05 UTC")
    grade(course)


def by_the_button(course: Course) -> None:
    assert course.api().autograde(ASSIGNMENT, "ada")["success"]


def result_removed(course: Course) -> None:
    shutil.rmtree(course.root / "autograded" / "ada")
    grade(course)


def regraded(course: Course) -> None:
    path = course.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.write_text(path.read_text().replace("several names.", "several tags."))
    course.generate()
    assert main(["regrade", ASSIGNMENT, "--course", str(course.root)]) == 0


@pytest.fixture
def marked(own_course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv(settings.VARIABLE, settings.APART)
    own_course.hand_in("ada", ANSWERS, clicked="b")
    grade(own_course)
    assert grades(own_course, "ada")["words"] == (None, None, None, True)
    mark(own_course, "ada", "words", 1.5)
    mark(own_course, "ada", "sizes_tests", 2.5, extra=0.5)
    mark(own_course, "ada", "tagged_tests", None, extra=1)
    return own_course


@pytest.mark.parametrize(
    "way",
    [again, handed_in_again, by_the_button, result_removed, regraded],
    ids=lambda w: w.__name__,
)
def test_a_persons_marks_stay(marked: Course, way: Callable[[Course], None]) -> None:
    before = grades(marked, "ada")
    assert not any(each[-1] for each in before.values())
    for _ in range(2):
        way(marked)
        assert grades(marked, "ada") == before


def test_a_changed_answer_waits_for_a_person_and_keeps_the_mark(
    marked: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    marked.hand_in("ada", {**ANSWERS, "words": "It goes."}, clicked="b")
    capsys.readouterr()
    grade(marked)
    found = grades(marked, "ada")
    assert found["words"] == (1.5, None, "Well put.", True)
    assert not found["sizes_tests"][-1]  # that answer is the same
    assert "Graded by hand and changed since: ada (words)." in capsys.readouterr().out
    again(marked)
    assert grades(marked, "ada") == found
    mark(marked, "ada", "words", 1)
    again(marked)
    assert grades(marked, "ada")["words"] == (1, None, "Well put.", False)
    # What a check says of the answer is a reason to look again, too.
    marked.hand_in("ada", {"words": "It goes."}, clicked="b")
    grade(marked)
    found = grades(marked, "ada")
    assert found["sizes_tests"] == (2.5, 0.5, None, True)
    assert found["tagged_tests"] == (None, 1, None, True)
    assert not found["words"][-1]


def test_a_submission_is_to_be_looked_at_once(
    own_course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.VARIABLE, settings.APART)
    own_course.hand_in("ada", ANSWERS, clicked="b")
    (own_course.submission("ada") / "notes.txt").symlink_to("/etc/hostname")
    grade(own_course)
    assert "To be looked at: ada." in capsys.readouterr().out
    again(own_course)
    assert "To be looked at: ada." in capsys.readouterr().out
    mark(own_course, "ada", "sizes_tests", None)  # seen, and left as it is
    for way in (grade, again, by_the_button, regraded):
        way(own_course)
        assert not grades(own_course, "ada")["sizes_tests"][-1]
    grade(own_course)
    assert "To be looked at: nobody." in capsys.readouterr().out.splitlines()[-1]
    (own_course.submission("ada") / "more.txt").symlink_to("/etc/hostname")
    grade(own_course)
    assert "To be looked at: ada." in capsys.readouterr().out


def test_a_late_policy_that_is_set_later_is_applied(
    own_graded: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.VARIABLE, settings.APART)
    with Gradebook(f"sqlite:///{own_graded.root}/gradebook.db") as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-01 03:04:05 UTC")
    own_graded.configure('c.LatePolicy.penalty_method = "per_day"')
    grade(own_graded)
    said = capsys.readouterr().out
    assert "Graded: 0. As before: 9." in said
    assert "What lateness costs has changed: ada," in said

    def penalty() -> float:
        with Gradebook(f"sqlite:///{own_graded.root}/gradebook.db") as book:
            return float(book.find_submission(ASSIGNMENT, "ada").late_submission_penalty)

    assert penalty() == pytest.approx(0.6)
    mark(own_graded, "ada", "words", 2)
    by_the_button(own_graded)
    assert penalty() == pytest.approx(0.8)
    own_graded.configure('c.LatePolicy.penalty_method = "none"')
    grade(own_graded)
    assert penalty() == 0


def test_a_learner_who_is_not_there_is_told(
    own_graded: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", ASSIGNMENT, "--course", str(own_graded.root), "--student", "adda"]) == 1
    said = capsys.readouterr().err
    assert "adda" in said
    assert "ada, alan, barbara" in said
    assert "Nobody has handed in" not in said
