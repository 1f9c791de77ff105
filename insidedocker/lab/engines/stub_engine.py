"""An address that gives prepared answers, for checks of answers that an engine rarely gives.

Speaks HTTP and has neither images nor containers; checks that need those take a fresh engine.
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
from insidedocker_engine.host.linux import short_temporary

Answer = tuple[int, Mapping[str, str], bytes | dict[str, Any] | list[Any]]
"""Status, headers and body; a dict or list is sent as JSON."""

VERSION = {"Version": "20.10.0", "ApiVersion": "1.41", "MinAPIVersion": "1.24", "Os": "linux"}
GREETINGS: dict[str, Answer] = {
    "GET /_ping": (200, {"Api-Version": "1.41", "Ostype": "linux"}, b"OK"),
    "GET /version": (200, {}, VERSION),
    "GET /info": (200, {}, {"ServerVersion": "20.10.0", "OSType": "linux"}),
}
"""Answers to what clients ask before anything else, each used where a script has none of its own:
so the docker SDK can agree on a version with every scripted engine."""
NOT_FOUND: Answer = (404, {}, {"message": "page not found"})


class ScriptedEngine:
    """Answers requests at `url` from a table, and records them in `requests`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[str] = []  # "GET /_ping", in order of arrival


@contextmanager
def scripted(answers: Mapping[str, Answer], *, tcp: bool = False) -> Iterator[ScriptedEngine]:
    """Answer from the table {"GET /_ping": (200, {"Api-Version": "1.41"}, b"OK"), …}, and from
    GREETINGS, but not with `tcp`.

    HEAD is answered as GET, without a body; the look-up ignores the version in a path; a request
    that is not in the table gets 404. With `tcp` the server listens on a port of this machine
    ("tcp://127.0.0.1:40123"), as a registry does, else on a Unix socket.
    """
    folder = tempfile.mkdtemp(prefix="inside-docker-", dir=short_temporary(embedded.sockets()))
    engine = ScriptedEngine(f"unix://{folder}/engine.sock")
    handler = _handler(engine, answers if tcp else {**GREETINGS, **answers})
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
    block_on_close = False  # an idle connection must not delay the check


class _TCPServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def _handler(engine: ScriptedEngine, answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.client_address = ("", 0)  # the base class needs one, a Unix socket has none
            with suppress(ConnectionError):  # a client may hang up at any time
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
            self.send_response_only(status)  # send_response would add its own Server header
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
            """Write no log: nbgrader takes the points from a test cell that writes to stderr."""

    return Handler


def _unversioned(path: str) -> str:
    """The path without query and without a leading /v1.xx."""
    path = path.partition("?")[0]
    head, _, rest = path.lstrip("/").partition("/")
    return f"/{rest}" if head.startswith("v1.") else path
