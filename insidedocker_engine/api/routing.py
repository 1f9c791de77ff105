"""The table of routes, which the modules of this package fill, and the dispatch of requests."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..base import errors
from ..base.version import VERSION
from ..server.http import Answer, Request, Response, answer
from . import versions

if TYPE_CHECKING:
    from ..daemon import Daemon

MAXIMUM = (1, 51)
MINIMUM = (1, 24)

COMMON_HEADERS = {
    "Server": f"Inside-Docker-Engine/{VERSION} (linux)",
    "Api-Version": ".".join(map(str, MAXIMUM)),
    "Docker-Experimental": "false",
    "Ostype": "linux",
}
"""Headers of every answer."""

FIRST = ("system",)
OTHERS = (
    *("swarm", "plugins"),
    *("images", "commit", "build", "registry", "containers", "archive", "exec"),
    *("networks", "volumes"),
)

Endpoint = Callable[["Daemon", Request], Awaitable[Answer]]


class Route:
    """A pattern of paths and its endpoint. Compared without regular expressions: to compile a
    hundred would take a tenth of the engine's start."""

    def __init__(self, method: str, path: str, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._before, _, rest = path.partition("{")
        placeholder, _, self._after = rest.partition("}")
        self._name, _, self._several = placeholder.partition(":")
        self.text = f"{method} {self._before}{'{}' if rest else ''}{self._after}"

    def match(self, path: str) -> dict[str, str] | None:
        """Placeholder name -> value; None where the path does not match."""
        if not self._name:
            return {} if path == self._before else None
        value = path[len(self._before) : len(path) - len(self._after)]
        if not value or path != f"{self._before}{value}{self._after}":
            return None
        return {self._name: value} if self._several or "/" not in value else None


_routes: dict[str, list[Route]] = {}
"""Method -> routes, in the order in which they are tried."""


def route(method: str, path: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint. `path` may have one placeholder: `{name}` matches one segment,
    `{name:path}` several (names of images contain slashes)."""

    def register(endpoint: Endpoint) -> Endpoint:
        _routes.setdefault(method, []).append(Route(method, path, endpoint))
        return endpoint

    return register


@functools.cache
def _load(modules: tuple[str, ...]) -> None:
    """Import modules of this package, each of which puts its endpoints into the table."""
    for name in modules:
        importlib.import_module(f".{name}", __package__)


def version_text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def split_version(path: str) -> tuple[tuple[int, int], str]:
    """(version, rest) of a request's path; the newest version where the path has no prefix."""
    match = re.fullmatch(r"/v([0-9]{1,9})\.([0-9]{1,9})(/.*)", path, re.DOTALL)
    if match is None:
        return MAXIMUM, path
    version = (int(match[1]), int(match[2]))
    asked = version_text(version)
    if version > MAXIMUM:
        raise errors.BadRequest(
            f"client version {asked} is too new. "
            f"Maximum supported API version is {version_text(MAXIMUM)}"
        )
    if version < MINIMUM:
        raise errors.BadRequest(
            f"client version {asked} is too old. "
            f"Minimum supported API version is {version_text(MINIMUM)}, "
            "please upgrade your client to a newer version"
        )
    return version, match[3]


async def dispatch(daemon: Daemon, request: Request) -> Answer:
    """Find the endpoint and call it."""
    request.version, request.path = split_version(request.path)
    if request.method == "OPTIONS":  # the Engine answers 200 for any path
        return Response()
    endpoint = _find(request)
    try:
        return await endpoint(daemon, request)
    except FileNotFoundError:
        if request.path.startswith("/containers/") and "id" in request.params:
            daemon.store.still_there(request.params["id"])
        raise
    except UnicodeEncodeError:  # bytes of the query are not UTF-8
        raise errors.BadRequest("invalid request: a value is not UTF-8 text") from None


def _find(request: Request) -> Endpoint:
    """The endpoint of a request; also sets the request's `params` and `route`. Raises NotFound."""
    # A client that waits for an engine to start asks /_ping: the other modules are imported when
    # first needed.
    for modules in (FIRST, OTHERS):
        _load(modules)
        for known in _routes.get(request.method, ()):
            params = known.match(request.path)
            if params is not None:
                request.params, request.route = params, known.text
                return known.endpoint
    # As with the Engine, a path that exists for another method is not found either.
    raise errors.NotFound("page not found")


def reply(request: Request, value: Any, status: int = 200) -> Response:
    """An answer in JSON, with the fields of the requested version."""
    return answer(versions.fit(request.route, request.version, value), status)


def empty(status: int = 204) -> Response:
    return Response(status)
