"""A small registry on loopback that can refuse: passwords, rights, a rate limit.

Speaks the registry's HTTP API with token authentication, as Docker Hub does, and keeps all data in
memory. For lessons and checks; knows no engine.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ANYBODY = ""


@dataclass(frozen=True)
class User:
    """A user's password and rights: "pull", "push"."""

    password: str
    rights: Collection[str] = ("pull",)


@dataclass
class SmallRegistry:
    """The contents of the registry, and the users who asked for a token."""

    host: str = ""
    """The registry in an image's name: `127.0.0.1:port`."""
    limited: bool = False
    """True: every request for a manifest gets 429, as from Docker Hub past its limit."""
    users: Mapping[str, User] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """`repository:tag` and `repository@digest` -> media type and bytes."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    _uploads: dict[str, bytes] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def holds(self, repository: str, tag: str = "latest") -> bool:
        """True once an image of that name has been pushed."""
        return f"{repository}:{tag}" in self.manifests

    def logins(self, user: str) -> int:
        """How many tokens a user has been given."""
        return list(self._tokens.values()).count(user)

    def forget(self, repository: str) -> None:
        """Remove a repository's tags."""
        for name in [each for each in self.manifests if each.startswith(f"{repository}:")]:
            del self.manifests[name]


@contextlib.contextmanager
def small_registry(
    users: Mapping[str, User] | None = None, *, limited: bool = False
) -> Iterator[SmallRegistry]:
    """A registry for a `with` block. The user `ANYBODY` holds the rights of clients without a name;
    without this user they have no rights."""
    registry = SmallRegistry(users=dict(users or {}), limited=limited)
    server = _Server(("127.0.0.1", 0), _handler(registry))
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Ignore the error: a client that hangs up is not an error of the registry."""


class _Refused(Exception):
    """An error answer in the registries' format."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def _handler(registry: SmallRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.registry = registry
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: SmallRegistry

    def answer(self) -> None:
        data = self._body()
        try:
            self._reply(*self._answer(data))
        except _Refused as refused:
            json_type = {"Content-Type": "application/json"}
            self._reply(refused.status, refused.body, {**json_type, **refused.headers})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def _answer(self, data: bytes) -> tuple[int, bytes, dict[str, str]]:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/token":
            return self._token(query)
        if path == "/v2/":
            self._user()
            return 200, b"{}", {"Content-Type": "application/json"}
        repository, kind, which = _split(path)
        self._let_in(repository, "pull" if self.command in ("GET", "HEAD") else "push")
        if kind == "manifests":
            return self._manifest(repository, which, data)
        if which.startswith("uploads/"):
            return self._upload(repository, which.removeprefix("uploads/"), query, data)
        return self._found(which, "application/octet-stream", self.registry.blobs.get(which))

    # Authentication and rights

    def _token(self, query: dict[str, list[str]]) -> tuple[int, bytes, dict[str, str]]:
        """A token for the name and password of the request; without a name, for ANYBODY."""
        name, password = _basic(self.headers.get("Authorization", ""))
        user = self.registry.users.get(name)
        if name != ANYBODY and (user is None or user.password != password):
            raise _Refused(401, "UNAUTHORIZED", "incorrect username or password")
        token = secrets.token_hex(16)
        self.registry._tokens[token] = name
        return 200, json.dumps({"token": token}).encode(), {"Content-Type": "application/json"}

    def _user(self) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.registry._tokens:
            raise _Refused(
                401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=self._challenge()
            )
        return self.registry._tokens[token]

    def _let_in(self, repository: str, action: str) -> None:
        user = self.registry.users.get(self._user())
        if user is None or action not in user.rights:
            challenge = self._challenge(f"repository:{repository}:{action}")
            raise _Refused(
                401,
                "DENIED",
                "requested access to the resource is denied",
                WWW_Authenticate=f'{challenge},error="insufficient_scope"',
            )

    def _challenge(self, scope: str = "") -> str:
        more = f',scope="{scope}"' if scope else ""
        return f'Bearer realm="http://{self.registry.host}/token",service="small"{more}'

    # Contents

    def _manifest(
        self, repository: str, which: str, data: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        if self.registry.limited:
            raise _Refused(
                429,
                "TOOMANYREQUESTS",
                "You have reached your pull rate limit.",
                Retry_After="21600",
            )
        names = self.registry.manifests
        if self.command == "PUT":
            digest = _digest(data)
            media_type = self.headers.get("Content-Type", "")
            for name in (f"{repository}@{digest}", f"{repository}:{which}"):
                names[name] = media_type, data
            return 201, b"", {"Docker-Content-Digest": digest}
        mark = "@" if which.startswith("sha256:") else ":"
        media_type, found = names.get(f"{repository}{mark}{which}", ("", None))
        return self._found(which, media_type, found)

    def _upload(
        self, repository: str, upload: str, query: dict[str, list[str]], data: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        uploads = self.registry._uploads
        if self.command == "POST":
            upload = secrets.token_hex(8)
        uploads[upload] = uploads.get(upload, b"") + data
        place = {"Location": f"/v2/{repository}/blobs/uploads/{upload}"}
        if self.command != "PUT":
            return 202, b"", place
        whole = uploads.pop(upload)
        if [_digest(whole)] != query.get("digest"):
            raise _Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.registry.blobs[_digest(whole)] = whole
        return 201, b"", {"Location": f"/v2/{repository}/blobs/{_digest(whole)}"}

    def _found(
        self, which: str, media_type: str, data: bytes | None
    ) -> tuple[int, bytes, dict[str, str]]:
        if data is None:
            raise _Refused(404, "NOT_FOUND", f"{which} is not known to this registry")
        return 200, data, {"Content-Type": media_type, "Docker-Content-Digest": _digest(data)}

    # Answers

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(HTTPStatus(status))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: nbgrader takes the points from a test cell that writes to stderr."""


def _split(path: str) -> tuple[str, str, str]:
    """The three parts of `/v2/REPOSITORY/manifests/WHICH` or `…/blobs/WHICH`."""
    for kind in ("manifests", "blobs"):
        before, found, which = path.removeprefix("/v2/").rpartition(f"/{kind}/")
        if found:
            return before, kind, which
    raise _Refused(404, "UNSUPPORTED", "there is no such path")


def _basic(header: str) -> tuple[str, str]:
    """The name and password of an Authorization header; those of ANYBODY without a header."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return ANYBODY, ""
    try:
        name, _, password = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ANYBODY, ""
    return name, password


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
