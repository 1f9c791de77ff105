"""The page of misconceptions: evidence targets each one, and every place on the page exists."""

import re
from collections.abc import Iterator

import pytest

from tests.exercises.evidence import REPOSITORY, Lesson

PAGE = REPOSITORY / "docs" / "misconceptions.md"


def rows() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the misconception, objectives and places of each row."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in ("misconception", "---"):
            said, objectives, places = cells
            yield said, objectives.split(), re.findall(r"`([^`]+)`", places)


@pytest.mark.parametrize(("said", "objectives", "places"), [pytest.param(*row) for row in rows()])
def test_a_misconception_is_met(said: str, objectives: list[str], places: list[str]) -> None:
    known = (REPOSITORY / "notebooks" / "objectives.yml").read_text(encoding="utf-8")
    assert objectives and all(f"id: {each}," in known for each in objectives)
    assert places, f"nothing targets: {said}"
    for place in places:
        name, exercise, solution = place.split("/")
        lesson = Lesson(name)
        (found,) = [each for each in lesson.exercises() if each.name == exercise]
        wrong = {each.name for each in lesson.solutions(found) if each.kind == "wrong"}
        assert solution in wrong, f"{place}: choose one of {sorted(wrong)}"
