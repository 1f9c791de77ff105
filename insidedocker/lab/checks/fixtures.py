"""Scenes for checks: a container, a network, a tag, a made-up image, each for a `with` block.

The objects of a scene carry the lesson's mark and are removed at the end of the block.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import itertools
import json
import re
import shlex
import socket
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from insidedocker.lab import cleanup
from insidedocker.lab.checks import check
from insidedocker.lab.checks.programs import inside as _inside
from insidedocker.lab.checks.programs import set_up
from insidedocker.lab.engines import embedded
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import SetupFailed
from insidedocker.lab.labels import LABEL, NO_TAG, named, repository
from insidedocker.lab.labels import labels as labels_of
from insidedocker.lab.streams import text_of
from insidedocker.lab.tapping.witness import Made, witnessed

START_SECONDS = 60
NAMED = 3  # of the new objects that are not counted


@contextlib.contextmanager
def container(
    engine: Engine,
    lesson: str,
    *,
    image: str,
    command: Sequence[str] = (),
    name: str = "",
    start: bool = False,
    says: str = "",
    **recipe: Any,
) -> Iterator[str]:
    """A container of `image`, created, and started only with `start` or `says`; yields its name,
    a random one without `name`.

    `recipe` holds further fields of the request (Env=…, HostConfig=…). With `says` the block
    begins once the container has written these words.
    """
    name = name or new_name()
    body: dict[str, Any] = {"Image": image, "Labels": labels_of(lesson), **recipe}
    if command:
        body["Cmd"] = list(command)
    made = engine.post("/containers/create", params={"name": name}, json=body)
    set_up(made)
    try:
        if start or says:
            set_up(engine.post(f"/containers/{name}/start"))
        if says:
            _await_words(engine, name, says)
        yield name
    finally:
        # By its Id: a learner's function may have given the name to another one.
        cleanup.remove_container(engine, made.json()["Id"])


@contextlib.contextmanager
def network(engine: Engine, lesson: str, *, name: str = "", **recipe: Any) -> Iterator[str]:
    """A new network; yields its name, a random one without `name`. At the end the lesson's
    containers on the network are removed with it; others are only disconnected."""
    name = name or new_name()
    body = {"Name": name, "Labels": labels_of(lesson), **recipe}
    made = engine.post("/networks/create", json=body)
    set_up(made)
    identity = made.json()["Id"]
    try:
        yield name
    finally:
        found = engine.get(f"/networks/{identity}")
        for each in (found.json().get("Containers") or {}) if found.ok else ():
            if _labels(engine, each).get(LABEL) == lesson:
                cleanup.remove_container(engine, each)
        cleanup.remove_network(engine, identity, f"network {name}")


@contextlib.contextmanager
def gone_afterwards(engine: Engine, name: str = "") -> Iterator[str]:
    """Yield a name for a container that a learner's function is to make, and remove this container
    at the end. A container that existed before stays, also under a new name."""
    name = name or new_name()
    before = cleanup.inventory(engine)["containers"]
    try:
        yield name
    finally:
        found = engine.get(f"/containers/{name}/json")
        if found.ok and found.json()["Id"] not in before:
            cleanup.remove_container(engine, found.json()["Id"])


def remove(engine: Engine, lesson: str, name: str) -> None:
    """Remove the container of this name if it bears the lesson's label: a container of the same
    name may be another person's."""
    found = engine.get(f"/containers/{name}/json")
    if found.ok and (found.json()["Config"].get("Labels") or {}).get(LABEL) == lesson:
        cleanup.remove_container(engine, found.json()["Id"])


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """An empty folder for a `with` block; a learner's function can read the folder, too, also from
    its sandbox."""
    with tempfile.TemporaryDirectory(prefix="inside-docker-", dir=embedded.sockets()) as name:
        yield name


def new_name() -> str:
    """A new, random name for an object."""
    return f"check-{uuid.uuid4().hex[:10]}"


def free_port() -> int:
    """A TCP port on which no process of this machine listens: containers that share their host's
    network can listen on free ports only."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def web_server(port: int, page: str) -> list[str]:
    """The command that makes a busybox container serve one page on `port`."""
    make = f"mkdir -p /www && echo {shlex.quote(page)} > /www/index.html"
    return ["sh", "-c", f"{make} && exec httpd -f -p {port} -h /www"]


def await_server(engine: Engine, container: str, port: int) -> None:
    """Return once a running busybox container serves pages to itself on `port`, or raise
    SetupFailed."""
    look = f"until timeout 2 wget -qO- http://127.0.0.1:{port}/; do sleep 0.05; done"
    code, said = _inside(engine, container, "timeout", str(START_SECONDS), "sh", "-c", look)
    if code:
        raise SetupFailed(f"{container} serves nothing at port {port}: {said.strip()[-200:]}")


@contextlib.contextmanager
def tagged(engine: Engine, image: str, lesson: str, *names: str) -> Iterator[list[str]]:
    """More tags for `image`, each in the lesson's own repository; yields the full tags."""
    made: dict[str, str] = {}
    try:
        for name in names:
            own = repository(lesson, name)
            tag = {"repo": own, "tag": "check"}
            set_up(engine.post(f"/images/{image}/tag", params=tag))
            made[f"{own}:check"] = _image_of(engine, f"{own}:check")
        yield list(made)
    finally:
        for name, identity in made.items():
            if _image_of(engine, name) == identity:
                engine.delete(f"/images/{name}", params={"noprune": "true"})


@contextlib.contextmanager
def leaving_nothing(
    engine: Engine, *, lesson: str = "", try_next: str = "", forgive: bool = False
) -> Iterator[Engine]:
    """Fail where a learner's function leaves a container, network, volume or tag behind, and
    remove these objects. Yields the session whose `url` is passed to the function.

    Objects count, and are removed, if they were made through that address or bear the course's
    label (with `lesson`: only that lesson's label). Other people may use the engine, too: other
    new objects stay and are named. With `forgive` the block never fails, since another check
    reports what is left.
    """
    before = cleanup.inventory(engine)
    with witnessed(engine) as witness:
        try:
            yield witness.engine
        finally:
            left, others = _left(engine, before, witness.made, lesson)
            for kind, names in left.items():
                for name in names:
                    _remove_made(engine, kind, name)
    if others:
        shown = ", ".join(others[:NAMED]) + (" …" if len(others) > NAMED else "")
        print(f"Not counted, since this check has not seen who made it: {shown}.")
    found = [f"{len(many)} {kind}" for kind, many in left.items() if many]
    if found and not forgive:
        check.fail(
            "what is left on the engine afterwards",
            observed=f"still there: {', '.join(found)}",
            expected="the same as before",
            try_next=try_next,
        )


def _left(
    engine: Engine, before: Mapping[str, Sequence[str]], made: Made, lesson: str
) -> tuple[dict[str, list[str]], list[str]]:
    """Kind -> new objects that the function or the lesson made; and the other new objects, by
    name."""

    def bears(labels: Mapping[str, str] | None) -> bool:
        found = (labels or {}).get(LABEL)
        return found is not None and lesson in ("", found)

    containers = engine.get("/containers/json?all=1").json()
    networks, volumes = engine.get("/networks").json(), engine.get("/volumes").json()["Volumes"]
    images = engine.get("/images/json").json()
    there = {*before["images"], *made.images_before}
    new: dict[str, list[tuple[str, str, bool]]] = {
        "containers": [
            (each["Id"], each["Id"][:12], each["Id"] in made.containers or bears(each["Labels"]))
            for each in containers
        ],
        "networks": [
            (each["Id"], each["Name"], each["Id"] in made.networks or bears(each["Labels"]))
            for each in networks
            if each["Name"] not in before["networks"] or each["Id"] in made.networks
        ],
        "volumes": [
            (each["Name"], each["Name"], _made_volume(made, each) or bears(each.get("Labels")))
            for each in volumes or []
        ],
        "tags": [
            (tag, tag, ours and not last)
            for image in images
            for tag in image.get("RepoTags") or []
            if tag != NO_TAG
            for ours in (made.tags.get(tag) == image["Id"] or named(tag, lesson),)
            # An image that was there before would go with its last name.
            for last in (image["Id"] in there and len(image["RepoTags"]) == 1,)
        ],
    }
    left: dict[str, list[str]] = {kind: [] for kind in new}
    others: list[str] = []
    for kind, rows in new.items():
        for identity, name, ours in rows:
            if identity not in before[kind]:
                if ours:
                    left[kind].append(identity)
                else:
                    others.append(f"{kind[:-1]} {name}")
    return left, others


def _made_volume(made: Made, volume: Mapping[str, Any]) -> bool:
    """True for a volume in `made`. Its CreatedAt is compared, too: another person's volume may have
    the name by now."""
    return made.volumes.get(volume["Name"]) == volume.get("CreatedAt", "")


def _remove_made(engine: Engine, kind: str, name: str) -> None:
    if kind == "containers":
        cleanup.remove_container(engine, name)
    elif kind == "networks":
        cleanup.remove_network(engine, name, f"network {name}")
    elif kind == "volumes":
        engine.delete(f"/volumes/{name}")
    else:
        engine.delete(f"/images/{name}")


def _labels(engine: Engine, container: str) -> dict[str, str]:
    found = engine.get(f"/containers/{container}/json")
    return (found.json()["Config"].get("Labels") or {}) if found.ok else {}


def _image_of(engine: Engine, name: str) -> str:
    """The Id of the image of this name; empty without such an image."""
    found = engine.get(f"/images/{name}/json")
    return str(found.json()["Id"]) if found.ok else ""


def build(engine: Engine, lesson: str, files: Mapping[str, bytes], name: str) -> str:
    """Build an image from these files, one of them the Dockerfile; returns its Id."""
    # forcerm also removes the container of a failed step, which would bear no label.
    made = {"t": name, "labels": json.dumps(labels_of(lesson)), "forcerm": "true"}
    answer = engine.post("/build", params=made, data=packed(files))
    found = engine.get(f"/images/{name}/json")
    if not found.ok or "errorDetail" in answer.text:
        cleanup.remove_steps(engine, _steps_told(answer.text))
        raise RuntimeError(f"{name} could not be built: {last_words(answer)}")
    return str(found.json()["Id"])


def last_words(answer: requests.Response) -> str:
    """What an engine's answer says last, as text: of a failure, the reason."""
    line = (answer.text.strip().splitlines() or ["{}"])[-1]
    told = json.loads(line)
    return str((told.get("errorDetail") or told).get("message") or told.get("stream") or line)


def unbuild(engine: Engine, lesson: str, name: str) -> None:
    """Remove the image that `build` has made, with the steps of the build."""
    cleanup.remove_image(engine, lesson, name)


def _steps_told(stream: str) -> list[str]:
    """The images that a build reports as made, the last first, without images from its cache."""
    told = [json.loads(line).get("stream", "") for line in stream.splitlines() if line.strip()]
    lines = [line.strip() for line in "".join(told).splitlines() if line.strip()]
    found = [  # Podman's arrows are shorter
        line.rpartition(" ")[2]
        for before, line in itertools.pairwise(lines)
        if re.fullmatch("-{2,3}> [0-9a-f]{11,64}", line) and "> Using cache" not in before
    ]
    return found[::-1]


def archive(
    layers: Sequence[Mapping[str, bytes | None]],
    history: Sequence[tuple[str, bool]] = (),
    *,
    compressed: bool = False,
    told: Sequence[str] = (),
) -> bytes:
    """A made-up saved image; each layer is path -> content, or None for a deletion.

    `history` holds (instruction, True if it made a layer), oldest first; without `history` every
    layer has one line. The layout is that of `docker save`; `compressed` gzips the layers. With
    `told` the config tells these digests, whatever the layers are.
    """
    tars = [_layer(layer) for layer in layers]
    lines = list(history) or [(f"RUN step {number}", True) for number in range(len(tars))]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": list(told) or [_digest(data) for data in tars]},
        "history": [
            {"created_by": text, **({} if layer else {"empty_layer": True})}
            for text, layer in lines
        ],
    }
    written = json.dumps(config).encode()
    files = {f"{_digest(written)[7:]}.json": written}
    names = []
    for data in tars:
        stored = gzip.compress(data, mtime=0) if compressed else data
        names.append(f"blobs/sha256/{_digest(stored)[7:]}")
        files[names[-1]] = stored
    manifest = [{"Config": next(iter(files)), "RepoTags": ["made-up:latest"], "Layers": names}]
    files["manifest.json"] = json.dumps(manifest).encode()
    return packed(files)


def layers_of(saved: bytes) -> list[bytes]:
    """The layers of a saved image, lowest first, each an uncompressed tar archive."""
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        manifest = json.loads(_member(tar, "manifest.json"))
        found = [_member(tar, name) for name in manifest[0]["Layers"]]
    return [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in found]


def layer_digest(layer: Mapping[str, bytes | None], *, compressed: bool = False) -> str:
    """The digest of a layer of `archive`; with `compressed` that of its gzipped bytes."""
    data = _layer(layer)
    return _digest(gzip.compress(data, mtime=0) if compressed else data)


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file in this archive")
    return file.read()


def _layer(changes: Mapping[str, bytes | None]) -> bytes:
    """A layer's tar; a deletion is an empty file whose name starts with .wh. (whiteout)."""
    files = {}
    for path, content in changes.items():
        folder, _, name = path.rpartition("/")
        gone = f"{folder}/.wh.{name}".lstrip("/")
        files[gone if content is None else path] = content or b""
    return packed(files)


def _await_words(engine: Engine, container: str, words: str) -> None:
    """Return once a container has written `words`."""
    end = time.monotonic() + START_SECONDS
    wanted = {"stdout": "true", "stderr": "true"}
    while words not in text_of(engine.get(f"/containers/{container}/logs", params=wanted).content):
        if time.monotonic() > end:
            raise SetupFailed(f"The check could not be set up: {container} did not say {words!r}")
        time.sleep(0.02)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of files, as PUT /containers/ID/archive and POST /build take it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
