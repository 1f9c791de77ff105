"""The command `insidedocker grade`: its options, and its report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_to(subparsers: Any) -> None:
    """Register the subcommand `grade`."""
    grade = subparsers.add_parser("grade", help="grade what was handed in of an assignment")
    grade.add_argument("assignment", help="as nbgrader knows it, such as 04-rest-api")
    grade.add_argument("--student", default="*", help="only this learner's")
    grade.add_argument("--workers", type=int, help="notebooks at once (default: one per processor)")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="run notebooks on this Dask cluster, tcp://…:8786"
    )
    grade.add_argument("--again", action="store_true", help="also what is graded already")
    grade.add_argument(
        "--course", type=Path, default=Path(), help="the course's folder (default: this one)"
    )
    grade.set_defaults(run=_grade)


def _grade(options: argparse.Namespace) -> int:
    from insidedocker.grading import settings
    from insidedocker.grading.cluster import connected
    from insidedocker.grading.grade import Grading

    settings.work_in_private()
    with connected(options.scheduler) as cluster:
        grading = Grading(options.course, options.assignment, options.student, cluster)
        done = grading.run(options.workers, again=options.again)
    print(f"Graded: {len(done.students)}. As before: {len(done.kept)}.", end=" ")
    print(f"To be looked at: {', '.join(done.look) or 'nobody'}.")
    if done.penalties:
        print(f"What lateness costs has changed: {', '.join(done.penalties)}.")
    for student, cells in done.marked.items():
        print(f"Graded by hand and changed since: {student} ({', '.join(cells)}).")
    for student, why in done.failed.items():
        print(f"Not graded: {student}: {why}")
    for student, why in done.faults.items():
        print(f"The machine failed, not {student}: {why}. The next call grades {student} again.")
    if done.trouble:
        print(done.trouble)
    return 1 if done.failed or done.faults or done.trouble else 0
