"""A session on a host that starts the server itself: Binder's `start` with BinderHub's options, run
by an ordinary user who may not make namespaces, as on Binder."""

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry
from websocket import create_connection

from tests.support import patience
from tests.support.missing import skip_missing
from tests.support.newcomer import Newcomer, Terminal, end_of, newcomer

pytestmark = [pytest.mark.slow, pytest.mark.real]

WALLED = (sys.executable, str(Path(__file__).parents[1] / "support/without_namespaces.py"))
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+/user/somebody)/\S*\?token=")
TOKEN = {"token": "secret"}


@pytest.fixture
def somebody() -> Iterator[Newcomer]:
    with skip_missing(), newcomer() as found:
        yield found


@pytest.fixture
def session(somebody: Newcomer) -> Iterator[Terminal]:
    """A session that answers."""
    options = ["--ip=127.0.0.1", "--port=0", "--no-browser"]
    for app in ("NotebookApp", "ServerApp"):
        options += [f"--{app}.base_url=/user/somebody/", f"--{app}.token=secret"]
    path = f"PATH={somebody.course}/.venv/bin:/usr/bin:/bin"
    command = (*WALLED, "env", path, "./start", "jupyter-notebook", *options)
    with somebody.terminal(*command) as terminal:
        terminal.shows(ADDRESS, patience.START)
        # It takes connections a moment after it has told its address.
        again = Retry(connect=50, backoff_factor=0.1, backoff_max=0.5)
        with requests.Session() as asking:
            asking.mount("http://", HTTPAdapter(max_retries=again))
            asking.get(address(terminal), params=TOKEN, timeout=patience.EVENT)
        yield terminal


def address(terminal: Terminal) -> str:
    (found,) = set(ADDRESS.findall(terminal.text))
    assert isinstance(found, str)
    return found


def test_it_serves_the_learners_copies_with_an_engine_that_ends_with_it(
    somebody: Newcomer, session: Terminal
) -> None:
    lines = session.text.splitlines()
    assert "runtime proot" in next(line for line in lines if line.startswith("Engine: embedded"))
    url = address(session)
    names = [
        each["name"]
        for each in requests.get(
            f"{url}/api/contents", params=TOKEN, timeout=patience.EVENT
        ).json()["content"]
    ]
    assert "00-start-here" in names and "source" not in names
    page = requests.get(f"{url}/lab/tree/00-start-here/00-start-here.ipynb", params=TOKEN)
    assert page.ok
    assert "@jupyter/nbgrader:formgrader" in page.text  # among what is disabled

    running = somebody.processes()
    assert somebody.processes("insidedocker_engine")
    (server,) = somebody.processes("--ip=127.0.0.1")
    os.kill(server, signal.SIGTERM)
    assert end_of(running) == []


def test_terminals_and_kernels_know_the_engine(somebody: Newcomer, session: Terminal) -> None:
    url = address(session)
    assert (
        requests.post(f"{url}/api/kernels", params=TOKEN, timeout=patience.EVENT).status_code == 201
    )
    socket = f"{somebody.home}/run/insidedocker/engine.sock"
    (kernel,) = somebody.processes("ipykernel_launcher")
    told = Path(f"/proc/{kernel}/environ").read_bytes().split(b"\0")
    assert f"DOCKER_HOST=unix://{socket}".encode() in told
    link = f"{somebody.home}/run/insidedocker/session/docker.sock"
    said = typed(url, "echo told $DOCKER_HOST; command -v insidedocker; echo the end")
    assert f"told unix://{link}\r\n" in said
    assert f"\n{somebody.course}/.venv/bin/insidedocker\r\n" in said
    assert Path(link).readlink() == Path(socket)


def typed(url: str, line: str) -> str:
    """What a new terminal of the server says to a line, until it says "the end"."""
    made = requests.post(f"{url}/api/terminals", params=TOKEN, timeout=patience.EVENT)
    assert made.ok
    place = f"{url}/terminals/websocket/{made.json()['name']}?{urlencode(TOKEN)}"
    with contextlib.closing(create_connection(place.replace("http", "ws", 1), 60)) as terminal:
        terminal.send(json.dumps(["stdin", f"{line}\r"]))
        said = ""
        while "\nthe end" not in said:
            kind, *text = json.loads(terminal.recv())
            said += text[0] if kind == "stdout" else ""
    return said
