"""An engine killed at random moments while several clients pull, load, build, create, start,
commit and remove: what it acknowledged is there and whole after each restart, and nothing else."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import engines, patience
from tests.support.engines import Engine
from tests.support.made_images import Made, digest, small, tar
from tests.support.missing import skip_missing
from tests.support.registries import distribution

pytestmark = [pytest.mark.real, pytest.mark.slow]

MOMENTS = 100
SEED = 31
ENOUGH = 10
"""Acknowledged operations of each client."""
LONGEST = 0.6
"""Seconds from an engine's first answer to its kill; more where the machine is too slow for them
to do enough by then."""
PULLED = 6
"""Images at the registry."""


@dataclass
class Client:
    """What one client was told: names of objects and their ids. A name in `doubtful` may be there
    or not, since no answer came."""

    kind: str
    """image, container or volume."""
    prefix: str
    there: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    done: int = 0

    def settle(self, found: dict[str, str]) -> None:
        """Compare with what the engine has; from then on that is what it has."""
        mine = {name: each for name, each in found.items() if name.startswith(self.prefix)}
        lost = self.there.keys() - mine.keys() - self.doubtful.keys()
        assert not lost, f"acknowledged, and gone after a kill: {lost}"
        extra = mine.keys() - self.there.keys() - self.doubtful.keys()
        assert not extra, f"removed or never made, and there after a kill: {extra}"
        for name, identity in mine.items():
            wanted = self.doubtful.get(name) or self.there.get(name)
            assert wanted in (None, "", identity), f"{name} is another one after a kill"
        self.there, self.doubtful = mine, {}

    @contextlib.contextmanager
    def making(self, name: str, identity: str = "") -> Iterator[None]:
        self.doubtful = {name: identity}
        yield
        self.there[name] = identity
        self._acknowledged()

    @contextlib.contextmanager
    def removing(self, name: str) -> Iterator[None]:
        self.doubtful = {name: self.there[name]}
        yield
        del self.there[name]
        self._acknowledged()

    def _acknowledged(self) -> None:
        self.doubtful = {}
        self.done += 1


def good(answer: requests.Response) -> Any:
    """The answer's JSON, or the last line of a stream of it."""
    assert answer.ok, answer.text
    lines = answer.text.splitlines()
    last = json.loads(lines[-1]) if lines else None
    assert not (isinstance(last, dict) and "errorDetail" in last), answer.text
    return last


# The clients


def loads(engine: Engine, me: Client, life: int, folder: Path) -> None:
    for number in itertools.count():
        name = f"load-{life}-{number}:latest"
        image = small(name)
        archive = image.docker_archive(folder / "load.tar", name)
        with me.making(name, image.id):
            engine.load(archive)
        remove_some_image(engine, me)


def pulls(engine: Engine, me: Client, host: str) -> None:
    for number in itertools.count():
        tag = str(number % PULLED)
        name = f"{host}/app:{tag}"
        if name in me.there:
            with me.removing(name):
                good(engine.request("DELETE", f"/images/{name}"))
        with me.making(name):
            good(engine.request("POST", f"/images/create?fromImage={host}/app&tag={tag}"))


def builds(engine: Engine, me: Client, life: int) -> None:
    for number in itertools.count():
        name = f"build-{life}-{number}:latest"
        text = f"FROM busybox\nLABEL n={life}-{number}\nCOPY Dockerfile /\nRUN echo {number} > /n\n"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        kind = {"Content-Type": "application/x-tar"}
        path = f"/build?t={name}&rm=1&forcerm=1"
        with me.making(name):
            good(engine.request("POST", path, data=buffer.getvalue(), headers=kind))
        remove_some_image(engine, me)


def containers(engine: Engine, me: Client, images: Client, life: int) -> None:
    for number in itertools.count():
        name = f"run-{life}-{number}"
        command = ["sh", "-c", "echo kept > /made; exec sleep 60"]
        body = {"Image": "busybox", "Cmd": command, "HostConfig": {"NetworkMode": "none"}}
        with me.making(name):
            answer = engine.request("POST", f"/containers/create?name={name}", json=body)
        me.there[name] = good(answer)["Id"]
        good(engine.request("POST", f"/containers/{name}/start"))
        if number % 2:
            made = f"commit-{life}-{number}"
            with images.making(f"{made}:latest"):
                path = f"/commit?container={name}&repo={made}&tag=latest"
                answer = engine.request("POST", path, json={})
            images.there[f"{made}:latest"] = good(answer)["Id"]
            remove_some_image(engine, images)
        if len(me.there) > 3:
            victim = random.choice(sorted(me.there))
            with me.removing(victim):
                good(engine.request("DELETE", f"/containers/{victim}?force=1&v=1"))


def volumes(engine: Engine, me: Client, life: int) -> None:
    for number in itertools.count():
        name = f"volume-{life}-{number}"
        with me.making(name):
            good(engine.request("POST", "/volumes/create", json={"Name": name}))
        if len(me.there) > 3:
            with me.removing(victim := random.choice(sorted(me.there))):
                good(engine.request("DELETE", f"/volumes/{victim}"))


def remove_some_image(engine: Engine, me: Client) -> None:
    if len(me.there) > 4:
        with me.removing(victim := random.choice(sorted(me.there))):
            good(engine.request("DELETE", f"/images/{victim}"))


# What is looked at after each start


def look(engine: Engine, clients: list[Client], right: set[str]) -> None:
    """Every client's objects, and that nothing on disk is half or nobody's. `right` keeps the
    blobs whose digest was found right."""
    state = engine.folder / "state"
    every = engine.request("GET", "/images/json?all=1").json()
    tags = {tag: each["Id"] for each in every for tag in each["RepoTags"] if tag != "<none>:<none>"}
    found = engine.request("GET", "/containers/json?all=1").json()
    names = {each["Names"][0][1:]: each["Id"] for each in found}
    listed = engine.request("GET", "/volumes").json()["Volumes"]
    theirs = {
        "image": tags,
        "container": names,
        "volume": {each["Name"]: "" for each in listed},
    }
    for client in clients:
        client.settle(theirs[client.kind])
    needed = set()
    for image in every:
        told = good(engine.request("GET", f"/images/{image['Id']}/json"))
        needed |= {image["Id"][7:], *(layer[7:] for layer in told["RootFS"]["Layers"])}
    blobs = {path.name: path for path in (state / "blobs/sha256").iterdir()}
    assert blobs.keys() == needed
    for name in blobs.keys() - right:
        assert digest(blobs[name].read_bytes()) == f"sha256:{name}"
    right |= blobs.keys()
    ids = {each["Id"] for each in found}
    for each in found:
        assert each["State"] in ("created", "exited"), each
        good(engine.request("GET", f"/containers/{each['Id']}/json"))
    for folder in ("containers", "storage/overlay2/containers"):
        if (state / folder).exists():
            assert {path.name for path in (state / folder).iterdir()} == ids, folder
    assert {path.name for path in (state / "volumes").iterdir() if path.is_dir()} == {
        each["Name"] for each in listed
    }
    for folder in ("blobs/unfinished", "tmp"):
        assert list((state / folder).iterdir()) == [], folder


def nothing_is_left(folder: Path) -> None:
    """No process of an engine that was killed, and no mount in anybody's namespace: a container's
    program is known by the file system it sees."""
    deadline = time.monotonic() + patience.EVENT
    while left := {*engines.marked(folder), *mounted(folder)}:
        assert time.monotonic() < deadline, f"left of a killed engine: processes {left}"
        time.sleep(0.005)


def mounted(folder: Path) -> Iterator[int]:
    """The processes in whose mount namespace something of `folder` is mounted."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder) in (process / "mountinfo").read_text():
                yield int(process.name)


@pytest.mark.answers_unjudged("answers are cut off by the kills")
def test_what_is_acknowledged_outlives_a_hundred_kills(busybox: Path, tmp_path: Path) -> None:
    random.seed(SEED)
    broken: list[BaseException] = []
    right: set[str] = set()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(engines.own_folder())
        with skip_missing():
            host = stack.enter_context(distribution(tmp_path))
        prepare(folder, busybox, host)
        loaded, pulled, built = (Client("image", each) for each in ("load-", host, "build-"))
        run, committed = Client("container", "run-"), Client("image", "commit-")
        kept = Client("volume", "volume-")
        clients = [loaded, pulled, built, run, committed, kept]
        longest = LONGEST
        for life in itertools.count():
            done = min(client.done for client in clients)
            if life >= MOMENTS and done >= ENOUGH:
                break
            if done < ENOUGH * life / MOMENTS:
                longest *= 1.05
            assert life < 3 * MOMENTS, "hardly anything was done"
            with engines.embedded("namespaces", folder=folder, recorded=False) as engine:
                look(engine, clients, right)
                works = [
                    threading.Thread(target=until_killed, args=(broken, work, engine, *more))
                    for work, *more in (
                        (loads, loaded, life, tmp_path),
                        (pulls, pulled, host),
                        (builds, built, life),
                        (containers, run, committed, life),
                        (volumes, kept, life),
                    )
                ]
                for each in works:
                    each.start()
                time.sleep(random.uniform(0.0, longest))
                engine.process.kill()
                engine.process.wait()
                nothing_is_left(folder)
                for each in works:
                    each.join()
                assert not broken, broken


def until_killed(broken: list[BaseException], work: Any, *arguments: Any) -> None:
    try:
        work(*arguments)
    except (requests.RequestException, json.JSONDecodeError):
        pass  # the engine is gone
    except BaseException as error:
        broken.append(error)


def prepare(folder: Path, busybox: Path, host: str) -> None:
    """The registry's images, and busybox in the engine."""
    with engines.embedded("namespaces", images=(busybox,), folder=folder, recorded=False) as engine:
        for number in range(PULLED):
            below = tar({"below": b"the same for all" * 5000})
            own = random.Random(number).randbytes(200_000)
            name = f"{host}/app:{number}"
            made = Made([below, tar({"own": own})])
            engine.load(made.docker_archive(folder / "made.tar", name))
            push = f"/images/{host}/app/push?tag={number}"
            good(engine.request("POST", push, headers={"X-Registry-Auth": "e30="}))
            good(engine.request("DELETE", f"/images/{name}"))
