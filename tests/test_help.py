"""`insidedocker --help` and the help of every command."""

import argparse
import shlex
from collections.abc import Iterator

import pytest

from insidedocker import cli


def every_command(
    parser: argparse.ArgumentParser, name: str = "insidedocker"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._subparsers._group_actions if parser._subparsers else ():
        for each, below in dict(action.choices or {}).items():
            yield f"{name} {each}", below
            yield from every_command(below, f"{name} {each}")


COMMANDS = dict(every_command(cli.build_parser()))


def test_each_command_stands_with_one_kind_of_reader() -> None:
    shown = [name for names in cli.READERS.values() for name in names]
    assert len(shown) == len(set(shown))
    top = {name.split()[1] for name in COMMANDS if len(name.split()) == 2}
    assert set(shown) == top - {"back"}  # the older name of import


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_the_command_does_with_an_example_that_can_be_given(name: str) -> None:
    said = COMMANDS[name].format_help()
    assert COMMANDS[name].description
    start, _, example = said.partition("Example: ")
    assert start and example
    words = shlex.split(example)
    asked = cli.build_parser().parse_args(words[1:])
    assert callable(asked.run)
    if name != "insidedocker back":
        assert words[1 : len(name.split())] == name.split()[1:]


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["grade"], ["import"], ["lab", "--nothing"]]
)
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: insidedocker" in capsys.readouterr().err
