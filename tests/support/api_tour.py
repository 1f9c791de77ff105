"""A broad tour of the Engine API by plain requests: valid ones, invalid ones, streams.

The caller records the answers to judge an engine. The tour asserts only what its next requests
need. It knows no particular engine.
"""

import io
import json
import socket
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from insidedocker.lab.checks.fixtures import free_port
from tests.support import patience
from tests.support.engines import Engine


class Tour:
    """Calls one engine in one API version."""

    def __init__(self, engine: Engine, version: str) -> None:
        self.engine = engine
        self.prefix = f"/v{version}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request; the answer may have any status."""
        return self.engine.request(method, self.prefix + path, **options)

    def create(self, *command: str, name: str = "", **fields: Any) -> str:
        """Create a busybox container that runs `command`; returns the path of its resource."""
        body = {"Image": "busybox", "Cmd": list(command), **fields}
        answer = self.call("POST", f"/containers/create?name={name}", json=body)
        assert answer.status_code == 201, answer.text
        return f"/containers/{answer.json()['Id']}"


Stop = Callable[[Tour], None]


def system(tour: Tour) -> None:
    """Requests the engine's ping, version, information and past events."""
    for path in ("/_ping", "/version", "/info"):
        tour.call("GET", path)
        tour.engine.request("GET", path)
    tour.call("HEAD", "/_ping")
    tour.call("GET", "/events?since=1&until=2")


def images(tour: Tour, archive: Path) -> None:
    """Loads, inspects, tags, saves and removes an image; imports one from a file system."""
    kind = {"Content-Type": "application/x-tar"}
    for quiet in ("1", "0"):
        tour.call("POST", f"/images/load?quiet={quiet}", data=archive.read_bytes(), headers=kind)
    for tag in tour.call("GET", "/images/busybox/json").json()["RepoTags"]:
        # Remove tags from other tests: the image has one name here (Podman's is longer).
        if tag.rpartition("/")[2] != "busybox:latest":
            tour.call("DELETE", f"/images/{tag}")
    tour.call("GET", "/images/json")
    tour.call("GET", "/images/json?digests=1&shared-size=1")
    tour.call("GET", "/images/json?filters=" + json.dumps({"reference": ["nothing"]}))
    tour.call("GET", "/images/busybox/json")
    tour.call("GET", "/images/busybox/history")
    tour.call("POST", "/images/busybox/tag?repo=example.org/a/b&tag=1")
    tour.call("GET", "/images/example.org/a/b:1/json")
    tour.call("GET", "/images/example.org/a/b:1/history")
    tour.call("GET", "/images/busybox/get")
    tour.call("GET", "/images/get?names=busybox&names=example.org/a/b:1")
    tour.call("DELETE", "/images/example.org/a/b:1")
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    tour.call("POST", "/images/create?fromSrc=-&repo=made&tag=1", data=empty.getvalue())
    tour.call("GET", "/images/made:1/json")
    tour.call("GET", "/images/made:1/history")
    tour.call("DELETE", "/images/made:1")
    tour.call("POST", "/images/prune")


def container_life(tour: Tour) -> None:
    """Takes a container from created to removed and inspects it in every state."""
    path = tour.create("sh", "-c", "echo out; echo err >&2; sleep 100", name="tour-life")
    look(tour, path)
    tour.call("POST", f"{path}/start")
    tour.call("POST", f"{path}/start")
    look(tour, path)
    tour.call("GET", f"{path}/top")
    tour.call("GET", f"{path}/top?ps_args=aux")
    tour.call("GET", f"{path}/stats?stream=0")
    tour.call("GET", f"{path}/stats?stream=0&one-shot=1")
    tour.call("GET", f"{path}/logs?stdout=1&stderr=1&timestamps=1&tail=1")
    tour.call("POST", f"{path}/update", json={"RestartPolicy": {"Name": "no"}})
    tour.call("POST", f"{path}/resize?h=20&w=80")
    tour.call("POST", f"{path}/pause")
    look(tour, path)
    tour.call("POST", f"{path}/unpause")
    tour.call("POST", f"{path}/rename?name=tour-renamed")
    tour.call("POST", f"{path}/kill?signal=CONT")
    tour.call("POST", f"{path}/restart?t=0")
    tour.call("DELETE", path)
    tour.call("POST", f"{path}/stop?t=0")
    tour.call("POST", f"{path}/stop?t=0")
    tour.call("POST", f"{path}/kill")
    tour.call("POST", f"{path}/wait")
    look(tour, path)
    tour.call("DELETE", path)


def look(tour: Tour, path: str) -> None:
    """Sends every request that shows a container."""
    tour.call("GET", f"{path}/json")
    tour.call("GET", f"{path}/json?size=1")
    tour.call("GET", f"{path}/changes")
    tour.call("GET", "/containers/json?all=1&size=1")
    tour.call("GET", "/containers/json?filters=" + json.dumps({"name": ["tour"]}))


def container_options(tour: Tour) -> None:
    """Runs a container with many settings, and one that cannot start."""
    path = tour.create(
        "sh",
        "-c",
        "exit 3",
        name="tour-options",
        Tty=True,
        OpenStdin=True,
        Env=["A=b"],
        Labels={"tour": "yes"},
        WorkingDir="/tmp",
        User="nobody",
        Hostname="tour",
        ExposedPorts={"80/tcp": {}},
        StopSignal="SIGINT",
        Volumes={"/anonymous": {}},
        Healthcheck={"Test": ["CMD", "true"], "Interval": 10**9},
        HostConfig={
            "Memory": 64 << 20,
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(free_port())}]},
            "Binds": ["tour-named:/named:ro"],
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
            "CapAdd": ["NET_ADMIN"],
            "ExtraHosts": ["other:10.0.0.1"],
            "Tmpfs": {"/scratch": "size=1m"},
            "Ulimits": [{"Name": "nofile", "Soft": 64, "Hard": 128}],
        },
    )
    look(tour, path)
    tour.call("POST", f"{path}/start")
    tour.call("POST", f"{path}/wait?condition=not-running")
    look(tour, path)
    tour.call("GET", f"{path}/logs?stdout=1")
    tour.call("DELETE", f"{path}?v=1&force=1")
    broken = tour.create("/no/such/program", name="tour-broken")
    tour.call("POST", f"{broken}/start")
    look(tour, broken)
    tour.call("DELETE", broken)


def removed_when_it_ends(tour: Tour) -> None:
    """Waits for a container's removal before the start, as `docker run --rm` does."""
    path = tour.create("true", name="tour-removed", HostConfig={"AutoRemove": True})
    waiting = threading.Thread(target=tour.call, args=("POST", f"{path}/wait?condition=removed"))
    waiting.start()
    tour.call("POST", f"{path}/start")
    waiting.join()


def execs(tour: Tour) -> None:
    """Runs commands in a running container."""
    path = tour.create("sleep", "100", name="tour-exec")
    tour.call("POST", f"{path}/exec", json={"Cmd": ["true"]})
    tour.call("POST", f"{path}/start")
    for tty in (False, True):
        body = {"Cmd": ["echo", "hi"], "AttachStdout": True, "AttachStderr": True, "Tty": tty}
        made = tour.call("POST", f"{path}/exec", json=body).json()["Id"]
        tour.call("GET", f"/exec/{made}/json")
        tour.call("POST", f"/exec/{made}/start", json={"Detach": False, "Tty": tty})
        tour.call("GET", f"/exec/{made}/json")
    made = tour.call("POST", f"{path}/exec", json={"Cmd": ["sleep", "50"]}).json()["Id"]
    tour.call("POST", f"/exec/{made}/start", json={"Detach": True})
    tour.call("GET", f"/exec/{made}/json")
    tour.call("POST", f"/exec/{made}/start", json={"Detach": True})
    tour.call("GET", f"{path}/json")
    tour.call("DELETE", f"{path}?force=1")


def files(tour: Tour) -> None:
    """Copies files into and out of a container that has never run, exports and commits it."""
    path = tour.create("true", name="tour-files")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("note")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    tour.call("PUT", f"{path}/archive?path=/tmp", data=packed.getvalue())
    tour.call("HEAD", f"{path}/archive?path=/tmp/note")
    tour.call("GET", f"{path}/archive?path=/tmp/note")
    tour.call("GET", f"{path}/archive?path=/nothing")
    tour.call("HEAD", f"{path}/archive?path=/nothing")
    tour.call("PUT", f"{path}/archive?path=/nothing", data=packed.getvalue())
    tour.call("GET", f"{path}/changes")
    tour.call("GET", f"{path}/export")
    tour.call("POST", f"/commit?container={path.rpartition('/')[2]}&repo=tour-made&tag=1", json={})
    tour.call("GET", "/images/tour-made:1/json")
    tour.call("GET", "/images/tour-made:1/history")
    tour.call("DELETE", path)
    tour.call("DELETE", "/images/tour-made:1")


def builds(tour: Tour) -> None:
    """Builds with the classic builder: a good Dockerfile, a failing one, an invalid one."""
    for text in ("FROM busybox\nENV A=b\nRUN echo hi > /made\n", "FROM busybox\nRUN false\n", "X"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        kind = {"Content-Type": "application/x-tar"}
        tour.call(
            "POST",
            "/build?t=tour-built",
            data=packed.getvalue(),
            headers=kind,
            timeout=patience.EVENT,
        )
    tour.call("GET", "/images/tour-built/json")
    tour.call("GET", "/images/tour-built/history")
    tour.call("DELETE", "/images/tour-built?noprune=1")
    tour.call("POST", "/build/prune")


def usage(tour: Tour) -> None:
    """Requests disk usage without containers, then with a container that has a volume."""
    tour.call("GET", "/system/df")
    path = tour.create("sh", "-c", "echo kept > /note", name="tour-usage", Volumes={"/data": {}})
    tour.call("POST", f"{path}/start")
    tour.call("POST", f"{path}/wait")
    tour.call("GET", "/system/df")
    tour.engine.request("GET", "/system/df")
    tour.call("DELETE", f"{path}?v=1")


def networks(tour: Tour) -> None:
    """Makes a network and connects a container to it."""
    made = tour.call("POST", "/networks/create", json={"Name": "tour-net", "Labels": {"a": "b"}})
    if made.status_code != 201:
        return
    network = f"/networks/{made.json()['Id']}"
    tour.call("POST", "/networks/create", json={"Name": "tour-net", "CheckDuplicate": True})
    tour.call("GET", "/networks")
    tour.call("GET", "/networks?filters=" + json.dumps({"driver": ["bridge"]}))
    for name in ("bridge", "host", "none"):
        tour.call("GET", f"/networks/{name}")
    path = tour.create("sleep", "100", name="tour-networked")
    tour.call("POST", f"{path}/start")
    container = path.rpartition("/")[2]
    config = {"Container": container, "EndpointConfig": {"Aliases": ["other"]}}
    tour.call("POST", f"{network}/connect", json=config)
    tour.call("GET", network)
    look(tour, path)
    tour.call("DELETE", network)
    tour.call("POST", f"{network}/disconnect", json={"Container": container})
    tour.call("DELETE", f"{path}?force=1")
    tour.call("DELETE", network)
    tour.call("GET", network)
    tour.call("DELETE", "/networks/bridge")
    same_address_twice(tour)
    tour.call("POST", "/networks/prune")


def same_address_twice(tour: Tour) -> None:
    """Starts two containers with the same address: the second does not start."""
    ipam = {"Config": [{"Subnet": "10.199.0.0/24"}]}
    tour.call("POST", "/networks/create", json={"Name": "tour-fixed", "IPAM": ipam})
    fixed = {"tour-fixed": {"IPAMConfig": {"IPv4Address": "10.199.0.9"}}}
    fields: dict[str, Any] = {
        "HostConfig": {"NetworkMode": "tour-fixed"},
        "NetworkingConfig": {"EndpointsConfig": fixed},
    }
    paths = [tour.create("sleep", "100", **fields) for _ in range(2)]
    for path in paths:
        tour.call("POST", f"{path}/start")
    for path in paths:
        tour.call("DELETE", f"{path}?force=1")
    tour.call("DELETE", "/networks/tour-fixed")


def volumes(tour: Tour) -> None:
    """Creates, lists and removes volumes, with and without a name."""
    body = {"Name": "tour-volume", "Labels": {"a": "b"}}
    if tour.call("POST", "/volumes/create", json=body).status_code != 201:
        return
    tour.call("POST", "/volumes/create", json={})
    tour.call("POST", "/volumes/create", json={"Name": "tour-other", "Driver": "nope"})
    tour.call("GET", "/volumes")
    tour.call("GET", "/volumes?filters=" + json.dumps({"name": ["nothing"]}))
    tour.call("GET", "/volumes/tour-volume")
    path = tour.create("true", HostConfig={"Binds": ["tour-volume:/data"]})
    tour.call("DELETE", "/volumes/tour-volume")
    tour.call("DELETE", path)
    tour.call("DELETE", "/volumes/tour-volume")
    tour.call("DELETE", "/volumes/tour-volume")
    tour.call("POST", "/volumes/prune")


def attachments(tour: Tour) -> None:
    """Attaches by a hijacked connection, with and without an upgrade."""
    for upgrade in ("Connection: Upgrade\r\nUpgrade: tcp\r\n", ""):
        path = tour.create("echo", "hi", name="tour-attached")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience.EVENT)
            connection.connect(str(tour.engine.socket))
            connection.sendall(
                f"POST {tour.prefix}{path}/attach?stream=1&stdout=1 HTTP/1.1\r\n"
                f"Host: engine\r\nContent-Length: 0\r\n{upgrade}\r\n".encode()
            )
            assert connection.recv(4096).startswith(b"HTTP/1.1 ")
            tour.call("POST", f"{path}/start")
            while connection.recv(4096):
                pass
        tour.call("POST", f"{path}/wait")
        tour.call("DELETE", path)


def mistakes(tour: Tour) -> None:
    """Sends wrong requests: missing objects, unreadable bodies, impossible operations."""
    for path in ("/containers/nope", "/images/nope", "/exec/nope"):
        tour.call("GET", f"{path}/json")
    for path in ("/networks/nope", "/volumes/nope", "/nope", "/images/nope/history"):
        tour.call("GET", path)
        tour.call("DELETE", path)
    for action in ("start", "stop", "kill", "wait", "restart", "pause", "rename?name=x", "attach"):
        tour.call("POST", f"/containers/nope/{action}")
    for action in ("logs?stdout=1", "top", "changes", "export", "stats?stream=0"):
        tour.call("GET", f"/containers/nope/{action}")
    tour.call("POST", "/containers/nope/exec", json={"Cmd": ["true"]})
    tour.call("POST", "/images/nope/tag?repo=other")
    tour.call("POST", "/containers/create", json={"Image": "nope"})
    tour.call("POST", "/containers/create", json={"Image": "busybox", "Cmd": 3})
    tour.call("POST", "/containers/create?name=-", json={"Image": "busybox"})
    kind = {"Content-Type": "application/json"}
    tour.call("POST", "/containers/create", data="{bad", headers=kind)
    tour.call("POST", "/containers/create", data="{}", headers={"Content-Type": "text/plain"})
    tour.call("GET", "/containers/json?filters=bad")
    tour.call("GET", "/containers/json?limit=bad")
    tour.call("GET", '/images/json?filters={"nope":["1"]}')
    tour.call("POST", "/images/load", data=b"no archive", headers=kind)
    tour.engine.request("GET", "/v1.99/info")
    tour.engine.request("GET", "/v1.5/info")
    path = tour.create("true", name="tour-twice")
    body = {"Image": "busybox", "Cmd": ["true"]}
    tour.call("POST", "/containers/create?name=tour-twice", json=body)
    tour.call("GET", f"{path}/logs")
    tour.call("POST", f"{path}/kill?signal=NOPE")
    tour.call("DELETE", "/images/busybox")
    tour.call("DELETE", path)


def prunes(tour: Tour) -> None:
    """Prunes twice: first with a container to remove, then with nothing left."""
    tour.create("true", name="tour-left")
    for _ in range(2):
        for what in ("containers", "networks", "volumes", "images"):
            tour.call("POST", f"/{what}/prune")


STOPS: tuple[Stop, ...] = (
    system,
    container_life,
    container_options,
    removed_when_it_ends,
    execs,
    files,
    usage,
    builds,
    networks,
    volumes,
    attachments,
    mistakes,
    prunes,
    system,
)


def whole_tour(
    engine: Engine, version: str, archive: Path, stops: tuple[Stop, ...] = STOPS
) -> None:
    """Make all the stops, with a stream of the engine's events open throughout."""
    tour = Tour(engine, version)
    with engine.request("GET", f"{tour.prefix}/events", stream=True, timeout=None) as events:
        assert events.status_code == 200
        images(tour, archive)
        for stop in stops:
            stop(tour)
