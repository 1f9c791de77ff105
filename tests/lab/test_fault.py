"""Broken on purpose: each fault looks as the real one does, and ends with its block."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from insidedocker import lab
from insidedocker.lab.engines.fake_registry import ANYBODY, User, small_registry
from insidedocker.lab.engines.faults import MYSTERIES
from insidedocker.lab.engines.session import reason_of
from tests.support import patience

LESSON = "12-troubleshooting"


@pytest.fixture(scope="module")
def engine() -> Iterator[lab.Engine]:
    with lab.breakable_engine("busybox") as engine:
        yield engine


@pytest.fixture
def whole(engine: lab.Engine) -> Iterator[lab.Engine]:
    """An engine that must be whole, with its image, after each test."""
    yield engine
    assert engine.get("/_ping").text == "OK"
    assert engine.get("/images/busybox/json").status_code == 200
    assert engine.post("/volumes/create", json={"Name": "kept"}).status_code == 201
    assert engine.delete("/volumes/kept").status_code == 204


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("stopped", FileNotFoundError),
        ("crashed", ConnectionRefusedError),
        ("forbidden", PermissionError),
    ],
)
def test_nobody_is_there(whole: lab.Engine, kind: str, reason: type[OSError]) -> None:
    whole.get("/_ping")  # a connection that stays open must not be a way in
    with lab.fault(kind, whole) as broken:
        with pytest.raises(lab.EngineUnreachable) as caught:
            whole.get("/_ping")
        assert reason_of(caught.value) == reason_of(reason())
        place = whole.url.removeprefix("unix://")
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(reason):
            client.connect(place)
        assert broken.url == whole.url
        assert Path(place).exists() == (kind != "stopped")


def test_slow(whole: lab.Engine) -> None:
    with lab.fault("slow", whole, on="GET /info", seconds=30):
        with pytest.raises(requests.exceptions.ReadTimeout):
            whole.get("/info", timeout=0.3)
        assert whole.get("/_ping").text == "OK"
    assert whole.get("/info").ok


def test_failing(whole: lab.Engine) -> None:
    with lab.fault("failing", whole, on="* /containers/*", status=502):
        assert whole.get("/containers/json").status_code == 502
        assert whole.get("/_ping").text == "OK"
    assert whole.get("/containers/json").status_code == 200


def test_the_disk_is_full(whole: lab.Engine) -> None:
    with lab.fault("disk-full", whole):
        answer = whole.post("/containers/create", json={"Image": "busybox"})
        assert answer.status_code == 500
        assert whole.get("/containers/json?all=1").json() == []


def test_a_port_is_taken(whole: lab.Engine) -> None:
    with lab.fault("port-taken", whole) as broken:
        bound = {"80/tcp": [{"HostPort": broken.address}]}
        recipe = {
            "Image": "busybox",
            "Cmd": ["sleep", "60"],
            "Labels": lab.labels(LESSON),
            "HostConfig": {"PortBindings": bound},
        }
        name = whole.post("/containers/create", json=recipe).json()["Id"]
        assert whole.post(f"/containers/{name}/start").status_code == 500
        refuses(f"Port {broken.address} cannot", "port-taken", whole, port=int(broken.address))
    assert whole.post(f"/containers/{name}/start").status_code == 204
    lab.clean_up(whole, LESSON)


@pytest.mark.parametrize(("kind", "status"), [("registry-denies", 404), ("registry-limits", 500)])
def test_a_registry_that_says_no(whole: lab.Engine, kind: str, status: int) -> None:
    with lab.fault(kind, whole) as broken:
        name = {"fromImage": f"{broken.address}/team/app", "tag": "1"}
        assert whole.post("/images/create", params=name).status_code == status
        assert (
            requests.get(f"http://{broken.address}/v2/", timeout=patience.EVENT).status_code == 401
        )
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{broken.address}/v2/", timeout=patience.EVENT)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("kind", ["stopped", "forbidden", "failing"])
def test_a_block_that_breaks_off_leaves_a_whole_engine(
    whole: lab.Engine, kind: str, error: type[BaseException]
) -> None:
    with pytest.raises(error), lab.fault(kind, whole):
        raise error


def test_blocks_nest_and_the_outer_fault_outlives_the_inner(whole: lab.Engine) -> None:
    with lab.fault("failing", whole, on="GET /images/json"):
        with lab.fault("crashed", whole), pytest.raises(lab.EngineUnreachable):
            whole.get("/images/json")
        assert whole.get("/images/json").status_code == 500
        with lab.fault("failing", whole, on="GET /images/json", status=503):
            assert whole.get("/images/json").status_code == 500  # the first one has it
        assert whole.get("/images/json").status_code == 500
    assert whole.get("/images/json").status_code == 200


def test_without_an_engine_there_is_a_new_one_that_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with lab.fault("disk-full") as broken:
        assert broken.engine.kind == "embedded"
    with pytest.raises(lab.EngineUnreachable):
        broken.engine.get("/_ping")
    told = capsys.readouterr().out
    assert told.startswith("Broken on purpose: ") and told.count("\n") == 1


def test_nobodys_own_engine_is_touched() -> None:
    answers = {"GET /_ping": (200, {"Server": "Docker/28.5"}, b"OK")}
    with lab.check.scripted_engine(answers) as real, lab.connect(real.url) as own:
        refuses("lab.fault leaves unix://", "stopped", own)
        assert real.requests == []
        assert own.get("/_ping").ok
    with lab.check.fresh_engine() as grading:
        refuses("lab.fault leaves unix://", "failing", grading)
        assert grading.get("/_ping").text == "OK"


def test_what_there_is_not_is_said_in_a_sentence() -> None:
    refuses("There is no fault 'tired': choose one of stopped, ", "tired")
    refuses("That fault cannot be had: no such fault", "failing", status=200)
    with pytest.raises(lab.NoEngine, match="There is no mystery 9: choose one of 1 to 5"):
        lab.mystery(9).__enter__()


def test_a_mystery_does_not_give_itself_away(capsys: pytest.CaptureFixture[str]) -> None:
    told = set()
    for number in MYSTERIES:
        with lab.mystery(number) as broken, pytest.raises(requests.RequestException):
            broken.engine.get("/containers/json", timeout=0.3).raise_for_status()
        told.add(capsys.readouterr().out.replace(str(number), "N"))
    assert told == {"Engine N is broken on purpose. Find out how, before the block ends.\n"}


def test_the_small_registry_knows_its_users(whole: lab.Engine) -> None:
    users = {ANYBODY: User(""), "ann": User("p", ("pull", "push")), "bob": User("q")}
    with small_registry(users) as registry:
        name = f"{registry.host}/team/app"
        whole.post("/images/busybox/tag", params={"repo": name, "tag": "1"})
        pushed = {}
        with contextlib.closing(whole.docker()) as client:
            for user, password in (("bob", "q"), ("ann", "wrong"), ("ann", "p")):
                auth = {"username": user, "password": password}
                client.images.push(name, tag="1", auth_config=auth)
                pushed[user, password] = registry.holds("team/app", "1")
        assert pushed == {("bob", "q"): False, ("ann", "wrong"): False, ("ann", "p"): True}
        assert whole.delete(f"/images/{name}:1").ok
        wanted = {"fromImage": name, "tag": "1"}
        assert whole.post("/images/create", params=wanted).status_code == 200
        assert whole.delete(f"/images/{name}:1").ok
        registry.limited = True
        assert whole.post("/images/create", params=wanted).status_code == 500


def refuses(sentence: str, kind: str, engine: lab.Engine | None = None, **settings: int) -> None:
    with pytest.raises(lab.NoEngine) as caught:
        lab.fault(kind, engine, **settings).__enter__()  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence)
