"""Limits where the host grants the engine control groups: they bind, and nothing of them stays.

The engine is an ordinary user's; root gives that user a group to divide, as a login session does.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.caller import Caller
from tests.support.engines import CGROUPS, Engine, remove_cgroups
from tests.support.missing import Missing, skip_missing
from tests.support.ordinary import UID

pytestmark = [pytest.mark.real, pytest.mark.slow]

CONTROLLERS = ("memory", "pids", "cpu")
MB = 1 << 20


@contextlib.contextmanager
def delegated(name: str) -> Iterator[list[Path]]:
    """This process, and what it starts, in groups that the ordinary user may divide."""
    if os.geteuid() != 0:
        raise Missing("control groups are root's to give: run the tests as root to include this")
    if (CGROUPS / "cgroup.controllers").exists():
        made = [CGROUPS / name]
        inside = made[0] / "inside"
        inside.mkdir(parents=True)
        for group in (CGROUPS, made[0]):
            (group / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in CONTROLLERS))
    elif all((CGROUPS / each).is_dir() for each in CONTROLLERS):
        made = [CGROUPS / each / name for each in CONTROLLERS]
        for group in made:
            group.mkdir()
        inside = None
    else:
        raise Missing(f"control groups are missing: {CGROUPS} has neither version's")
    groups = [*made, *([inside] if inside else [])]
    for group in groups:
        for path in (group, group / "cgroup.procs", group / "cgroup.subtree_control"):
            if path.exists():
                os.chown(path, UID, UID)
    try:
        for group in [inside] if inside else made:
            (group / "cgroup.procs").write_text(str(os.getpid()))
        yield made
    finally:
        for group in made:
            (group.parent / "cgroup.procs").write_text(str(os.getpid()))
        remove_cgroups(name)


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[list[Path]]:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(delegated(f"idt-limits-{os.getpid()}"))
        yield made


@pytest.fixture
def limited(groups: list[Path], embedded: Callable[..., Engine], busybox: Path) -> Engine:
    return embedded(images=(busybox,))


@pytest.fixture
def api(limited: Engine) -> Caller:
    return Caller(limited)


def test_info_tells_what_is_granted(api: Caller) -> None:
    told = api.good("GET", "/info")
    assert told["MemoryLimit"] and told["PidsLimit"] and told["CpuCfsQuota"]
    assert told["CgroupDriver"] == "cgroupfs"
    assert not [text for text in told["Warnings"] or [] if "memory limit" in text]


def test_a_container_that_takes_too_much_memory_is_killed(api: Caller) -> None:
    made = api.create(
        *("sh", "-c", "exec tail -c 200m /dev/zero"),
        HostConfig={"Memory": 16 * MB, "MemorySwap": 16 * MB},
    )
    api.good("POST", f"/containers/{made}/start")
    api.good("POST", f"/containers/{made}/wait")
    state = api.good("GET", f"/containers/{made}/json")["State"]
    assert (state["OOMKilled"], state["ExitCode"]) == (True, 137)
    again = api.create("true", HostConfig={"Memory": 16 * MB})
    api.good("POST", f"/containers/{again}/start")
    api.good("POST", f"/containers/{again}/wait")
    assert api.good("GET", f"/containers/{again}/json")["State"]["OOMKilled"] is False


def test_no_more_processes_than_granted(api: Caller) -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo unreached"
    made = api.start("sh", "-c", script, HostConfig={"PidsLimit": 4})
    api.good("POST", f"/containers/{made}/wait")
    told = api.call("GET", f"/containers/{made}/logs?stdout=1&stderr=1").content
    assert b"unreached" not in told and b"fork" in told


def test_an_exec_is_under_the_same_limits(api: Caller) -> None:
    made = api.start("sleep", "100", HostConfig={"PidsLimit": 2})
    _, said = api.exec(made, "sh", "-c", "(true); echo unreached")
    assert "unreached" not in said and "fork" in said


def test_an_update_binds_a_running_container(api: Caller, groups: list[Path]) -> None:
    made = api.start("sleep", "100")
    answer = api.good("POST", f"/containers/{made}/update", {"Memory": 32 * MB, "MemorySwap": -1})
    assert not answer["Warnings"]
    found = [each for top in groups for each in top.rglob(made)]
    [group] = [each for each in found if list(each.glob("memory.*"))]
    limits = (group / "memory.max", group / "memory.limit_in_bytes")  # of version 2, of version 1
    assert [int(each.read_text()) for each in limits if each.exists()] == [32 * MB]
    pid = str(api.good("GET", f"/containers/{made}/json")["State"]["Pid"])
    assert pid in (group / "cgroup.procs").read_text().split()


def test_nothing_is_left(limited: Engine, api: Caller, groups: list[Path]) -> None:
    made = api.start("sleep", "100", HostConfig={"Memory": 32 * MB, "NanoCpus": 10**9})
    assert [each for top in groups for each in top.rglob(made)]
    api.good("DELETE", f"/containers/{made}?force=1")
    assert not [each for top in groups for each in top.rglob(made)]
    limited.process.terminate()
    limited.process.wait()
    assert not [each for top in groups for each in top.glob("insidedocker-*")]


def test_without_groups_the_answer_says_so(embedded: Callable[..., Engine], busybox: Path) -> None:
    api = Caller(embedded(images=(busybox,)))
    body = {"Image": "busybox", "HostConfig": {"Memory": 32 * MB}}
    warnings = api.good("POST", "/containers/create", body)["Warnings"]
    assert any("Memory" in text for text in warnings)
