"""The engine's own event stream, requested directly, not through the tap, on the tap's clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import h11

from insidedocker.lab.tapping.calls import Clock
from insidedocker_engine.recording.proxy import READ, Target


@dataclass(frozen=True)
class Event:
    """One event of the engine."""

    at: float
    """Seconds since the tap began."""

    type: str
    """container, image, network, volume, …"""

    action: str
    id: str
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The object's name, else the first 12 characters of its id."""
        return self.attributes.get("name") or self.id.removeprefix("sha256:")[:12]


class Collector:
    """Gathers events in `events` and calls `changed` for each; no events without an engine."""

    def __init__(self, target: Target, clock: Clock, changed: Callable[[Event], None]) -> None:
        self.events: list[Event] = []
        self._target, self._clock, self._changed = target, clock, changed
        self._seen: set[tuple[object, ...]] = set()

    async def follow(self) -> None:
        """Gather events as they happen, until the connection ends."""
        await self._ask(f"since={self._clock.began:.6f}")

    async def catch_up(self) -> None:
        """Gather the events until now that `follow` has not received."""
        until = self._clock.began + self._clock.now()
        await self._ask(f"since={self._clock.began:.6f}&until={until:.6f}")

    async def _ask(self, query: str) -> None:
        with contextlib.suppress(OSError, h11.ProtocolError):
            reader, writer = await self._target.open()
            try:
                await self._read(reader, writer, f"/events?{quote(query, safe='=&.')}")
            finally:
                writer.close()

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
    ) -> None:
        http = h11.Connection(h11.CLIENT)
        request = h11.Request(method="GET", target=path, headers=[("Host", "engine")])
        writer.write((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
        rest = b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(READ))
            elif isinstance(event, h11.Data):
                *lines, rest = (rest + bytes(event.data)).split(b"\n")
                for line in lines:
                    self._take(line)
            elif not isinstance(event, h11.InformationalResponse) and not (
                isinstance(event, h11.Response) and event.status_code == 200
            ):
                return self._take(rest)

    def _take(self, line: bytes) -> None:
        try:
            told = json.loads(line)
            actor, stamp = told["Actor"], told["timeNano"]
            kind, action = told["Type"], told["Action"]
        except (ValueError, KeyError, TypeError):
            return
        key = (stamp, kind, action, actor.get("ID"))
        if key in self._seen:
            return
        self._seen.add(key)
        attributes = actor.get("Attributes") or {}
        event = Event(self._clock.at(stamp), kind, action, actor.get("ID", ""), attributes)
        self.events.append(event)
        self._changed(event)
