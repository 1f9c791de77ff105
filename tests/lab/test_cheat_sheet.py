"""The cheat sheet tells the truth: each row is run, and the tap sees the requests it names."""

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from insidedocker import lab
from insidedocker.authoring import cheat_sheet
from insidedocker.course import Course
from insidedocker.lab.tapping import Call, Tap
from tests.support import patience
from tests.support.engines import Engine

COURSE = Course.find(Path(__file__))
GROUPS = cheat_sheet.read(cheat_sheet.table(COURSE))
ROWS = [row for rows in GROUPS.values() for row in rows]


@pytest.fixture
def tap(
    embedded_namespaces: Engine, busybox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tap]:
    """A tap in front of an engine with busybox, in a folder with something to build."""
    embedded_namespaces.load(busybox)
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCMD true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "cli"))
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    with lab.tap(embedded_namespaces.url) as tap:
        yield tap
    embedded_namespaces.clear()


def missing(wanted: tuple[str, ...], seen: list[Call]) -> list[str]:
    """Those of the requests that are not among the ones seen, in this order."""
    left = iter(f"{call.method} {call.path}" for call in seen)
    return [each for each in wanted if not any(_fits(each, call) for call in left)]


def _fits(wanted: str, call: str) -> bool:
    parts = re.split(r"\{\w+\}", wanted)
    return re.fullmatch(".+".join(map(re.escape, parts)), call) is not None


@pytest.mark.slow
@pytest.mark.real
def test_commands_send_what_the_sheet_says(tap: Tap, docker_cli: str) -> None:
    for row in ROWS:
        before = len(tap.calls)
        words = shlex.split(row.command)
        assert words.pop(0) == "docker"
        done = subprocess.run(
            [docker_cli, *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=patience.EVENT,
            input="secret",  # for the login
        )
        assert row.registry or done.returncode == 0, f"{row.command}: {done.stderr}"
        assert missing(row.calls, tap.calls[before:]) == [], row.command


@pytest.mark.slow
def test_the_sdk_sends_the_same(tap: Tap) -> None:
    with contextlib.closing(docker.from_env(environment=os.environ)) as client:
        for row in ROWS:
            before = len(tap.calls)
            names: dict[str, Any] = {"client": client}
            if row.sdk.startswith("web."):
                names["web"] = client.containers.get("web")
            refused = (docker.errors.APIError,) if row.registry else ()
            with contextlib.suppress(*refused):
                eval(row.sdk, names)
            assert missing(row.calls, tap.calls[before:]) == [], row.sdk


def test_the_page_is_the_tables() -> None:
    page = cheat_sheet.target(COURSE).read_text(encoding="utf-8")
    assert page == cheat_sheet.page(GROUPS), "run python -m insidedocker.authoring.cheat_sheet"
