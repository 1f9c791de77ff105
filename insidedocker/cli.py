"""The `insidedocker` command: each package adds its subcommands, imported only when asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from insidedocker.errors import UserError
from insidedocker.place import need_own_programs
from insidedocker_engine.cli import CommandError

# Each offers add_to(subparsers) and keeps its own imports inside its handlers.
COMMANDS = (
    "insidedocker.authoring.cli",
    "insidedocker.launch.catalog_cli",
    "insidedocker_engine.cli",
    "insidedocker.demo.cli",
    "insidedocker.grading.cli",
    "insidedocker.launch.cli",
    "insidedocker.teaching.cli",
)


class _Version(argparse.Action):
    """Looks up the installed version only on request: that takes longer than all the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from importlib.metadata import version

        print(version("insidedocker"))
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command; importing the modules in COMMANDS must stay cheap."""
    parser = argparse.ArgumentParser(
        prog="insidedocker",
        description="An autograded Jupyter course on how Docker works inside.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        package = name.rpartition(".")[0]
        if find_spec(package):  # the learner's edition lacks some
            import_module(name).add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 1 a mistake, 2 wrong usage, 130 Ctrl-C."""
    try:
        need_own_programs()
        options = build_parser().parse_args(arguments)
        return int(options.run(options))
    except (UserError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
