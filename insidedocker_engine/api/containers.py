"""/containers: create, list, inspect, start, stop, logs, attach, and what runs inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ..base import errors, filters, signals, timestamps
from ..container import log_entries, log_reader, streams
from ..containers import inspect, listing, processes
from ..networks import endpoints
from ..server.http import Answer, Duplex, Hijack, Request, Response, Stream, answer, long_answer
from ..server.websocket import WebSocket, upgrade
from .routing import empty, reply, route

if TYPE_CHECKING:
    from ..container.record import Container
    from ..daemon import Daemon

RAW = "application/vnd.docker.raw-stream"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"
CONDITIONS = ("not-running", "next-exit", "removed")


def stream_type(request: Request, raw: bool) -> str:
    """The Content-Type of a stream. Since API 1.42 it tells whether the stream has frames."""
    return RAW if raw or request.version < (1, 42) else MULTIPLEXED


async def _sizes(daemon: Daemon, container: Container) -> dict[str, int]:
    return await asyncio.to_thread(inspect.sizes, container, daemon.driver, daemon.images)


def _listing(daemon: Daemon) -> listing.Listing:
    return listing.Listing(daemon.store, daemon.images, daemon.networks.membership)


def container_of(daemon: Daemon, request: Request) -> Container:
    found: Container = daemon.store.get(request.params["id"])
    return found


@route("POST", "/containers/create")
async def create(daemon: Daemon, request: Request) -> Answer:
    body = await request.json()
    made, warnings = await daemon.containers.create(request.get("name"), body, request.version)
    return answer({"Id": made.id, "Warnings": warnings}, 201)


@route("GET", "/containers/json")
async def list_all(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    limit = request.number("limit", 0) or 0
    lists = _listing(daemon)
    found = lists.choose(request.flag("all"), limit, wanted)
    shown = [lists.entry(container) for container in found]
    if request.flag("size"):
        for container, entry in zip(found, shown, strict=True):
            entry.update(await _sizes(daemon, container))
    return reply(request, shown)


@route("POST", "/containers/prune")
async def prune(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    deleted, freed = await daemon.containers.prune(wanted)
    daemon.events.emit("container", "prune", "", {"reclaimed": str(freed)})
    return answer({"ContainersDeleted": deleted or None, "SpaceReclaimed": freed})


@route("GET", "/containers/{id}/json")
async def inspect_one(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    shown = inspect.describe(
        container, daemon.store, daemon.driver, daemon.runtime, daemon.networks.membership
    )
    if request.version < (1, 45):
        endpoints.add_ids_to_aliases(container, shown["NetworkSettings"])
    if request.flag("size"):
        shown |= await _sizes(daemon, container)
    return reply(request, shown)


@route("POST", "/containers/{id}/start")
async def start(daemon: Daemon, request: Request) -> Answer:
    await daemon.lifecycle.start(container_of(daemon, request))
    return empty()


@route("POST", "/containers/{id}/stop")
async def stop(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    await daemon.lifecycle.stop(container, request.number("t"), request.get("signal"))
    return empty()


@route("POST", "/containers/{id}/restart")
async def restart(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    await daemon.lifecycle.restart(container, request.number("t"), request.get("signal"))
    return empty()


@route("POST", "/containers/{id}/kill")
async def kill(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    name = request.params["id"]
    try:
        number = signals.parse(request.get("signal") or "KILL")
    except errors.BadRequest as error:
        raise errors.BadRequest(f"cannot kill container: {name}: {error.message}") from None
    await daemon.lifecycle.kill(container, number, name)
    return empty()


@route("POST", "/containers/{id}/pause")
async def pause(daemon: Daemon, request: Request) -> Answer:
    await daemon.lifecycle.pause(container_of(daemon, request))
    return empty()


@route("POST", "/containers/{id}/unpause")
async def unpause(daemon: Daemon, request: Request) -> Answer:
    await daemon.lifecycle.unpause(container_of(daemon, request))
    return empty()


@route("POST", "/containers/{id}/rename")
async def rename(daemon: Daemon, request: Request) -> Answer:
    await daemon.containers.rename(container_of(daemon, request), request.get("name"))
    return empty()


@route("POST", "/containers/{id}/update")
async def update(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    warnings = await daemon.containers.update(container, await request.json())
    return answer({"Warnings": warnings or None})


@route("DELETE", "/containers/{id:path}")
async def remove(daemon: Daemon, request: Request) -> Answer:
    name = request.params["id"]
    if request.flag("link"):
        await daemon.containers.remove_link(name)
        return empty()
    container = container_of(daemon, request)
    await daemon.containers.remove(container, request.flag("force"), request.flag("v"))
    return empty()


@route("POST", "/containers/{id}/wait")
async def wait(daemon: Daemon, request: Request) -> Answer:
    """Send the headers at once: `docker run` asks for the end before the start."""
    container = container_of(daemon, request)
    condition = request.get("condition") or "not-running"
    if condition not in CONDITIONS:
        raise errors.BadRequest(f'invalid condition: "{condition}"')
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    if condition == "not-running" and not container.state.running:
        done.set_result(container.state.exit_code)
    else:
        (container.waiting_removed if condition == "removed" else container.waiting).append(done)

    async def exit_code() -> AsyncGenerator[bytes, None]:
        try:
            code = await done
        finally:
            done.cancel()
        yield json.dumps({"StatusCode": code}, separators=(",", ":")).encode() + b"\n"

    return Stream(exit_code())


@route("POST", "/containers/{id}/resize")
async def resize(daemon: Daemon, request: Request) -> Answer:
    rows, columns = size_of(request)
    container = container_of(daemon, request)
    if container.run is None:
        raise errors.Conflict(f"container {container.id} is not running")
    container.run.process.resize(rows, columns)
    daemon.store.emit(container, "resize", height=str(rows), width=str(columns))
    return Response(200)


def size_of(request: Request) -> tuple[int, int]:
    """(rows, columns). Raises BadRequest where one is missing."""
    sizes = []
    for name in ("h", "w"):
        size = request.number(name)
        if size is None or not 0 <= size < 1 << 16:
            raise errors.BadRequest(f'invalid value "{request.get(name)}" for {name}')
        sizes.append(size)
    return sizes[0], sizes[1]


@route("GET", "/containers/{id}/top")
async def top(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    if container.run is None:
        raise errors.Conflict(f"container {container.id} is not running")
    if container.state.status == "restarting":
        raise errors.Conflict(f"container {container.id} is restarting")
    words = request.get("ps_args")
    shown = await asyncio.to_thread(processes.top, daemon.runtime, container, words)
    daemon.store.emit(container, "top")
    return answer(shown)


@route("GET", "/containers/{id}/changes")
async def changes(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)

    def find() -> Response:
        found = daemon.driver.changes(container.id)
        return long_answer({"Path": path, "Kind": kind} for kind, path in found)

    return await asyncio.to_thread(find)


@route("GET", "/containers/{id}/stats")
async def stats(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    endless = request.flag("stream", True)
    one_shot = request.flag("one-shot")
    if endless and one_shot:
        raise errors.BadRequest("cannot have stream=true and one-shot=true")
    if not endless:
        return answer(await _one_stats(daemon, container, one_shot))
    return Stream(_stats(daemon, container))


async def _sample(usage: processes.Usage, container: Container) -> dict[str, Any] | None:
    return await asyncio.to_thread(usage.sample) if container.run is not None else None


async def _one_stats(daemon: Daemon, container: Container, one_shot: bool) -> dict[str, Any]:
    usage = processes.Usage(daemon.runtime, container)
    before = None
    if container.run is not None and not one_shot:
        before = await asyncio.to_thread(usage.sample)
        await asyncio.sleep(1)  # a rate needs two samples
    now = await _sample(usage, container)
    return processes.stats(container, now, before if now is not None else None)


async def _stats(daemon: Daemon, container: Container) -> AsyncGenerator[bytes, None]:
    """Yield one sample a second, the first at once, until the container is removed."""
    usage = processes.Usage(daemon.runtime, container)
    before = None
    while not container.removing:
        now = await _sample(usage, container)
        yield json.dumps(processes.stats(container, now, before)).encode() + b"\n"
        before = now
        await asyncio.sleep(1)


# Logs and attach


def _moment(request: Request, name: str) -> int:
    text = request.get(name)
    return timestamps.parse(text) if text not in ("", "0") else 0


@route("GET", "/containers/{id}/logs")
async def read_logs(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    chosen = _streams(request)
    if not chosen:
        raise errors.BadRequest("Bad parameters: you must choose at least one stream")
    if not container.logged:
        raise errors.NotImplementedHere("configured logging driver does not support reading")
    tail = request.get("tail", "all")
    wanted = log_reader.Selection(
        frozenset(chosen),
        _moment(request, "since"),
        _moment(request, "until"),
        int(tail) if tail.isdigit() else -1,
    )
    if not request.flag("follow"):
        await container.first_words()
    entries = log_reader.read(container.log, wanted, follow=request.flag("follow"))
    raw, stamps = container.tty, request.flag("timestamps")
    return Stream(_framed(entries, raw, stamps), stream_type(request, raw))


def _streams(request: Request) -> list[int]:
    return [
        number
        for name, number in (("stdout", streams.STDOUT), ("stderr", streams.STDERR))
        if request.flag(name)
    ]


async def _framed(
    found: AsyncGenerator[list[log_entries.Entry], None], raw: bool, stamps: bool = False
) -> AsyncGenerator[bytes, None]:
    try:
        async for entries in found:
            texts = [log_entries.stamped(entry) if stamps else entry.text for entry in entries]
            if not raw:
                pairs = zip(entries, texts, strict=True)
                texts = [streams.frame(entry.stream, text) for entry, text in pairs]
            yield b"".join(texts)
    finally:
        await found.aclose()


@route("POST", "/containers/{id}/attach")
async def attach(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    listener = _listener(container, request, raw=container.tty)
    daemon.store.emit(container, "attach")

    async def serve(connection: Duplex) -> None:
        if await listener.serve(connection):
            daemon.store.emit(container, "detach")

    return Hijack(serve, stream_type(request, container.tty))


@route("GET", "/containers/{id}/attach/ws")
async def attach_websocket(daemon: Daemon, request: Request) -> Answer:
    """Attach without frames: a WebSocket shows all streams as one."""
    container = container_of(daemon, request)
    if request.version < (1, 42):  # older clients cannot choose streams
        request.query.update({name: ["1"] for name in ("stdin", "stdout", "stderr")})
    listener = _listener(container, request, raw=True)
    daemon.store.emit(container, "attach")

    async def serve(connection: WebSocket) -> None:
        if await listener.serve(connection):
            daemon.store.emit(container, "detach")

    return upgrade(request, serve)


def _listener(container: Container, request: Request, raw: bool) -> Listener:
    keys = streams.detach_keys(request.get("detachKeys"))
    if container.state.status == "paused":
        raise errors.Conflict(
            f"container {container.id} is paused, unpause the container before attach"
        )
    if container.state.status == "restarting":
        raise errors.Conflict(
            f"container {container.id} is restarting, wait until the container is running"
        )
    return Listener(container, request, keys, raw)


class Listener:
    """A client attached to a container. Listens from the request on: output written before the
    client's first read is kept."""

    def __init__(self, container: Container, request: Request, keys: bytes, raw: bool) -> None:
        self._container = container
        self._raw = raw
        self._keys = keys if container.tty else None
        chosen = _streams(request)
        self._live: streams.Client | None = None
        self._past: AsyncGenerator[list[log_entries.Entry], None] | None = None
        self._stdin = None
        if request.flag("logs") and chosen and container.logged:
            wanted = log_reader.Selection(frozenset(chosen))
            self._past = log_reader.read(container.log, wanted, present=container.log.snapshot())
        if request.flag("stream"):
            if chosen:
                self._live = container.output.listen(chosen, raw=raw)
            if request.flag("stdin") and container.config["OpenStdin"]:
                self._stdin = container.input

    async def serve(self, connection: streams.Connection) -> bool:
        """Serve the client until the end. True where the client detached by its keys."""
        config = self._container.config
        return await streams.serve(
            connection,
            self._output() if self._live or self._past else None,
            self._stdin,
            self._keys,
            close_stdin=bool(config["StdinOnce"]) and not config["Tty"],
        )

    async def _output(self) -> AsyncGenerator[bytes, None]:
        try:
            if self._past is not None:
                async for data in _framed(self._past, self._raw):
                    yield data
            if self._live is not None:
                async for data in self._live.chunks():
                    yield data
        finally:
            if self._live is not None:
                self._live.leave()
