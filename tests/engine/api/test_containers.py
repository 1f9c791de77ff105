"""Containers through the API: what is kept, refused, shown and told, in both runtimes."""

import base64
import io
import json
import re
import signal
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.versions import SOME

pytestmark = pytest.mark.real

STOPPABLE = "trap 'exit 0' TERM; echo up; while true; do sleep 0.1; done"


class Api(Caller):
    """Requests to one engine, and what tests of containers ask again and again."""

    def create(self, *command: str, name: str = "", **fields: Any) -> str:
        body = {"Image": "busybox", **({"Cmd": list(command)} if command else {}), **fields}
        return str(self.good("POST", f"/containers/create?name={name}", json=body)["Id"])

    def run(self, *command: str, **fields: Any) -> str:
        made = self.create(*command, **fields)
        self.good("POST", f"/containers/{made}/start")
        return made

    def wait(self, made: str, condition: str = "not-running") -> int:
        found = self.good("POST", f"/containers/{made}/wait?condition={condition}")
        return int(found["StatusCode"])

    def inspect(self, made: str) -> Any:
        return self.good("GET", f"/containers/{made}/json")

    def state(self, made: str) -> Any:
        return self.inspect(made)["State"]

    def written(self, made: str) -> str:
        """Everything a container without a terminal wrote, stdout and stderr."""
        frames = self.good("GET", f"/containers/{made}/logs?stdout=1&stderr=1")
        text = b""
        while frames:
            size = int.from_bytes(frames[4:8], "big")
            text += frames[8 : 8 + size]
            frames = frames[8 + size :]
        return text.decode()


@pytest.fixture
def api(engine: Engine) -> Iterator[Api]:
    yield Api(engine)
    engine.clear()


def query(**filters: list[str]) -> str:
    return "filters=" + json.dumps(filters)


# Create


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"Image": "nosuch"}, 404, "No such image: nosuch:latest"),
        ({}, 400, "config cannot be empty"),
        ({"Image": "busybox", "WorkingDir": "x"}, 400, "needs to be an absolute path"),
        ({"Image": "busybox", "Env": ["=x"]}, 400, "invalid environment variable: =x"),
        ({"Image": "busybox", "Env": "A=b"}, 400, "Env needs a list"),
        ({"Image": "busybox", "StopSignal": "FOO"}, 400, "invalid signal: FOO"),
        ({"Image": "busybox", "Tty": "yes"}, 400, "Tty needs true or false"),
        ({"Image": "busybox", "HostConfig": {"Memory": 100}}, 400, "Minimum memory limit"),
        ({"Image": "busybox", "HostConfig": {"Binds": ["x:y"]}}, 400, "must be absolute"),
        ({"Image": "busybox", "HostConfig": {"Binds": ["/tmp:/x:bad"]}}, 400, "invalid mode: bad"),
        ({"Image": "busybox", "HostConfig": {"Binds": ["/tmp:/"]}}, 400, "can't be '/'"),
        (
            {"Image": "busybox", "HostConfig": {"LogConfig": {"Type": "x"}}},
            400,
            'plugin "x" not found',
        ),
        (
            {"Image": "busybox", "HostConfig": {"RestartPolicy": {"Name": "x"}}},
            400,
            "restart policy",
        ),
        (
            {
                "Image": "busybox",
                "HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}},
            },
            400,
            "can't create 'AutoRemove' container with restart policy",
        ),
        ({"Image": "busybox", "Healthcheck": {"Interval": 1}}, 400, "cannot be less than 1ms"),
        ({"Image": "busybox", "HostConfig": {"CapAdd": ["FOO"]}}, 400, "unknown capability"),
        ({"Image": "busybox", "HostConfig": {"Mounts": [1]}}, 400, "Mounts has the wrong type"),
        ({"Image": "busybox", "HostConfig": {"Mounts": [{"Target": []}]}}, 400, "wrong type"),
        (
            {"Image": "busybox", "HostConfig": {"BlkioDeviceReadBps": [{"Rate": -1}]}},
            400,
            "BlkioDeviceReadBps.Rate has the wrong type",
        ),
        (
            {"Image": "busybox", "HostConfig": {"DeviceRequests": [{"Capabilities": ["gpu"]}]}},
            400,
            "DeviceRequests.Capabilities has the wrong type",
        ),
        (
            {"Image": "busybox", "HostConfig": {"Sysctls": {"net.core.somaxconn": None}}},
            400,
            "Sysctls holds a null",
        ),
        ({"Image": "busybox", "HostConfig": {"ConsoleSize": [1]}}, 400, "ConsoleSize needs"),
        ({"Image": "busybox", "HostConfig": {"OomScoreAdj": 5000}}, 400, "range for oom score"),
    ],
)
def test_create_refuses(api: Api, body: dict[str, Any], status: int, text: str) -> None:
    found = api.refused("POST", "/containers/create", json=body)
    assert found[0] == status
    assert text in found[1]
    assert api.good("GET", "/containers/json?all=1") == []


def test_names(api: Api) -> None:
    made = api.create(name="taken")
    body = {"Image": "busybox"}
    status, text = api.refused("POST", "/containers/create?name=taken", json=body)
    assert status == 409
    assert text.startswith('Conflict. The container name "/taken" is already in use by container')
    assert made in text
    assert api.refused("POST", "/containers/create?name=a%2Fb", json=body)[0] == 400
    invented = api.inspect(api.create())["Name"]
    assert re.fullmatch(r"/[a-z]+_[a-z]+\d*", invented)
    assert api.inspect("taken")["Id"] == api.inspect(made[:12])["Id"] == made
    assert api.refused("GET", "/containers/none/json") == (404, "No such container: none")


def test_what_was_asked_for_is_kept_and_shown(api: Api) -> None:
    made = api.create(
        "echo",
        "hi",
        Labels={"a": "b"},
        Env=["A=b"],
        HostConfig={
            "ReadonlyRootfs": True,
            "Dns": ["10.0.0.1"],
            "RestartPolicy": {"Name": "always"},
        },
        StopTimeout=3,
        ExposedPorts={"80/tcp": {}},
    )
    shown = api.inspect(made)
    assert (shown["Path"], shown["Args"]) == ("echo", ["hi"])
    assert shown["Config"]["Labels"] == {"a": "b"}
    assert shown["Config"]["Env"] == ["A=b", "PATH=/bin"]
    assert shown["Config"]["StopTimeout"] == 3
    assert shown["Config"]["Hostname"] == made[:12]
    assert shown["HostConfig"]["ReadonlyRootfs"] is True
    assert shown["HostConfig"]["Dns"] == ["10.0.0.1"]
    assert shown["HostConfig"]["RestartPolicy"] == {"Name": "always", "MaximumRetryCount": 0}
    assert shown["HostConfig"]["ShmSize"] == 64 << 20
    assert shown["State"]["Status"] == "created"
    assert shown["State"]["StartedAt"] == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize("version", SOME)
def test_every_version_gets_answers_of_its_form(engine: Engine, version: str) -> None:
    api = Api(engine, version)
    made = api.run("sh", "-c", STOPPABLE, Healthcheck={"Test": ["CMD", "true"]})
    api.inspect(made)
    api.good("GET", "/containers/json?size=1")
    api.good("GET", f"/containers/{made}/top")
    api.good("GET", f"/containers/{made}/stats?stream=0&one-shot=1")
    engine.clear()


# Life


def test_the_whole_life(api: Api) -> None:
    made = api.create("sh", "-c", STOPPABLE)
    assert api.call("POST", f"/containers/{made}/stop").status_code == 304
    assert api.call("POST", f"/containers/{made}/start").status_code == 204
    assert api.call("POST", f"/containers/{made}/start").status_code == 304
    state = api.state(made)
    assert (state["Status"], state["Running"]) == ("running", True)
    assert Path(f"/proc/{state['Pid']}").exists()
    assert api.refused("DELETE", f"/containers/{made}")[0] == 409
    patience.until(lambda: api.written(made) == "up\n")
    assert api.call("POST", f"/containers/{made}/stop?t=10").status_code == 204
    state = api.state(made)
    assert (state["Status"], state["ExitCode"], state["Pid"]) == ("exited", 0, 0)
    assert state["FinishedAt"] > state["StartedAt"]
    assert api.call("POST", f"/containers/{made}/stop").status_code == 304
    assert api.call("DELETE", f"/containers/{made}").status_code == 204
    assert api.call("DELETE", f"/containers/{made}").status_code == 404


def test_a_start_that_fails_says_so_and_leaves_it_created(api: Api) -> None:
    made = api.create("nosuch")
    status, text = api.refused("POST", f"/containers/{made}/start")
    assert status == 400
    assert "executable file not found" in text
    state = api.state(made)
    assert (state["Status"], state["ExitCode"], state["Error"]) == ("created", 127, text)


def test_logs_are_complete_when_wait_answers(api: Api) -> None:
    made = api.run("seq", "20000")
    assert api.wait(made) == 0
    assert api.written(made) == "".join(f"{number}\n" for number in range(1, 20001))


@pytest.mark.parametrize("condition", ["next-exit", "removed"])
def test_wait_before_the_start(api: Api, condition: str) -> None:
    """As docker run does: the headers come at once, the answer after the end."""
    made = api.create("sh", "-c", "exit 5", HostConfig={"AutoRemove": condition == "removed"})
    path = f"/containers/{made}/wait?condition={condition}"
    answer = api.call("POST", path, stream=True)
    assert answer.status_code == 200
    api.good("POST", f"/containers/{made}/start")
    assert answer.json()["StatusCode"] == 5
    assert (api.call("GET", f"/containers/{made}/json").status_code == 404) == (
        condition == "removed"
    )


def test_kill(api: Api) -> None:
    made = api.run("sh", "-c", "trap 'exit 7' USR1; echo up; while true; do sleep 0.1; done")
    assert api.refused("POST", f"/containers/{made}/kill?signal=FOO")[0] == 400
    patience.until(lambda: api.written(made) == "up\n")
    assert api.call("POST", f"/containers/{made}/kill?signal=SIGUSR1").status_code == 204
    assert api.wait(made) == 7
    status, text = api.refused("POST", f"/containers/{made}/kill")
    assert status == 409
    assert text.endswith("is not running")
    api.good("POST", f"/containers/{made}/start")
    api.good("POST", f"/containers/{made}/kill?signal=9")
    assert api.state(made)["ExitCode"] == 128 + signal.SIGKILL


def test_stop_signal_of_the_container_and_of_the_call(api: Api) -> None:
    script = "trap 'exit 3' INT; trap 'exit 4' HUP; echo up; while true; do sleep 0.1; done"
    for asked, code in (("", 3), ("&signal=HUP", 4)):
        made = api.run("sh", "-c", script, StopSignal="SIGINT")

        def up(made: str = made) -> bool:
            return api.written(made) == "up\n"

        patience.until(up)
        api.good("POST", f"/containers/{made}/stop?t=10{asked}")
        assert api.state(made)["ExitCode"] == code


def test_events_tell_a_life(api: Api) -> None:
    since = time.time()
    made = api.run("sh", "-c", "exit 2", name="told", Labels={"a": "b"})
    api.wait(made)
    api.good("DELETE", f"/containers/{made}")
    path = f"/events?since={since}&until={time.time() + 0.01}&{query(container=[made])}"
    events = [json.loads(line) for line in api.call("GET", path).text.splitlines()]
    actions = [event["Action"] for event in events]
    assert actions == ["create", "start", "die", "destroy"]
    attributes = events[2]["Actor"]["Attributes"]
    assert attributes["exitCode"] == "2"
    assert (attributes["name"], attributes["image"], attributes["a"]) == ("told", "busybox", "b")


# Lists


def test_list_filters(api: Api) -> None:
    ended = api.run("sh", "-c", "exit 3", name="ended", Labels={"kind": "x"})
    api.wait(ended)
    up = api.run("sh", "-c", STOPPABLE, name="upright", Labels={"kind": "y"})
    made = api.create("true", name="created")

    def ids(more: str = "") -> list[str]:
        return [each["Id"] for each in api.good("GET", f"/containers/json?{more}")]

    assert ids() == [up]
    assert ids("all=1") == [made, up, ended]
    assert ids("limit=2") == [made, up]
    assert ids(query(status=["exited"])) == [ended]
    assert ids("all=1&" + query(label=["kind"])) == [up, ended]
    assert ids("all=1&" + query(label=["kind=x"])) == [ended]
    assert ids("all=1&" + query(name=["^/?crea"])) == [made]
    assert ids("all=1&" + query(exited=["3"])) == [ended]
    assert ids("all=1&" + query(ancestor=["busybox"])) == [made, up, ended]
    assert ids("all=1&" + query(ancestor=["nosuch"])) == []
    assert ids(query(since=["ended"])) == [made, up]
    assert ids(query(before=["upright"])) == [ended]
    assert ids("all=1&" + query(id=[up[:10]])) == [up]
    assert api.refused("GET", "/containers/json?" + query(nonsense=["x"]))[0] == 400
    assert api.refused("GET", "/containers/json?" + query(status=["x"]))[0] == 400
    words = {each["Names"][0]: each["Status"] for each in api.good("GET", "/containers/json?all=1")}
    assert words["/created"] == "Created"
    assert words["/ended"].startswith("Exited (3) ")
    assert words["/upright"].startswith("Up ")


def test_prune_takes_only_what_has_ended(api: Api) -> None:
    ended, up = api.run("true"), api.run("sh", "-c", STOPPABLE)
    api.wait(ended)
    assert api.good("POST", "/containers/prune")["ContainersDeleted"] == [ended]
    assert api.good("POST", "/containers/prune")["ContainersDeleted"] is None
    assert api.state(up)["Running"]


# Archives


def archive_of(**files: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target.getvalue()


def test_archive_of_a_path(api: Api) -> None:
    made = api.create("true")
    answer = api.call("HEAD", f"/containers/{made}/archive?path=/bin/sh")
    stat = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
    assert (stat["name"], stat["linkTarget"]) == ("sh", "/bin/busybox")
    assert stat["mode"] & (1 << 27)
    assert api.call("HEAD", f"/containers/{made}/archive?path=/nope").status_code == 404
    put = f"/containers/{made}/archive?path=/tmp"
    api.good("PUT", put, data=archive_of(one="1", two="22"))
    data = api.good("GET", f"/containers/{made}/archive?path=/tmp/two")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getnames() == ["two"]
        assert archive.extractfile("two").read() == b"22"  # type: ignore[union-attr]
    assert api.refused("GET", f"/containers/{made}/archive?path=/nope") == (
        404,
        f"Could not find the file /nope in container {made}",
    )
    assert api.refused("PUT", f"/containers/{made}/archive?path=/etc/passwd", data=b"")[0] == 400
    assert api.refused("PUT", f"/containers/{made}/archive?path=/nope", data=b"")[0] == 404
    assert api.refused("GET", f"/containers/{made}/archive?path=")[0] == 400


def test_an_archive_sees_what_is_mounted(api: Api) -> None:
    folder = api.engine.folder / "bound"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    (folder / "file").write_text("bound")
    host = {"Binds": [f"{folder}:/bound", f"{folder}/file:/one:ro"], "Tmpfs": {"/quick": ""}}
    made = api.run("sh", "-c", f"echo quick > /quick/file; {STOPPABLE}", HostConfig=host)
    patience.until(lambda: api.written(made) == "up\n")
    wanted = {"/bound/file": b"bound", "/one": b"bound"}
    if api.engine.runtime == "namespaces":  # the other one has no tmpfs
        wanted["/quick/file"] = b"quick\n"
    for path, text in wanted.items():
        data = api.good("GET", f"/containers/{made}/archive?path={path}")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert archive.getnames() == [Path(path).name]
            assert archive.extractfile(Path(path).name).read() == text  # type: ignore[union-attr]
    put = f"/containers/{made}/archive?path=/bound"
    api.good("PUT", put, data=archive_of(put="put"))
    assert (folder / "put").read_text() == "put"
    whole = api.good("GET", f"/containers/{made}/archive?path=/")
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        assert "//bin/busybox" in archive.getnames() or "/bin/busybox" in archive.getnames()


def test_an_archive_cannot_leave_the_container(api: Api) -> None:
    made = api.create("true")
    put = f"/containers/{made}/archive?path=/tmp"
    outside = Path("/tmp/insidedocker-test-escaped")
    for name in ("../../../../tmp/insidedocker-test-escaped", str(outside)):
        api.call("PUT", put, data=archive_of(**{name: "x"}))
        assert not outside.exists()


# Attach


def hijack(api: Api, path: str, body: bytes = b"") -> socket.socket:
    """A connection taken over, its headers read."""
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(patience.EVENT)
    made.connect(str(api.engine.socket))
    head = (
        f"POST /v{api.version}{path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    )
    if body:
        head += "Content-Type: application/json\r\n"
    made.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    headers = b""
    while not headers.endswith(b"\r\n\r\n"):
        headers += made.recv(1)
    assert b" 101 " in headers.splitlines()[0]
    return made


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while more := connection.recv(65536):
        data += more
    return data


def test_several_clients_see_the_same(api: Api) -> None:
    made = api.create("sh", "-c", "echo out; echo err >&2")
    path = f"/containers/{made}/attach?stream=1&stdout=1"
    clients = [hijack(api, path) for _ in range(3)] + [hijack(api, path + "&stderr=1")]
    api.good("POST", f"/containers/{made}/start")
    *same, both = [read_all(client) for client in clients]
    assert same == [b"\x01\0\0\0\0\0\0\x04out\n"] * 3
    assert sorted([both[:12], both[12:]]) == [
        b"\x01\0\0\0\0\0\0\x04out\n",
        b"\x02\0\0\0\0\0\0\x04err\n",
    ]


def test_the_end_of_input_is_passed_on(api: Api) -> None:
    made = api.create("sh", "-c", "cat; echo done", OpenStdin=True, StdinOnce=True)
    client = hijack(api, f"/containers/{made}/attach?stream=1&stdin=1&stdout=1")
    client.sendall(b"some words\n")
    client.shutdown(socket.SHUT_WR)
    api.good("POST", f"/containers/{made}/start")
    data = read_all(client)
    assert b"some words\n" in data
    assert data.endswith(b"done\n")
    assert api.wait(made) == 0


def test_a_client_that_vanishes_does_not_hold_the_container_up(api: Api) -> None:
    made = api.create("sh", "-c", "seq 200000")
    clients = [hijack(api, f"/containers/{made}/attach?stream=1&stdout=1") for _ in range(3)]
    api.good("POST", f"/containers/{made}/start")
    for client in clients:
        client.close()
    assert api.wait(made) == 0


def test_attach_with_the_past(api: Api) -> None:
    made = api.run("sh", "-c", "echo early; while [ ! -e /go ]; do sleep 0.1; done; echo late")
    patience.until(lambda: api.written(made) == "early\n")
    client = hijack(api, f"/containers/{made}/attach?logs=1&stream=1&stdout=1")
    api.good("PUT", f"/containers/{made}/archive?path=/", data=archive_of(go=""))
    assert read_all(client) == b"\x01\0\0\0\0\0\0\x06early\n\x01\0\0\0\0\0\0\x05late\n"


def test_attach_ends_with_the_container_that_never_ran(api: Api) -> None:
    made = api.create("cat", OpenStdin=True)
    reader = hijack(api, f"/containers/{made}/attach?stream=1&stdout=1")
    writer = hijack(api, f"/containers/{made}/attach?stream=1&stdin=1")
    api.good("DELETE", f"/containers/{made}")
    assert read_all(reader) == b""
    writer.sendall(b"nobody reads this\n")
    assert read_all(writer) == b""


def test_attach_by_websocket(api: Api) -> None:
    made = api.create("sh", "-c", "read line; echo got $line", OpenStdin=True, StdinOnce=True)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(patience.EVENT)
    client.connect(str(api.engine.socket))
    path = f"/v{api.version}/containers/{made}/attach/ws?stream=1&stdin=1&stdout=1"
    client.sendall(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    headers = b""
    while not headers.endswith(b"\r\n\r\n"):
        headers += client.recv(1)
    assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in headers.lower()
    api.good("POST", f"/containers/{made}/start")
    mask = b"abcd"
    words = bytes(byte ^ mask[at % 4] for at, byte in enumerate(b"words\n"))
    client.sendall(b"\x82\x86" + mask + words)
    assert read_all(client) == b"\x82\x0agot words\n\x88\x02\x03\xe8"


# Exec


def test_exec(api: Api) -> None:
    made = api.run("sh", "-c", STOPPABLE)
    wanted = {"Cmd": ["sh", "-c", "echo $X; exit 3"], "AttachStdout": True, "Env": ["X=y"]}
    exec_id = api.good("POST", f"/containers/{made}/exec", json=wanted)["Id"]
    assert api.good("GET", f"/exec/{exec_id}/json")["ExitCode"] is None
    assert read_all(hijack(api, f"/exec/{exec_id}/start", b"{}")) == b"\x01\0\0\0\0\0\0\x02y\n"
    shown = api.good("GET", f"/exec/{exec_id}/json")
    assert (shown["Running"], shown["ExitCode"]) == (False, 3)
    assert shown["ProcessConfig"]["arguments"] == ["-c", "echo $X; exit 3"]
    assert api.refused("POST", f"/exec/{exec_id}/start", json={})[0] == 409
    assert api.refused("GET", "/exec/none/json") == (404, "No such exec instance: none")
    assert api.refused("POST", f"/containers/{made}/exec", json={"Cmd": []})[0] == 400
    ended = api.create("true")
    assert api.refused("POST", f"/containers/{ended}/exec", json=wanted)[0] == 409


@pytest.mark.parametrize(
    "resources",
    [{"Devices": [0]}, {"DeviceRequests": ["x"]}, {"Ulimits": [[]]}, {"Memory": "much"}],
)
def test_an_update_refuses_what_create_refuses(api: Api, resources: dict[str, Any]) -> None:
    made = api.create("true")
    before = api.good("GET", f"/containers/{made}/json")["HostConfig"]
    status, text = api.refused("POST", f"/containers/{made}/update", json=resources)
    assert (status, text.partition(":")[0]) == (400, "invalid JSON")
    assert api.good("GET", f"/containers/{made}/json")["HostConfig"] == before


# Many, and the engine's end


@pytest.mark.slow
def test_a_hundred_containers_by_fifty_clients(api: Api) -> None:
    made: list[tuple[str, str]] = []

    def client(number: int) -> None:
        for turn in range(2):
            text = f"{number}-{turn}\n"
            made.append((api.run("sh", "-c", f"echo {text.strip()}; sleep 2"), text))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(50)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert len(made) == 100
    for identity, text in made:
        assert api.wait(identity) == 0
        assert api.written(identity) == text


@pytest.mark.slow
def test_after_a_kill_everything_acknowledged_is_there(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    first = embedded(images=(busybox,), folder=engine_folder)
    api = Api(first)
    ended = api.run("sh", "-c", "echo kept; exit 4")
    api.wait(ended)
    lost = api.run("sh", "-c", STOPPABLE)
    again = api.run("sh", "-c", STOPPABLE, HostConfig={"RestartPolicy": {"Name": "always"}})
    gone = api.run("sh", "-c", STOPPABLE, HostConfig={"AutoRemove": True})
    pids = [api.state(each)["Pid"] for each in (lost, again, gone)]
    first.process.kill()
    first.process.wait()
    patience.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    api = Api(embedded(folder=engine_folder))
    assert api.state(ended)["ExitCode"] == 4
    assert api.written(ended) == "kept\n"
    state = api.state(lost)
    assert (state["Status"], state["ExitCode"]) == ("exited", 137)
    assert state["FinishedAt"] > state["StartedAt"]
    patience.until(lambda: api.state(again)["Running"])
    patience.until(lambda: api.call("GET", f"/containers/{gone}/json").status_code == 404)
    api.good("POST", f"/containers/{lost}/start")
    api.engine.clear()
