"""Checks on deeds see what is on an engine, on every engine, and say what is there instead."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from insidedocker import lab
from insidedocker.lab.checks import check
from insidedocker.lab.engines.session import Engine

LESSON = "99-deeds"
SERVE = ["sh", "-c", "echo hello > /index.html; exec httpd -f -p 80 -h /"]


def told(function: Callable[..., Any], *args: Any, **options: Any) -> str:
    """The message of a check that must fail; it always has a next step."""
    with pytest.raises(check.CheckFailed) as failure:
        function(*args, **options)
    assert "Try next: " in str(failure.value)
    return str(failure.value)


@pytest.fixture
def engine(embedded_namespaces: Any) -> Iterator[Engine]:
    """An engine with busybox, and with no containers, networks and volumes of anybody's."""
    embedded_namespaces.clear()
    with Engine(embedded_namespaces.url) as session:
        lab.need(session, "busybox", quiet=True)
        yield session
    embedded_namespaces.clear()


def create(engine: Engine, name: str, **more: Any) -> str:
    body = {"Image": "busybox", "Cmd": ["sleep", "60"], "Labels": lab.labels(LESSON), **more}
    answer = engine.post("/containers/create", params={"name": name}, json=body)
    assert answer.status_code == 201, answer.text
    return name


def start(engine: Engine, name: str) -> None:
    assert engine.post(f"/containers/{name}/start").status_code == 204


def test_states_of_a_container(engine: Engine) -> None:
    message = told(check.container, engine, "web")
    assert "there is none of this name; there are: none" in message
    create(engine, "web", Cmd=["sh", "-c", "exit 3"])
    assert "there are: web" in told(check.container, engine, "wep")
    assert "it is created" in told(check.container, engine, "web")
    assert check.container(engine, "web", state="created", image="busybox")["Name"] == "/web"
    start(engine, "web")
    engine.post("/containers/web/wait")
    message = told(check.container, engine, "web")
    assert "it is exited, with exit code 3" in message and "read its logs" in message
    create(engine, "run")
    start(engine, "run")
    assert "which request ends" in told(check.container, engine, "run", state="exited")
    assert check.container(engine, "run")["State"]["Running"]
    assert "none of this name" in told(check.container, engine, "run", image="no/such-image")


def test_images_volumes_and_what_is_gone(engine: Engine) -> None:
    assert check.image(engine, "busybox")["Id"].startswith("sha256:")
    assert "busybox:latest" in told(check.image, engine, "busibox")
    engine.post("/volumes/create", json={"Name": "data"})
    assert check.volume(engine, "data")["Name"] == "data"
    assert "there are: data" in told(check.volume, engine, "date")
    assert "stopping is not removing" in told(check.gone, engine, "volume", "data")
    engine.delete("/volumes/data")
    check.gone(engine, "volume", "data")
    check.gone(engine, "container", "nobody")
    assert "my own advice" in told(check.gone, engine, "image", "busybox", try_next="my own advice")


def test_peers_of_a_network(engine: Engine) -> None:
    assert "a network called shop" in told(check.network, engine, "shop")
    engine.post("/networks/create", json={"Name": "shop"})
    check.network(engine, "shop")
    create(engine, "db", HostConfig={"NetworkMode": "shop"})
    assert "running on it: none" in told(check.network, engine, "shop", peers=["db"])
    start(engine, "db")
    check.network(engine, "shop", peers=["db"])
    message = told(check.network, engine, "shop", peers=["web", "db"])
    assert "running on it: db" in message and "also web" in message


def test_a_published_port_answers(engine: Engine) -> None:
    create(engine, "quiet", Cmd=SERVE)
    start(engine, "quiet")
    message = told(check.port_answers, engine, "quiet", 80)
    assert "published are: none" in message and "EXPOSE does not publish" in message
    ports = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    create(engine, "web", Cmd=SERVE, HostConfig={"PortBindings": ports})
    start(engine, "web")
    assert check.port_answers(engine, "web", 80, text="hello") == "hello\n"
    assert "published are: 80/tcp" in told(check.port_answers, engine, "web", 8080)
    assert "'welcome' in the body" in told(check.port_answers, engine, "web", 80, text="welcome")
    assert "status 404" in told(check.port_answers, engine, "web", 80, path="/nothing")


def test_nobody_listens(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insidedocker.lab.checks.object_checks.SECONDS", 0.3)
    ports = {"80/tcp": [{"HostPort": ""}]}
    create(engine, "web", HostConfig={"PortBindings": ports})
    start(engine, "web")
    assert "no answer" in told(check.port_answers, engine, "web", 80)


def test_every_engine_shows_the_same(any_engine: Any) -> None:
    with Engine(any_engine.url) as engine:
        lab.need(engine, "busybox", quiet=True)
        name = create(engine, "deeds-web")
        assert "it is created" in told(check.container, engine, name)
        engine.post("/networks/create", json={"Name": "deeds-net"})
        engine.post("/networks/deeds-net/connect", json={"Container": name})
        start(engine, name)
        check.container(engine, name, image="busybox")
        check.network(engine, "deeds-net", peers=[name])
        engine.delete(f"/containers/{name}?force=1")
        check.gone(engine, "container", name)
        engine.delete("/networks/deeds-net")
        check.gone(engine, "network", "deeds-net")
