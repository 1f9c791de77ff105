"""A table of the lessons that teach, show, practise and grade each objective.

Reads the lessons' texts and the syllabus; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.objectives import Objective

WAYS = ("taught", "shown", "practised", "graded")


@dataclass(frozen=True)
class Coverage:
    """One objective; `lessons` is way -> numbers of the lessons, such as {"taught": ("04",)}."""

    objective: Objective
    lessons: dict[str, tuple[str, ...]]

    @property
    def missing(self) -> tuple[str, ...]:
        """The ways in which no lesson covers the objective."""
        return tuple(way for way in WAYS if not self.lessons[way])


def ways_of(cell: Cell) -> tuple[str, ...]:
    """The ways in which a cell covers its objectives; a manual answer is practice and grade."""
    kind = cell.ng[0] if cell.ng else ""
    if kind == "manual":
        return ("practised", "graded")
    if kind == "answer":
        return ("practised",)
    if kind == "tests":
        return ("graded",)
    return ("taught",) if cell.kind == "markdown" else ("shown",)


def measure(objectives: Sequence[Objective], lessons: Iterable[Lesson]) -> list[Coverage]:
    """The coverage of every objective, in the order of the syllabus."""
    seen: dict[tuple[str, str], set[str]] = {}
    for lesson in lessons:
        for cell in lesson.cells:
            for objective in cell.covers:
                for way in ways_of(cell):
                    seen.setdefault((objective, way), set()).add(lesson.name[:2])
    return [
        Coverage(each, {way: tuple(sorted(seen.get((each.id, way), ()))) for way in WAYS})
        for each in objectives
    ]


def as_text(table: Sequence[Coverage]) -> str:
    """The table for a terminal, followed by the objectives that lack a way."""
    rows = [("", *WAYS), *(_row(each, "-") for each in table)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", *_missing(table)])


def as_markdown(table: Sequence[Coverage]) -> str:
    """The table as Markdown, with the words of each objective, followed by what is missing."""
    lines = [f"| objective | says | {' | '.join(WAYS)} |", "|---" * (len(WAYS) + 2) + "|"]
    for each in table:
        name, *cells = _row(each, "")
        says = each.objective.says.replace("|", "\\|")
        lines.append(f"| {name} | {says} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_missing(table)])


def _row(coverage: Coverage, empty: str) -> tuple[str, ...]:
    return (
        coverage.objective.id,
        *(" ".join(coverage.lessons[way]) or empty for way in WAYS),
    )


def _missing(table: Sequence[Coverage]) -> list[str]:
    lines = []
    for way in WAYS:
        ids = [each.objective.id for each in table if way in each.missing]
        lines.append(f"Not yet {way} ({len(ids)} of {len(table)}): {' '.join(ids) or 'none'}")
    return lines
