"""HTTP/1.1 on asyncio streams, with the Engine API's needs beyond plain requests: chunked
streams that end when the client goes away, and connections taken over (hijacked) for a
container's input and output.

This module knows no endpoint: a `Handler` turns a `Request` into an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import logging
import re
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

import h11

from ..base import errors

log = logging.getLogger(__name__)

BODY_LIMIT = 16 << 20
"""Most bytes of a body that is read whole (JSON). Streams (archives) have no limit here."""
HEAD_LIMIT = 1 << 20
"""Most bytes of a request's line and headers, as with the Engine."""
CHUNK = 64 << 10
BACKLOG = 512
CLOSING_SECONDS = 5.0
"""Seconds that running handlers may take to end when the server closes."""
_OF_THE_HOST = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)
"""Errors of the host (full disk, too many open files): sent to the client, logged without a
traceback."""
HIJACK_PAUSE = 0.02
"""Seconds between the headers of a hijacked answer and its first frame, for clients written in
Python: urllib3 (and so docker-py) loses bytes that arrive together with the headers."""


@dataclass
class Request:
    """One request. The router removes the version prefix from `path`."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case."""
    _connection: _Connection
    version: tuple[int, int] = (0, 0)
    params: dict[str, str] = field(default_factory=dict)
    """Placeholder of the route -> matched text."""
    route: str = ""
    """The matched route: `GET /containers/{}/json`."""

    def get(self, name: str, default: str = "") -> str:
        """A parameter of the query; its first value where it is given more than once."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter as the Engine reads it: empty, 0, no, false and none are false."""
        if name not in self.query:
            return default
        return self.get(name).strip().lower() not in ("", "0", "no", "false", "none")

    def number(self, name: str, default: int | None = None) -> int | None:
        text = self.get(name)
        if not text:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise errors.BadRequest(f'invalid value "{text}" for {name}: a number is needed')
        return int(text)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece, in bounded memory."""
        async for data in self._connection.body():
            yield data

    async def body(self) -> bytes:
        parts = bytearray()
        async for data in self.stream():
            parts += data
            if len(parts) > BODY_LIMIT:
                raise errors.TooLarge(f"the request's body is larger than {BODY_LIMIT} bytes")
        return bytes(parts)

    async def json(self, required: bool = True) -> Any:
        """The body as a JSON object (a dict); None where it is empty and not `required`. Raises
        BadRequest for any other body, TooLarge."""
        raw = await self.body()
        if not raw.strip():
            if not required:
                return None
            raise errors.BadRequest("invalid JSON: got EOF while reading request body")
        self._check_json_type()
        try:
            value = json.loads(raw.decode())
            if b"\\u" in raw:  # half a surrogate pair is not valid text: replace it
                value = json.loads(_dumps(value))
        except (ValueError, RecursionError) as error:
            raise errors.BadRequest(f"invalid JSON: {error}") from None
        if not isinstance(value, dict | None):
            raise errors.BadRequest("invalid JSON: an object is needed")
        return value or {}

    def _check_json_type(self) -> None:
        given = self.headers.get("content-type", "")
        if not given:
            raise errors.BadRequest("malformed Content-Type header (): mime: no media type")
        if given.split(";")[0].strip().lower() != "application/json":
            raise errors.BadRequest(
                f"unsupported Content-Type header ({given}): must be 'application/json'"
            )


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = ""


def answer(value: Any, status: int = 200) -> Response:
    """An answer in JSON with a final newline, as the Engine sends it."""
    return Response(status, _dumps(value) + b"\n", content_type="application/json")


def long_answer(items: Iterable[Any]) -> Response:
    """An answer with a list, null where it is empty; for a thread. Each item is encoded alone: one
    call for all of them would hold up the event loop."""
    pieces = [_dumps(item) for item in items]
    body = b"[%b]\n" % b",".join(pieces) if pieces else b"null\n"
    return Response(200, body, content_type="application/json")


def _dumps(value: Any) -> bytes:
    """Encode compact JSON; characters that are not valid text (bytes of a file's name) become
    question marks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


@dataclass
class Stream:
    """An answer sent piece by piece, its headers at once. `chunks` is closed when it ends or when
    the client goes away, whichever is first. A handler itself always runs to its end, so that a
    client that leaves cannot stop a change half way; endpoints that block (wait, events, following
    logs) therefore answer with a stream."""

    chunks: AsyncGenerator[bytes, None]
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Duplex:
    """A taken-over connection: bytes both ways."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    leftover: bytes = b""

    async def read(self) -> bytes:
        """Read the client's next bytes; b"" when the client has closed its side."""
        if self.leftover:
            data, self.leftover = self.leftover, b""
            return data
        return await self.reader.read(CHUNK)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class Hijack:
    """An answer after which `serve` owns the connection. The status is 101 for a client that asks
    for an upgrade, else 200, as with the Engine. An unread body of the request is discarded."""

    serve: Callable[[Duplex], Awaitable[None]]
    content_type: str = "application/vnd.docker.raw-stream"
    protocol: str = "tcp"
    """The protocol that the connection is upgraded to."""
    headers: dict[str, str] = field(default_factory=dict)


Answer = Response | Stream | Hijack
Handler = Callable[[Request], Awaitable[Answer]]


class Server:
    """Listens on Unix sockets and TCP addresses and gives each request to `handler`."""

    def __init__(self, handler: Handler, common_headers: dict[str, str]) -> None:
        self.handler = handler
        self.common_headers = common_headers
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def listen(self, listener: socket.socket) -> None:
        """Accept connections at a bound socket (Unix or TCP), which the server then owns."""
        loop = asyncio.get_running_loop()
        make = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
        self._servers.append(await make(self._protocol, sock=listener, backlog=BACKLOG))

    async def close(self) -> None:
        """Accept no more connections, wait for running handlers, cut the other connections."""
        for server in self._servers:
            server.close()
        busy = []
        for task, connection in list(self._connections.items()):
            connection.last = True
            if connection.handling:
                busy.append(task)
            else:
                task.cancel()
        if busy:
            await asyncio.wait(busy, timeout=CLOSING_SECONDS)
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_Reader(), self._accept)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert isinstance(reader, _Reader)
        connection = self._connections[task] = _Connection(self, reader, writer)
        try:
            await connection.serve()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the engine is closing
        except Exception:
            log.exception("a connection failed")
        finally:
            del self._connections[task]
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()


class _Reader(asyncio.StreamReader):
    """A reader that calls back when the peer has closed, even without a pending read."""

    _callback: Callable[[], object] | None = None

    def when_gone(self, callback: Callable[[], object] | None) -> None:
        self._callback = callback
        if callback is not None and self.at_eof():
            callback()

    def feed_eof(self) -> None:
        super().feed_eof()
        if self._callback is not None:
            self._callback()

    def set_exception(self, exc: type[BaseException] | BaseException) -> None:
        super().set_exception(exc)  # type: ignore[arg-type]
        if self._callback is not None:
            self._callback()


class _Connection:
    def __init__(self, server: Server, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._body_read = False
        self.handling = False
        """True while a handler runs, which should not be cut off."""
        self.last = False
        """True once no further request is accepted."""

    async def serve(self) -> None:
        while True:
            try:
                event = await self._next_event()
                if not isinstance(event, h11.Request):
                    return
                keep = await self._one(event)
            except h11.RemoteProtocolError as error:
                await self._refuse(error)
                return
            done = (self.http.our_state, self.http.their_state) == (h11.DONE, h11.DONE)
            if not keep or self.last or not done:
                return
            self.http.start_next_cycle()

    async def body(self) -> AsyncIterator[bytes]:
        if self._body_read:
            return
        if self.http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
            await self.writer.drain()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            else:  # the end of the message, or of the connection
                self._body_read = True
                if not isinstance(event, h11.EndOfMessage):
                    raise ConnectionResetError("the client went away in the middle of a body")
                return

    async def _next_event(self) -> Any:
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                self.http.receive_data(await self.reader.read(CHUNK))
                continue
            return event

    async def _one(self, event: h11.Request) -> bool:
        """Answer one request; False where the connection cannot be used again."""
        if event.http_version not in (b"1.0", b"1.1"):
            raise h11.RemoteProtocolError("HTTP/1.1 is spoken here", error_status_hint=505)
        self._body_read = False
        head = event.method == b"HEAD"
        request = self._parse(event)
        result = await self._handle(request)
        if isinstance(result, Hijack):
            await self._hijack(result, request)
            return False
        # A client that still waits for a 100 may never send the body.
        keep = self._body_read or not self.http.they_are_waiting_for_100_continue
        if isinstance(result, Stream):
            await self._stream(result, head)
        else:
            await self._plain(result, head, keep)
        return keep and (self._body_read or await self._drain())

    async def _handle(self, request: Request) -> Answer:
        self.handling = True
        try:
            return await self.server.handler(request)
        except errors.APIError as error:
            return _error(error.status, error.message)
        except (ConnectionError, h11.RemoteProtocolError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _OF_THE_HOST:
                log.warning("%s %s failed: %s", request.method, request.path, error)
            else:
                log.exception("%s %s failed", request.method, request.path)
            return _error(500, _words(error))
        finally:
            self.handling = False

    def _parse(self, event: h11.Request) -> Request:
        target = event.target.decode("latin-1")
        if not target.startswith("/"):  # the absolute form, as for a proxy
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("#")[0].partition("?")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers
        }
        return Request(
            event.method.decode("latin-1"),
            unquote(path, errors="surrogateescape"),
            parse_qs(query, keep_blank_values=True, errors="surrogateescape"),
            headers,
            self,
        )

    def _headers(self, content_type: str, extra: dict[str, str]) -> list[tuple[str, str]]:
        headers = {**self.server.common_headers, "Date": _date(int(time.time()))}
        if content_type:
            headers["Content-Type"] = content_type
        headers.update(extra)
        return list(headers.items())

    async def _plain(self, result: Response, head: bool, keep: bool) -> None:
        headers = self._headers(result.content_type, result.headers)
        bodiless = result.status in (204, 304)
        if not bodiless:
            headers.append(("Content-Length", str(len(result.body))))
        if not keep:
            headers.append(("Connection", "close"))
        events: list[h11.Event] = [_head(result.status, headers)]
        if result.body and not head and not bodiless:
            events.append(h11.Data(data=result.body))
        self._send(*events, h11.EndOfMessage())
        await self.writer.drain()

    async def _stream(self, result: Stream, head: bool) -> None:
        try:
            headers = self._headers(result.content_type, result.headers)
            headers.append(("Transfer-Encoding", "chunked"))
            self._send(_head(result.status, headers))
            await self.writer.drain()
            if not head:
                await self._send_while_there(result.chunks)
        finally:
            await result.chunks.aclose()
        self._send(h11.EndOfMessage())
        await self.writer.drain()

    async def _send_while_there(self, chunks: AsyncGenerator[bytes, None]) -> None:
        sender = asyncio.ensure_future(self._send_chunks(chunks))
        self.reader.when_gone(sender.cancel)
        try:
            await sender
        finally:
            self.reader.when_gone(None)

    async def _send_chunks(self, chunks: AsyncGenerator[bytes, None]) -> None:
        async for data in chunks:
            if data:
                self._send(h11.Data(data=data))
                await self.writer.drain()

    async def _hijack(self, result: Hijack, request: Request) -> None:
        if not self._body_read:
            async for _ in self.body():
                pass
        lines = ["HTTP/1.1 200 OK"]
        if "upgrade" in request.headers.get("connection", "").lower():
            lines = [
                "HTTP/1.1 101 UPGRADED",
                "Connection: Upgrade",
                f"Upgrade: {result.protocol}",
            ]
        headers = self._headers(result.content_type, result.headers)
        lines += [f"{name}: {value}" for name, value in headers]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        await self.writer.drain()
        if "python" in request.headers.get("user-agent", "").lower():
            await asyncio.sleep(HIJACK_PAUSE)
        leftover, _closed = self.http.trailing_data
        await result.serve(Duplex(self.reader, self.writer, bytes(leftover)))

    async def _drain(self) -> bool:
        """Read the rest of the body; False where it is too long or the connection breaks."""
        total = 0
        try:
            async for data in self.body():
                total += len(data)
                if total > BODY_LIMIT:
                    return False
        except (ConnectionError, h11.RemoteProtocolError):
            return False
        return True

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        with contextlib.suppress(h11.LocalProtocolError, ConnectionError):
            status = error.error_status_hint or 400
            text = f"{status} {HTTPStatus(status).phrase}: {error}\n".encode()
            headers = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(text))),
                ("Connection", "close"),
            ]
            self._send(_head(status, headers), h11.Data(data=text), h11.EndOfMessage())
            await self.writer.drain()

    def _send(self, *events: Any) -> None:
        """Write all events in one piece, which wakes the client once."""
        data = b"".join(self.http.send(event) or b"" for event in events)
        if data:
            self.writer.write(data)


def _head(status: int, headers: list[tuple[str, str]]) -> h11.Response:
    reason = HTTPStatus(status).phrase.encode()
    return h11.Response(status_code=status, headers=headers, reason=reason)


@functools.lru_cache(1)
def _date(seconds: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def _words(error: Exception) -> str:
    """The message of an error 500: the system's own text for an OSError (a full disk), else the
    exception's type and text (a defect of the engine)."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def _error(status: int, message: str) -> Response:
    if status == 304:
        return Response(304)
    return answer({"message": message}, status)
