"""Scenes for checks: a container, a network, a tag, a made-up image, each for a `with` block.

What a scene makes carries the lesson's mark and is gone afterwards.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import shlex
import socket
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from insidedocker.lab import belongings, check, embedded
from insidedocker.lab.failure import SetupFailed
from insidedocker.lab.session import Engine
from insidedocker.lab.streams import text_of

START_SECONDS = 20


@contextlib.contextmanager
def container(
    engine: Engine,
    lesson: str,
    *,
    image: str,
    command: Sequence[str] = (),
    start: bool = False,
    says: str = "",
    **recipe: Any,
) -> Iterator[str]:
    """A container of `image`, created and only started where asked for; yields its name.

    `recipe` is what else goes into the request (Env=…, HostConfig=…). With `says` it is started
    and waited for until it has written these words.
    """
    name = new_name()
    body: dict[str, Any] = {"Image": image, "Labels": belongings.labels(lesson), **recipe}
    if command:
        body["Cmd"] = list(command)
    set_up(engine.post("/containers/create", params={"name": name}, json=body))
    try:
        if start or says:
            set_up(engine.post(f"/containers/{name}/start"))
        if says:
            _await_words(engine, name, says)
        yield name
    finally:
        engine.delete(f"/containers/{name}", params={"force": "true", "v": "true"})


@contextlib.contextmanager
def network(engine: Engine, lesson: str, **recipe: Any) -> Iterator[str]:
    """A network of its own; yields its name. What is still connected is removed with it."""
    name = new_name()
    body = {"Name": name, "Labels": belongings.labels(lesson), **recipe}
    set_up(engine.post("/networks/create", json=body))
    try:
        yield name
    finally:
        for each in engine.get(f"/networks/{name}").json().get("Containers") or {}:
            engine.delete(f"/containers/{each}", params={"force": "true", "v": "true"})
        engine.delete(f"/networks/{name}")


@contextlib.contextmanager
def gone_afterwards(engine: Engine) -> Iterator[str]:
    """A name for a container that a learner's function is to make; it is removed in the end."""
    name = new_name()
    try:
        yield name
    finally:
        engine.delete(f"/containers/{name}", params={"force": "true", "v": "true"})


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """An empty folder for a `with` block, which a learner's function can read, too, wherever it
    runs."""
    with tempfile.TemporaryDirectory(prefix="inside-docker-", dir=embedded.sockets()) as name:
        yield name


def new_name() -> str:
    """A name that nobody has."""
    return f"check-{uuid.uuid4().hex[:10]}"


def free_port() -> int:
    """A port that nothing on this machine listens at. Where containers share the network of
    their host, a port that is taken keeps them from it."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def web_server(port: int, page: str) -> list[str]:
    """The command that makes a busybox container serve one page at `port`."""
    make = f"mkdir -p /www && echo {shlex.quote(page)} > /www/index.html"
    return ["sh", "-c", f"{make} && exec httpd -f -p {port} -h /www"]


def inside(engine: Engine, container: str, *command: str) -> tuple[int, str]:
    """Run a command in a running container: its exit code and what it wrote."""
    body = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
    made = engine.post(f"/containers/{container}/exec", json=body)
    set_up(made)
    started = engine.post(f"/exec/{made.json()['Id']}/start", json={"Detach": False})
    code = engine.get(f"/exec/{made.json()['Id']}/json").json()["ExitCode"]
    return code, text_of(started.content)


def await_server(engine: Engine, container: str, port: int) -> None:
    """Return once a running busybox container serves pages to itself at `port`."""
    look = f"until timeout 2 wget -qO- http://127.0.0.1:{port}/; do sleep 0.05; done"
    code, said = inside(engine, container, "timeout", str(START_SECONDS), "sh", "-c", look)
    if code:
        raise SetupFailed(f"{container} serves nothing at port {port}: {said.strip()[-200:]}")


@contextlib.contextmanager
def tagged(engine: Engine, image: str, lesson: str, *names: str) -> Iterator[list[str]]:
    """More tags for `image`, each under the lesson's own repository; yields them in full."""
    made = []
    try:
        for name in names:
            repository = belongings.repository(lesson, name)
            tag = {"repo": repository, "tag": "check"}
            set_up(engine.post(f"/images/{image}/tag", params=tag))
            made.append(f"{repository}:check")
        yield list(made)
    finally:
        for name in made:
            engine.delete(f"/images/{name}", params={"noprune": "true"})


@contextlib.contextmanager
def leaving_nothing(engine: Engine, *, try_next: str = "", forgive: bool = False) -> Iterator[None]:
    """Fail where the block leaves a container, network, volume or tag behind, and remove it.

    With `forgive` it is only removed: another check is there to say so.
    """
    before = belongings.inventory(engine)
    yield
    after = belongings.inventory(engine)
    left = {
        kind: [each for each in after[kind] if each not in before[kind]]
        for kind in ("containers", "networks", "volumes", "tags")
    }
    for each in left["containers"]:
        engine.delete(f"/containers/{each}", params={"force": "true", "v": "true"})
    for kind, path in (("networks", "networks"), ("volumes", "volumes"), ("tags", "images")):
        for each in left[kind]:
            engine.delete(f"/{path}/{each}")
    found = [f"{len(many)} {kind}" for kind, many in left.items() if many]
    if found and not forgive:
        check.fail(
            "what is left on the engine afterwards",
            observed=f"still there: {', '.join(found)}",
            expected="the same as before",
            try_next=try_next,
        )


def build(engine: Engine, lesson: str, files: Mapping[str, bytes], name: str) -> str:
    """Build an image from these files, one of them the Dockerfile; its Id."""
    # forcerm: the container of a step that failed goes as well; it would bear no label.
    made = {"t": name, "labels": json.dumps(belongings.labels(lesson)), "forcerm": "true"}
    answer = engine.post("/build", params=made, data=packed(files))
    found = engine.get(f"/images/{name}/json")
    if not found.ok or "errorDetail" in answer.text:
        raise RuntimeError(f"{name} could not be built: {answer.text.strip()}")
    return str(found.json()["Id"])


def archive(
    layers: Sequence[Mapping[str, bytes | None]],
    history: Sequence[tuple[str, bool]] = (),
    *,
    compressed: bool = False,
) -> bytes:
    """A saved image, made up: each layer gives paths their content, or None where it deletes.

    `history` holds (instruction, whether it made a layer), oldest first; without it every layer
    has one line. Laid out as `docker save` does, the layers gzipped where `compressed`.
    """
    tars = [_layer(layer) for layer in layers]
    lines = list(history) or [(f"RUN step {number}", True) for number in range(len(tars))]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [_digest(data) for data in tars]},
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


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file in this archive")
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
    """Files in a tar archive, as PUT /containers/ID/archive and POST /build take them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def set_up(answer: requests.Response) -> None:
    """Raise SetupFailed where the engine refuses what a scene needs."""
    if not answer.ok:
        raise SetupFailed(
            f"The check could not be set up: {answer.request.method} {answer.request.path_url} "
            f"answered {answer.status_code} {answer.text.strip()}"
        )
