"""Fresh engines come quickly, and go with whoever asked for them."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import patience
import pytest
import urllib3

from insidedocker import lab
from insidedocker.lab import embedded

GRADING = """
import os
from insidedocker import lab
first, second = lab.connect(), lab.connect()
assert first.url == second.url and first.kind == "embedded"
print(first.url.removeprefix("unix://"), flush=True)
input()
"""


def test_a_fresh_engine_is_new_and_ends_with_its_block() -> None:
    with lab.check.fresh_engine() as one, lab.check.fresh_engine() as other:
        assert one.kind == "embedded"
        assert one.url != other.url
        assert one.get("/images/json").json() == []
        socket = Path(one.url.removeprefix("unix://"))
        assert socket.exists()
    assert not socket.exists()
    with pytest.raises(lab.EngineUnreachable):
        lab.connect(one.url).get("/_ping")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_grading_has_an_engine_of_its_own_that_ends_with_the_kernel(
    how: signal.Signals | None,
) -> None:
    environment = {**os.environ, "NBGRADER_EXECUTION": "autograde", "DOCKER_HOST": "unix:///none"}
    kernel = subprocess.Popen(
        [sys.executable, "-c", GRADING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert kernel.stdout is not None
    lines = [kernel.stdout.readline().strip() for _ in range(3)]
    assert lines[0] == lines[1] and lines[0].startswith("Engine: embedded (a fresh one for grading")
    with lab.connect(f"unix://{lines[2]}") as engine:
        events = engine.get("/events", stream=True, timeout=patience.EVENT)
        if how is None:
            kernel.communicate("\n")
        else:
            kernel.send_signal(how)
            kernel.wait()
        with contextlib.suppress(urllib3.exceptions.ProtocolError):  # how it ends does not matter
            assert events.raw.read() == b""


def test_what_keeps_an_engine_from_starting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIDEDOCKER_RUNTIME", "no-such-runtime")
    with pytest.raises(lab.NoEngine, match="no-such-runtime"):
        embedded.ending_with_us()
