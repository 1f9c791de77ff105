"""Requests that meet in one moment: what was answered is so, afterwards and after a restart."""

import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.slow]

TRIES = int(os.environ.get("INSIDEDOCKER_TRIES", "60"))
ALWAYS = {"RestartPolicy": {"Name": "always"}}


def test_a_stop_is_the_end_whenever_it_comes(
    embedded: Callable[..., Engine], busybox: Path
) -> None:
    """A container is stopped at any moment of its runs, its restarts and the waits between."""
    api = Caller(embedded(images=(busybox,)))

    def one(number: int) -> str:
        made = api.start("true", name=f"race-{number}", HostConfig=ALWAYS)
        time.sleep(number % 25 / 100)
        answer = api.call("POST", f"/containers/{made}/stop?t=0")
        assert answer.status_code in (204, 304), answer.text
        return made

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(TRIES)))
    time.sleep(0.5)  # longer than the first waits before a restart
    found = [api.good("GET", f"/containers/{each}/json")["State"]["Status"] for each in made]
    assert found == ["exited"] * TRIES


def test_a_new_name_is_the_name_after_a_restart(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    """A container is renamed while it is stopped."""
    engine = embedded(images=(busybox,), folder=engine_folder)
    api = Caller(engine)

    def one(number: int) -> str:
        made = api.start("sleep", "100", name=f"old-{number}")
        with ThreadPoolExecutor(2) as two:
            stopped = two.submit(api.call, "POST", f"/containers/{made}/stop?t=0")
            renamed = two.submit(api.call, "POST", f"/containers/{made}/rename?name=new-{number}")
            assert stopped.result().status_code == 204
            assert renamed.result().status_code == 204
        return made

    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(one, range(TRIES)))
    engine.process.kill()
    engine.process.wait()
    api = Caller(embedded(folder=engine_folder))
    found = [api.good("GET", f"/containers/{each}/json") for each in made]
    assert [each["Name"] for each in found] == [f"/new-{number}" for number in range(TRIES)]
    assert {(each["State"]["Status"], each["State"]["ExitCode"]) for each in found} == {
        ("exited", 137)
    }


def ended(engine: Engine) -> None:
    """End an engine in order."""
    engine.process.terminate()
    assert engine.process.wait(60) == 0


def test_a_signal_right_after_a_start_is_heard(
    embedded: Callable[..., Engine], busybox: Path
) -> None:
    """The program has not installed its handler when the start is answered."""
    api = Caller(embedded(images=(busybox,)))
    script = "sleep 0.05; trap 'exit 7' TERM; while true; do sleep 0.02; done"

    def one(_number: int) -> int:
        made = api.start("sh", "-c", script)
        assert api.call("POST", f"/containers/{made}/kill?signal=TERM").status_code == 204
        return int(api.good("POST", f"/containers/{made}/wait")["StatusCode"])

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(TRIES))) == {7}


IGNORING = ("sh", "-c", "trap '' HUP USR1; exec \"$@\"", "sh")


@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_what_the_engines_starter_ignores_containers_hear(
    embedded: Callable[..., Engine], busybox: Path, runtime: str
) -> None:
    """As `nohup` does it for SIGHUP."""
    api = Caller(embedded(runtime, images=(busybox,), before=IGNORING))
    script = "trap 'exit 4' HUP; trap 'exit 5' USR1; kill -{} $$; exit 1"
    for name, code in (("HUP", 4), ("USR1", 5)):
        made = api.start("sh", "-c", script.format(name))
        assert api.good("POST", f"/containers/{made}/wait")["StatusCode"] == code


def test_the_end_of_the_engine_gives_containers_their_time(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    engine = embedded(images=(busybox,), folder=engine_folder)
    api = Caller(engine)
    script = (
        "trap 'sleep 4; echo written > /state; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    )
    slow = api.start("sh", "-c", script, StopTimeout=30)
    deaf = api.start("sleep", "1000")
    brief = [api.start("sleep", "1000", HostConfig={"AutoRemove": True}) for _ in range(6)]
    began = time.monotonic()
    ended(engine)
    assert time.monotonic() - began < 20, "nobody waits for a program that cannot hear"
    api = Caller(embedded(folder=engine_folder))
    state = api.good("GET", f"/containers/{slow}/json")["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    assert api.good("GET", f"/containers/{deaf}/json")["State"]["ExitCode"] == 137
    left = {each["Id"] for each in api.good("GET", "/containers/json?all=1")}
    assert left == {slow, deaf}, brief


def test_containers_that_share_a_network_come_back_together(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    engine = embedded(images=(busybox,), folder=engine_folder)
    api = Caller(engine)
    first = api.start("sleep", "1000", name="first", HostConfig=ALWAYS)
    sharing = [
        api.start("sleep", "1000", HostConfig={**ALWAYS, "NetworkMode": "container:first"})
        for _ in range(4)
    ]
    engine.process.kill()
    engine.process.wait()
    api = Caller(embedded(folder=engine_folder))
    for each in [first, *sharing]:
        patience.until(partial(running, api, each))


def running(api: Caller, made: str) -> bool:
    return bool(api.good("GET", f"/containers/{made}/json")["State"]["Running"])


def test_a_client_that_hangs_up_spoils_nothing_for_the_next(
    embedded: Callable[..., Engine], busybox: Path
) -> None:
    """A copy out of a stopped container is broken off; the next one is whole."""
    engine = embedded(images=(busybox,), recorded=False)
    api = Caller(engine)
    made = api.create("true")
    whole = api.good("GET", f"/containers/{made}/archive?path=/bin")
    request = f"GET /containers/{made}/archive?path=/bin HTTP/1.1\r\nHost: engine\r\n\r\n"
    for number in range(TRIES):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(engine.socket))
            client.sendall(request.encode())
            if number % 3:
                client.recv(1 << number % 20)
        answer = api.call("GET", f"/containers/{made}/archive?path=/bin")
        assert (answer.status_code, len(answer.content)) == (200, len(whole))


def test_a_removal_and_a_copy_may_meet(embedded: Callable[..., Engine], busybox: Path) -> None:
    """The copy mounts the file system that the removal takes away."""
    api = Caller(embedded(images=(busybox,)))

    def one(number: int) -> None:
        made = api.create("true")
        with ThreadPoolExecutor(2) as two:
            copied = two.submit(api.call, "GET", f"/containers/{made}/archive?path=/bin/busybox")
            time.sleep(number % 12 / 1000)
            removed = two.submit(api.call, "DELETE", f"/containers/{made}")
            assert removed.result().status_code == 204, removed.result().text
            assert copied.result().status_code in (200, 404), copied.result().text

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(TRIES)))
