"""Pictures: well-formed, escaped, and true to the engine in SVG and in words alike."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from insidedocker import lab
from insidedocker.lab import ImageMissing, pictures
from insidedocker.lab.checks import check, fixtures
from insidedocker.lab.pictures.architecture import PARTS, touched
from insidedocker.lab.pictures.drawing import TIMES
from insidedocker.lab.pictures.life_cycle import PLACES
from tests.support import engines

SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture: pictures.Picture) -> list[str]:
    """The words in an SVG; of shortened ones the whole, as a mouse that rests on them reads it."""
    texts = ElementTree.fromstring(picture.svg).iter(f"{SVG}text")
    return [each.findtext(f"{SVG}title") or each.text or "" for each in texts]


def found(root: ElementTree.Element, path: str) -> ElementTree.Element:
    """The first element there, which has to be there."""
    element = root.find(path)
    assert element is not None, path
    return element


def check_form(picture: pictures.Picture) -> None:
    """What holds for every picture: it can be read, by eye and by a screen reader."""
    root = ElementTree.fromstring(picture.svg)
    assert root.get("role") == "img"
    labels = root.attrib["aria-labelledby"].split()
    labelled = [found(root, f".//*[@id='{name}']") for name in labels]
    assert [each.text for each in labelled] == [picture.title, picture.text]
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for each in root.iter(f"{SVG}rect"):
        assert 0 <= float(each.get("x", 0)) <= float(each.get("x", 0)) + float(each.attrib["width"])
        assert float(each.get("x", 0)) + float(each.attrib["width"]) <= width
        assert float(each.get("y", 0)) + float(each.attrib["height"]) <= height
    for each in root.iter(f"{SVG}text"):
        assert 0 < float(each.attrib["y"]) < height
    bundle = picture._repr_mimebundle_()
    assert picture.svg in bundle["text/html"]
    assert bundle["text/plain"] == f"{picture.title}\n\n{picture.text}"


def lit(picture: pictures.Picture) -> set[str]:
    """The parts that a picture of the architecture says in words were touched."""
    rows = [row.split() for row in picture.text.splitlines() if ": " in row]
    return {row[1].rstrip(":") for row in rows if row[0].rstrip(TIMES).isdigit()}


def test_the_architecture_without_calls() -> None:
    picture = pictures.architecture()
    check_form(picture)
    assert set(drawn(picture)) >= {part.name for part in PARTS.values()}
    root = ElementTree.fromstring(picture.svg)
    assert "lit" not in (found(root, f"{SVG}desc").text or "")
    assert not root.findall(f"{SVG}rect[@class='box lit']")
    assert lit(picture) == set()


def test_parts_that_calls_touched_light_up() -> None:
    start = SimpleNamespace(method="POST", path="/v1.41/containers/web/start?detachKeys=x")
    picture = pictures.architecture([("GET", "/_ping"), ("get", "/_ping"), start])
    check_form(picture)
    lights = ElementTree.fromstring(picture.svg).findall(f"{SVG}rect[@class='box lit']")
    assert len(lights) == 8
    assert lit(picture) == {
        *("client", "REST", "dockerd", "containerd", "runc", "containers", "storage", "network")
    }
    assert f"GET /_ping (2{TIMES}) touched: client, REST API, dockerd" in picture.text
    assert drawn(picture).count(f"3{TIMES}") == 3


def test_a_refused_call_comes_as_far_as_the_daemon() -> None:
    call = SimpleNamespace(method="POST", path="/containers/create", status=404)
    picture = pictures.architecture([call])
    assert lit(picture) == {"client", "REST", "dockerd"}
    assert "POST /containers/create (refused: 404)" in drawn(picture)


@pytest.mark.parametrize(
    ("method", "path", "beyond"),
    [
        ("POST", "/images/create", {"registry", "images", "storage"}),
        ("POST", "/images/host:5000/a/b/push", {"registry", "images"}),
        ("GET", "/images/json", {"images"}),
        ("GET", "/containers/json", {"containers"}),
        ("POST", "/containers/create", {"images", "containers", "storage"}),
        ("POST", "/networks/create", {"networks"}),
        ("GET", "/volumes", {"volumes"}),
        ("GET", "/version", {"containerd", "runc"}),
        ("GET", "/events", set()),
        ("GET", "/no/such/thing", set()),
    ],
)
def test_which_call_touches_what(method: str, path: str, beyond: set[str]) -> None:
    assert set(touched(method, path)) == {"client", "api", "daemon"} | beyond


def test_many_calls_and_markup_in_a_path() -> None:
    picture = pictures.architecture([("GET", f"/containers/<b>&{n}{'x' * 90}") for n in range(50)])
    check_form(picture)
    assert "/containers/<b>&49" in picture.text
    assert "… and 47 more" in drawn(picture)


NAME = "pictured"
LABELS = lab.labels("pictures-test")


@pytest.fixture
def engine(any_engine: engines.Engine, busybox: Path) -> Iterator[lab.Engine]:
    """A session with each engine in turn, which has busybox."""
    any_engine.load(busybox)
    with lab.Engine(any_engine.url) as session:
        yield session


def make(engine: lab.Engine, name: str, **more: Any) -> None:
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "Labels": LABELS, **more}
    answer = engine.post("/containers/create", params={"name": name}, json=body)
    assert answer.status_code == 201, answer.text


def do(engine: lab.Engine, *actions: str) -> None:
    for action in actions:
        answer = engine.post(f"/containers/{NAME}/{action}")
        assert answer.ok, answer.text


def stands(engine: lab.Engine, name: str = NAME) -> str:
    picture = pictures.life_cycle(engine, name)
    check_form(picture)
    state = picture.title.rpartition(" ")[2]
    x, y = PLACES[state]
    (box,) = ElementTree.fromstring(picture.svg).findall(f"{SVG}rect[@class='box lit']")
    assert (box.get("x"), box.get("y")) == (str(x), str(y))
    return state


def until_it_says(engine: lab.Engine, words: bytes) -> None:
    """A signal that comes before the trap is set ends a program in another way."""
    while words not in engine.get(f"/containers/{NAME}/logs?stdout=1").content:
        time.sleep(0.01)


def test_where_a_container_stands(engine: lab.Engine) -> None:
    assert stands(engine) == "removed"
    polite = "trap 'exit 7' TERM; echo ready; while :; do sleep .1; done"
    make(engine, NAME, Cmd=["sh", "-c", polite])
    assert stands(engine) == "created"
    do(engine, "start")
    assert stands(engine) == "running"
    until_it_says(engine, b"ready")
    do(engine, "kill?signal=TERM", "wait")
    assert stands(engine) == "exited"
    assert "exit code 7" in pictures.life_cycle(engine, NAME).text
    engine.delete(f"/containers/{NAME}")
    assert stands(engine) == "removed"


def test_a_paused_container(engine: lab.Engine) -> None:
    make(engine, NAME)
    do(engine, "start")
    if not engine.post(f"/containers/{NAME}/pause").ok:
        pytest.skip("this engine cannot pause here")
    assert stands(engine) == "paused"


def test_layers_are_the_engines(engine: lab.Engine) -> None:
    picture = pictures.layers(engine, "busybox")
    check_form(picture)
    digests = engine.get("/images/busybox/json").json()["RootFS"]["Layers"]
    for digest in digests:
        assert digest[7:19] in picture.text
        assert digest[7:19] in drawn(picture)


def test_layers_that_images_share_are_drawn_once(engine: lab.Engine) -> None:
    make(engine, NAME, Cmd=["sh", "-c", "echo more > /more"])
    do(engine, "start", "wait")
    name = lab.repository("pictures-test", "more")
    committed = engine.post(
        "/commit", params={"container": NAME, "repo": name, "tag": "1"}, json={}
    )
    assert committed.ok, committed.text
    try:
        picture = pictures.layers(engine, "busybox", f"{name}:1")
    finally:
        engine.delete(f"/images/{name}:1")
    check_form(picture)
    shared = engine.get("/images/busybox/json").json()["RootFS"]["Layers"][0][7:19]
    assert drawn(picture).count(shared) == 1
    assert f"shared with {name}:1" in picture.text
    assert "3 layers, 2 different ones, 1 shared" in picture.text


def test_an_image_that_is_not_there(engine: lab.Engine) -> None:
    with pytest.raises(ImageMissing, match="no image called 'no/such:thing'"):
        pictures.layers(engine, "no/such:thing")


def test_networks_are_the_engines(engine: lab.Engine) -> None:
    created = engine.post("/networks/create", json={"Name": "pictured-net", "Labels": LABELS})
    assert created.status_code == 201, created.text
    port = fixtures.free_port()
    ports = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    host = {"NetworkMode": "pictured-net", "PortBindings": ports}
    make(engine, NAME, HostConfig=host, ExposedPorts={"80/tcp": {}})
    do(engine, "start")
    picture = pictures.networks(engine)
    check_form(picture)
    networks = engine.get(f"/containers/{NAME}/json").json()["NetworkSettings"]["Networks"]
    assert networks["pictured-net"]["IPAddress"]
    for words in (NAME, networks["pictured-net"]["IPAddress"], f"127.0.0.1:{port} → 80/tcp"):
        assert words in drawn(picture)
        assert words in picture.text
    for each in engine.get("/networks").json():
        assert each["Name"] in drawn(picture)


def test_the_architecture_has_the_names_of_this_engine(engine: lab.Engine) -> None:
    picture = pictures.architecture([("GET", "/version")], engine)
    check_form(picture)
    wanted = {
        "docker": {"dockerd", "containerd", "runc"},
        "podman": {"podman", "conmon"},
        "embedded": {"embedded engine", "launcher"},
    }
    words = set(drawn(picture))
    assert wanted[engine.kind] <= words
    assert engine.get("/info").json()["Driver"] in words
    if engine.kind == "embedded":
        assert not words & {"dockerd", "containerd", "runc"}


def listed(count: int) -> list[dict[str, Any]]:
    """A list of containers as an engine gives it, with names that need room and care."""
    return [
        {
            "Id": f"{number:064x}",
            "Names": [f"/<&>-{'long-' * 12}{number}"],
            "State": "running",
            "Ports": [
                {"IP": "0.0.0.0", "PrivatePort": port, "PublicPort": 30000 + port, "Type": "tcp"}
                for port in range(number)
            ],
            "NetworkSettings": {"Networks": {"n": {"IPAddress": f"10.0.0.{number}"}}},
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 50])
def test_none_one_and_fifty_containers(count: int) -> None:
    script: dict[str, Any] = {
        "GET /networks": (200, {}, [{"Name": "n", "Driver": "bridge", "IPAM": {"Config": None}}]),
        "GET /containers/json": (200, {}, listed(count)),
    }
    with check.scripted_engine(script) as other:
        picture = pictures.networks(lab.connect(other.url))
    check_form(picture)
    for number in range(count):
        assert f"<&>-{'long-' * 12}{number}" in drawn(picture)
        assert f"10.0.0.{number}" in picture.text.replace(";", "").split()


@pytest.mark.parametrize("count", [0, 1, 50])
def test_none_one_and_fifty_images(count: int) -> None:
    images = [{"Id": f"sha256:{n:064x}", "RepoTags": [f"i<{n}>:latest"]} for n in range(count)]
    script: dict[str, Any] = {"GET /images/json": (200, {}, images)}
    for number in range(count):
        digests = [f"sha256:{each:064x}" for each in range(number)]
        path = f"/images/i%3C{number}%3E:latest"
        script[f"GET {path}/json"] = (200, {}, {"RootFS": {"Layers": digests}})
        lines = [{"Size": 1000, "CreatedBy": f"RUN {each}"} for each in reversed(digests)]
        script[f"GET {path}/history"] = (200, {}, [{"Size": 0, "CreatedBy": "CMD run"}, *lines])
    with check.scripted_engine(script) as other:
        picture = pictures.layers(lab.connect(other.url))
    check_form(picture)
    for number in range(count):
        assert f"i<{number}>:latest" in drawn(picture)
    if count > 1:
        assert "1.0 kB" in drawn(picture)
        assert "49.0 kB on disk" in picture.text


def test_a_page_may_show_a_picture_twice() -> None:
    one, other = pictures.architecture(), pictures.architecture()
    assert one.text == other.text
    titles = [found(ElementTree.fromstring(each.svg), f"{SVG}title") for each in (one, other)]
    ids = [each.get("id") for each in titles]
    assert ids[0] != ids[1]
