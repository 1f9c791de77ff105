"""A page of a server that is starting: waited for, and given up with one sentence."""

import http.server
import threading
from collections.abc import Iterator

import pytest
import requests

from insidedocker.lab import fetch
from insidedocker.lab.checks import fixtures


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which a server begins to listen a moment later."""
    number = fixtures.free_port()
    servers: list[http.server.ThreadingHTTPServer] = []

    def serve() -> None:
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", number), Page))
        servers[0].serve_forever(0.05)

    timer = threading.Timer(0.3, serve)
    timer.start()
    yield number
    timer.join(0.5)
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_page_is_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert fetch(f"http://127.0.0.1:{port}/") == "here"


def test_where_nobody_serves_one_sentence_says_so() -> None:
    address = f"http://127.0.0.1:{fixtures.free_port()}/"
    with pytest.raises(requests.ConnectionError, match=f"No page came from {address} within"):
        fetch(address, seconds=0.2)
