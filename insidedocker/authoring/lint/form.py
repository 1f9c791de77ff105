"""A lesson's shape: how it opens and closes, and that stated minutes and points are true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.lint.prose import headings
from insidedocker.authoring.shorthand import WITH_POINTS

OPENING = ("You will do", "You will learn", "You need", "Time", "Points")
CLOSING = ("What to remember", "Where to go on")


def check(lesson: Lesson) -> Iterator[Finding]:
    """Findings on the opening, the closing, the time and the points."""
    if not lesson.cells:
        yield Finding(lesson.path, 1, "the lesson has no cells: write its title, '# ...'")
        return
    yield from _title(lesson)
    yield from _opening(lesson)
    yield from _closing(lesson)
    yield from _points(lesson)


def _title(lesson: Lesson) -> Iterator[Finding]:
    found = [each for cell in lesson.cells for each in headings(cell) if each.level == 1]
    first = lesson.cells[0]
    if first.kind != "markdown" or not first.source.startswith("# "):
        yield Finding(lesson.path, first.line, "open the lesson with its title, '# ...'")
    for heading in found[1:]:
        yield Finding(
            lesson.path, heading.line, f"a second title, '# {heading.text}': make it '## ...'"
        )


def _opening(lesson: Lesson) -> Iterator[Finding]:
    for label in OPENING:
        if not _labelled(lesson, label):
            yield Finding(
                lesson.path,
                lesson.cells[0].line,
                f"the opening does not say '- **{label}:** ...': add it to the list",
            )


def _labelled(lesson: Lesson, label: str) -> tuple[Cell, re.Match[str]] | None:
    """The one of the first two cells that says `label`, and a match whose group "value" is the
    rest of the line; None without such a cell."""
    pattern = re.compile(rf"^[-*] \*\*{label}:?\*\*:?[ ]*(?P<value>.*)$", re.MULTILINE)
    for cell in lesson.cells[:2]:
        if cell.kind == "markdown" and (match := pattern.search(cell.source)):
            return cell, match
    return None


def _closing(lesson: Lesson) -> Iterator[Finding]:
    second = [each for cell in lesson.cells for each in headings(cell) if each.level == 2]
    last = tuple(each.text for each in second[-2:])
    if last != CLOSING:
        yield Finding(
            lesson.path,
            lesson.cells[-1].line,
            "the last two sections must be '## What to remember' and '## Where to go on'",
        )


def _points(lesson: Lesson) -> Iterator[Finding]:
    total = sum(
        float(cell.ng[2])
        for cell in lesson.cells
        if len(cell.ng) == 3 and cell.ng[0] in WITH_POINTS and _is_number(cell.ng[2])
    )
    if total != lesson.points:
        yield Finding(
            lesson.path,
            1,
            f"front matter says points: {lesson.points:g}, but the graded cells make {total:g}",
        )
    for label, stated in (("Points", total), ("Time", float(lesson.minutes))):
        if found := _labelled(lesson, label):
            cell, match = found
            number = re.match(r"\d+(\.\d+)?", match["value"])
            if not number or float(number[0]) != stated:
                source = "the graded cells make" if label == "Points" else "front matter says"
                line = cell.source_line + cell.source.count("\n", 0, match.start())
                yield Finding(
                    lesson.path,
                    line,
                    f"**{label}** says {match['value']!r}, but {source} {stated:g}",
                )


def _is_number(word: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", word) is not None
