"""Images out of containers, by an ordinary user's engine."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines
from tests.support.engines import Engine
from tests.support.missing import skip_missing

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", params=["namespaces", "proot"])
def engine(request: pytest.FixtureRequest, busybox: Path) -> Iterator[Engine]:
    with skip_missing(), engines.embedded(request.param, images=(busybox,)) as started:
        yield started


@pytest.fixture(autouse=True)
def clean(engine: Engine) -> Iterator[None]:
    yield
    engine.clear()


def ran(engine: Engine, script: str, **more: Any) -> str:
    """The id of a container that has run a shell script to its end."""
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], **more}
    answer = engine.request("POST", "/containers/create", json=body)
    assert answer.status_code == 201, answer.text
    identity = answer.json()["Id"]
    assert engine.request("POST", f"/containers/{identity}/start").status_code == 204
    assert engine.request("POST", f"/containers/{identity}/wait").json()["StatusCode"] == 0
    return str(identity)


def commit(engine: Engine, container: str, query: str = "", body: Any = None) -> dict[str, Any]:
    answer = engine.request("POST", f"/commit?container={container}&{query}", json=body)
    assert answer.status_code == 201, answer.text
    return engine.request("GET", f"/images/{answer.json()['Id']}/json").json()


def top_layer(engine: Engine, name: str) -> list[str]:
    saved = engine.request("GET", f"/images/{name}/get").content
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        [entry] = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
        layer = archive.extractfile(entry["Layers"][-1])
        with tarfile.open(fileobj=layer) as opened:
            return sorted(opened.getnames())


def test_what_a_container_changed_becomes_a_layer(engine: Engine) -> None:
    script = "echo hello > /greeting; rm /etc/group; mkdir /new; ln -s /x /new/link"
    container = ran(engine, script, Env=["B=2"])
    image = commit(engine, container, "repo=made&tag=1&comment=by+hand&author=me&changes=ENV+A=1")
    base = engine.request("GET", "/images/busybox/json").json()
    assert image["RepoTags"] == ["made:1"]
    assert (image["Comment"], image["Author"], image["Parent"]) == ("by hand", "me", base["Id"])
    assert image["RootFS"]["Layers"][:-1] == base["RootFS"]["Layers"]
    assert {"A=1", "B=2"} <= set(image["Config"]["Env"])
    assert image["Config"]["Cmd"] == ["sh", "-c", script]
    names = top_layer(engine, "made:1")
    assert {"greeting", "new", "new/link", "etc/.wh.group"} <= set(names)
    assert "bin/busybox" not in names, "what is unchanged stays below"
    step = engine.request("GET", "/images/made:1/history").json()[0]
    assert (step["Size"], step["Comment"]) == (len("hello\n") + len("/x"), "by hand")
    seen = ran(engine, "grep -q hello /greeting && ! test -e /etc/group", Image="made:1")
    logs = engine.request("GET", f"/containers/{seen}/logs?stderr=1")
    assert logs.status_code == 200


def test_settings_of_the_request_go_first(engine: Engine) -> None:
    container = ran(engine, "true", Labels={"a": "1", "b": "1"})
    body = {"Cmd": ["/other"], "Labels": {"b": "2"}, "ExposedPorts": {"80/tcp": {}}}
    config = commit(engine, container, body=body)["Config"]
    assert config["Cmd"] == ["/other"]
    assert config["Labels"] == {"a": "1", "b": "2"}
    assert config["ExposedPorts"] == {"80/tcp": {}}
    entry = commit(engine, container, body={"Entrypoint": ["/e"]})["Config"]
    assert (entry["Entrypoint"], entry["Cmd"]) == (["/e"], None)


def test_a_container_that_changed_nothing_adds_no_layer(engine: Engine) -> None:
    answer = engine.request("POST", "/containers/create", json={"Image": "busybox"})
    image = commit(engine, answer.json()["Id"])
    base = engine.request("GET", "/images/busybox/json").json()
    assert image["RootFS"] == base["RootFS"]
    assert image["Id"] != base["Id"]


def test_a_running_container_goes_on(engine: Engine) -> None:
    body = {"Image": "busybox", "Cmd": ["sh", "-c", "echo x > /made; sleep 60"]}
    container = engine.request("POST", "/containers/create", json=body).json()["Id"]
    engine.request("POST", f"/containers/{container}/start")
    commit(engine, container)
    state = engine.request("GET", f"/containers/{container}/json").json()["State"]
    assert (state["Running"], state["Paused"]) == (True, False)


def test_an_image_with_children_stays(engine: Engine) -> None:
    child = commit(engine, ran(engine, "touch /x"), "repo=child&tag=1")
    answer = engine.request("DELETE", f"/images/{child['Parent']}?force=1")
    assert answer.status_code == 409
    assert "image has dependent child images" in answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "body", "status", "message"),
    [
        ("container=nope", None, 404, "No such container: nope"),
        ("repo=Up", None, 400, "must be lowercase"),
        ("changes=FROM+x", None, 400, "FROM is not a valid change command"),
        ("", {"Env": "A=1"}, 400, "Env is not of the type it should be"),
        ("", [], 400, "an object is needed"),
    ],
)
def test_what_cannot_be_committed(
    engine: Engine, query: str, body: Any, status: int, message: str
) -> None:
    container = engine.request("POST", "/containers/create", json={"Image": "busybox"})
    where = f"{query}&container={container.json()['Id']}"  # the first of a name counts
    answer = engine.request("POST", f"/commit?{where}", json=body)
    assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text
