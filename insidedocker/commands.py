"""Subcommands: their help, with an example, and the arguments that several of them take."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(
    subparsers: Any, name: str, does: str, example: str, *, aliases: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    """Add a subcommand. `does` says in one sentence what it does, first word a verb; `example` is
    a whole command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        aliases=aliases,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=f"Example: {example}",
    )
    return parser


def add_course(parser: argparse.ArgumentParser, default: Path | None = None) -> None:
    """Add the option that names the course's folder."""
    where = "the one around this folder" if default is None else "this folder"
    parser.add_argument(
        "--course",
        type=Path,
        default=default,
        metavar="COURSE",
        help=f"the course's folder (default: {where})",
    )


def add_lesson(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names one lesson, nbgrader's assignment."""
    parser.add_argument("lesson", metavar="LESSON", help="such as 04-rest-api")


def add_lessons(parser: argparse.ArgumentParser, *, all_if_none: bool) -> None:
    """Add the arguments that name lessons."""
    parser.add_argument(
        "names",
        nargs="*" if all_if_none else "+",
        metavar="LESSON",
        help=f"such as 04-rest-api{'; all if none is named' if all_if_none else ''}",
    )
