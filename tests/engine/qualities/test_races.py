"""Requests that meet in one moment: what was answered is so, afterwards and after a restart."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.slow]

TRIES = 60
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
