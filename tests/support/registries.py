"""Registries for tests: the distribution project's real one, and a fake with arbitrary answers,
false ones included.

Knows the registry's HTTP API and nothing of the engine.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support import patience
from tests.support.made_images import Made, describe, digest
from tests.support.missing import Missing

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@contextlib.contextmanager
def distribution(folder: Path, user: str = "", password: str = "") -> Iterator[str]:
    """Run Debian's docker-registry on a free loopback port, with basic authentication if `user` is
    given; yields `127.0.0.1:port`. Raises Missing."""
    for program, package in (("docker-registry", "docker-registry"), ("htpasswd", "apache2-utils")):
        if not any((Path(place) / program).exists() for place in ("/usr/bin", "/usr/local/bin")):
            raise Missing(f"{program} is not on this machine: apt install {package}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": host},
    }
    if user:
        passwords = subprocess.check_output(["htpasswd", "-Bbn", user, password])
        (folder / "htpasswd").write_bytes(passwords)
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    (folder / "config.yml").write_text(json.dumps(config))
    command = ["docker-registry", "serve", str(folder / "config.yml")]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            await_port(host, process)
            yield host
        finally:
            process.terminate()


def await_port(host: str, process: subprocess.Popen[bytes]) -> None:
    name, _, port = host.partition(":")
    deadline = time.monotonic() + patience.EVENT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((name, int(port)), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry does not listen on {host}")


Reply = tuple[int, dict[str, str], bytes | Iterator[bytes]]


class _Server(ThreadingHTTPServer):
    """HTTP server that prints nothing when a client hangs up."""

    def handle_error(self, *_: object) -> None:
        pass


class Fake:
    """A registry whose every answer can be changed.

    `answers` maps a path to a function from request to reply. `asked` lists the requests so far:
    method, path with query, headers.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], Reply]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.token_needed = ""
        """The Bearer token that a request needs; empty for none."""
        self.password = ""
        """The login that the token service needs, as user:password; empty for none."""
        self.hung_up = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._reply(self)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server((host, 0), Handler)
        self._server.daemon_threads = True
        self.host = f"{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _reply(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        self.asked.append((request.command, request.path, dict(request.headers)))
        status, headers, body = self._answer(request, path)
        request.send_response(status)
        if isinstance(body, bytes):
            headers.setdefault("Content-Length", str(len(body)))
        else:
            headers["Connection"] = "close"
            request.close_connection = True
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command == "HEAD":
            return
        try:
            for piece in [body] if isinstance(body, bytes) else body:
                request.wfile.write(piece)
        except OSError:
            self.hung_up.set()

    def _answer(self, request: BaseHTTPRequestHandler, path: str) -> Reply:
        if path == "/token":
            return self._token(request)
        if self.token_needed and request.headers.get("Authorization") != self._wanted():
            challenge = f'Bearer realm="http://{self.host}/token",service="fake"'
            return 401, {"WWW-Authenticate": challenge}, refusal("UNAUTHORIZED", "log in first")
        if path in self.answers:
            return self.answers[path](request)
        if path == "/v2/":
            return 200, {}, b"{}"
        return 404, {}, refusal("MANIFEST_UNKNOWN", "manifest unknown")

    def _wanted(self) -> str:
        return f"Bearer {self.token_needed}"

    def _token(self, request: BaseHTTPRequestHandler) -> Reply:
        given = request.headers.get("Authorization", "")
        wanted = base64.b64encode(self.password.encode()).decode()
        if self.password and given != f"Basic {wanted}":
            return 401, {}, b'{"details": "incorrect username or password"}'
        asked = parse_qs(urlsplit(request.path).query)
        assert asked["service"] == ["fake"]
        return 200, {}, json.dumps({"token": self.token_needed}).encode()

    def say(self, path: str, status: int, body: bytes, **headers: str) -> None:
        """Set a fixed answer for a path; `_` in header names stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _request: (status, dict(named), body)

    def serve(self, image: Made, name: str = "app", tag: str = "1") -> dict[str, Any]:
        """Offer an image with correct answers; returns its manifest."""
        blobs = [gzip.compress(layer, mtime=0) for layer in image.layers]
        for blob in [*blobs, image.config]:
            self.say(f"/v2/{name}/blobs/{digest(blob)}", 200, blob)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": describe(image.config, CONFIG),
            "layers": [describe(blob, LAYER) for blob in blobs],
        }
        self.offer(manifest, name, tag)
        return manifest

    def offer(self, manifest: dict[str, Any], name: str = "app", tag: str = "1") -> str:
        """Offer a manifest or index under its tag and its digest; returns the digest."""
        data = json.dumps(manifest).encode()
        kind = manifest.get("mediaType", MANIFEST)
        for which in (tag, digest(data)):
            self.say(f"/v2/{name}/manifests/{which}", 200, data, Content_Type=kind)
        return digest(data)


def refusal(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
