"""The shell of JupyterLab's terminals, whatever the account's profile does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.launch import jupyter_lab

PROFILES = {"bash": ".bash_profile", "dash": ".profile"}


def typed(home: Path, text: str) -> list[str]:
    """What a terminal says to the lines typed."""
    found = jupyter_lab.shell({"DOCKER_HOST": "unix:///e.sock"})["shell_command"]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        found, input=text, env=environment, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


@pytest.mark.parametrize("name", ["bash", "dash"])
def test_the_courses_programs_are_found_after_a_profile_that_sets_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    program = shutil.which(name)
    assert program
    monkeypatch.setenv("SHELL", program)
    (tmp_path / PROFILES[name]).write_text("export PATH=/usr/bin:/bin MINE=read\n")
    said = typed(tmp_path, "command -v insidedocker; echo $MINE $DOCKER_HOST\n")
    assert said == [str(Path(sys.executable).with_name("insidedocker")), "read unix:///e.sock"]


def test_a_shell_with_words_of_its_own_is_started_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    started = jupyter_lab.shell({})["shell_command"]
    assert started == ["env", "/usr/bin/fish", "-l"]
