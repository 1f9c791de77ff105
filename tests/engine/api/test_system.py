"""Ping, version, info, events, disk usage, and what an engine without a swarm answers.

Every answer passes a recorder that judges it by the Engine's own description (conftest).
"""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import requests_unixsocket

from tests.support import patience
from tests.support.engines import Engine
from tests.support.versions import NEWEST, OLDEST, SOME

VERSIONS = list(SOME)
Get = Callable[..., requests.Response]


@pytest.fixture(scope="module", params=["namespaces", "proot"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(f"embedded_{request.param}")
    return found


@pytest.fixture
def loaded(engine: Engine, busybox: Path) -> Iterator[Engine]:
    engine.load(busybox)
    yield engine
    engine.clear()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("prefix", ["", "/v1.41", f"/v{NEWEST}"])
def test_ping(engine: Engine, method: str, prefix: str) -> None:
    answer = engine.request(method, f"{prefix}/_ping")
    assert answer.status_code == 200
    assert answer.text == ("OK" if method == "GET" else "")
    assert answer.headers["Api-Version"] == NEWEST
    assert answer.headers["Ostype"] == "linux"
    assert answer.headers["Docker-Experimental"] == "false"
    assert answer.headers["Builder-Version"] == "1"
    assert answer.headers["Swarm"] == "inactive"
    assert "no-cache" in answer.headers["Cache-Control"]


def test_version_names_itself_honestly(engine: Engine) -> None:
    found = engine.request("GET", "/version").json()
    assert found["Platform"]["Name"] == "Inside Docker embedded engine"
    assert (found["ApiVersion"], found["MinAPIVersion"]) == (NEWEST, OLDEST)
    assert found["KernelVersion"] == os.uname().release
    assert found["Components"][0]["Name"] == "Engine"
    assert found["GoVersion"].startswith("none (Python ")


@pytest.mark.parametrize("version", VERSIONS)
def test_info_says_what_is_isolated(engine: Engine, version: str) -> None:
    found = engine.request("GET", f"/v{version}/info").json()
    assert found["DefaultRuntime"] == engine.runtime
    assert list(found["Runtimes"]) == [engine.runtime]
    assert found["Driver"] == {"namespaces": "overlay2", "proot": "vfs"}[str(engine.runtime)]
    assert found["CgroupDriver"] == "none"
    assert "name=rootless" in found["SecurityOptions"]
    said = " ".join(found["Warnings"])
    assert ("processes, network" in said) == (engine.runtime == "proot")
    assert "No memory limit support" in said
    assert found["NCPU"] == len(os.sched_getaffinity(0))
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if "Total" in line)
    assert found["MemTotal"] == int(total.split()[1]) * 1024
    assert found["Name"] == socket.gethostname()
    assert ("CDISpecDirs" in found) == (version not in ("1.24", "1.41"))


def test_info_counts(loaded: Engine) -> None:
    before = loaded.request("GET", "/info").json()
    made = loaded.request("POST", "/containers/create", json={"Image": "busybox", "Cmd": ["true"]})
    after = loaded.request("GET", "/info").json()
    assert made.status_code == 201
    assert after["Containers"] == before["Containers"] + 1
    assert after["ContainersStopped"] == before["ContainersStopped"] + 1
    assert after["Images"] >= 1


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "/v1.99/info",
            f"client version 1.99 is too new. Maximum supported API version is {NEWEST}",
        ),
        ("/v1.5/info", "client version 1.5 is too old. Minimum supported API version is 1.24"),
        ("/v1.23/_ping", "client version 1.23 is too old"),
        ("/v2.0/info", "too new"),
        ("/v123456.1/info", "too new"),
    ],
)
def test_versions_that_are_not_spoken(engine: Engine, path: str, told: str) -> None:
    answer = engine.request("GET", path)
    assert answer.status_code == 400
    assert told in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nope"),
        ("GET", "/v1.41/nope"),
        ("GET", "/v1.41"),
        ("GET", "/info/"),
        ("POST", "/info"),
        ("DELETE", "/version"),
        ("HEAD", "/info"),
        ("GET", "/containers/x/../json"),
    ],
)
def test_what_is_not_there(engine: Engine, method: str, path: str) -> None:
    answer = engine.request(method, path)
    assert answer.status_code == 404
    if method != "HEAD":
        assert answer.json()["message"]


SWARM = [
    *(f"GET /{path}" for path in ("swarm", "nodes", "services", "tasks", "secrets", "configs")),
    *("GET /swarm/unlockkey", "GET /nodes/x", "GET /services/x", "GET /tasks/x", "GET /secrets/x"),
    *("GET /configs/x", "DELETE /nodes/x", "DELETE /services/x", "GET /services/x/logs"),
    *("DELETE /secrets/x", "DELETE /configs/x", "GET /tasks/x/logs"),
]


@pytest.mark.parametrize("line", SWARM)
def test_swarm_is_for_managers(engine: Engine, line: str) -> None:
    answer = engine.request(*line.split())
    assert answer.status_code == 503
    assert answer.json()["message"].startswith("This node is not a swarm manager.")


def test_swarm_and_plugins_are_not_to_be_had(engine: Engine) -> None:
    assert engine.request("POST", "/swarm/leave").status_code == 503
    assert engine.request("POST", "/swarm/init", json={"ListenAddr": "x"}).status_code == 400
    assert engine.request("GET", "/plugins").json() == []
    missing = engine.request("GET", "/plugins/vieux/sshfs:latest/json")
    assert missing.status_code == 404
    assert missing.json()["message"] == 'plugin "vieux/sshfs:latest" not found'


@pytest.mark.parametrize("version", VERSIONS)
def test_disk_usage(loaded: Engine, version: str) -> None:
    loaded.request("POST", "/containers/create", json={"Image": "busybox", "Cmd": ["true"]})
    used = loaded.request("GET", f"/v{version}/system/df").json()
    assert set(used) == {"LayersSize", "Images", "Containers", "Volumes", "BuildCache"}
    image = next(each for each in used["Images"] if "busybox:latest" in each["RepoTags"])
    assert image["Containers"] >= 1
    assert 0 < image["Size"] <= used["LayersSize"]
    assert ("VirtualSize" in image) == (version in ("1.24", "1.41"))
    assert used["Containers"][0]["SizeRootFs"] >= image["Size"]
    only = loaded.request("GET", f"/v{version}/system/df?type=container").json()
    assert set(only) == {"Containers"} if version in ("1.45", NEWEST) else set(used)
    assert loaded.request("GET", "/system/df?type=nonsense").status_code == 400


# Events


def test_events_come_live_and_again(loaded: Engine) -> None:
    begin = time.time_ns()
    live = Follower(loaded, '{"type":["image"]}')
    loaded.request("POST", "/images/busybox/tag?repo=other&tag=1").raise_for_status()
    loaded.request("DELETE", "/images/other:1").raise_for_status()
    seen = [live.next() for _ in range(2)]
    live.close()
    assert [event["Action"] for event in seen] == ["tag", "untag"]
    tag = seen[0]
    assert (tag["Type"], tag["scope"], tag["status"]) == ("image", "local", "tag")
    assert tag["Actor"]["ID"].startswith("sha256:")
    assert tag["id"] == tag["Actor"]["ID"]
    assert tag["Actor"]["Attributes"]["name"] == "other:1"
    assert tag["time"] == tag["timeNano"] // 10**9
    assert begin < tag["timeNano"] < seen[1]["timeNano"] <= time.time_ns()
    since, until = f"{begin // 10**9}.{begin % 10**9:09d}", str(time.time())
    assert history(loaded, since=since, until=until) == seen
    last = tag["timeNano"]
    until = f"{last // 10**9}.{last % 10**9:09d}"
    assert history(loaded, since=since, until=until) == [tag]


@pytest.mark.parametrize(
    ("filters", "actions"),
    [
        ({"event": ["create"]}, ["create"]),
        ({"event": {"create": True, "destroy": True}}, ["create", "destroy"]),
        ({"label": ["course=docker"]}, ["create", "destroy"]),
        ({"label": ["course=other"]}, []),
        ({"label": ["course"]}, ["create", "destroy"]),
        ({"container": ["watched"]}, ["create", "destroy"]),
        ({"image": ["busybox"], "type": ["container"]}, ["create", "destroy"]),
        ({"image": ["other"]}, []),
        ({"type": ["network", "volume"]}, []),
        ({"scope": ["swarm"]}, []),
    ],
)
def test_event_filters(loaded: Engine, filters: dict[str, Any], actions: list[str]) -> None:
    since = str(time.time())
    body = {"Image": "busybox", "Cmd": ["true"], "Labels": {"course": "docker"}}
    loaded.request("POST", "/containers/create?name=watched", json=body).raise_for_status()
    loaded.request("DELETE", "/containers/watched").raise_for_status()
    wanted = {"type": ["container"], "event": ["create", "destroy"], **filters}
    found = history(loaded, since=since, until=str(time.time()), filters=json.dumps(wanted))
    assert [event["Action"] for event in found] == actions


@pytest.mark.parametrize(
    "query",
    ["since=nonsense", "since=200&until=100", "filters=nonsense", "filters=[1]",
     'filters={"type":1}', 'filters={"type":[1]}', 'filters={"type":{"image":"yes"}}',
     "since=99999999999999999999", "until=2024-13-01"],
)  # fmt: skip
def test_events_that_cannot_be_asked_for(engine: Engine, query: str) -> None:
    answer = engine.request("GET", f"/events?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_who_follows_is_counted_and_forgotten(engine: Engine) -> None:
    before = engine.request("GET", "/info").json()["NEventsListener"]
    follower = Follower(engine)
    assert engine.request("GET", "/info").json()["NEventsListener"] == before + 1
    follower.close()
    deadline = time.monotonic() + patience.EVENT
    while engine.request("GET", "/info").json()["NEventsListener"] > before:
        assert time.monotonic() < deadline


class Follower:
    """Reads /events while they happen."""

    def __init__(self, engine: Engine, filters: str = "") -> None:
        base = "http+unix://" + quote(engine.url.removeprefix("unix://"), safe="")
        self.session = requests_unixsocket.Session()
        self.answer = self.session.get(
            f"{base}/events?filters={filters}", stream=True, timeout=patience.EVENT
        )
        self.lines = self.answer.iter_lines(chunk_size=1)

    def next(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(next(self.lines))
        return event

    def close(self) -> None:
        self.answer.close()
        self.session.close()


def history(engine: Engine, **query: str) -> list[dict[str, Any]]:
    text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    return [json.loads(line) for line in engine.request("GET", f"/events?{text}").iter_lines()]


@pytest.mark.real
@pytest.mark.slow
def test_the_docker_cli_shows_it(loaded: Engine, docker_cli: str) -> None:
    def docker(*words: str) -> str:
        ran = subprocess.run(
            [docker_cli, *words],
            capture_output=True,
            text=True,
            check=True,
            env=loaded.environment,
        )
        return ran.stdout

    assert "Inside Docker embedded engine" in docker("version")
    assert f"Default Runtime: {loaded.runtime}" in docker("info")
    assert "Images" in docker("system", "df")
    done = threading.Timer(0.0, lambda: loaded.request("POST", "/images/busybox/tag?repo=cli"))
    since = str(int(time.time()))
    done.start()
    done.join()
    assert "tag" in docker("events", "--since", since, "--until", str(int(time.time()) + 1))
