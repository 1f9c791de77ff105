"""The `insidedocker` command itself: quick to start, plain when something goes wrong."""

import argparse
import subprocess
import sys

import pytest

from insidedocker import cli
from insidedocker.errors import UserError


def test_help_imports_no_room() -> None:
    heavy = "nbgrader, jupytext, nbformat, docker, requests, yaml"
    code = (
        "import sys; from insidedocker.cli import build_parser; build_parser();"
        f"print(*set('{heavy}'.split(', ')) & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
    command = [sys.executable, "-m", "insidedocker", "--help"]
    subprocess.run(command, check=True, capture_output=True)


def test_wrong_usage_is_2() -> None:
    command = [sys.executable, "-m", "insidedocker", "bake"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [(UserError("Do this."), 1, "Do this.\n"), (KeyboardInterrupt(), 130, "")],
)
def test_mistakes_and_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    said: str,
) -> None:
    def fail(options: argparse.Namespace) -> int:
        raise raised

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=fail)
    monkeypatch.setattr(cli, "build_parser", lambda: parser)
    assert cli.main([]) == code
    assert capsys.readouterr().err == said
