"""Item statistics: each exercise's difficulty, its discrimination between learners, and the
misconceptions behind wrong answers.

Classical test theory (Crocker and Algina, Introduction to Classical and Modern Test Theory, 1986,
chapters 7 and 14): difficulty is the mean share of the points; discrimination the correlation of an
exercise's points with those of all other exercises (the corrected item-total correlation, which
Moodle calls discrimination index too); reliability is Cronbach's alpha.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from insidedocker.teaching.graded import Exercise, GradedClass, Work
from insidedocker.teaching.misconceptions import NOT_RIGHT, Evidence, Message
from insidedocker.teaching.tables import table

CONFIDENCE = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Correlation:
    """A correlation with its 95 % interval, by Fisher's transformation."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Told:
    """A check message that some learners got, and the misconceptions known to lead to it."""

    learners: int
    message: str
    misconceptions: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """The figures of one exercise; None where a figure cannot be computed."""

    exercise: Exercise
    learners: int
    """Number of learners whose work is graded."""
    tried: int
    difficulty: float | None
    discrimination: Correlation | None
    told: tuple[Told, ...]


def items(class_: GradedClass, evidence: Evidence) -> list[Item]:
    """Return the figures of every exercise of a graded class."""
    return [_item(class_, exercise, evidence) for exercise in class_.exercises]


def _item(class_: GradedClass, exercise: Exercise, evidence: Evidence) -> Item:
    graded = [works for works in class_.works.values() if _score(works, exercise) is not None]
    own = [_score(works, exercise) or 0.0 for works in graded]
    rest = [
        sum(_score(works, other) or 0.0 for other in works if other != exercise) for works in graded
    ]
    return Item(
        exercise,
        len(graded),
        sum(works[exercise].tried for works in class_.works.values() if exercise in works),
        statistics.fmean(own) / exercise.points if own and exercise.points else None,
        correlation(own, rest),
        _told([works[exercise] for works in graded], exercise, evidence),
    )


def correlation(own: Sequence[float], others: Sequence[float]) -> Correlation | None:
    """Return Pearson's correlation; None for fewer than four pairs, or if one side is constant."""
    if len(own) < 4 or len(set(own)) == 1 or len(set(others)) == 1:
        return None
    value = statistics.correlation(own, others)
    if abs(value) > 1 - 1e-12:
        return Correlation(value, value, value)
    width = CONFIDENCE / math.sqrt(len(own) - 3)
    low, high = (math.tanh(math.atanh(value) + sign * width) for sign in (-1, 1))
    return Correlation(value, low, high)


def reliability(class_: GradedClass) -> float | None:
    """Return Cronbach's alpha over the learners whose every exercise is graded.

    None for fewer than two such learners or two exercises, or if all totals are equal.
    """
    rows = [
        [score for each in class_.exercises if (score := _score(works, each)) is not None]
        for works in class_.works.values()
    ]
    rows = [row for row in rows if len(row) == len(class_.exercises)]
    if len(rows) < 2 or len(class_.exercises) < 2:
        return None
    whole = statistics.variance(map(sum, rows))
    if not whole:
        return None
    count = len(class_.exercises)
    parts = sum(statistics.variance(column) for column in zip(*rows, strict=True))
    return count / (count - 1) * (1 - parts / whole)


def _score(works: dict[Exercise, Work], exercise: Exercise) -> float | None:
    return works[exercise].score if exercise in works else None


def _told(works: list[Work], exercise: Exercise, evidence: Evidence) -> tuple[Told, ...]:
    """Count the first message of each learner who has tried: it shows how far they got."""
    count: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for work in works:
        if work.told and work.tried:
            behind = tuple(evidence.behind(exercise.name, work.told))
            count[_short(Message.read(work.told[0])), behind] += 1
    return tuple(Told(number, *key) for key, number in count.most_common())


def _short(message: Message) -> str:
    """Return the part that identifies a message; the answer, for a quiz question."""
    if message.what == NOT_RIGHT:
        return f"answered {message.observed}"
    return message.try_next or message.what


def as_text(class_: GradedClass, found: list[Item]) -> str:
    """Return the report for a terminal."""
    alpha = reliability(class_)
    rows = [("exercise", "points", "tried", "difficulty", "discrimination")]
    for item in found:
        everybody = sum(item.exercise in works for works in class_.works.values())
        rows.append(
            (
                item.exercise.name,
                f"{item.exercise.points:g}",
                f"{item.tried} of {everybody}",
                "-" if item.difficulty is None else f"{item.difficulty:.2f}",
                str(item.discrimination or "-"),
            )
        )
    lines = [f"{class_.assignment}: {len(class_.works)} graded"]
    if alpha is not None:
        lines[0] += f", reliability {alpha:.2f} (Cronbach's alpha)"
    lines += ["", table(rows, right=(1, 2, 3)), "", *LEGEND]
    for item in found:
        if item.told:
            lines += ["", f"What learners were told at {item.exercise.name}:"]
            lines += [line for told in item.told for line in _lines(told)]
    return "\n".join(lines)


LEGEND = (
    "difficulty: the mean share of the points; 1.00 is easiest.",
    "discrimination: the correlation with the points of all other exercises; its 95 % interval.",
)


def _lines(told: Told) -> list[str]:
    known = ", or: ".join(told.misconceptions)
    return [f"{told.learners:>4} x {told.message}", f"       {known or 'no known misconception'}"]
