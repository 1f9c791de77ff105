"""How many learners' slips the checks refuse: each right solution of the evidence is spoiled by
rules (tests/exercises/slips.py), and every spoiled one is graded.

`python -m benchmarks.mutants [LESSON[/EXERCISE] …]` tries these lessons or exercises, or all, on
an embedded engine: a minute to ten a lesson. None may survive; what makes no difference is listed,
with the reason, in the evidence's equivalent.toml.
"""

from __future__ import annotations

import os
import sys
import time

from insidedocker import lab
from tests.exercises.evidence import Lesson, lessons
from tests.exercises.mutants import Outcome, Unjudged, outcomes

COLUMNS = "{:<32} {:>6} {:>8} {:>11} {:>9} {:>8}"


def _row(name: str, found: list[Outcome], seconds: float) -> str:
    made = sum(each.made for each in found)
    lists = ("refused", "equivalent", "survived")
    counts = [sum(len(getattr(each, name)) for each in found) for name in lists]
    return COLUMNS.format(name, made, *counts, f"{seconds:.0f}")


def tried(name: str, wanted: set[str]) -> list[Outcome]:
    """Try a lesson's exercises and print what comes of each."""
    found = []
    began = start = time.monotonic()
    with lab.check.fresh_engine() as engine:
        os.environ.update(DOCKER_HOST=engine.url, INSIDEDOCKER_ENGINE="auto")
        for each in outcomes(Lesson(name), engine, wanted):
            found.append(each)
            print(_row(f"  {each.exercise}", [each], time.monotonic() - start), flush=True)
            for slip in each.survived:
                print(f"      survived: {slip}")
            for entry in each.stale:
                print(f"      listed as equivalent, and not met or refused: {entry}")
            for entry in each.never_varied:
                print(f"      always the same: {entry}")
            sys.stdout.flush()
            start = time.monotonic()
    print(_row(name, found, time.monotonic() - began), flush=True)
    return found


def main() -> int:
    wanted: dict[str, set[str]] = {}
    for word in sys.argv[1:] or lessons():
        lesson, _, exercise = word.partition("/")
        wanted.setdefault(lesson, set()).update({exercise} - {""})
    print(COLUMNS.format("lesson", "made", "refused", "equivalent", "survived", "seconds"))
    good = True
    for lesson, exercises in wanted.items():
        try:
            good &= not any(each.survived or each.stale for each in tried(lesson, exercises))
        except Unjudged as error:
            print(f"{lesson}: {error}")
            good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
