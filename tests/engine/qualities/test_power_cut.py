"""Power cuts: whatever was acknowledged is there after the next start, whole, but for the files
that containers wrote."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.qualities.test_containers_durable import CLIENTS, Book
from tests.support import engines, patience, power
from tests.support.caller import Caller
from tests.support.engines import Runtime
from tests.support.missing import skip_missing
from tests.support.power import Cut, Disk

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROUNDS = 4


@pytest.fixture
def disk(engine_folder: Path) -> Iterator[Disk]:
    with skip_missing(), power.disk(engine_folder) as made:
        yield made


@pytest.fixture(params=["nothing", "names"])
def cut(request: pytest.FixtureRequest) -> Cut:
    found: Cut = request.param
    return found


@pytest.fixture(params=["namespaces", "proot"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    found: Runtime = request.param
    return found


@contextmanager
def life(disk: Disk, runtime: Runtime, cut: Cut | None = None) -> Iterator[Caller]:
    """An engine on the disk; with `cut` it ends by a power cut."""
    with (
        skip_missing(),
        engines.embedded(runtime, folder=disk.folder, recorded=False) as engine,
    ):
        yield Caller(engine)
        if cut:
            disk.cut(cut)
            engines.kill(engine)
            disk.back()


def contents(api: Caller, container: str) -> dict[str, str]:
    """Path -> digest of each file in a container."""
    data = api.good("GET", f"/containers/{container}/export")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            entry.name: hashlib.sha256(archive.extractfile(entry).read()).hexdigest()  # type: ignore[union-attr]
            for entry in archive
            if entry.isreg()
        }


def names(found: list[dict[str, Any]]) -> set[str]:
    return {each["Name"] for each in found}


def test_what_was_acknowledged_is_there(
    disk: Disk, runtime: Runtime, cut: Cut, busybox: Path
) -> None:
    with life(disk, runtime, cut) as api:
        api.engine.load(busybox)
        whole = contents(api, api.create("true", name="whole"))
        api.start("sh", "-c", "exit 3", name="ran")
        api.good("POST", "/containers/ran/wait")
        api.create(name="renamed")
        api.good("POST", "/containers/renamed/rename?name=new-name")
        api.good("POST", "/containers/new-name/update", {"RestartPolicy": {"Name": "always"}})
        api.start(name="running")
        api.remove(api.create(name="removed"))
        api.good("POST", "/images/busybox/tag?repo=tagged&tag=1")
        api.good("POST", "/images/busybox/tag?repo=untagged&tag=1")
        api.good("DELETE", "/images/untagged:1")
        api.good("POST", "/commit?container=ran&repo=committed", {})
        api.network("net", Labels={"kept": "yes"})
        api.network("removed")
        api.good("DELETE", "/networks/removed")
        api.good("POST", "/volumes/create", {"Name": "vol", "Labels": {"kept": "yes"}})
        api.good("POST", "/volumes/create", {"Name": "removed"})
        api.good("DELETE", "/volumes/removed")
        api.start("true", name="fills", HostConfig={"Binds": ["filled:/bin"]})
        api.good("POST", "/containers/fills/wait")
    with life(disk, runtime) as api:
        info = api.good("GET", "/info")
        assert not [text for text in info["Warnings"] or [] if "cannot be read" in text]
        listed = api.good("GET", "/containers/json?all=1")
        there = {each["Names"][0][1:]: each for each in listed}
        assert set(there) == {"whole", "ran", "new-name", "running", "fills"}
        assert api.good("GET", "/containers/ran/json")["State"]["ExitCode"] == 3
        assert there["running"]["State"] == "exited"
        policy = api.good("GET", "/containers/new-name/json")["HostConfig"]["RestartPolicy"]
        assert policy["Name"] == "always"
        tags = {tag for each in api.good("GET", "/images/json") for tag in each["RepoTags"] or []}
        assert tags == {"busybox:latest", "tagged:1", "committed:latest"}
        assert names(api.good("GET", "/networks")) == {"bridge", "host", "none", "net"}
        assert api.good("GET", "/networks/net")["Labels"] == {"kept": "yes"}
        assert names(api.good("GET", "/volumes")["Volumes"]) == {"vol", "filled"}
        # The images' files are whole, in containers old and new, and in the volume.
        assert contents(api, "whole") == whole
        assert contents(api, api.create("true")) == whole
        for name in ("whole", "ran", "new-name"):
            api.good("POST", f"/containers/{name}/start")
        assert api.good("POST", "/containers/whole/wait")["StatusCode"] == 0
        command = ("sh", "-c", "cmp /bin/busybox /filled/busybox && echo same")
        filled = {"HostConfig": {"Binds": ["filled:/filled"]}}
        assert api.output(*command, **filled) == "same\n"
        assert api.output("echo", "hi", Image="committed") == "hi\n"


def test_a_cut_at_a_random_moment(disk: Disk, cut: Cut, busybox: Path) -> None:
    with life(disk, "namespaces") as api:
        api.engine.load(busybox)
        whole = contents(api, api.create())
        api.engine.clear()
    for _ in range(ROUNDS):
        book, stop = Book(), threading.Event()
        with life(disk, "namespaces", cut) as api:
            clients = [
                threading.Thread(target=book.live, args=(api.engine, stop)) for _ in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            patience.until(book.busy)
            stop.wait(random.uniform(0, 0.4))
        stop.set()
        for client in clients:
            client.join()
        with life(disk, "namespaces") as api:
            found = {each["Id"] for each in api.good("GET", "/containers/json?all=1")}
            assert book.there - book.in_doubt <= found
            assert not book.gone & found
            for each in list(found)[:2]:
                api.good("POST", f"/containers/{each}/start")
                assert api.exec(each, "echo", "whole") == (0, "whole\n")
            assert contents(api, api.create()) == whole
            api.engine.clear()
