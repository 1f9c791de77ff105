"""The end of an engine whose containers take their time: nobody's patience cuts it short, and a
second signal does."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from insidedocker_engine import process
from tests.support import engines, patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.missing import skip_missing

pytestmark = [pytest.mark.real, pytest.mark.slow]

COMMAND = """
import argparse
from insidedocker_engine import cli
parser = argparse.ArgumentParser()
cli.add_to(parser.add_subparsers())
options = parser.parse_args()
raise SystemExit(options.run(options))
"""
STUBBORN = "trap 'echo asked' TERM; echo up; while :; do sleep 0.1; done"
"""A program that hears its stop signal and goes on."""


@pytest.fixture
def stubborn(busybox: Path, tmp_path: Path) -> Iterator[tuple[process.Handle, Path]]:
    """An engine with a container that would take a minute to end, and a file that shows the
    container's output."""
    with skip_missing():
        engines.need_embedded("namespaces")
    root = tmp_path / "root"
    with process.start(root, f"unix://{tmp_path}/s") as handle:
        engine = Engine("embedded", "embedded", handle.url, tmp_path, handle.log, handle._process)
        engine.load(busybox)
        made = Caller(engine).start("sh", "-c", STUBBORN, name="stubborn", StopTimeout=60)
        output = root / f"containers/{made}/{made}-json.log"
        patience.until(lambda: output.exists() and "up" in output.read_text())
        yield handle, output
        handle._process.kill()


def asked(output: Path) -> bool:
    return "asked" in output.read_text()


def exit_code(root: Path) -> int:
    """The container's exit code on the disk."""
    (record,) = root.glob("containers/*/config.json")
    state = json.loads(record.read_text())["state"]
    assert state["status"] == "exited"
    return int(state["exit_code"])


def test_ctrl_c_hurries_a_stop_that_waits_for_containers(
    stubborn: tuple[process.Handle, Path],
) -> None:
    """The command says what it waits for, as long as the container's stop timeout; the engine notes
    the container's end."""
    handle, output = stubborn
    command = [sys.executable, "-c", COMMAND, "engine", "stop", "--root", str(handle.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as stop:
        assert stop.stderr is not None
        said = next(line for line in stop.stderr if "Ctrl-C" in line)
        assert said == (
            f"The engine (process {handle.pid}) gives its containers their time to end; "
            "Ctrl-C ends them at once.\n"
        )
        assert asked(output)
        assert handle._process.poll() is None
        stop.send_signal(signal.SIGINT)
        assert stop.wait(patience.EVENT) == 0
    assert handle._process.wait(patience.EVENT) == 0
    assert exit_code(handle.root) == 137


def test_a_handle_that_is_closed_waits_for_containers(
    stubborn: tuple[process.Handle, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than the engine's own end takes, and until an interrupt hurries the engine."""
    handle, output = stubborn
    monkeypatch.setattr(process, "END_SECONDS", 0.5)

    def interrupt() -> None:
        patience.until(partial(asked, output))
        threading.Event().wait(1)  # twice END_SECONDS
        still.append(handle._process.poll() is None)
        monkeypatch.setattr(process, "END_SECONDS", patience.EVENT)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    still: list[bool] = []
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        handle.close()
    thread.join()
    assert still == [True]
    assert handle._process.returncode == 0
    assert exit_code(handle.root) == 137
