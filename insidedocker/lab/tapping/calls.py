"""The record of a request and its answer: plain data, bounded, without secrets."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from insidedocker_engine.recording.http_parser import Headers

KEPT = 64 * 1024
"""The number of bytes that are kept of a body."""

MASKED = "(masked)"
SECRET_HEADERS = {"x-registry-auth", "x-registry-config", "authorization", "proxy-authorization"}
SECRET_FIELDS = {"password", "identitytoken", "registrytoken", "auth"}
VERSION = re.compile(r"/v(\d+(?:\.\d+)+)(?=/)")


class Clock:
    """Seconds since the tap began, for calls (by this machine's clock) and events (by the engine's
    clock)."""

    def __init__(self) -> None:
        self.began = time.time()
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start

    def at(self, nanoseconds: int) -> float:
        """The moment of an event that arrived just now. A timestamp outside the block comes from a
        clock that differs from this machine's: then the moment is now."""
        moment, now = nanoseconds / 1e9 - self.began, self.now()
        return moment if 0 <= moment <= now else now


@dataclass
class Call:
    """One request and its answer. `seconds` is None while the answer has not ended."""

    method: str
    path: str
    """The path without version and query."""

    version: str = ""
    query: dict[str, str | list[str]] = field(default_factory=dict)
    """Name -> value; a list of values where a name came more than once."""

    started: float = 0.0
    """Seconds since the tap began."""

    seconds: float | None = None
    status: int = 0
    """The answer's status; 0 without an answer."""

    request_headers: dict[str, str] = field(default_factory=dict)
    request_body: str | bytes = ""
    """The body, as str if it is text, else bytes; at most the first 64 KiB."""

    request_size: int = 0
    """The whole body's length in bytes."""

    answer_headers: dict[str, str] = field(default_factory=dict)
    answer_body: str | bytes = ""
    answer_size: int = 0
    streamed: bool = False
    """True: the answer came in chunks, without a length in its head."""

    taken_over: bool = False
    """True: after the answer's head the connection was a stream in both directions."""

    problem: str = ""
    """The reason why the answer is missing or incomplete; empty for a whole answer."""


class Taker:
    """Records one call as its bytes pass; calls `changed` at its begin, head and end."""

    def __init__(self, call: Call, clock: Clock, changed: Callable[[Call], None]) -> None:
        self._call, self._clock, self._changed = call, clock, changed
        self._request, self._answer = bytearray(), bytearray()
        self._dark = False  # True: the bytes are not text for people

    def sent(self, data: bytes) -> None:
        self._call.request_size += len(data)
        self._request += data[: KEPT - len(self._request)]

    def head(self, status: int, headers: Headers, taken_over: bool) -> None:
        call = self._call
        self._note_request()
        call.status, call.answer_headers = status, masked(headers)
        names = {name.lower(): value for name, value in headers}
        call.streamed = "chunked" in names.get("transfer-encoding", "")
        call.taken_over = taken_over
        self._dark = names.get("upgrade", "").lower() == "h2c"  # BuildKit's own protocol
        self._changed(call)

    def got(self, data: bytes) -> None:
        self._call.answer_size += len(data)
        if not self._dark:
            self._answer += data[: KEPT - len(self._answer)]

    def broken(self, why: str) -> None:
        self._call.problem = f"the answer is not HTTP/1.1: {why}"

    def end(self, complete: bool, why: str = "") -> None:
        call = self._call
        self._note_request()
        call.answer_body = body(call.path, self._answer, call.answer_size)
        if not complete:
            call.problem = call.problem or why
        call.seconds = self._clock.now() - call.started
        self._changed(call)

    def _note_request(self) -> None:
        self._call.request_body = body(self._call.path, self._request, self._call.request_size)


def asked(method: str, target: str, headers: Headers, clock: Clock) -> Call:
    """A new call, whose answer is awaited."""
    place, _, query = target.partition("?")
    version = VERSION.match(place)
    return Call(
        method,
        unquote(place[version.end() :] if version else place),
        version=version[1] if version else "",
        query={
            name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(query, keep_blank_values=True).items()
        },
        started=clock.now(),
        request_headers=masked(headers),
    )


def masked(headers: Headers) -> dict[str, str]:
    """Name -> value of headers; MASKED as the value of headers that hold secrets."""
    return {name: MASKED if name.lower() in SECRET_HEADERS else value for name, value in headers}


def body(path: str, kept: bytearray, size: int) -> str | bytes:
    """A body, as str if it is text, else bytes; credentials are masked."""
    data = bytes(kept)
    if path == "/auth" and data:
        return _without_secrets(data)
    if b"\0" in data:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        cut = len(data) < size and error.start > len(data) - 4  # cut within the last character
        return data[: error.start].decode() if cut else data


def _without_secrets(data: bytes) -> str:
    try:
        found = json.loads(data)
    except ValueError:
        return MASKED
    return json.dumps(_mask(found))


def _mask(value: Any) -> Any:
    if isinstance(value, list):
        return [_mask(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: MASKED if name.lower() in SECRET_FIELDS and each else _mask(each)
        for name, each in value.items()
    }
