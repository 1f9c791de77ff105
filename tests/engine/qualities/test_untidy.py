"""Errors while the end of a run is handled: every request about the container still returns, and
nothing seems to run without a process."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.caller import Caller
from tests.support.missing import skip_missing

pytestmark = [pytest.mark.real, pytest.mark.slow]

FAILING = """\
import importlib, os, sys
from insidedocker_engine.__main__ import main
module, _, path = sys.argv.pop(1).partition(":")
owner = importlib.import_module("insidedocker_engine." + module)
*classes, name = path.split(".")
for each in classes:
    owner = getattr(owner, each)
def fail(*_given, **_named):
    raise OSError(5, "made to fail")
setattr(owner, name, fail)
sys.exit(main())
"""
STEPS = (
    "container.streams:Input.finish",
    "container.streams:Output.finish",
    "container.record:Container.tell_removed",
    "containers.execs:Execs.container_ended",
    "containers.file_systems:FileSystems.release",
    "containers.health:HealthChecks.end",
    "networks.attachments:Membership.last_words",
    "networks.attachments:Membership._leave",
    "runtime.namespaces.runtime:Namespaces.forget",
    "runtime.namespaces.runtime:Namespaces.out_of_memory",
    "storage.overlay:Overlay.unmount",
    "volumes:Volumes.unmounted",
)


@pytest.fixture(params=STEPS, ids=lambda step: step.rpartition(":")[2])
def api(request: pytest.FixtureRequest, busybox: Path) -> Iterator[Caller]:
    """An engine in which one step fails whenever it is done."""
    with skip_missing(), engines.own_folder() as folder:
        engines.need_embedded("namespaces")
        command = [
            *(sys.executable, "-c", FAILING, request.param, "--root", f"{folder}/state"),
            *("--host", f"unix://{folder}/s", "--runtime", "namespaces"),
        ]
        own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        with engines.running("embedded", folder, command, environment=own) as engine:
            engine.load(busybox)
            yield Caller(engine)


def test_every_request_about_the_container_returns(api: Caller) -> None:
    made = api.start("sleep", "1000", name="one")
    assert api.call("POST", f"/containers/{made}/stop?t=0").status_code == 204
    state = api.good("GET", f"/containers/{made}/json")["State"]
    assert (state["Status"], state["Pid"], state["Running"]) == ("exited", 0, False)
    assert api.good("POST", f"/containers/{made}/wait")["StatusCode"] in (137, 255)
    again = api.call("POST", f"/containers/{made}/start")
    assert again.status_code in (204, 500), again.text
    assert api.call("POST", f"/containers/{made}/restart?t=0").status_code in (204, 500)
    api.call("POST", f"/containers/{made}/kill")
    assert not api.good("GET", f"/containers/{made}/json")["State"]["Running"]
    api.call("DELETE", f"/containers/{made}?force=1")
    api.start("true", name="two")
    assert api.good("POST", "/containers/two/wait")["StatusCode"] in (0, 255)
