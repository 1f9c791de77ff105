"""A session with one engine: `requests` over its Unix socket or TCP address.

Knows the engine's address, not how the engine was found or started.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import requests
import requests_unixsocket
from requests_unixsocket.adapters import UnixAdapter

from insidedocker.lab.errors import EngineUnreachable, NoEngine

if TYPE_CHECKING:
    import docker

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0

# Product in the Server header of every answer -> kind of engine.
SERVERS = {"Inside-Docker-Engine": "embedded", "Libpod": "podman"}
NAMES = {"docker": "Docker", "podman": "Podman", "embedded": "embedded"}

NO_SOCKET = "there is no socket of that name"
MAY_NOT_OPEN = "this account may not open the socket"

asked: set[str] = set()
"""Addresses of the engines that sessions of this process have asked, until a check clears it."""


class Engine(requests_unixsocket.Session):
    """One engine, used through its REST API.

    `get`, `post`, `put`, `delete` and `head` are those of `requests` and take a path
    ("/images/json") as well as a whole URL. `url` is the address in the form of DOCKER_HOST
    ("unix:///run/docker.sock", "tcp://127.0.0.1:2375"), `base` the prefix that `requests` needs
    before a path ("http+unix://%2Frun%2Fdocker.sock"). `place` is the address as a person gave it,
    which may be another than `url`, the way to it.

    Requests time out after a minute without an answer (change it with `timeout=`) and raise
    EngineUnreachable, a `requests.ConnectionError`, where no process listens at the address.
    """

    def __init__(self, url: str, why: str = "", place: str = "") -> None:
        super().__init__()
        self.url = url
        self.place = place or url
        self.base = base_of(url)
        self.why = why
        self.trust_env = False  # a proxy is for the internet, never for an engine
        self.mount("http+unix://", _SocketAdapter())
        if self.base.startswith("https://"):
            self.verify, self.cert = certificates()

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request as `requests.Session.request` does; a path is one of this engine."""
        kwargs.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        target = self.base + url if url.startswith("/") else url
        asked.add(self.url)
        try:
            return super().request(method, target, *args, **kwargs)
        except requests.exceptions.ReadTimeout:
            raise
        except requests.ConnectionError as error:
            raise EngineUnreachable(
                f"No engine answered at {self.url}: {reason_of(error)}.\n"
                "Try next: lab.connect() finds or starts an engine and says which.",
                request=error.request,
            ) from error

    @functools.cached_property
    def kind(self) -> str:
        """ "docker", "podman" or "embedded"."""
        product = self.get("/_ping").headers.get("Server", "").split("/")[0]
        return SERVERS.get(product, "docker")

    def docker(self) -> docker.DockerClient:
        """A client of the docker SDK for Python for the same engine; close it after use."""
        import docker  # the import takes 0.2 s, and few lessons need it

        return docker.DockerClient(base_url=self.url, version="auto", timeout=int(READ_SECONDS))

    def __reduce__(self) -> tuple[type[Engine], tuple[str, str, str]]:
        """Copy or pickle the session as a new session with the same engine."""
        return Engine, (self.url, self.why, self.place)

    def __repr__(self) -> str:
        return f"<Engine {self.url}>"


class _SocketAdapter(UnixAdapter):
    """Keeps one pool of connections per socket; the base class keeps one per requested path."""

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        parts = urlsplit(request.url)
        return self.get_connection(f"{parts.scheme}://{parts.netloc}", proxies)


def base_of(url: str) -> str:
    """The prefix that `requests` needs before a path, from an address in the form of DOCKER_HOST.

    Raises NoEngine for an address of another kind.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "unix" and rest.startswith("/"):
        return "http+unix://" + quote(rest, safe="")
    if scheme == "http+unix" and rest:
        return f"http+unix://{rest.partition('/')[0]}"
    if scheme in ("tcp", "http", "https") and rest.strip("/"):
        tls = scheme == "https" or (scheme == "tcp" and os.environ.get("DOCKER_TLS_VERIFY"))
        where = rest.rstrip("/")
        if not re.search(r":\d+$", where):  # as the docker CLI takes it
            where += ":2376" if tls else ":2375"
        return ("https://" if tls else "http://") + where
    raise NoEngine(
        f"{url!r} is not an address this course can use: "
        "write unix:///path/to/docker.sock or tcp://host:port."
    )


def socket_of(url: str) -> Path | None:
    """The path of the Unix socket at an address; None for an address of another kind."""
    if not url.startswith(("unix://", "http+unix://")):
        return None
    return Path(unquote(base_of(url).removeprefix("http+unix://")))


def reason_of(error: BaseException) -> str:
    """The reason why a request was not answered, in plain words."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, FileNotFoundError):
            return NO_SOCKET
        if isinstance(found, PermissionError):
            return MAY_NOT_OPEN
        if isinstance(found, ConnectionRefusedError):
            return "nobody listens there (connection refused)"
        if isinstance(found, TimeoutError | requests.Timeout):
            return "it did not answer in time"
        found = _inner(found)
    return "the connection broke off before an answer came"


def _inner(error: BaseException) -> BaseException | None:
    """The underlying error: requests and urllib3 pass it on as cause, reason or argument."""
    below = [error.__cause__, error.__context__, getattr(error, "reason", None), *error.args]
    return next((each for each in below if isinstance(each, BaseException)), None)


def certificates() -> tuple[str | bool, tuple[str, str] | None]:
    """`verify` and `cert` for requests. As for the CLI, the folder DOCKER_CERT_PATH holds ca.pem,
    cert.pem and key.pem; (True, None) without it."""
    folder = os.environ.get("DOCKER_CERT_PATH")
    if not folder:
        return True, None
    where = Path(folder)
    return str(where / "ca.pem"), (str(where / "cert.pem"), str(where / "key.pem"))
