"""Plugins: the answers of an engine that has none and installs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import errors
from ..server.http import Answer, Request
from .routing import reply, route

if TYPE_CHECKING:
    from ..daemon import Daemon


@route("GET", "/plugins")
async def plugins(_daemon: Daemon, request: Request) -> Answer:
    return reply(request, [])


@route("GET", "/plugins/privileges")
@route("POST", "/plugins/pull")
@route("POST", "/plugins/create")
async def install(_daemon: Daemon, _request: Request) -> Answer:
    # The API's description has no status but 500 for these.
    raise errors.APIError("the embedded engine has no plugins: use a Docker Engine for that")


@route("GET", "/plugins/{name:path}/json")
@route("DELETE", "/plugins/{name:path}")
@route("POST", "/plugins/{name:path}/enable")
@route("POST", "/plugins/{name:path}/disable")
@route("POST", "/plugins/{name:path}/upgrade")
@route("POST", "/plugins/{name:path}/push")
@route("POST", "/plugins/{name:path}/set")
async def missing(_daemon: Daemon, request: Request) -> Answer:
    raise errors.NotFound(f'plugin "{request.params["name"]}" not found')
