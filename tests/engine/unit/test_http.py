"""The HTTP server at its socket: what clients send, right or wrong, and what they get."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.server.http import (
    Answer,
    Duplex,
    Hijack,
    Request,
    Response,
    Server,
    Stream,
    answer,
)
from tests.support import patience


class Endpoints:
    """One endpoint for each thing to be seen, and what became of them."""

    def __init__(self) -> None:
        self.stream_closed = threading.Event()
        self.handler_begun = threading.Event()
        self.handler_ended = threading.Event()
        self.let_go: asyncio.Event | None = None

    async def handle(self, request: Request) -> Answer:
        endpoint: Callable[[Request], Awaitable[Answer]] = getattr(self, request.path.strip("/"))
        return await endpoint(request)

    async def echo(self, request: Request) -> Answer:
        return Response(body=await request.body(), content_type="text/plain")

    async def length(self, request: Request) -> Answer:
        total = 0
        async for data in request.stream():
            total += len(data)
        return answer({"length": total})

    async def query(self, request: Request) -> Answer:
        return answer({name: request.get(name) for name in request.query})

    async def number(self, request: Request) -> Answer:
        return answer({"n": request.number("n"), "flag": request.flag("flag")})

    async def body(self, request: Request) -> Answer:
        return answer({"got": await request.json(required=False)})

    async def unread(self, _request: Request) -> Answer:
        raise errors.Conflict("not read")

    async def broken(self, _request: Request) -> Answer:
        raise ValueError("inside")

    async def same(self, _request: Request) -> Answer:
        raise errors.NotModified("")

    async def forever(self, _request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes, None]:
            try:
                yield b"first\n"
                await asyncio.Event().wait()
            finally:
                self.stream_closed.set()

        return Stream(chunks())

    async def silent(self, _request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes, None]:
            try:
                await asyncio.Event().wait()
                yield b""
            finally:
                self.stream_closed.set()

        return Stream(chunks())

    async def fails(self, _request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes, None]:
            yield b"one"
            raise errors.NotFound("gone meanwhile")

        return Stream(chunks())

    async def slow(self, _request: Request) -> Answer:
        self.handler_begun.set()
        assert self.let_go is not None
        await self.let_go.wait()
        self.handler_ended.set()
        return answer({})

    async def shout(self, _request: Request) -> Answer:
        async def serve(duplex: Duplex) -> None:
            while data := await duplex.read():
                await duplex.write(data.upper())
            await duplex.write(b"bye")

        return Hijack(serve)


class Running:
    """A server in a thread of its own, reached by its socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.endpoints = Endpoints()
        self.loop = asyncio.new_event_loop()
        self.server = Server(self.endpoints.handle, {"Server": "test"})
        self.thread = threading.Thread(target=self.loop.run_forever)

    def start(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        self.thread.start()
        self.endpoints.let_go = asyncio.Event()
        asyncio.run_coroutine_threadsafe(self.server.listen(listener), self.loop).result(
            patience.EVENT
        )

    def close(self) -> None:
        self.begin_closing().result(patience.EVENT)

    def begin_closing(self) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(self.server.close(), self.loop)

    def release(self) -> None:
        assert self.endpoints.let_go is not None
        self.loop.call_soon_threadsafe(self.endpoints.let_go.set)

    def stop(self) -> None:
        self.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(patience.EVENT)
        self.loop.close()

    def connect(self) -> "Wire":
        return Wire(self.path)


class Wire:
    """One connection, byte by byte."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience.EVENT)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, line: str, *headers: str, body: bytes = b"") -> None:
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: engine", *headers, "", ""])
        self.send(head.encode() + body)

    def head(self) -> tuple[int, dict[str, str]]:
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        if "content-length" in headers:
            return status, headers, self.file.read(int(headers["content-length"]))
        body = b""
        while headers.get("transfer-encoding") == "chunked" and (piece := self.chunk()):
            body += piece
        return status, headers, body

    def chunk(self) -> bytes:
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        assert self.file.readline() == b"\r\n"
        return data


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    server = Running(tmp_path_factory.mktemp("h") / "s")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.connect() as connection:
        yield connection


def test_one_connection_serves_many_requests(wire: Wire) -> None:
    for text in (b"one", b"two", b"three"):
        wire.request("POST /echo", f"Content-Length: {len(text)}", body=text)
        status, headers, body = wire.answer()
        assert (status, body, headers["server"]) == (200, text, "test")
        assert headers["date"].endswith("GMT")


def test_requests_sent_ahead_are_answered_in_order(wire: Wire) -> None:
    one = b"POST /echo HTTP/1.1\r\nHost: e\r\nContent-Length: 1\r\n\r\n"
    wire.send(one + b"a" + one + b"b" + one + b"c")
    assert [wire.answer()[2] for _ in range(3)] == [b"a", b"b", b"c"]


def test_the_status_line_has_a_reason(wire: Wire) -> None:
    wire.request("GET /unread")
    assert wire.file.readline() == b"HTTP/1.1 409 Conflict\r\n"


def test_head_has_the_length_and_no_body(wire: Wire) -> None:
    wire.request("HEAD /query?a=1")
    status, headers = wire.head()
    assert (status, headers["content-length"]) == (200, "10")
    wire.request("GET /query?a=1")
    assert wire.answer()[2] == b'{"a":"1"}\n'


def test_head_of_a_stream_ends_at_once(wire: Wire) -> None:
    wire.request("HEAD /forever")
    assert wire.head()[0] == 200
    wire.request("GET /query")
    assert wire.answer()[0] == 200


def test_a_body_in_chunks(wire: Wire) -> None:
    body = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    wire.request("POST /echo", "Transfer-Encoding: chunked", body=body)
    assert wire.answer()[2] == b"abcde"


def test_a_large_body_in_chunks_passes_in_bounded_memory(wire: Wire) -> None:
    wire.request("POST /length", "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    for _ in range(1000):
        wire.send(piece)
    wire.send(b"0\r\n\r\n")
    assert json.loads(wire.answer()[2]) == {"length": 0x10000 * 1000}


def test_expect_100_is_answered_when_the_body_is_wanted(wire: Wire) -> None:
    wire.request("POST /echo", "Content-Length: 2", "Expect: 100-continue")
    assert wire.head()[0] == 100
    wire.send(b"hi")
    assert wire.answer()[2] == b"hi"


def test_expect_100_is_refused_by_the_final_answer_and_the_end(wire: Wire) -> None:
    wire.request("POST /unread", "Content-Length: 2", "Expect: 100-continue")
    status, headers, _body = wire.answer()
    assert (status, headers["connection"]) == (409, "close")
    assert wire.file.read() == b""


def test_an_unread_body_does_not_spoil_the_next_request(wire: Wire) -> None:
    wire.request("POST /unread", "Content-Length: 5", body=b"GET /")
    assert wire.answer()[0] == 409
    wire.request("GET /query")
    assert wire.answer()[0] == 200


def test_headers_of_64_kb_are_read(wire: Wire) -> None:
    wire.request("GET /query", "X-Registry-Auth: " + "a" * (64 << 10))
    assert wire.answer()[0] == 200


def test_headers_without_end_are_refused(wire: Wire) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        wire.request("GET /query", "X: " + "a" * (4 << 20))
    assert wire.file.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /query HTTP/1.1\r\n\r\n",
        b"GET /query HTTP/1.1\r\nHost: e\r\nbad header\r\n\r\n",
        b"GET /query HTTP/2.0\r\nHost: e\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: e\r\nContent-Length: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: e\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["tls", "no path", "no host", "bad header", "version", "length", "negative length"],
)
def test_what_is_no_request_is_refused_and_cut(wire: Wire, data: bytes) -> None:
    wire.send(data)
    assert wire.answer()[0] in (400, 505)
    assert wire.file.read() == b""


def test_a_broken_chunk_is_the_clients_fault(wire: Wire) -> None:
    wire.request("POST /echo", "Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n")
    assert wire.answer()[0] == 400
    assert wire.file.read() == b""


def test_http_1_0_gets_a_plain_answer_and_the_end(wire: Wire) -> None:
    wire.send(b"GET /query?a=1 HTTP/1.0\r\n\r\n")
    assert wire.answer()[2] == b'{"a":"1"}\n'
    assert wire.file.read() == b""


@pytest.mark.parametrize(
    "target", ["/query?a=b%20c", "http://localhost/query?a=b+c", "/query?a=b c".replace(" ", "%20")]
)
def test_forms_of_a_path(wire: Wire, target: str) -> None:
    wire.request(f"GET {target}")
    assert json.loads(wire.answer()[2]) == {"a": "b c"}


def test_the_first_of_several_parameters_counts(wire: Wire) -> None:
    wire.request("GET /query?a=1&a=2")
    assert json.loads(wire.answer()[2]) == {"a": "1"}


def test_bytes_that_are_no_text_are_shown_not_choked_on(wire: Wire) -> None:
    wire.request("GET /query?a=%ff")
    assert json.loads(wire.answer()[2]) == {"a": "?"}


@pytest.mark.parametrize("text", ["x", "1_000", "0x10", "9" * 40, "%20"])
def test_a_parameter_that_is_no_number_is_refused(wire: Wire, text: str) -> None:
    wire.request(f"GET /number?n={text}")
    status, _headers, body = wire.answer()
    assert status == 400
    assert "a number is needed" in json.loads(body)["message"]


@pytest.mark.parametrize(
    ("text", "flag"), [("1", True), ("true", True), ("x", True), ("0", False), ("False", False)]
)
def test_flags_are_read_as_the_engine_reads_them(wire: Wire, text: str, flag: bool) -> None:
    wire.request(f"GET /number?n=-3&flag={text}")
    assert json.loads(wire.answer()[2]) == {"n": -3, "flag": flag}


def post(wire: Wire, body: bytes, kind: str | None = "application/json") -> tuple[int, object]:
    headers = [f"Content-Length: {len(body)}", *([f"Content-Type: {kind}"] if kind else [])]
    wire.request("POST /body", *headers, body=body)
    status, _headers, found = wire.answer()
    return status, json.loads(found)


def test_json_bodies(wire: Wire) -> None:
    assert post(wire, b'{"a": 1}') == (200, {"got": {"a": 1}})
    assert post(wire, b'{"a": 1}', "application/json; charset=utf-8")[0] == 200
    assert post(wire, b"") == (200, {"got": None})
    assert post(wire, b"null") == (200, {"got": {}})
    assert post(wire, rb'{"a": "\ud800"}') == (200, {"got": {"a": "?"}})


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"{bad", "application/json", "invalid JSON"),
        (b"[1]", "application/json", "an object is needed"),
        (b"[" * 100_000, "application/json", "invalid JSON"),
        (b'{"a": "\xff"}', "application/json", "invalid JSON"),
        (b"{} {}", "application/json", "invalid JSON"),
        (b"{}", None, "malformed Content-Type header (): mime: no media type"),
        (b"{}", "text/plain", "unsupported Content-Type header (text/plain)"),
    ],
)
def test_json_bodies_that_are_none(wire: Wire, body: bytes, kind: str | None, told: str) -> None:
    status, found = post(wire, body, kind)
    assert status == 400
    assert isinstance(found, dict)
    assert told in found["message"]


def test_a_body_too_large_for_json_is_refused(wire: Wire) -> None:
    size = 17 << 20
    wire.request("POST /body", f"Content-Length: {size}", "Content-Type: application/json")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        wire.send(bytes(size))
    assert wire.answer()[0] == 413


def test_an_error_inside_is_a_500_and_the_connection_lives(wire: Wire) -> None:
    wire.request("GET /broken")
    status, _headers, body = wire.answer()
    assert (status, json.loads(body)) == (500, {"message": "ValueError: inside"})
    wire.request("GET /same")
    assert wire.head()[0] == 304
    wire.request("GET /query")
    assert wire.answer()[0] == 200


def test_the_headers_of_a_stream_come_before_its_first_piece(wire: Wire) -> None:
    wire.request("GET /silent")
    status, headers = wire.head()
    assert (status, headers["transfer-encoding"]) == (200, "chunked")


@pytest.mark.parametrize("path", ["forever", "silent"])
def test_a_stream_is_closed_when_its_client_goes(running: Running, path: str) -> None:
    with running.connect() as wire:
        wire.request(f"GET /{path}")
        wire.head()
        assert not running.endpoints.stream_closed.is_set()
    assert running.endpoints.stream_closed.wait(patience.EVENT)


def test_a_stream_that_fails_ends_without_its_last_chunk(wire: Wire) -> None:
    wire.request("GET /fails")
    wire.head()
    assert wire.chunk() == b"one"
    assert wire.file.read() == b""


def test_a_client_that_goes_in_the_middle_of_its_body_harms_nobody(running: Running) -> None:
    with running.connect() as wire:
        wire.request("POST /echo", "Content-Length: 100", body=b"half")
    with running.connect() as wire:
        wire.request("GET /query")
        assert wire.answer()[0] == 200


def test_a_handler_ends_its_work_though_its_client_goes(running: Running) -> None:
    with running.connect() as wire:
        wire.request("POST /slow")
        assert running.endpoints.handler_begun.wait(patience.EVENT)
    running.release()
    assert running.endpoints.handler_ended.wait(patience.EVENT)


@pytest.mark.parametrize("agent", ["Docker-Client/28.5 (linux)", "python-requests/2.34"])
def test_hijack_with_upgrade_and_half_close(wire: Wire, agent: str) -> None:
    wire.request("POST /shout", "Connection: Upgrade", "Upgrade: tcp", f"User-Agent: {agent}")
    status, headers = wire.head()
    assert (status, headers["upgrade"], headers["connection"]) == (101, "tcp", "Upgrade")
    assert headers["content-type"] == "application/vnd.docker.raw-stream"
    wire.send(b"abc")
    assert wire.file.read(3) == b"ABC"
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.file.read() == b"bye"


def test_hijack_without_upgrade(wire: Wire) -> None:
    wire.request("POST /shout")
    status, headers = wire.head()
    assert status == 200
    assert not {"content-length", "transfer-encoding"} & headers.keys()
    wire.send(b"abc")
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.file.read() == b"ABCbye"


def test_input_sent_together_with_the_request_is_not_lost(wire: Wire) -> None:
    wire.request("POST /shout", "Content-Length: 2", body=b"{}early")
    wire.head()
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.file.read() == b"EARLYbye"


def test_two_hundred_connections_at_once(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(running.connect()) for _ in range(200)]
        for wire in wires:
            wire.request("GET /forever")
        for wire in wires:
            wire.head()
            assert wire.chunk() == b"first\n"
        with running.connect() as wire:
            wire.request("GET /query")
            assert wire.answer()[0] == 200


def test_closing_cuts_streams_and_idle_connections(running: Running) -> None:
    with running.connect() as idle, running.connect() as stream:
        idle.request("GET /query")
        idle.answer()
        stream.request("GET /forever")
        stream.head()
        stream.chunk()
        running.close()
        assert idle.file.read() == b""
        assert stream.file.read() == b""
    assert running.endpoints.stream_closed.wait(patience.EVENT)
    with pytest.raises(OSError, match="refused"):
        running.connect()


def test_closing_lets_a_handler_end_and_answer(running: Running) -> None:
    with running.connect() as wire:
        wire.request("POST /slow")
        assert running.endpoints.handler_begun.wait(patience.EVENT)
        closing = running.begin_closing()
        running.release()
        assert wire.answer()[0] == 200
        assert wire.file.read() == b""
        closing.result(patience.EVENT)
