"""The `insidedocker` command: each package adds its subcommands, imported only when asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from insidedocker.errors import UsageError, UserError
from insidedocker.place import need_own_programs
from insidedocker_engine.cli import CommandError

# Each offers add_to(subparsers) and keeps its own imports inside its handlers.
MODULES = (
    "insidedocker.authoring.cli",
    "insidedocker.launch.catalog_cli",
    "insidedocker_engine.cli",
    "insidedocker.demo.cli",
    "insidedocker.grading.cli",
    "insidedocker.launch.cli",
    "insidedocker.teaching.cli",
)
READERS = {
    "Learners": ("lab", "doctor", "catalog", "engine"),
    "Instructors": (
        *("teach", "demo", "grade", "regrade", "items", "similar", "learners-edition", "kit"),
    ),
    "Authors of lessons": ("sync", "import", "format", "lint", "coverage"),
    "Hosts (Binder, JupyterHub)": ("session",),
}
EXIT_CODES = "Exit codes: 0 done, or yes; 1 not done, or no; 2 used wrongly; 130 ended by Ctrl-C."


class _Version(argparse.Action):
    """Looks up the installed version only on request: that takes longer than all the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from importlib.metadata import version

        print(version("insidedocker"))
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command; importing MODULES must stay cheap."""
    parser = argparse.ArgumentParser(
        prog="insidedocker",
        usage="insidedocker [-h] [--version] COMMAND ...",
        description="An autograded Jupyter course on how Docker works inside.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(
        metavar="COMMAND", prog="insidedocker", required=True, help=argparse.SUPPRESS
    )
    for name in MODULES:
        package = name.rpartition(".")[0]
        if find_spec(package):  # the learner's edition lacks some
            import_module(name).add_to(subparsers)
    parser.epilog = _overview(subparsers.choices)
    return parser


def _overview(commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """The commands by reader, each with its description."""
    sections = []
    for reader, names in READERS.items():
        rows = [f"  {name:<17} {commands[name].description}" for name in names if name in commands]
        if rows:
            sections.append("\n".join([f"{reader}:", *rows]))
    more = "insidedocker COMMAND --help: more, with an example."
    return "\n\n".join([*sections, f"{more}\n{EXIT_CODES}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, one of EXIT_CODES."""
    try:
        need_own_programs()
        options = build_parser().parse_args(arguments)
        return int(options.run(options))
    except (UserError, CommandError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
