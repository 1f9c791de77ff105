"""Faults on request: answers that come late or fail, and a full disk.

Faults are controlled through a separate socket, which an engine has only when started with
`--fault-control`; the Engine API cannot reach it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any

from ..base import disk, errors
from .http import Answer, Handler, Request, Response, answer

KINDS = ("delay", "fail", "disk-full")
MOST_SECONDS = 3600
_VERSION = re.compile(r"^/v[0-9]+\.[0-9]+(?=/)")


@dataclass(frozen=True)
class Fault:
    """One fault. `on` is a pattern of the requests that it affects: `GET /images/*`, which also
    affects HEAD requests."""

    kind: str
    on: str = "*"
    seconds: float = 0.0
    """Seconds by which an answer is delayed (delay)."""
    status: int = 500
    message: str = "this engine fails on purpose"
    """Message of the error answered instead (fail)."""
    after: int = 0
    """Number of writes that still find room (disk-full)."""

    def concerns(self, request: Request) -> bool:
        methods = (request.method, *(["GET"] if request.method == "HEAD" else []))
        path = _VERSION.sub("", request.path)
        return any(fnmatchcase(f"{method} {path}", self.on) for method in methods)


class Faults:
    """The faults of one engine, in front of the `handler` that answers the other requests."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._faults: dict[str, Fault] = {}
        self._over: dict[str, asyncio.Event] = {}
        """Fault name -> event that is set when the fault is removed: delayed requests continue."""

    async def handle(self, request: Request) -> Answer:
        """Handle a request of the Engine API with the current faults."""
        for name, fault in list(self._faults.items()):
            if fault.concerns(request):
                if fault.kind == "delay":
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._over[name].wait(), fault.seconds)
                elif fault.kind == "fail":
                    return answer({"message": fault.message}, fault.status)
        return await self._handler(request)

    async def control(self, request: Request) -> Answer:
        """Handle `GET /faults`, and `PUT` and `DELETE /faults/NAME`; the client chooses NAME.
        Raises NotFound for any other request, BadRequest for an invalid fault."""
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["faults"]:
                return answer({name: asdict(fault) for name, fault in self._faults.items()})
            case "PUT", ["faults", name]:
                fault = _read(await request.json())
                self._take_back(name)
                self._faults[name], self._over[name] = fault, asyncio.Event()
            case "DELETE", ["faults", name] if name in self._faults:
                self._take_back(name)
            case _:
                raise errors.NotFound("there is no such fault")
        disk.Room.writes = min(
            (each.after for each in self._faults.values() if each.kind == "disk-full"), default=None
        )
        return Response(HTTPStatus.NO_CONTENT)

    def _take_back(self, name: str) -> None:
        if self._faults.pop(name, None):
            self._over.pop(name).set()


def _read(value: dict[str, Any]) -> Fault:
    """Read a fault from a request's JSON object. Raises BadRequest."""
    try:
        fault = Fault(**value)
        sound = (
            fault.kind in KINDS
            and isinstance(fault.on, str)
            and isinstance(fault.message, str)
            and fault.status in range(400, 600)
            and math.isfinite(fault.seconds)
            and 0 <= fault.seconds <= MOST_SECONDS
            and type(fault.after) is int
            and fault.after >= 0
        )
    except TypeError:
        sound = False
    if not sound:
        raise errors.BadRequest(
            f"no such fault: give kind ({', '.join(KINDS)}), on, seconds, status (400 to 599), "
            "message, after"
        )
    return fault
