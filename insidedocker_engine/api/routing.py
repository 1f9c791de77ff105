"""The Engine API: one module per resource, and the table of routes they fill.

A module of this package turns requests into calls of the engine's parts and their results
into the API's JSON. What happens is decided in the parts, not here.
"""

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
"""Of every answer."""

FIRST = ("system",)
OTHERS = (
    *("swarm", "plugins"),
    *("images", "commit", "build", "registry", "containers", "archive", "exec"),
    *("networks", "volumes"),
)

Endpoint = Callable[["Daemon", Request], Awaitable[Answer]]


class Route:
    """What a path must look like, and who answers. Compared by hand: a hundred regular
    expressions would take a tenth of the engine's start."""

    def __init__(self, method: str, path: str, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._before, _, rest = path.partition("{")
        placeholder, _, self._after = rest.partition("}")
        self._name, _, self._several = placeholder.partition(":")
        self.text = f"{method} {self._before}{'{}' if rest else ''}{self._after}"

    def match(self, path: str) -> dict[str, str] | None:
        """The placeholder's value by its name; None where the path is another one."""
        if not self._name:
            return {} if path == self._before else None
        value = path[len(self._before) : len(path) - len(self._after)]
        if not value or path != f"{self._before}{value}{self._after}":
            return None
        return {self._name: value} if self._several or "/" not in value else None


_routes: dict[str, list[Route]] = {}
"""By method, in the order in which they are tried."""


def route(method: str, path: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint. One part of `path` may vary: `{name}` is one segment of it,
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
    """(version, rest) of a request's path; without a prefix the newest version is meant."""
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
    if request.method == "OPTIONS":  # of any path: the Engine says yes, and nothing else
        return Response()
    endpoint = _find(request)
    try:
        return await endpoint(daemon, request)
    except FileNotFoundError:
        if request.path.startswith("/containers/") and "id" in request.params:
            daemon.store.still_there(request.params["id"])
        raise
    except UnicodeEncodeError:  # bytes of a query that are no UTF-8, met on their way out
        raise errors.BadRequest("invalid request: a value is no text in UTF-8") from None


def _find(request: Request) -> Endpoint:
    """The endpoint of a request, which learns what its route matched. Raises NotFound."""
    # Whoever waits for an engine to start asks /_ping: the others are read in when one is needed.
    for modules in (FIRST, OTHERS):
        _load(modules)
        for known in _routes.get(request.method, ()):
            params = known.match(request.path)
            if params is not None:
                request.params, request.route = params, known.text
                return known.endpoint
    # The Engine says the same for a path that only another method has.
    raise errors.NotFound("page not found")


def reply(request: Request, value: Any, status: int = 200) -> Response:
    """An answer in JSON, with the fields that the version asked for has."""
    return answer(versions.fit(request.route, request.version, value), status)


def empty(status: int = 204) -> Response:
    return Response(status)
