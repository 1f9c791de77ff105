"""An address that gives prepared answers, for checks on answers an engine rarely gives.

It speaks HTTP and nothing else: no images, no containers. Whoever needs those takes a fresh
engine.
"""

from __future__ import annotations

import json
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from insidedocker.lab.engines import embedded

Answer = tuple[int, Mapping[str, str], bytes | dict[str, Any] | list[Any]]
"""Status, headers and body; a dict or list is sent as JSON."""

NOT_FOUND: Answer = (404, {}, {"message": "page not found"})


class ScriptedEngine:
    """Answers requests at `url` from a table, and remembers them in `requests`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[str] = []  # "GET /_ping", in the order in which they came


@contextmanager
def scripted(answers: Mapping[str, Answer], *, tcp: bool = False) -> Iterator[ScriptedEngine]:
    """Answer by the table {"GET /_ping": (200, {"Api-Version": "1.41"}, b"OK"), …}.

    HEAD is answered as GET is, without a body; the version in a path is left out when the path
    is looked up; what is not in the table is not found (404). With `tcp` at a port of this
    machine ("tcp://127.0.0.1:40123"), as a registry would, else at a Unix socket.
    """
    folder = tempfile.mkdtemp(prefix="inside-docker-", dir=embedded.sockets())
    engine = ScriptedEngine(f"unix://{folder}/engine.sock")
    handler = _handler(engine, answers)
    server: socketserver.BaseServer
    if tcp:
        server = _TCPServer(("127.0.0.1", 0), handler)
        engine.url = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        server = _Server(f"{folder}/engine.sock", handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        shutil.rmtree(folder, ignore_errors=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False  # an idle kept connection must not hold the check up


class _TCPServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def _handler(engine: ScriptedEngine, answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.client_address = ("", 0)  # a Unix socket has none, the base class wants one
            with suppress(ConnectionError):  # a client that leaves in the middle is no trouble
                super().handle_one_request()
                return
            self.close_connection = True

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = _unversioned(self.path)
            engine.requests.append(f"{self.command} {path}")
            method = "GET" if self.command == "HEAD" else self.command
            status, headers, body = answers.get(f"{method} {path}", NOT_FOUND)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response_only(status)  # the other one adds a Server header of its own
            for name, value in headers.items():
                self.send_header(name, value)
            if not isinstance(body, bytes):
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: whatever is written to stderr costs the learner the points."""

    return Handler


def _unversioned(path: str) -> str:
    """The path without query and without a leading /v1.xx."""
    path = path.partition("?")[0]
    head, _, rest = path.lstrip("/").partition("/")
    return f"/{rest}" if head.startswith("v1.") else path
