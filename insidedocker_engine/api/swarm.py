"""Swarm mode: the answers of an engine that is not part of a swarm and cannot join one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import errors
from ..server.http import Answer, Request
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon

NO_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
    "to connect this node to swarm and try again."
)
_MANAGERS_ONLY = [
    ("GET", "/swarm"),
    ("GET", "/swarm/unlockkey"),
    ("POST", "/swarm/update"),
    ("POST", "/swarm/unlock"),
    ("GET", "/nodes"),
    ("GET", "/nodes/{id}"),
    ("DELETE", "/nodes/{id}"),
    ("POST", "/nodes/{id}/update"),
    ("GET", "/services"),
    ("POST", "/services/create"),
    ("GET", "/services/{id}"),
    ("DELETE", "/services/{id}"),
    ("POST", "/services/{id}/update"),
    ("GET", "/services/{id}/logs"),
    ("GET", "/tasks"),
    ("GET", "/tasks/{id}"),
    ("GET", "/tasks/{id}/logs"),
    *(
        (method, f"/{kind}{rest}")
        for kind in ("secrets", "configs")
        for method, rest in (
            ("GET", ""),
            ("POST", "/create"),
            ("GET", "/{id}"),
            ("DELETE", "/{id}"),
            ("POST", "/{id}/update"),
        )
    ),
]


async def managers_only(_daemon: Daemon, _request: Request) -> Answer:
    raise errors.Unavailable(NO_MANAGER)


for _method, _path in _MANAGERS_ONLY:
    route(_method, _path)(managers_only)


@route("POST", "/swarm/init")
@route("POST", "/swarm/join")
async def begin(_daemon: Daemon, _request: Request) -> Answer:
    raise errors.BadRequest("the embedded engine has no swarm mode: use a Docker Engine for that")


@route("POST", "/swarm/leave")
async def leave(_daemon: Daemon, _request: Request) -> Answer:
    raise errors.Unavailable("This node is not part of a swarm")
