"""The judge of answers: real daemons pass whole, planted mistakes do not."""

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import openapi
from tests.support.api_tour import STOPS, Tour, container_life, system, whole_tour
from tests.support.engines import Engine, dockerd
from tests.support.missing import skip_missing
from tests.support.openapi import describe, describe_by_debian, judge, judged_by
from tests.support.recorder import Exchange, recording
from tests.support.versions import DESCRIBED

JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True, scope="module")
def descriptions() -> None:
    """Nothing here works without the descriptions."""
    with skip_missing():
        for version in DESCRIBED:
            describe(version)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "version"), [("docker_20", "1.41"), ("docker_26", "1.45"), ("docker_26", "1.41")]
)
def test_a_real_daemon_is_judged_without_fault(
    name: str, version: str, request: pytest.FixtureRequest, busybox: Path
) -> None:
    engine: Engine = request.getfixturevalue(name)
    listen = engine.folder / f"tour-{version}"
    with recording(engine.socket, listen) as recorder:
        whole_tour(dataclasses.replace(engine, url=f"unix://{listen}"), version, busybox)
    exchanges = recorder.take()
    assert len(exchanges) > 200
    assert faults(exchanges, engine) == set()


def faults(exchanges: list[Exchange], engine: Engine) -> set[str]:
    """What is wrong by the description that we use and by that of Debian's docker-doc."""
    return {
        problem
        for edition in (describe, describe_by_debian)
        for exchange in exchanges
        for problem in judge(exchange, engine.api, edition)
    }


# What the embedded engine does not have yet: the tour's other stops.
LATER = ("builds",)


@pytest.mark.slow
@pytest.mark.parametrize("version", DESCRIBED)
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_the_embedded_engine_is_judged_without_fault(
    runtime: str, version: str, request: pytest.FixtureRequest, busybox: Path
) -> None:
    engine: Engine = request.getfixturevalue(f"embedded_{runtime}")
    stops = tuple(stop for stop in STOPS if stop.__name__ not in LATER)
    whole_tour(engine, version, busybox, stops)  # the session's hooks judge each answer
    engine.clear()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value", "setting"),
    [
        ("CgroupVersion", "2", {"unified": True}),
        ("Driver", "vfs", {"options": ("--storage-driver", "vfs")}),
    ],
)
def test_a_real_daemon_on_another_ground_is_judged_without_fault(
    field: str, value: str, setting: dict[str, Any], busybox: Path
) -> None:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            engine = stack.enter_context(dockerd(**setting))
        assert engine.request("GET", "/info").json()[field] == value
        engine.load(busybox)
        listen = engine.folder / "r"
        recorder = stack.enter_context(recording(engine.socket, listen))
        tour = Tour(dataclasses.replace(engine, url=f"unix://{listen}"), "1.41")
        system(tour)
        container_life(tour)
        tour.call("GET", "/images/busybox/json")
        exchanges = recorder.take()
    assert len(exchanges) > 30
    assert faults(exchanges, engine) == set()


def problems(method: str, path: str, status: int, body: object, kind: str = "") -> list[str]:
    """What is wrong with an answer in JSON, by the description that its path asks for."""
    headers = {"Content-Type": kind} if kind else JSON
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return describe(judged_by(path)).check(method, path, status, headers, sent)


WAITED = {"StatusCode": 0}
PLANTED = {
    "a number as text": ("POST", "/v1.51/containers/a/wait", 200, {"StatusCode": "0"}),
    "a missing field": ("POST", "/v1.51/containers/a/wait", 200, {}),
    "an object for a list": ("GET", "/v1.51/containers/json", 200, {}),
    "null where none is sent": ("GET", "/v1.51/networks", 200, None),
    "a wrong type deep inside": (
        "GET",
        "/v1.51/containers/a/json",
        200,
        {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": 8080}]}}},
    ),
    "a word that is not in the list": (
        "GET",
        "/v1.51/containers/a/json",
        200,
        {"State": {"Status": "asleep"}},
    ),
    "a time in another form": ("GET", "/v1.51/volumes/a", 200, {"CreatedAt": "yesterday"}),
    "a status that is not described": ("POST", "/v1.51/containers/a/wait", 202, WAITED),
    "an operation that is not there": ("GET", "/v1.51/containers/a/nothing", 200, {}),
    "an error without its message": ("GET", "/v1.51/containers/a/json", 404, {"error": "no"}),
    "an empty body": ("GET", "/v1.51/info", 200, b""),
    "half a body": ("GET", "/v1.51/info", 200, b'{"ID": '),
    "a body after 204": ("POST", "/v1.51/containers/a/start", 204, b"done"),
    "a wrong second event": (
        "GET",
        "/v1.51/events",
        200,
        b'{"Type": "image"}\n{"Type": "picture"}\n',
    ),
    "a wrong line of progress": (
        "POST",
        "/v1.51/images/create?fromImage=busybox",
        200,
        b'{"status": "Pulling"}\n{"status": 3}\n',
    ),
    "a field the version still had": (
        "GET",
        "/v1.41/images/json",
        200,
        [
            {
                "Id": "a",
                "ParentId": "",
                "RepoTags": [],
                "RepoDigests": [],
                "Created": 1,
                "Size": 1,
                "SharedSize": -1,
                "Labels": {},
                "Containers": -1,
            }
        ],
    ),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    assert problems(*PLANTED[mistake])


@pytest.mark.parametrize(
    "right",
    [
        ("POST", "/v1.51/containers/a/wait", 200, WAITED),
        ("GET", "/v1.51/containers/json", 200, []),
        ("GET", "/images/docker.io/library/busybox:1/json", 404, {"message": "no such image"}),
        ("GET", "/v1.51/nothing", 404, {"message": "page not found"}),
        ("POST", "/v1.51/containers/a/start", 204, b""),
        ("GET", "/v1.51/events", 200, b'{"Type": "image"}\n{"Type": "network"}\n'),
    ],
)
def test_a_right_answer_passes(right: tuple[str, str, int, object]) -> None:
    assert problems(*right) == []


def test_an_error_in_plain_text_is_found() -> None:
    assert problems("GET", "/v1.51/containers/a/json", 404, b"no", kind="text/plain")


def test_missing_headers_are_found() -> None:
    found = problems("GET", "/_ping", 200, b"OK", kind="text/plain")
    assert "GET /_ping 200: the header Api-Version is missing" in [
        problem.replace("API-Version", "Api-Version") for problem in found
    ]


def test_the_end_of_a_stream_that_was_left_is_not_judged() -> None:
    description = describe("1.51")
    body = b'{"Type": "image"}\n{"Type": "ima'
    assert description.check("GET", "/events", 200, JSON, body, complete=False) == []
    assert description.check("GET", "/events", 200, JSON, body, complete=True)


def test_bytes_that_are_not_http_are_found() -> None:
    assert judge(Exchange("GET", "/info", broken="illegal header line"))


@pytest.mark.parametrize(
    ("path", "newest", "version"),
    [
        ("/v1.41/info", "1.51", "1.41"),
        ("/v1.24/info", "1.51", "1.41"),
        ("/v1.43/info", "1.51", "1.45"),
        ("/v1.47/info", "1.51", "1.51"),
        ("/v1.99/info", "1.51", "1.51"),
        ("/info", "1.51", "1.51"),
        ("/info", "1.45", "1.45"),
        ("/v1.44/info", "1.45", "1.45"),
    ],
)
def test_which_description_judges(path: str, newest: str, version: str) -> None:
    assert judged_by(path, newest) == version


def test_fields_that_are_not_described_are_listed() -> None:
    body = json.dumps([{"Id": "a", "Own": 1, "HostConfig": {"More": 2}, "Labels": {"any": "b"}}])
    listed = describe("1.51").unknown_fields("GET", "/containers/json", 200, body.encode())
    assert listed == ["$[].Own", "$[].HostConfig.More"]


def test_a_chosen_folder_of_descriptions_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INSIDEDOCKER_OPENAPI", str(tmp_path))
    (tmp_path / "swagger-v1.51.yaml").write_text("")
    assert openapi.find_description("1.51") == tmp_path / "swagger-v1.51.yaml"
