"""A proxy for one function's requests, which proves what that function has made: only the function
gets the proxy's address, and the proof is the engine's own answer to each request.

The proxy is like the tap without its timeline; neither DOCKER_HOST nor a terminal uses its address.
Before a request that can make objects, the witness asks the engine which objects exist; after the
answer, it records the objects that are new and were named in request or answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from insidedocker.lab.engines.session import Engine, reason_of
from insidedocker.lab.tapping.calls import Call, Clock, Taker, asked
from insidedocker.lab.tapping.tap import own_folder
from insidedocker.lab.tapping.target import target_of
from insidedocker_engine.recording.http_parser import Headers
from insidedocker_engine.recording.proxy import Proxy, listening, loop_in_thread

log = logging.getLogger(__name__)

MAKES = re.compile(
    r"/(?:libpod/)?(?:(containers|networks|volumes|images)/create"
    r"|commit|build|images/(?:load|import|.+/tag))"
)
REMOVES = re.compile(r"/(?:libpod/)?(networks|volumes|images)/(.+)")
LOADED = re.compile(r"Loaded image(?:\(s\))?: ([^\s\"\\]+)")
PREFIXES = re.compile(r"^(docker\.io/library/|docker\.io/|index\.docker\.io/library/|localhost/)")


@dataclass
class Made:
    """The objects proved to be made: by Id, or by name with a property that tells the object from
    another of the same name."""

    containers: set[str] = field(default_factory=set)
    networks: dict[str, str] = field(default_factory=dict)
    """Id -> name."""
    volumes: dict[str, str] = field(default_factory=dict)
    """Name -> CreatedAt."""
    tags: dict[str, str] = field(default_factory=dict)
    """Name -> the image's Id."""
    images_before: set[str] = field(default_factory=set)
    """Ids of images that existed before one of the tags was made."""


@dataclass
class _There:
    """The objects on the engine right before a request."""

    networks: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    looked: bool = False


class Witness:
    """Records the objects that are made through the session `engine`."""

    def __init__(self, url: str) -> None:
        self.made = Made()
        self.engine: Engine
        """A session through the proxy."""
        self._behind = Engine(url)
        self._clock = Clock()
        self._todo: list[Callable[[], None]] = []
        self._lock = asyncio.Lock()

    def begin(self, method: str, target: str, headers: Headers) -> Taker:
        """Begin to record a request; called by the proxy for each request."""
        call = asked(method, target, headers, self._clock)
        there = _There()
        if kind := _made_by(call):
            self._todo.append(functools.partial(self._look, kind, there))
        return Taker(call, self._clock, functools.partial(self._changed, there))

    async def settle(self) -> None:
        """Do the pending requests to the engine; called before the proxy passes on what it read."""
        async with self._lock:  # also waits while another connection does this connection's part
            while self._todo:
                try:
                    await asyncio.to_thread(self._todo.pop(0))
                except Exception:
                    log.exception("an engine's answer was not understood: nothing is proved by it")

    def _changed(self, there: _There, call: Call) -> None:
        if call.seconds is None or not 200 <= call.status < 300:
            return
        if kind := _made_by(call):
            self._todo.append(functools.partial(self._note, kind, call, there))
        elif call.method == "DELETE" and (found := REMOVES.fullmatch(call.path)):
            self._forget(found[1], found[2])

    def _look(self, kind: str, there: _There) -> None:
        if kind == "networks":
            there.networks = {each["Id"] for each in self._ask("/networks")}
        elif kind == "images":
            there.tags = self._tags()
            there.images = {each["Id"] for each in self._ask("/images/json?all=1")}
        else:  # a new container may make volumes
            there.volumes = {each["Name"] for each in self._volumes()}
        there.looked = True

    def _note(self, kind: str, call: Call, there: _There) -> None:
        answer = _loaded(call.answer_body)
        if kind == "containers":
            self.made.containers.add(answer["Id"])
        if not there.looked:
            return
        if kind == "containers":
            self._note_volumes(self._mounted(answer["Id"]), there)
        elif kind == "volumes":
            self._note_volumes({answer["Name"]}, there)
        elif kind == "networks":
            identity = answer.get("Id") or answer["id"]
            if identity not in there.networks:
                self.made.networks[identity] = str(_loaded(call.request_body).get("Name", ""))
        else:
            wanted = list(_named(call))
            for tag, image in self._tags().items():
                if tag not in there.tags and any(fits(tag) for fits in wanted):
                    self.made.tags[tag] = image
                    if image in there.images:
                        self.made.images_before.add(image)

    def _note_volumes(self, names: set[str], there: _There) -> None:
        for each in self._volumes():
            if each["Name"] in names - there.volumes:
                self.made.volumes[each["Name"]] = each.get("CreatedAt", "")

    def _forget(self, kind: str, name: str) -> None:
        """Forget an object that was removed through the proxy: a later object with the same name
        may be another client's."""
        if kind == "volumes":
            self.made.volumes.pop(name, None)
        elif kind == "networks":
            for identity, called in list(self.made.networks.items()):
                if name in (identity, called):
                    del self.made.networks[identity]
        else:
            for tag in list(self.made.tags):
                if _plain(tag) == _plain(name):
                    del self.made.tags[tag]

    def _mounted(self, container: str) -> set[str]:
        seen = self._ask(f"/containers/{container}/json")
        return {each["Name"] for each in seen.get("Mounts") or [] if each.get("Name")}

    def _volumes(self) -> list[dict[str, Any]]:
        return self._ask("/volumes")["Volumes"] or []

    def _tags(self) -> dict[str, str]:
        images = self._ask("/images/json")
        return {tag: each["Id"] for each in images for tag in each.get("RepoTags") or []}

    def _ask(self, path: str) -> Any:
        """The engine's answer to a direct request, not through the proxy."""
        answer = self._behind.get(path)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def witnessed(engine: Engine) -> Iterator[Witness]:
    """A witness in front of an engine for a `with` block."""
    with own_folder() as folder, loop_in_thread("witness") as loop:
        place = folder / "docker.sock"
        witness = Witness(engine.url)
        proxy = Proxy(target_of(engine.url), witness.begin, witness.settle, reason_of)
        door = Engine(f"unix://{place}", engine.why)
        with listening(loop, proxy, place, mode=0o600), witness._behind, door as witness.engine:
            yield witness


def _made_by(call: Call) -> str:
    """The kind of object that a request can make ("containers", "networks", …), else empty."""
    found = MAKES.fullmatch(call.path) if call.method == "POST" else None
    return (found[1] or "images") if found else ""


def _loaded(body: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(call: Call) -> Iterator[Callable[[str], bool]]:
    """Tests of a tag, one for each tag that a request asks for."""
    asks = {
        name: [values] if isinstance(values, str) else values for name, values in call.query.items()
    }
    tag = next(iter(asks.get("tag", [])), "")
    for name in asks.get("t", []):
        yield functools.partial(_same, name)
    for name in asks.get("repo", []) + asks.get("fromImage", []):
        if tag or "fromImage" not in asks:
            yield functools.partial(_same, f"{name}:{tag}" if tag else name)
        else:  # without a tag, older engines pull all tags of a repository
            yield functools.partial(_of_repository, name)
    if call.path.endswith("/load"):
        for name in LOADED.findall(str(call.answer_body)):
            yield functools.partial(_same, name)


def _same(asked_for: str, tag: str) -> bool:
    return _plain(asked_for) == _plain(tag)


def _of_repository(asked_for: str, tag: str) -> bool:
    return _same(asked_for, tag) or _plain(tag).rpartition(":")[0] == _plain(
        asked_for
    ).removesuffix(":latest")


def _plain(name: str) -> str:
    """A name with its tag, without the prefixes that engines add or leave out."""
    short = PREFIXES.sub("", name)
    return short if ":" in short.rpartition("/")[2] else f"{short}:latest"
