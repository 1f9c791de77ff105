"""A full disk: what is refused has not happened, not in memory, not on disk and not in an event;
what frees space works.

The engine's root folder is a small file system of its own, which root fills; anywhere else the
engine's own fault stands for it.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import requests_unixsocket

from tests.support import engines
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.made_images import Made, small, tar
from tests.support.missing import Missing, skip_missing
from tests.support.ordinary import UID
from tests.support.registries import Fake

pytestmark = [pytest.mark.real, pytest.mark.slow]

KB, MB = 1 << 10, 1 << 20
SIZE = 48 * MB
MOST_WRITES = 50


class OnAFullDisk:
    """An engine whose disk can be made full, and is emptied again."""

    folder: Path

    def __init__(self, start: Callable[..., Any]) -> None:
        self._start = start
        self._stack = contextlib.ExitStack()
        self.engine: Engine
        self.start()

    def start(self) -> None:
        self.engine = self._stack.enter_context(self._start())
        self.api = Caller(self.engine)

    def restart(self) -> None:
        self._stack.close()
        self.start()

    def close(self) -> None:
        self._stack.close()

    def full(self) -> contextlib.AbstractContextManager[None]:
        raise NotImplementedError


class FileSystem(OnAFullDisk):
    """A small ext4, filled by a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if os.geteuid() != 0:
            raise Missing("a small file system needs root: run the tests as root to include it")
        root, image = folder / "state", folder / "disk"
        root.mkdir()
        with image.open("wb") as file:
            file.truncate(SIZE)
        made = f"root_owner={UID}:{UID}"
        _run("mkfs.ext4", "-q", "-m", "0", "-E", made, str(image))
        _run("mount", "-o", "loop", str(image), str(root))
        (root / "lost+found").rmdir()
        super().__init__(lambda: engines.embedded(folder=folder, recorded=False))

    @contextlib.contextmanager
    def full(self, spare: int = 0) -> Iterator[None]:
        """`spare`: bytes that stay free."""
        filler = self.folder / "state/tmp/filler"
        with filler.open("wb", buffering=0) as file:
            for size in (MB, KB):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
            os.fsync(file.fileno())
            if spare:
                file.truncate(file.tell() - spare)
        try:
            yield
        finally:
            filler.unlink(missing_ok=True)  # a start of the engine clears this folder

    def close(self) -> None:
        super().close()
        _run("umount", "--lazy", str(self.folder / "state"))


def _run(*command: str) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        raise Missing(f"{command[0]} is missing: apt install e2fsprogs mount") from None
    except subprocess.CalledProcessError as error:
        raise Missing(f"{command[0]} fails here: {error.stderr.decode()}") from None


class Fault(OnAFullDisk):
    """The engine's fault `disk-full`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._control = "http+unix://" + quote(f"{folder}/f", safe="") + "/faults/full"
        options = ("--fault-control", f"unix://{folder}/f")
        super().__init__(lambda: engines.embedded(folder=folder, recorded=False, options=options))

    @contextlib.contextmanager
    def full(self, after: int = 0) -> Iterator[None]:
        """`after`: so many of the engine's writes still find room."""
        with requests_unixsocket.Session() as session:
            fault = {"kind": "disk-full", "after": after}
            session.put(self._control, json=fault).raise_for_status()
            try:
                yield
            finally:
                session.delete(self._control)


@pytest.fixture(scope="module", params=[FileSystem, Fault])
def disk(request: pytest.FixtureRequest, busybox: Path) -> Iterator[OnAFullDisk]:
    with engines.own_folder() as folder:
        with skip_missing():
            made: OnAFullDisk = request.param(folder)
        try:
            furnish(made.api, busybox, folder)
            yield made
        finally:
            made.close()


def furnish(api: Caller, busybox: Path, folder: Path) -> None:
    """Make one of everything that the operations change."""
    api.engine.load(busybox)
    for tag in ("one", "two"):
        api.engine.load(small().docker_archive(folder / "small.tar", f"small:{tag}"))
    api.good("POST", "/images/busybox/tag?repo=used&tag=1")
    for name in ("own", "other"):
        api.network(name)
    api.good("POST", "/volumes/create", {"Name": "kept"})
    api.create(name="stopped", HostConfig={"NetworkMode": "own"})
    api.start(name="running", HostConfig={"NetworkMode": "own", "Binds": ["kept:/kept"]})
    api.start(name="target")
    api.create(name="linked", HostConfig={"Links": ["target:alias"]})


def picture(api: Caller, restarted: bool = False) -> Any:
    """Everything that the API shows of the engine's objects. With `restarted` without what belongs
    to a run."""
    images = api.good("GET", "/images/json?all=1&digests=1")
    containers = [
        api.good("GET", f"/containers/{each['Id']}/json")
        for each in api.good("GET", "/containers/json?all=1")
    ]
    networks = [api.good("GET", f"/networks/{each['Id']}") for each in api.good("GET", "/networks")]
    for each in containers if restarted else []:
        del each["State"], each["NetworkSettings"]
    for network in networks if restarted else []:
        del network["Containers"]
    if restarted:
        networks.sort(key=lambda network: str(network["Name"]))
    for image in images:
        image["RepoTags"], image["RepoDigests"] = sorted(image["RepoTags"]), image["RepoDigests"]
    return {
        "images": sorted(images, key=lambda image: str(image["Id"])),
        "inspected": [api.good("GET", f"/images/{each['Id']}/json") for each in images],
        "containers": containers,
        "networks": networks,
        "volumes": api.good("GET", "/volumes")["Volumes"],
    }


def context() -> bytes:
    return tar({"Dockerfile": b"FROM busybox\nLABEL a=b\n"})


def archive(made: Made, folder: Path) -> bytes:
    return made.docker_archive(folder / "new.tar", "new:1").read_bytes()


Try = Callable[[Caller, Path], requests.Response]


def request(method: str, path: str, body: Any = None) -> Try:
    return lambda api, _folder: api.call(method, path, body)


def pulled(api: Caller, _folder: Path) -> requests.Response:
    with Fake() as registry:
        registry.serve(small("pulled"))
        return api.call("POST", f"/images/create?fromImage={registry.host}/app&tag=1")


VOLUMES = {"Image": "busybox", "Volumes": {"/a": {}}, "HostConfig": {"Binds": ["new:/b"]}}

REFUSED: dict[str, Try] = {
    "tag": request("POST", "/images/busybox/tag?repo=more"),
    "tag with another image's name": request("POST", "/images/small:one/tag?repo=used&tag=1"),
    "untag": request("DELETE", "/images/small:one"),
    "rmi of an image in use": request("DELETE", "/images/used:1?force=1"),
    "import": lambda api, _: api.call(
        "POST", "/images/create?fromSrc=-&repo=new&tag=1", data=tar({"a": b"b"})
    ),
    "load": lambda api, folder: api.call(
        "POST", "/images/load", data=archive(small("new"), folder)
    ),
    "load with another image's name": lambda api, folder: api.call(
        "POST",
        "/images/load",
        data=small("newer").docker_archive(folder / "new.tar", "used:1").read_bytes(),
    ),
    "pull": pulled,
    "commit": request("POST", "/commit?container=stopped&repo=new&tag=1", {}),
    "build": lambda api, _: api.call("POST", "/build?t=new:1", data=context()),
    "network create": request("POST", "/networks/create", {"Name": "new"}),
    "network connect": request("POST", "/networks/other/connect", {"Container": "stopped"}),
    "network connect, running": request(
        "POST", "/networks/other/connect", {"Container": "running"}
    ),
    "network disconnect": request("POST", "/networks/own/disconnect", {"Container": "stopped"}),
    "network disconnect, running": request(
        "POST", "/networks/own/disconnect", {"Container": "running"}
    ),
    "volume create": request("POST", "/volumes/create", {"Name": "new"}),
    "create": request("POST", "/containers/create?name=new", {"Image": "busybox"}),
    "create with volumes": request("POST", "/containers/create?name=new", VOLUMES),
    "rename": request("POST", "/containers/stopped/rename?name=new"),
    "update": request("POST", "/containers/running/update", {"RestartPolicy": {"Name": "always"}}),
    "rm --link": request("DELETE", "/containers/linked/alias?link=1"),
}


def failed(answer: requests.Response) -> bool:
    """True for a server error, also as the last line of a stream; it names the reason."""
    if answer.status_code == 200:
        lines = answer.text.splitlines()
        return bool(lines) and "error" in json.loads(lines[-1])
    return answer.status_code == 500 and "no space left" in answer.text.lower()


def events_since(api: Caller, since: float) -> list[Any]:
    path = f"/events?since={since:.9f}&until={time.time():.9f}"
    return [json.loads(line) for line in api.good_lines(path)]


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_has_not_happened(disk: OnAFullDisk, what: str) -> None:
    api, blobs = disk.api, disk.folder / "state/blobs"
    before, files, since = picture(api), sorted(blobs.rglob("*")), time.time()
    with disk.full():
        answer = REFUSED[what](api, disk.folder)
    assert failed(answer), (answer.status_code, answer.text)
    assert picture(api) == before
    assert events_since(api, since) == []
    assert sorted(blobs.rglob("*")) == files, "what has come for nothing goes again"


@pytest.mark.parametrize("disk", [Fault], indirect=True)
@pytest.mark.parametrize("what", [each for each in REFUSED if each != "build"])  # steps stay
def test_any_write_may_be_the_one_that_fails(disk: Fault, busybox: Path, what: str) -> None:
    api, blobs = disk.api, disk.folder / "state/blobs"
    before, files, since = picture(api), sorted(blobs.rglob("*")), time.time()
    for number in range(MOST_WRITES):
        with disk.full(after=number):
            answer = REFUSED[what](api, disk.folder)
        if not failed(answer):
            break
        assert picture(api) == before, number
        assert events_since(api, since) == [], number
        assert sorted(blobs.rglob("*")) == files, number
    assert answer.ok and number > 0, answer.text
    disk.engine.empty()
    furnish(api, busybox, disk.folder)


def test_nothing_of_it_comes_with_a_restart(disk: OnAFullDisk) -> None:
    before = picture(disk.api, restarted=True)
    with disk.full():
        for each in REFUSED.values():
            assert failed(each(disk.api, disk.folder))
        disk.restart()
        assert picture(disk.api, restarted=True) == before
    disk.restart()
    assert picture(disk.api, restarted=True) == before
    for name in ("running", "target"):
        disk.api.good("POST", f"/containers/{name}/start")


@pytest.mark.parametrize("disk", [FileSystem], indirect=True)
def test_half_a_copy_is_no_content_of_a_volume(disk: FileSystem) -> None:
    api = disk.api
    api.good("POST", "/volumes/create", {"Name": "bin"})
    body = {
        "Image": "busybox",
        "Cmd": ["busybox", "true"],
        "HostConfig": {"Binds": ["bin:/bin"]},
    }
    with disk.full(spare=MB):
        answer = api.call("POST", "/containers/create?name=copies", body)
        if answer.ok:
            answer = api.call("POST", "/containers/copies/start")
        assert failed(answer) or "No space left" in answer.text, answer.text
    api.call("DELETE", "/containers/copies?force=1")
    api.good("POST", "/containers/create?name=copies", body)
    api.good("POST", "/containers/copies/start")
    assert api.good("POST", "/containers/copies/wait")["StatusCode"] == 0
    api.remove("copies")
    api.good("DELETE", "/volumes/bin")


def test_what_frees_space_works(disk: OnAFullDisk) -> None:
    api = disk.api
    untagged = small("untagged").docker_archive(disk.folder / "untagged.tar")
    api.engine.load(untagged)
    api.engine.load(small("to go").docker_archive(disk.folder / "gone.tar", "gone:1"))
    api.network("gone")
    api.network("gone-too")
    for name in ("gone", "gone-too"):
        api.good("POST", "/volumes/create", {"Name": name})
    api.create(name="gone-too", Labels={"prune": "me"})
    api.start(name="gone", Volumes={"/a": {}})
    before, since = picture(api), time.time()
    with disk.full():
        api.good("DELETE", "/containers/gone?force=1&v=1")
        api.good("POST", "/containers/prune?filters=" + quote('{"label": ["prune=me"]}'))
        api.good("DELETE", "/networks/gone")
        api.good("POST", "/networks/prune?filters=" + quote('{"label!": ["kept"]}'))
        api.good("DELETE", "/volumes/gone")
        api.good("POST", "/volumes/prune?filters=" + quote('{"all": ["1"]}'))
        assert api.good("DELETE", "/images/gone:1")[0] == {"Untagged": "gone:1"}
        assert api.good("POST", "/images/prune")["ImagesDeleted"]
    after = picture(api)
    told = {(each["Type"], each["Action"]) for each in events_since(api, since)}
    assert {
        ("container", "destroy"),
        ("network", "destroy"),
        ("volume", "destroy"),
        ("image", "untag"),
        ("image", "delete"),
    } <= told
    assert len(after["images"]) == len(before["images"]) - 2
    assert len(after["containers"]) == len(before["containers"]) - 2
    here = {each["Name"] for each in after["networks"]} | {e["Name"] for e in after["volumes"]}
    assert not {"gone", "gone-too"} & here
    seen = picture(api, restarted=True)
    disk.restart()
    assert picture(disk.api, restarted=True) == seen
    loaded = small("to go").docker_archive(disk.folder / "gone.tar", "back:1")
    assert "back:1" in disk.engine.load(loaded)
    back = disk.api.good("GET", "/images/back:1/json")
    assert back["RepoTags"] == ["back:1"], "names that went with an image do not come back with it"
