"""Item statistics of a class that was really graded, against figures worked out by hand."""

from __future__ import annotations

import pytest

from insidedocker.errors import UserError
from insidedocker.teaching import graded as graded_class
from insidedocker.teaching import items
from insidedocker.teaching.misconceptions import Evidence, Message
from tests.support.small_class import ASSIGNMENT, POINTS, Course


@pytest.fixture(scope="module")
def found(graded: Course) -> dict[str, items.Item]:
    class_ = graded_class.read(graded.root, ASSIGNMENT)
    evidence = Evidence(graded.root, ASSIGNMENT)
    return {each.exercise.name: each for each in items.items(class_, evidence)}


def test_the_points_are_those_that_were_deserved(graded: Course) -> None:
    class_ = graded_class.read(graded.root, ASSIGNMENT)
    got = {
        student: tuple(work.score for exercise, work in works.items() if exercise.name != "words")
        for student, works in class_.works.items()
    }
    assert got == POINTS


def test_difficulty_is_the_mean_share_of_the_points(found: dict[str, items.Item]) -> None:
    assert found["sizes"].difficulty == pytest.approx(5 / 9)
    assert found["tagged"].difficulty == pytest.approx(4 / 9)
    assert found["run_twice"].difficulty == pytest.approx(4 / 9)


def test_discrimination_is_the_correlation_with_all_other_points(
    found: dict[str, items.Item],
) -> None:
    # 3 0 3 0 3 0 3 0 3 against 3 3 2 0 3 0 0 0 1: 7 / sqrt(20 * 16), and Fisher's interval
    value = found["sizes"].discrimination
    assert value is not None
    assert value.value == pytest.approx(7 / 320**0.5)
    assert str(value) == "0.39 (-0.37 to 0.84)"


def test_who_has_not_tried_and_who_waits_for_a_person_is_told(found: dict[str, items.Item]) -> None:
    assert (found["sizes"].tried, found["sizes"].learners) == (8, 9)
    assert (found["run_twice"].tried, found["run_twice"].learners) == (7, 9)
    # ada has written something, which nobody has graded yet
    assert (found["words"].tried, found["words"].learners) == (1, 8)
    assert found["words"].discrimination is None


def test_messages_are_counted_with_the_misconceptions_known_behind_them(
    found: dict[str, items.Item],
) -> None:
    told = {
        name: [(each.learners, each.message, each.misconceptions) for each in item.told]
        for name, item in found.items()
    }
    assert told["sizes"] == [
        (
            2,
            "Largest first: sorted() has a parameter for that.",
            ("sorted() puts the largest first",),
        ),
        (
            1,
            "Two images may be of one size: leave none out.",
            ("no two images have one size",),
        ),
    ]
    assert told["tagged"] == [
        (2, "An image can have several names.", ("an image has one name",)),
        (2, "no list came back", ()),
    ]
    assert told["run_twice"] == [(3, "answered 'a'", ("`docker run` again resumes",))]


def test_the_command_prints_it(graded: Course) -> None:
    lines = graded.ok("insidedocker", "items", ASSIGNMENT).splitlines()
    assert lines[0].startswith(f"{ASSIGNMENT}: 9 graded, reliability 0.")
    assert "sizes           3  8 of 9        0.56  0.39 (-0.37 to 0.84)" in lines
    assert "       no known misconception" in lines


def test_nothing_graded_is_said_so(own_course: Course) -> None:
    with pytest.raises(UserError, match=f"Nobody's {ASSIGNMENT} has been graded yet"):
        graded_class.read(own_course.root, ASSIGNMENT)
    with pytest.raises(UserError, match="The gradebook does not know 51-unknown"):
        graded_class.read(own_course.root, "51-unknown")


def test_no_correlation_is_made_up() -> None:
    assert items.correlation([1, 1, 1, 1], [1, 2, 3, 4]) is None
    assert items.correlation([1, 2, 3], [1, 2, 3]) is None


def test_a_message_is_taken_apart() -> None:
    text = "Not yet: the size\n  Observed: 1\n  Expected: 2\n  Try next: count\nagain"
    assert Message.read(text) == Message("the size", "1", "count\nagain")
    assert Message.read("no list\nat all") == Message("no list", "", "")
