"""Somebody else is at work on the engine: what checks make goes, what others have made stays."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from insidedocker import lab
from insidedocker.lab.checks import fixtures, registries
from insidedocker.lab.checks.check_failed import CheckFailed
from tests.support import engines

LESSON = "99-others"
MARK = lab.labels(LESSON)


@pytest.fixture
def engine(any_engine: engines.Engine, busybox: Path) -> Iterator[lab.Engine]:
    any_engine.load(busybox)
    with lab.connect(any_engine.url) as session:
        before = lab.inventory(session)
        yield session
        any_engine.clear()
        for tag in lab.inventory(session)["tags"]:
            if tag not in before["tags"]:
                session.delete(f"/images/{tag}?force=1&noprune=1")
        for image in lab.inventory(session)["images"]:
            if image not in before["images"]:
                session.delete(f"/images/{image}?force=1&noprune=1")


@pytest.fixture
def quick_engine(embedded_namespaces: engines.Engine, busybox: Path) -> lab.Engine:
    embedded_namespaces.load(busybox)
    return lab.connect(embedded_namespaces.url)


def ok(answer: Any) -> Any:
    assert answer.ok, answer.text
    return answer


@contextlib.contextmanager
def leaving(engine: lab.Engine, told: str, **how: Any) -> Iterator[lab.Engine]:
    """A block for a function that leaves what the check is then to tell."""
    with pytest.raises(CheckFailed, match=told), fixtures.leaving_nothing(engine, **how) as door:
        yield door


def create(engine: lab.Engine, name: str = "", **recipe: Any) -> str:
    params = {"name": name} if name else {}
    recipe = {"Image": "busybox", "Cmd": ["sleep", "60"], **recipe}
    return str(ok(engine.post("/containers/create", params=params, json=recipe)).json()["Id"])


def volume(engine: lab.Engine, name: str, **more: Any) -> None:
    ok(engine.post("/volumes/create", json={"Name": name, **more}))


def network(engine: lab.Engine, name: str, **more: Any) -> str:
    return str(ok(engine.post("/networks/create", json={"Name": name, **more})).json()["Id"])


def tag(engine: lab.Engine, name: str, image: str = "busybox", version: str = "latest") -> None:
    ok(engine.post(f"/images/{image}/tag", params={"repo": name, "tag": version}))


def others(engine: lab.Engine, word: str) -> None:
    """One of each kind, as somebody else makes them: no label, no name of the course's."""
    volume(engine, f"theirs-{word}")
    create(engine, f"theirs-{word}", Volumes={"/anonymous": {}})
    network(engine, f"theirs-{word}")
    tag(engine, f"theirs/{word}")


# What a function leaves behind


def test_what_others_make_meanwhile_stays_and_does_not_count(engine: lab.Engine) -> None:
    with fixtures.leaving_nothing(engine) as door:
        others(engine, "meanwhile")
        mine = create(door)
        door.delete(f"/containers/{mine}", params={"force": "true"})
        there = lab.inventory(engine)
    assert lab.inventory(engine) == there


def test_what_the_function_leaves_is_counted_and_goes_label_or_not(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    with leaving(engine, "2 containers, 1 networks, 3 volumes, 1 tags") as door:
        volume(door, "its-own")
        create(door, Volumes={"/anonymous": {}})
        create(door, HostConfig={"Mounts": [mount("by-the-way")]})
        network(door, "its-own")
        tag(door, "its/own")
    assert lab.inventory(engine) == before


def mount(name: str) -> dict[str, Any]:
    return {"Type": "volume", "Source": name, "Target": "/data"}


def test_anothers_image_stays_when_only_the_courses_name_is_left_to_it(engine: lab.Engine) -> None:
    made = create(engine)
    theirs = {"container": made, "repo": "theirs/only", "tag": "latest"}
    image = ok(engine.post("/commit", params=theirs, json={})).json()["Id"]
    ok(engine.delete(f"/containers/{made}"))
    for door_of in (lambda door: door, lambda _: engine):
        with fixtures.leaving_nothing(engine, lesson=LESSON) as door:
            tag(door_of(door), lab.repository(LESSON, "box"), "theirs/only")
            ok(door_of(door).delete("/images/theirs/only"))
        assert any(image in each for each in lab.inventory(engine)["images"])
        tag(engine, "theirs/only", lab.repository(LESSON, "box"))
        ok(engine.delete(f"/images/{lab.repository(LESSON, 'box')}"))


def test_what_bears_the_label_counts_however_it_was_made(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    with leaving(engine, "1 containers, 1 networks, 1 volumes, 1 tags", lesson=LESSON):
        create(engine, Labels=MARK)
        network(engine, "labelled", Labels=MARK)
        volume(engine, "labelled", Labels=MARK)
        tag(engine, lab.repository(LESSON, "box"))
    assert lab.inventory(engine) == before


def test_another_lessons_things_do_not_count_where_the_lesson_is_named(engine: lab.Engine) -> None:
    with fixtures.leaving_nothing(engine, lesson=LESSON):
        other = create(engine, Labels=lab.labels("98-neighbour"))
        tag(engine, lab.repository("98-neighbour", "box"))
        there = lab.inventory(engine)
    assert other in there["containers"]
    assert lab.inventory(engine) == there


def test_a_failing_check_takes_away_what_it_saw_made(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    with leaving(engine, "something else") as door:
        create(door)
        lab.check.fail("something else", observed="nothing")
    assert lab.inventory(engine) == before


def test_others_things_under_names_that_the_function_used_stay(engine: lab.Engine) -> None:
    """It asks for a volume that is there, moves a tag, and removes what another makes again."""
    volume(engine, "shared-before")
    tag(engine, "theirs/tag")
    with fixtures.leaving_nothing(engine) as door:
        volume(engine, "shared-in-between")
        for name in ("shared-before", "shared-in-between"):
            door.post("/volumes/create", json={"Name": name})
        create(engine, HostConfig={"Mounts": [mount("shared-before")]})
        tag(door, "theirs/tag")
        for name in ("again", "again-by-id"):
            made = network(door, name)
            ok(door.delete(f"/networks/{made if name.endswith('id') else name}"))
            network(engine, name)
        volume(door, "again")
        ok(door.delete("/volumes/again"))
        volume(engine, "again")
        tag(door, "again/box")
        ok(door.delete("/images/again/box:latest"))
        tag(engine, "again/box")
        there = lab.inventory(engine)
    assert lab.inventory(engine) == there


def test_a_function_that_names_others_things_does_not_make_them_its_own(
    engine: lab.Engine,
) -> None:
    """A container renamed, one connected to the function's network, a nameless image named."""
    theirs = create(engine, "theirs")
    ok(engine.post(f"/containers/{theirs}/start"))
    nameless = ok(engine.post("/commit", params={"container": theirs}, json={})).json()["Id"]
    with leaving(engine, "1 networks") as door:
        ok(door.post(f"/containers/{theirs}/rename", params={"name": "taken"}))
        made = network(door, "its-own")
        door.post(f"/networks/{made}/connect", json={"Container": theirs})
        tag(door, "named/now", image=nameless)
        there = lab.inventory(engine)
    left = lab.inventory(engine)
    assert left["containers"] == there["containers"]
    assert left["images"] == there["images"]
    assert "its-own" not in left["networks"]


def sdk(url: str) -> None:
    client = docker.DockerClient(base_url=url)
    client.containers.run("busybox", ["echo", "hello"], detach=True)
    assert client.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"
    client.networks.create("by-client")
    client.images.get("busybox").tag("by/client")
    client.close()


def api_client(url: str) -> None:
    client = docker.APIClient(base_url=url)
    client.start(client.create_container("busybox", ["sleep", "60"]))
    client.create_network("by-client")
    client.import_image_from_data(fixtures.packed({"a": b"a"}), repository="by/client")
    client.close()


def raw(url: str) -> None:
    import http.client
    import socket

    def ask(path: str, body: Any) -> None:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(url.removeprefix("unix://"))
        data = json.dumps(body).encode()
        connection.request("POST", path, iter([data[:9], data[9:]]), encode_chunked=True, headers={
            "Content-Type": "application/json", "Transfer-Encoding": "chunked",
        })  # fmt: skip
        assert connection.getresponse().status in (200, 201)
        connection.close()

    ask("/v1.40/containers/create", {"Image": "busybox"})
    ask("/v1.40/networks/create", {"Name": "by-client"})
    ask("/v1.40/images/busybox/tag?repo=by%2Fclient", {})


@pytest.mark.parametrize("client", [sdk, api_client, raw])
def test_every_client_is_seen(quick_engine: lab.Engine, client: Callable[[str], None]) -> None:
    before = lab.inventory(quick_engine)
    with leaving(quick_engine, "1 containers, 1 networks, 1 tags") as door:
        client(door.url)
    after = lab.inventory(quick_engine)
    assert {**after, "images": before["images"]} == before


def build(door: lab.Engine) -> None:
    files = {"Dockerfile": b"FROM busybox\nENV A=b\n"}
    ok(door.post("/build", params={"t": ["a/b:1", "a/b:2"]}, data=fixtures.packed(files)))


def load(door: lab.Engine) -> None:
    made = fixtures.archive([{"a": b"a"}])
    ok(door.post("/images/load", data=made, headers={"Content-Type": "application/x-tar"}))
    tag(door, "a/b", "made-up")


def commit(door: lab.Engine) -> None:
    made = create(door)
    for version in ("1", "2"):
        where = {"container": made, "repo": "a/b", "tag": version}
        ok(door.post("/commit", params=where, json={}))
    door.delete(f"/containers/{made}", params={"force": "true"})


@pytest.mark.parametrize("make", [build, load, commit])
def test_tags_of_every_origin_are_seen(engine: lab.Engine, make: Any) -> None:
    before = lab.inventory(engine)
    with leaving(engine, "2 tags") as door:
        make(door)
    assert lab.inventory(engine)["tags"] == before["tags"]


def test_a_pulled_tag_is_seen(quick_engine: lab.Engine) -> None:
    lab.need(quick_engine, "registry:2", quiet=True)
    with registries.running(quick_engine, LESSON) as registry:
        registry.push(quick_engine, "busybox", "a/b", "1")
        before = lab.inventory(quick_engine)
        with leaving(quick_engine, "1 tags") as door:
            what = {"fromImage": f"{registry.host}/a/b", "tag": "1"}
            ok(door.post("/images/create", params=what, headers=registry.headers))
        assert lab.inventory(quick_engine) == before


def test_a_push_gives_a_learners_name_back(quick_engine: lab.Engine) -> None:
    """The registry's own push works with a name for a moment, which may be taken."""
    lab.need(quick_engine, "registry:2", "hello-world", quiet=True)
    with registries.running(quick_engine, LESSON) as registry:
        tag(quick_engine, f"{registry.host}/a/b", "hello-world", "1")
        there = lab.inventory(quick_engine)
        registry.push(quick_engine, "busybox", "a/b", "1")
        assert lab.inventory(quick_engine) == there
        wanted = quick_engine.get("/images/hello-world/json").json()["Id"]
        name = f"{registry.host}/a/b:1"
        assert quick_engine.get(f"/images/{name}/json").json()["Id"] == wanted
        quick_engine.delete(f"/images/{name}")


# Scenes


def test_a_scene_takes_away_its_own_container_whoever_has_its_name(engine: lab.Engine) -> None:
    with fixtures.container(engine, LESSON, image="busybox") as name:
        ok(engine.post(f"/containers/{name}/rename", params={"name": "elsewhere"}))
        theirs = create(engine, name)
    assert lab.inventory(engine)["containers"] == [theirs]


def test_a_container_that_was_there_does_not_go_by_a_name_it_was_given(engine: lab.Engine) -> None:
    theirs = create(engine, "theirs")
    with fixtures.gone_afterwards(engine) as name:
        ok(engine.post(f"/containers/{theirs}/rename", params={"name": name}))
    with fixtures.gone_afterwards(engine, name):
        pass
    assert lab.inventory(engine)["containers"] == [theirs]


def test_others_on_a_scenes_network_are_only_disconnected(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    with fixtures.network(engine, LESSON) as made:
        theirs = create(engine)
        ok(engine.post(f"/networks/{made}/connect", json={"Container": theirs}))
        ok(engine.post(f"/containers/{theirs}/start"))
        ours = create(engine, Labels=MARK, HostConfig={"NetworkMode": made})
        ok(engine.post(f"/containers/{ours}/start"))
    left = lab.inventory(engine)
    assert left["containers"] == [theirs]
    assert left["networks"] == before["networks"]
    assert engine.get(f"/containers/{theirs}/json").json()["State"]["Running"]


def test_a_tag_that_leads_elsewhere_by_now_is_left(engine: lab.Engine) -> None:
    with fixtures.tagged(engine, "busybox", LESSON, "box") as (name,):
        theirs = create(engine)
        other = ok(engine.post("/commit", params={"container": theirs}, json={})).json()["Id"]
        tag(engine, name.rpartition(":")[0], other, "check")
        there = lab.inventory(engine)
    assert lab.inventory(engine) == there


def test_a_name_that_a_lesson_likes_is_no_reason_to_remove(engine: lab.Engine) -> None:
    theirs = create(engine, "liked")
    fixtures.remove(engine, LESSON, "liked")
    assert lab.inventory(engine)["containers"] == [theirs]
    engine.delete(f"/containers/{theirs}?force=1")
    create(engine, "liked", Labels=MARK)
    fixtures.remove(engine, LESSON, "liked")
    assert lab.inventory(engine)["containers"] == []


# Cleaning up


def test_cleaning_up_leaves_what_others_hold(engine: lab.Engine) -> None:
    files = {"Dockerfile": b"FROM busybox\nENV A=b\nENV C=d\n"}
    kept, used = (lab.repository(LESSON, each) for each in ("kept", "used"))
    fixtures.build(engine, LESSON, files, kept)
    fixtures.build(engine, LESSON, {"Dockerfile": b"FROM busybox\nENV E=f\n"}, used)
    tag(engine, "mine", kept, "1")
    volume(engine, "labelled", Labels=MARK)
    made = network(engine, "labelled", Labels=MARK)
    theirs = create(engine, Labels={lab.LABEL: "none"}, HostConfig={"Mounts": [mount("labelled")]})
    ok(engine.post(f"/networks/{made}/connect", json={"Container": theirs}))
    ok(engine.post(f"/containers/{theirs}/start"))
    stopped = create(engine, Image=used, Labels={lab.LABEL: "none"})

    told = "\n".join(lab.clean_up(engine, LESSON))

    assert "left: volume labelled" in told
    assert ok(engine.get("/images/mine:1/json"))
    left = lab.inventory(engine)
    assert sorted([theirs, stopped]) == left["containers"]
    assert "labelled" in left["volumes"] and "labelled" not in left["networks"]
    assert not [name for name in left["tags"] if "/kept" in name]
    assert ok(engine.post(f"/containers/{stopped}/start"))
    assert engine.get(f"/containers/{theirs}/json").json()["State"]["Running"]


def test_steps_that_another_image_is_based_on_stay(engine: lab.Engine) -> None:
    """Both builds have their first steps in common; the other's bears no label."""
    text = b"FROM busybox\nENV A=b\nENV C=d\n"
    before = lab.inventory(engine)
    body = fixtures.packed({"Dockerfile": text + b"ENV E=theirs\n"})
    ok(engine.post("/build", params={"t": "theirs:1"}, data=body))
    there = lab.inventory(engine)
    fixtures.build(engine, LESSON, {"Dockerfile": text + b"ENV E=ours\n"}, "insidedocker/x/y")
    tag(engine, lab.repository(LESSON, "y"), "insidedocker/x/y")
    ok(engine.delete("/images/insidedocker/x/y:latest?noprune=1"))
    assert lab.clean_up(engine, LESSON)
    assert lab.inventory(engine) == there
    ok(engine.delete("/images/theirs:1"))
    assert lab.inventory(engine)["tags"] == before["tags"]


def test_a_build_that_fails_leaves_no_steps(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    text = b"FROM busybox\nENV ONE=step\nENV ANOTHER=step\nRUN false\n"
    with pytest.raises(RuntimeError, match="could not be built"):
        fixtures.build(engine, LESSON, {"Dockerfile": text}, lab.repository(LESSON, "fails"))
    assert lab.inventory(engine) == before


def test_an_image_that_is_unbuilt_goes_with_its_steps(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    name = lab.repository(LESSON, "unbuilt")
    fixtures.build(engine, LESSON, {"Dockerfile": b"FROM busybox\nENV A=1\nENV B=2\n"}, name)
    fixtures.unbuild(engine, LESSON, name)
    assert lab.inventory(engine) == before
