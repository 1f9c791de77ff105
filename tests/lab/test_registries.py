"""A lesson's registry is real, lets in whom it should, and leaves nothing; and names at it are
found again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from insidedocker import lab
from insidedocker.lab.checks import check, registries
from insidedocker.lab.engines.stub_engine import Answer
from tests.support import engines, patience

LESSON = "07-registries"


@pytest.fixture(params=["namespaces", "proot"])
def engine(request: pytest.FixtureRequest, busybox: Path) -> Iterator[lab.Engine]:
    started: engines.Engine = request.getfixturevalue(f"embedded_{request.param}")
    started.load(busybox)
    with lab.connect(started.url) as session:
        yield session
    started.clear()


@pytest.mark.slow
def test_registries_follow_each_other_and_keep_strangers_out(engine: lab.Engine) -> None:
    lab.need(engine, "registry:2", quiet=True)
    before = lab.inventory(engine)
    # The second and third get the address that the one before them had.
    for username in registries.USERS:
        with registries.running(engine, LESSON, username) as registry:
            digest = registry.push(engine, "busybox", "team/box", "v1")
            assert registry.digest("team/box", "v1") == digest
            assert registry.digest("team/box", "v2") is None
            layers = engine.get("/images/busybox/json").json()["RootFS"]["Layers"]
            assert registry.layers("team/box", "v1") == layers
            assert registry.layers("team/box", "v2") is None
            oci = registry.as_oci("team/box", "v1")
            assert registry.layers("team/box", oci) == layers
            assert registry.ask("GET", f"team/box/manifests/{oci}").status_code == 404
            assert registry.tags("team/box") == ["v1", oci]
            assert registry.tags("team/no") == []
            assert (
                requests.get(f"http://{registry.host}/v2/", timeout=patience.EVENT).status_code
                == 401
            )
            stranger = registries.Registry(registry.host, username, "guess")
            assert stranger.ask("GET", "").status_code == 401
            assert registry.ask("GET", "").status_code == 200
        assert lab.inventory(engine) == before
    assert registries.engine_for(engine, LESSON) is engine


@pytest.mark.slow
def test_names_at_a_registry_and_digests_are_cleaned_up(engine: lab.Engine) -> None:
    lab.need(engine, "registry:2", quiet=True)
    before = lab.inventory(engine)
    repository = lab.repository(LESSON, "tool")
    with registries.running(engine, LESSON) as registry:
        digest = registry.push(engine, "busybox", repository, "v1")
        for tag in ("v1", digest):
            source = {"fromImage": f"{registry.host}/{repository}", "tag": tag}
            assert engine.post("/images/create", params=source, headers=registry.headers).ok
    lab.clean_up(engine, LESSON)
    assert lab.inventory(engine) == before
    assert engine.get(f"/images/{registry.host}/{repository}@{digest}/json").status_code == 404


def test_another_engine_is_taken_where_the_first_does_not_log_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script: dict[str, Answer] = {
        "GET /images/registry:2/json": (200, {}, {}),
        "POST /containers/create": (201, {}, {"Id": "1"}),
        "PUT /containers/1/archive": (200, {}, b""),
        "POST /containers/1/start": (204, {}, b""),
        "DELETE /containers/1": (204, {}, b""),
        "POST /auth": (500, {}, {"message": "server gave HTTP response to HTTPS client"}),
    }
    with (
        check.scripted_engine({"GET /v2/": (401, {}, b"")}, tcp=True) as registry,
        check.scripted_engine(script) as podman,
        pytest.MonkeyPatch.context() as patch,
    ):
        port = int(registry.url.rpartition(":")[2])
        patch.setattr(registries, "free_port", lambda: port)
        taken = registries.engine_for(lab.Engine(podman.url), LESSON)
    assert taken.url != podman.url
    assert taken.kind == "embedded"
    assert "without TLS" in capsys.readouterr().out
