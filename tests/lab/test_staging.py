"""Scenes on an engine: what they show while they last, and that nothing of them stays."""

import pytest

from insidedocker import lab
from insidedocker.lab import inventory
from insidedocker.lab.checks import fixtures, programs
from tests.support.engines import Engine

LESSON = "99-scenes"


@pytest.fixture
def engine(embedded_namespaces: Engine) -> lab.Engine:
    session = lab.connect(embedded_namespaces.url)
    lab.need(session, "busybox", quiet=True)
    return session


def test_a_container_is_waited_for_until_it_speaks(engine: lab.Engine) -> None:
    before = inventory(engine)
    command = ["sh", "-c", "sleep 0.3; echo $WORD; exec sleep 60"]
    with fixtures.container(
        engine, LESSON, image="busybox", command=command, says="now", Env=["WORD=now"]
    ) as name:
        assert programs.inside(engine, name, "sh", "-c", "echo $WORD >&2; exit 4") == (4, "now\n")
    assert inventory(engine) == before


def test_a_network_goes_with_what_is_on_it(engine: lab.Engine) -> None:
    before = inventory(engine)
    with fixtures.network(engine, LESSON) as network, fixtures.gone_afterwards(engine) as name:
        port = fixtures.free_port()
        recipe = {
            "Image": "busybox",
            "Cmd": fixtures.web_server(port, "it's a page"),
            "HostConfig": {"NetworkMode": network},
        }
        engine.post("/containers/create", params={"name": name}, json=recipe)
        engine.post(f"/containers/{name}/start")
        fixtures.await_server(engine, name, port)
        page = programs.inside(engine, name, "wget", "-qO-", f"http://{name}:{port}/")
        assert page == (0, "it's a page\n")
    assert inventory(engine) == before
