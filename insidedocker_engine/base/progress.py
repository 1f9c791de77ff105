"""Progress of a pull, push, load or build as the Engine's stream of JSON lines.

This module knows the form of the lines; the caller decides what they say.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

INTERVAL = 0.1
"""Seconds between two lines about the same step."""
_BAR = 50
_ESCAPED = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&"})
"""Escapes of Go's JSON encoder: the raw stream is the same as the Engine's."""


def line(value: dict[str, Any]) -> bytes:
    """Encode one line of JSON. Names that are not valid text (half a surrogate pair) become
    question marks."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_ESCAPED).encode("utf-8", "replace") + b"\r\n"


def status(text: str, identity: str = "") -> bytes:
    """Encode a line with one sentence, about the whole or about `identity`."""
    value: dict[str, Any] = {"status": text}
    if identity:
        value["id"] = identity
    return line(value)


def step(identity: str, text: str, current: int = 0, total: int = 0) -> bytes:
    """Encode a line with the progress of `identity` (a layer), in bytes."""
    value: dict[str, Any] = {"status": text}
    value["progressDetail"] = {"current": current, "total": total} if current or total else {}
    if current or total:
        value["progress"] = bar(current, total)
    value["id"] = identity
    return line(value)


def failure(message: str) -> bytes:
    return line({"errorDetail": {"message": message}, "error": message})


def bar(current: int, total: int) -> str:
    """Draw a progress bar: `[====>      ]  1.2MB/4.5MB`."""
    if total <= 0:
        return f"{size(current):>8}"
    done = min(_BAR, current * 100 // total // 2)
    numbers = f"{size(current):>8}/{size(total)}" if current <= total else f"{size(current):>8}"
    return f"[{'=' * done}>{' ' * (_BAR - done)}] {numbers}"


def size(count: float) -> str:
    """Format bytes in the Engine's units of thousands, four digits: 1.234MB."""
    units = ("B", "kB", "MB", "GB", "TB", "PB")
    unit = 0
    while count >= 1000 and unit < len(units) - 1:
        count /= 1000
        unit += 1
    return f"{count:.4g}{units[unit]}"


class Reporter:
    """Passes progress to `send` as lines, at most one per step and INTERVAL."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._last: dict[tuple[str, str], float] = {}

    def __call__(self, identity: str, text: str, current: int = 0, total: int = 0) -> None:
        """Report `text` about `identity`; with a total, `current` of `total` bytes are done."""
        if total:
            now = time.monotonic()
            if current < total and now - self._last.get((identity, text), 0.0) < INTERVAL:
                return
            self._last[identity, text] = now
        self._send(step(identity, text, current, total))

    def status(self, text: str, identity: str = "") -> None:
        self._send(status(text, identity))

    def aux(self, value: dict[str, Any]) -> None:
        """Send a value for programs, in the line's `aux` field."""
        self._send(line({"progressDetail": {}, "aux": value}))

    def stream(self, text: str) -> None:
        self._send(line({"stream": text}))

    def failure(self, message: str) -> None:
        self._send(failure(message))
