"""The recorder passes every byte and notes every answer, whatever the connection becomes."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.recorder import Recorder, recording


class Peer:
    """The engine's end: a listening socket whose one connection a test plays by hand."""

    def __init__(self, path: Path) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._listening.settimeout(patience.EVENT)

    def accept(self) -> socket.socket:
        """The connection that the recorder has opened."""
        connection, _ = self._listening.accept()
        connection.settimeout(patience.EVENT)
        return connection


class Line:
    """A client's connection through the recorder and the engine's end of it."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        peer = Peer(folder / "engine")
        self.recorder = recorder
        self.client = socket.socket(socket.AF_UNIX)
        self.client.settimeout(patience.EVENT)
        self.client.connect(str(recorder.socket))
        self.engine = peer.accept()

    def ask(self, request: bytes) -> None:
        """Send a request; it must arrive unchanged."""
        self.client.sendall(request)
        assert receive(self.engine, len(request)) == request

    def answer(self, data: bytes) -> None:
        """Answer; it must arrive unchanged."""
        self.engine.sendall(data)
        assert receive(self.client, len(data)) == data


def receive(connection: socket.socket, length: int) -> bytes:
    """Exactly `length` bytes."""
    data = b""
    while len(data) < length:
        data += connection.recv(length - len(data))
    return data


@pytest.fixture
def line() -> Iterator[Line]:
    """A line through a recorder; sockets in a short folder."""
    with tempfile.TemporaryDirectory(prefix="idt-", dir="/tmp") as name:
        folder = Path(name)
        with recording(folder / "engine", folder / "r") as recorder:
            line = Line(folder, recorder)
            yield line
            line.client.close()
            line.engine.close()


GET = b"GET /v1.51/info HTTP/1.1\r\nHost: engine\r\n\r\n"
UPGRADE = (
    b"POST /exec/a/start HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{}"
)
SWITCHED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)


def test_two_exchanges_on_one_connection(line: Line) -> None:
    for body in (b"{}", b'{"ID": "a"}'):
        line.ask(GET)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        line.answer(head % len(body) + body)
    first, second = line.recorder.take()
    assert (first.method, first.path, first.status) == ("GET", "/v1.51/info", 200)
    assert (first.body, second.body) == (b"{}", b'{"ID": "a"}')
    assert second.headers["content-type"] == "application/json"
    assert line.recorder.take() == []


def test_chunks_that_come_one_by_one(line: Line) -> None:
    line.ask(b"GET /events HTTP/1.1\r\nHost: engine\r\n\r\n")
    line.answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    line.answer(b"2\r\n{}\r\n")
    assert line.recorder.take() == []
    line.answer(b"3\r\n{}\n\r\n0\r\n\r\n")
    (exchange,) = line.recorder.take()
    assert (exchange.body, exchange.complete) == (b"{}{}\n", True)


def test_an_archive_passes_but_is_not_kept(line: Line) -> None:
    line.ask(b"GET /images/get HTTP/1.1\r\nHost: engine\r\n\r\n")
    body = bytes(1000)
    line.answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: 1000\r\n\r\n" + body
    )
    (exchange,) = line.recorder.take()
    assert (exchange.status, exchange.body) == (200, None)


def test_the_answer_to_head_has_no_body(line: Line) -> None:
    line.ask(b"HEAD /_ping HTTP/1.1\r\nHost: engine\r\n\r\n")
    line.answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n")
    (exchange,) = line.recorder.take()
    assert (exchange.method, exchange.body, exchange.broken) == ("HEAD", b"", "")


def test_an_upgraded_connection_passes_unread_both_ways(line: Line) -> None:
    line.ask(UPGRADE)
    line.answer(SWITCHED)
    line.ask(b"GET is what the learner types\n")
    line.answer(b"HTTP/1.1 is what the container prints\n")
    line.client.shutdown(socket.SHUT_WR)
    assert line.engine.recv(1) == b""
    line.answer(b"the last word after the end of input")
    (exchange,) = line.recorder.take()
    assert (exchange.status, exchange.body) == (101, None)


def test_a_stream_never_arrives_together_with_the_head(line: Line) -> None:
    line.ask(UPGRADE)
    line.engine.sendall(SWITCHED + b"first frame")
    assert line.client.recv(4096) == SWITCHED
    assert line.client.recv(4096) == b"first frame"


def test_an_answer_without_a_length_ends_with_the_connection(line: Line) -> None:
    line.ask(GET)
    line.answer(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
    line.engine.close()
    assert line.client.recv(1) == b""
    (exchange,) = line.recorder.take()
    assert (exchange.body, exchange.complete) == (b"{}", True)


def test_the_engine_learns_that_the_client_has_gone(line: Line) -> None:
    line.ask(b"GET /events HTTP/1.1\r\nHost: engine\r\n\r\n")
    line.answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n"
    )
    line.client.close()
    assert line.engine.recv(1) == b""
    deadline = time.monotonic() + patience.EVENT
    with pytest.raises(BrokenPipeError):
        while time.monotonic() < deadline:
            line.engine.sendall(b"2\r\n{}\r\n")
    while not (noted := line.recorder.take()):
        assert time.monotonic() < deadline
    assert not noted[0].complete
    assert noted[0].body is not None and noted[0].body.startswith(b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\nmore",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}extra",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
)
def test_what_is_not_http_is_noted_and_passed(line: Line, answer: bytes) -> None:
    line.ask(GET)
    line.answer(answer)
    assert [bool(exchange.broken) for exchange in line.recorder.take()] == [True]
