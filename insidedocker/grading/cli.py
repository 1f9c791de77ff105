"""The command `insidedocker grade`: its options, and its report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from insidedocker import commands


def add_to(subparsers: Any) -> None:
    """Register the subcommand `grade`."""
    grade = commands.add(
        subparsers,
        "grade",
        "grade what was handed in of a lesson",
        "insidedocker grade 04-rest-api",
    )
    commands.add_lesson(grade)
    grade.add_argument(
        "--learner",
        "--student",  # nbgrader's word
        dest="learner",
        default="*",
        metavar="LEARNER",
        help="grade this learner's work alone",
    )
    grade.add_argument("--workers", type=int, help="notebooks at once (default: one per processor)")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="run notebooks on this Dask cluster, tcp://…:8786"
    )
    grade.add_argument("--again", action="store_true", help="grade also what is graded already")
    commands.add_course(grade, Path())
    grade.set_defaults(run=_grade)


def _grade(options: argparse.Namespace) -> int:
    from insidedocker.grading import settings
    from insidedocker.grading.cluster import connected
    from insidedocker.grading.grade import Grading

    settings.work_in_private()
    with connected(options.scheduler) as cluster:
        grading = Grading(options.course, options.lesson, options.learner, cluster)
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
