"""The entries of a container's log: one JSON object per line, as Docker's json-file driver writes
them."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from ..base import timestamps

LINE_LIMIT = 16 << 10
"""Bytes of one entry. A longer line becomes several entries, only the last with its newline."""
STREAMS = {1: "stdout", 2: "stderr"}
_NUMBERS = {name: number for number, name in STREAMS.items()}
_SEPARATOR = "\uffff"
"""No character: stands for the ends of lines while many lines are quoted at once."""

_quote = json.JSONEncoder(ensure_ascii=False).encode


class Entry(NamedTuple):
    """One line of output."""

    stream: int
    """1 for stdout, 2 for stderr."""
    text: bytes
    stamp: str
    """Time of writing, as in the file: RFC 3339 with nanoseconds."""

    @property
    def time(self) -> int:
        """Nanoseconds since 1970. Raises BadRequest where the file holds no valid time."""
        return timestamps.parse(self.stamp)


class Encoder:
    """Output as it is read -> whole entries, as bytes. An unfinished line waits for its end."""

    def __init__(self) -> None:
        self._rest: dict[int, bytearray] = {}
        self._last = 0

    def encode(self, stream: int, data: bytes) -> bytes:
        rest = self._rest.setdefault(stream, bytearray())
        rest += data
        cut = rest.rfind(b"\n") + 1
        whole = bytes(rest[:cut])
        del rest[:cut]
        texts = _quoted(whole)
        while len(rest) >= LINE_LIMIT:
            texts.append(_inner(bytes(rest[:LINE_LIMIT])))
            del rest[:LINE_LIMIT]
        return self._entries(stream, texts)

    @property
    def waits(self) -> bool:
        """True where a line is unfinished."""
        return any(self._rest.values())

    def finish(self) -> bytes:
        """The unfinished lines."""
        rests, self._rest = self._rest, {}
        return b"".join(
            self._entries(stream, [_inner(bytes(rest))]) for stream, rest in rests.items() if rest
        )

    def _entries(self, stream: int, texts: list[str]) -> bytes:
        # No two entries have the same time, so that a reader can go on from the last one.
        self._last = max(time.time_ns(), self._last + 1)
        seconds, nanoseconds = divmod(self._last, timestamps.NANO)
        if nanoseconds + len(texts) >= timestamps.NANO:
            seconds, nanoseconds = seconds + 1, 0
        self._last = seconds * timestamps.NANO + nanoseconds + len(texts)
        whole = timestamps.text(seconds * timestamps.NANO).removesuffix("Z")
        after = f'","stream":"{STREAMS[stream]}","time":"{whole}.'
        return "".join(
            [
                f'{{"log":"{text}{after}{number:09d}Z"}}\n'
                for number, text in enumerate(texts, nanoseconds)
            ]
        ).encode(errors="replace")


def _quoted(whole: bytes) -> list[str]:
    """The lines as the insides of JSON strings. Split at line feeds only: a carriage return belongs
    to the text."""
    lines = whole.split(b"\n")
    lines.pop()
    if not lines:
        return []
    text = whole.decode(errors="replace")
    if _SEPARATOR in text or max(map(len, lines)) >= LINE_LIMIT:
        return [_inner(piece) for line in lines for piece in _cut(line + b"\n")]
    # All lines in one call: a program that writes many short ones is worth it.
    quoted = _inner(text.replace("\n", _SEPARATOR))
    return quoted.replace(_SEPARATOR, f"\\n{_SEPARATOR}").split(_SEPARATOR)[:-1]


def _inner(text: bytes | str) -> str:
    """The text in JSON, without the quotes."""
    return _quote(text if isinstance(text, str) else text.decode(errors="replace"))[1:-1]


def _cut(line: bytes) -> list[bytes]:
    return [line[start : start + LINE_LIMIT] for start in range(0, len(line), LINE_LIMIT)]


def parse_all(lines: list[bytes]) -> list[Entry]:
    """Parse all lines in one call, which is faster; one by one where a line is broken."""
    try:
        values = json.loads(b"[" + b",".join(lines) + b"]")
        return [
            Entry(_NUMBERS[each["stream"]], each["log"].encode(errors="replace"), each["time"])
            for each in values
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [entry for line in lines if (entry := _parse(line)) is not None]


def _parse(line: bytes) -> Entry | None:
    """Parse an entry; None for a line that a full disk or a kill has cut."""
    try:
        value = json.loads(line)
        text = value["log"].encode(errors="replace")
        return Entry(_NUMBERS[value["stream"]], text, value["time"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def stamped(entry: Entry) -> bytes:
    """The entry with its time in front, nine digits after the point."""
    whole, _, fraction = entry.stamp.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}Z ".encode() + entry.text
