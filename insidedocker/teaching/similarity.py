"""Pairs of submissions that have more in common than the task explains.

Each answer is cut into overlapping runs of tokens, as in winnowing (Schleimer, Wilkerson and Aiken,
2003); answers are short enough to keep every run. Runs of the template, of the instructor's
solution and of most of the class are left out. The fewer learners have a run, the more it weighs.
The list is for a person to judge: it proves nothing.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

from insidedocker.lab.learner import variant
from insidedocker.teaching import tokens
from insidedocker.teaching.graded import Exercise, GradedClass
from insidedocker.teaching.tables import table

RUN = 6
"""Tokens in a run."""
LEAST = 12
"""Fewest common runs that are reported for an exercise: some 17 tokens, about three lines."""

DOZENS = 30
"""A run that more learners have is no evidence about two of them."""

Run = tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """The likeness of two learners' answers to one exercise."""

    exercise: Exercise
    runs: int
    share: float
    """Weighted share of common runs in the answer of smaller weight; 1 if the other has all."""
    weight: float
    """The sum of the common runs' weights: the rarer the common runs, the higher."""


@dataclass(frozen=True)
class Pair:
    """Two learners and the exercises they answered alike, the most unusual first."""

    one: str
    other: str
    alike: tuple[Alike, ...]

    @property
    def weight(self) -> float:
        return sum(each.weight for each in self.alike)


def pairs(class_: GradedClass) -> list[Pair]:
    """Return all pairs that have something unusual in common, the most unusual first."""
    found: dict[tuple[str, str], list[Alike]] = defaultdict(list)
    for exercise in class_.exercises:
        for learners, alike in _of_exercise(class_, exercise):
            found[learners].append(alike)
    made = [
        Pair(one, other, tuple(sorted(alike, key=lambda each: -each.weight)))
        for (one, other), alike in found.items()
    ]
    return sorted(made, key=lambda pair: (-pair.weight, pair.one, pair.other))


def _of_exercise(class_: GradedClass, exercise: Exercise) -> list[tuple[tuple[str, str], Alike]]:
    runs = {
        student: runs_of(works[exercise].answer, exercise)
        for student, works in class_.works.items()
        if exercise in works and works[exercise].tried
    }
    weights, who = _weights(runs)
    own = {student: sum(weights.get(run, 0) for run in each) for student, each in runs.items()}
    common: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run, students in who.items():
        for learners in itertools.combinations(students, 2):
            common[learners].append(weights[run])
    return [
        ((one, other), Alike(exercise, len(each), sum(each) / min(own[one], own[other]), sum(each)))
        for (one, other), each in common.items()
        if len(each) >= LEAST
    ]


def _weights(runs: dict[str, set[Run]]) -> tuple[dict[Run, float], dict[Run, list[str]]]:
    """Return run -> weight and run -> learners, without the runs that most of the class have."""
    who: dict[Run, list[str]] = defaultdict(list)
    for student in sorted(runs):
        for run in runs[student]:
            who[run].append(student)
    # Two of three may have copied, so 2 is always kept. A run that dozens have comes from the
    # task, in a class of any size.
    most = max(2, min(len(runs) / 2, DOZENS))
    kept = {run: students for run, students in who.items() if len(students) <= most}
    return {run: math.log2((len(runs) + 1) / len(kept[run])) for run in kept}, kept


def runs_of(answer: str, exercise: Exercise) -> set[Run]:
    """Return an answer's runs, without those of the template and the instructor's solution."""
    given = (_cut(each, exercise.is_code) for each in (exercise.stub, exercise.model))
    return _cut(answer, exercise.is_code).difference(*given)


def _cut(source: str, is_code: bool) -> set[Run]:
    found = tokens.of_code(source) if is_code else tokens.of_words(source)
    return {tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1)}


def odd_variants(class_: GradedClass) -> list[str]:
    """Return sentences about learners who share a seed or have none."""
    by_seed: dict[str, list[str]] = defaultdict(list)
    for student, seed in class_.seeds.items():
        by_seed[seed].append(student)
    without = by_seed.pop("", [])
    found = [
        f"{', '.join(students)}: the same variant, so one folder was handed in by all of them."
        for students in by_seed.values()
        if len(students) > 1
    ]
    if without:
        found.append(f"{', '.join(without)}: without {variant.FILE}, so with the common values.")
    return found


def as_text(class_: GradedClass, found: list[Pair]) -> str:
    """Return the list for a terminal."""
    variants = "".join(f"{line}\n" for line in odd_variants(class_))
    if not found:
        return f"{variants}{class_.assignment}: no two of {len(class_.works)} answers stand out."
    rows = [("learners", "", "exercise", "alike", "runs", "unusual")]
    for pair in found:
        names = (pair.one, pair.other)
        for each in pair.alike:
            figures = (f"{each.share:.0%}", str(each.runs), f"{each.weight:.0f}")
            rows.append((*names, each.exercise.name, *figures))
            names = ("", "")
    return f"{variants}{table(rows, right=(3, 4, 5))}\n\n{LEGEND}"


LEGEND = f"""\
For a person to judge: people who learn together write alike, and short tasks have few solutions.
alike:   how much of the shorter answer is in the other, names and comments aside, and without what
         the template, your solution or most of the class have.
runs:    sequences of {RUN} tokens in common.
unusual: counts them the more, the fewer learners have them."""
