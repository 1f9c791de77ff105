"""`insidedocker items`, `insidedocker similar` and `insidedocker regrade`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from insidedocker import commands


def add_to(subparsers: Any) -> None:
    """Register this package's commands."""
    _command(subparsers, "items", "say how hard each exercise was, and what went wrong", _items)
    similar = _command(subparsers, "similar", "list submissions that are too much alike", _similar)
    similar.add_argument("--most", type=int, default=20, help="pairs to list (default: 20)")
    similar.add_argument("--page", type=Path, help="where to put the page with both texts")
    regrade = _command(
        subparsers, "regrade", "grade again after checks were changed, and tell for whom", _regrade
    )
    regrade.add_argument("--workers", type=int, help="notebooks at once")
    regrade.add_argument("--scheduler", metavar="ADDRESS", help="as for `insidedocker grade`")
    regrade.add_argument("--to", type=Path, help="also write what has changed into this CSV file")


def _command(subparsers: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser = commands.add(subparsers, name, text, f"insidedocker {name} 04-rest-api")
    commands.add_lesson(parser)
    commands.add_course(parser, Path())
    parser.set_defaults(run=run)
    return parser


def _read(options: argparse.Namespace) -> Any:
    """Read the graded class; print the learners left out of it on stderr."""
    from insidedocker.teaching import graded

    class_ = graded.read(options.course, options.lesson)
    for student in class_.left_out:
        print(
            f"Left out: {student}: the graded notebook cannot be read; `insidedocker grade "
            f"{options.lesson}` makes it anew.",
            file=sys.stderr,
        )
    return class_


def _items(options: argparse.Namespace) -> int:
    from insidedocker.teaching import items
    from insidedocker.teaching.misconceptions import Evidence

    class_ = _read(options)
    evidence = Evidence(options.course, options.lesson)
    print(items.as_text(class_, items.items(class_, evidence)))
    return 0


def _similar(options: argparse.Namespace) -> int:
    from insidedocker.grading import mishaps
    from insidedocker.teaching import side_by_side, similarity
    from insidedocker_engine.host import private

    class_ = _read(options)
    pairs = similarity.pairs(class_)[: options.most]
    print(similarity.as_text(class_, pairs))
    if pairs:
        reports = options.course / ".grading" / "reports"
        page = options.page or reports / f"similar-{options.lesson}.html"
        with mishaps.as_user_errors():
            if not page.parent.exists():
                private.folder(page.parent)
            with open(page, "w", encoding="utf-8", opener=private.opener) as file:
                file.write(side_by_side.page(class_, pairs))
        print(f"\nBoth texts of each, side by side: {page}")
    return 0


def _regrade(options: argparse.Namespace) -> int:
    from insidedocker.grading import mishaps, settings
    from insidedocker.grading.cluster import connected
    from insidedocker.teaching import regrade

    settings.work_in_private()
    with connected(options.scheduler) as cluster:
        changes = regrade.run(options.course, options.lesson, options.workers, cluster)
    print(changes.as_text())
    if options.to:
        with mishaps.as_user_errors():
            changes.write(options.to)
    return 1 if changes.failed or changes.faults else 0
