"""The engine's events: sent live to followers, and the last ones replayed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from .filters import labels_match

KEPT = 256
"""Past events that can be replayed, as with the Engine."""
QUEUED = 4096
"""Events that may wait for one slow follower; beyond that the follower loses the oldest."""

Event = dict[str, Any]
Filters = dict[str, list[str]]


class Events:
    """The events of one engine, in the order they happened."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._followers: set[asyncio.Queue[Event]] = set()
        self._last = 0

    @property
    def followers(self) -> int:
        return len(self._followers)

    def emit(self, kind: str, action: str, actor: str, attributes: dict[str, str]) -> None:
        """Record that `action` was done to the object with id `actor` of type `kind`
        (container, image, network, volume, daemon, builder), and send it to all followers."""
        # Two events never carry the same time, so that a follower can go on from the last one.
        self._last = max(time.time_ns(), self._last + 1)
        event: Event = {
            "Type": kind,
            "Action": action,
            "Actor": {"ID": actor, "Attributes": attributes},
            "scope": "local",
            "time": self._last // 1_000_000_000,
            "timeNano": self._last,
        }
        if kind in ("container", "image"):  # fields of API 1.10, still sent for these two
            event |= {"status": action, "id": actor}
            if kind == "container":
                event["from"] = attributes.get("image", "")
        self._kept.append(event)
        for follower in self._followers:
            if follower.full():
                follower.get_nowait()
            follower.put_nowait(event)

    async def follow(
        self, since: int | None, until: int | None, filters: Filters
    ) -> AsyncGenerator[Event, None]:
        """Yield events that pass `filters`: kept ones from `since` on (nanoseconds since 1970;
        no kept ones where `since` and `until` are None), then live ones, until `until` (None:
        without end)."""
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUED)
        self._followers.add(queue)
        # The past is copied in the same step, before anything else can happen: no gap, no double.
        past = list(self._kept) if since is not None or until is not None else []
        try:
            for event in past:
                moment = event["timeNano"]
                if (since or 0) <= moment <= (until or moment) and matches(event, filters):
                    yield event
            while True:
                new = await _next(queue, until)
                if new is None:
                    return
                if matches(new, filters):
                    yield new
        finally:
            self._followers.discard(queue)


async def _next(queue: asyncio.Queue[Event], until: int | None) -> Event | None:
    """The next event, or None once `until` has come."""
    if until is None:
        return await queue.get()
    left = (until - time.time_ns()) / 1e9
    if left <= 0:
        return None
    try:
        return await asyncio.wait_for(queue.get(), left)
    except TimeoutError:
        return None


def matches(event: Event, filters: Filters) -> bool:
    """True where the event matches, for each filter, at least one of its values."""
    return all(_passes(event, name, wanted) for name, wanted in filters.items())


def _passes(event: Event, name: str, wanted: list[str]) -> bool:
    kind, attributes = event["Type"], event["Actor"]["Attributes"]
    if name == "type":
        return kind in wanted
    if name == "event":
        action = event["Action"]  # `exec_create: sh` and `health_status: healthy` match by head
        return action in wanted or action.partition(":")[0] in wanted
    if name == "label":
        return labels_match(attributes, wanted)
    if name == "scope":
        return event["scope"] in wanted
    if name == "image":
        return any(_image_named(event, value) for value in wanted)
    return kind == name and _object_named(event, wanted)


def _object_named(event: Event, wanted: list[str]) -> bool:
    """True where the object's id or name begins with a wanted value, as with the Engine."""
    actor = event["Actor"]
    known = (actor["ID"], actor["Attributes"].get("name", ""))
    return any(value and text.startswith(value) for value in wanted for text in known)


def _image_named(event: Event, wanted: str) -> bool:
    """True for the image's own events and for those of containers made from the image."""
    actor = event["Actor"]
    if event["Type"] == "image":
        names = {actor["ID"], actor["Attributes"].get("name", "")}
    elif event["Type"] == "container":
        names = {actor["Attributes"].get("image", "")}
    else:
        return False
    return wanted in names or wanted in {_without_tag(name) for name in names}


def _without_tag(name: str) -> str:
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition("@")[0].partition(":")[0]
