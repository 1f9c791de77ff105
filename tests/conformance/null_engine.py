"""An engine that only says that it is there, and that it has an image: what passes with it proves
nothing."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.versions import NEWEST

VERSION = {
    "Version": "0",
    "ApiVersion": NEWEST,
    "MinAPIVersion": "1.24",
    "Os": "linux",
    "Arch": "amd64",
    "KernelVersion": "0",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/_ping"):
            self._say(200, b"OK", "text/plain")
        elif path.endswith("/version"):
            self._say(200, json.dumps(VERSION).encode(), "application/json")
        elif path.endswith("/images/alpine:3.10/json"):  # without it the tests do not even begin
            self._say(200, b'{"Id": ""}', "application/json")
        else:
            self._say(501, b'{"message": "nothing is here"}', "application/json")

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (("Api-Version", NEWEST), ("Content-Type", kind)):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def null_engine(folder: Path) -> Iterator[str]:
    """Yields its address."""
    path = folder / "null"
    with _Server(str(path), _Handler) as server:
        path.chmod(0o666)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
