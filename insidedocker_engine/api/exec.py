"""/exec: more processes in running containers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from ..base import errors
from ..container import streams
from ..containers import execs, users, validation
from ..runtime.contract import StartError
from ..server.http import Answer, Duplex, Hijack, Request, Response, answer
from .containers import container_of, size_of, stream_type
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon


@route("POST", "/containers/{id}/exec")
async def create(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    made = daemon.execs.create(container, await request.json())
    return answer({"Id": made.id}, 201)


@route("GET", "/exec/{id}/json")
async def inspect(daemon: Daemon, request: Request) -> Answer:
    return answer(execs.describe(daemon.execs.get(request.params["id"])))


@route("POST", "/exec/{id}/start")
async def start(daemon: Daemon, request: Request) -> Answer:
    made: execs.Exec = daemon.execs.get(request.params["id"])
    wanted = await request.json(required=False) or {}
    if not isinstance(wanted, dict):
        raise errors.BadRequest("invalid JSON: an object is needed")
    size = validation.console_size(wanted["ConsoleSize"]) if wanted.get("ConsoleSize") else None
    daemon.execs.check_startable(made)
    if wanted.get("Detach"):
        try:
            await daemon.execs.start(made, size=size)
        except (StartError, users.UnknownUser) as error:
            raise errors.BadRequest(str(error)) from error
        return Response(200)
    chosen = [
        number
        for name, number in (("AttachStdout", streams.STDOUT), ("AttachStderr", streams.STDERR))
        if made.settings[name]
    ]
    # As with the Engine, the Tty of this call decides about frames, the Tty of the create call
    # about the terminal.
    raw = bool(wanted.get("Tty"))
    client = made.output.listen(chosen, raw=raw) if chosen else None
    stdin = made.input if made.settings["AttachStdin"] else None

    async def output() -> AsyncGenerator[bytes, None]:
        if client is not None:
            async for data in client.chunks():
                yield data
        else:
            await made.ended.wait()

    async def serve(connection: Duplex) -> None:
        try:
            await daemon.execs.start(made, size=size)
        except (StartError, users.UnknownUser) as error:
            # The answer has begun, so the error goes into its stream.
            text = f"{error}\r\n".encode()
            with contextlib.suppress(ConnectionError):
                framed = text if raw else streams.frame(streams.STDOUT, text)
                await connection.write(framed)
            return
        keys = made.keys if made.tty else None
        await streams.serve(connection, output(), stdin, keys, close_stdin=not made.tty)

    return Hijack(serve, stream_type(request, raw))


@route("POST", "/exec/{id}/resize")
async def resize(daemon: Daemon, request: Request) -> Answer:
    made = daemon.execs.get(request.params["id"])
    daemon.execs.resize(made, *size_of(request))
    return Response(200)
