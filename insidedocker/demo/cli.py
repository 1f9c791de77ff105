"""`insidedocker demo`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from insidedocker import commands


def add_to(subparsers: Any) -> None:
    """Register `demo`."""
    demo = commands.add(
        subparsers,
        "demo",
        "run an instructor's whole cycle on sample submissions, in a scratch course",
        "insidedocker demo --lesson 04-rest-api",
    )
    demo.add_argument(
        "--lesson",
        metavar="LESSON",
        default="04-rest-api",
        help="which lesson (default: %(default)s)",
    )
    demo.add_argument(
        "--folder", type=Path, help="an empty folder for the scratch course (default: a new one)"
    )
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    from insidedocker.course import Course
    from insidedocker.demo import cycle
    from insidedocker.grading import settings

    settings.work_in_private()
    course = Course.find()
    (lesson,) = course.chosen([options.lesson])
    return cycle.run(course, lesson, options.folder)
