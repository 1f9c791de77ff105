"""`make lab` as a person types it: in a terminal, as an ordinary user, in a bare environment.

Each test starts the real thing in a copy of this checkout whose path has a space.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from insidedocker.launch import copies
from tests.support import patience
from tests.support.newcomer import Course, Newcomer, end_of
from tests.support.ordinary import give_away

pytestmark = pytest.mark.slow

LAB = ("make", "lab", "OPEN=no")


def start_kernel(url: str) -> None:
    """Start a kernel of the learner's, as opening a notebook does."""
    server, token = url.split("/lab", maxsplit=1)[0], url.partition("token=")[2]
    answer = requests.post(f"{server}/api/kernels?token={token}", timeout=patience.EVENT)
    assert answer.status_code == 201, answer.text


def test_the_first_time_sets_up_and_opens_the_first_lesson(course: Course) -> None:
    lines = [line for line in course.transcript.splitlines() if "ensurepip" not in line]
    assert re.match(r"Setting up \.venv for Python 3\.\d+", lines[0])
    assert re.match(r"Set up in \d+ s\.", lines[1])
    assert lines[2].startswith("New in work/: 00-start-here, ")
    assert lines[3].startswith("Engine: ")
    assert re.fullmatch(
        r"JupyterLab: http://127\.0\.0\.1:\d+/lab/tree/00-start-here/00-start-here\.ipynb"
        r"\?token=\w+",
        lines[4],
    )
    assert lines[5] == "Press Ctrl-C here to end it."
    assert (course.folder / "work/00-start-here/00-start-here.ipynb").is_file()
    print(f"from an empty HOME to the first page: {course.seconds:.1f} s")


def test_a_second_start_sets_nothing_up(somebody: Newcomer) -> None:
    """How much longer than JupyterLab alone it takes is printed, for whoever looks at it."""
    alone = (".venv/bin/python", "-m", "jupyterlab", "--no-browser", "--allow-root")
    took = {}
    for command, line in ((alone, "is running at"), (LAB, "Press Ctrl-C")):
        began = time.monotonic()
        with somebody.terminal(*command) as terminal:
            terminal.shows(line, patience.START)
            took[command] = time.monotonic() - began
            assert "Setting up" not in terminal.text
    print(f"make lab {took[LAB]:.1f} s, JupyterLab alone {took[alone]:.1f} s")


def test_ctrl_c_ends_everything_that_was_started(somebody: Newcomer) -> None:
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        start_kernel(terminal.url())
        assert somebody.processes("insidedocker_engine")
        running = somebody.processes()
        (kernel,) = somebody.processes("ipykernel_launcher")
        told = Path(f"/proc/{kernel}/environ").read_bytes().split(b"\0")
        assert f"DOCKER_HOST=unix://{somebody.home}/run/insidedocker/engine.sock".encode() in told
        terminal.press_ctrl_c()
        terminal.ends()
        assert end_of(running) == []
        assert somebody.processes() == []
    log = (somebody.home / ".local/share/insidedocker/jupyterlab.log").read_text()
    assert "WARNING" not in log
    after = terminal.text.partition("Press Ctrl-C here to end it.\n")[2].replace("^C", "")
    assert after.strip() == (
        "Ended the embedded engine; what you made on it is kept for the next time."
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_is_the_same_as_ctrl_c(somebody: Newcomer, how: int) -> None:
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        start_kernel(terminal.url())
        running = somebody.processes()
        (ours,) = somebody.processes("insidedocker", "lab")
        os.kill(ours, how)
        assert terminal.ends() == 0
        assert end_of(running) == []


def test_ctrl_c_before_it_is_up_leaves_nothing(somebody: Newcomer) -> None:
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        terminal.shows("Engine: embedded", patience.START)
        running = somebody.processes()
        terminal.press_ctrl_c()
        terminal.ends()
        assert end_of(running) == []
    assert "Traceback" not in terminal.text
    assert "Error" not in terminal.text


def test_jupyterlab_does_not_outlive_a_killed_lab(somebody: Newcomer) -> None:
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        start_kernel(terminal.url())
        servers = somebody.processes("jupyterlab") + somebody.processes("ipykernel_launcher")
        assert len(servers) == 2
        (ours,) = somebody.processes("insidedocker", "lab")
        os.kill(ours, signal.SIGKILL)
        assert end_of(servers) == []
    # The engine keeps what was made on it; the next lab takes it as it finds it.
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        terminal.url()


def test_an_engine_that_ran_before_stays(somebody: Newcomer) -> None:
    started = somebody.run(".venv/bin/insidedocker", "engine", "start")
    assert started.returncode == 0, started.stderr
    (engine,) = somebody.processes("insidedocker_engine")
    with somebody.terminal(*LAB, "ENGINE=embedded") as terminal:
        terminal.url()
        terminal.press_ctrl_c()
        terminal.ends()
        assert "Ended the embedded engine" not in terminal.text
        assert somebody.processes("insidedocker_engine") == [engine]
        stopped = somebody.run(".venv/bin/insidedocker", "engine", "stop")
        assert stopped.returncode == 0, stopped.stderr
    assert end_of([engine]) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_two_labs_of_one_checkout_share_an_engine_and_the_last_ends_it(
    somebody: Newcomer, how: int
) -> None:
    lab = (*LAB, "ENGINE=embedded")
    teach = ("make", "teach", "OPEN=no", "ENGINE=embedded")
    with somebody.terminal(*lab) as one:
        one.url()
        assert f"; started for {somebody.course}, nobody else uses it\n" in one.text
        (first,) = somebody.processes("insidedocker", "lab")
        (engine,) = somebody.processes("insidedocker_engine")
        with somebody.terminal(*teach) as other:
            url = other.url()
            assert f"; running already for {somebody.course}\n" in other.text
            used = f"It is also used by: make lab in {somebody.course} (process {first}).\n"
            assert f"{used}It ends with the last of you.\n" in other.text
            (second,) = somebody.processes("insidedocker", "teach")
            os.kill(first, how)
            one.ends()
            if how == signal.SIGINT:
                told = f"runs on: it is used by make teach in {somebody.course} (process {second})."
                assert f"The embedded engine {told}" in one.text
                assert "Ended the embedded engine" not in one.text
            start_kernel(url)
            assert somebody.processes("insidedocker_engine") == [engine]
            other.press_ctrl_c()
            other.ends()
            assert "Ended the embedded engine" in other.text
    assert end_of([engine]) == []


def test_two_checkouts_of_one_account_have_engines_of_their_own(somebody: Newcomer) -> None:
    """Also with one runtime folder and one data folder."""
    other = somebody.home / "another checkout"
    shutil.copytree(
        somebody.course, other, ignore=shutil.ignore_patterns(".venv", "work"), symlinks=True
    )
    for path in (other, *other.rglob("*")):
        give_away(path)
    program = f"{somebody.course}/.venv/bin/insidedocker"
    lab = (program, "lab", "--no-open", "--engine", "embedded")
    with contextlib.ExitStack() as terminals:  # the end of one kills all that is somebody's
        one = terminals.enter_context(somebody.terminal(*lab))
        one.url()
        (first,) = somebody.processes("insidedocker_engine")
        two = terminals.enter_context(somebody.terminal(*lab, folder=other))
        two.url()
        assert f"; started for {other}, nobody else uses it\n" in two.text
        assert f"{somebody.course} has one of its own; to use that one here:" in two.text
        (second,) = set(somebody.processes("insidedocker_engine")) - {first}
        two.press_ctrl_c()
        two.ends()
        assert "Ended the embedded engine" in two.text
        assert end_of([second]) == []
        assert somebody.processes("insidedocker_engine") == [first]
        # By choice, the first one's.
        root = f"INSIDEDOCKER_ROOT={somebody.home}/.local/share/insidedocker/engine"
        three = terminals.enter_context(somebody.terminal("env", root, *lab, folder=other))
        three.url()
        assert f"; running already for {somebody.course}\n" in three.text
        assert "It is also used by: make lab in " in three.text
        one.press_ctrl_c()
        one.ends()
        assert somebody.processes("insidedocker_engine") == [first]
        three.press_ctrl_c()
        three.ends()
        assert end_of([first]) == []


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("ENGINE=podman", "ENGINE=podman asks for Podman, but no Podman engine answered"),
        ("ENGINE=docker", "ENGINE=docker asks for Docker, but no Docker engine answered"),
        ("ENGINE=lxc", "'lxc' is not an engine: choose one of auto, docker, podman, embedded."),
        ("PORT=lots", "'lots' is not a valid port number: give a number from 1 to 65535"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(somebody: Newcomer, option: str, sentence: str) -> None:
    if any(Path(path).exists() for path in ("/var/run/docker.sock", "/run/podman/podman.sock")):
        pytest.skip("an engine of this machine's own has its socket in the usual place")
    done = somebody.run(*LAB, option)
    assert done.returncode != 0
    first, *rest = done.stderr.splitlines()
    assert first.startswith(sentence)
    assert all(line.startswith("make: ***") for line in rest)
    assert somebody.processes() == []


def test_a_port_that_is_taken_is_one_sentence(somebody: Newcomer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = somebody.run(*LAB, f"PORT={port}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        f"Port {port} is taken: choose another one, as in make lab PORT=8890."
    )
    assert "Engine" not in done.stdout
    assert somebody.processes() == []


def test_a_chosen_port_is_served(somebody: Newcomer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with somebody.terminal(*LAB, f"PORT={port}") as terminal:
        url = terminal.url()
        assert url.startswith(f"http://127.0.0.1:{port}/lab/tree/")
        assert requests.get(url, timeout=patience.EVENT).ok
        without = requests.get(url.partition("?token")[0], timeout=patience.EVENT)
        assert "/login" in without.url, "strangers on this machine need the token"


def test_settings_of_the_accounts_own_do_not_keep_it_from_opening(somebody: Newcomer) -> None:
    settings = {"ServerApp": {"base_url": "/mine/", "log_level": "ERROR"}}
    own = somebody.home / ".jupyter/jupyter_server_config.json"
    somebody.write(own, json.dumps(settings))
    try:
        with somebody.terminal(*LAB) as terminal:
            url = terminal.url()
            assert "/mine/lab/tree/00-start-here/" in url
            assert requests.get(url, timeout=patience.EVENT).ok
    finally:
        own.unlink()


def test_a_changed_lesson_arrives_beside_the_learners_own(somebody: Newcomer) -> None:
    work = somebody.home / "work"
    lab = (".venv/bin/insidedocker", "lab", "--no-open", "--work", str(work))
    with somebody.terminal(*lab) as terminal:
        terminal.url()
    # As if this copy had come from an older version of the lesson, and the learner had worked.
    mine = work / "13-quiz/13-quiz.ipynb"
    somebody.write(mine, mine.read_text() + "\n")
    ledger = json.loads((work / copies.LEDGER).read_text())
    ledger["13-quiz"]["13-quiz.ipynb"] = "an older version"
    somebody.write(work / copies.LEDGER, json.dumps(ledger))
    with somebody.terminal(*lab) as terminal:
        terminal.url()
        assert "13-quiz has a newer version. Yours stays as it is" in terminal.text
    assert mine.read_text().endswith("\n\n")
    assert (work / "13-quiz-new-1/13-quiz.ipynb").is_file()
