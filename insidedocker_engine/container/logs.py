"""The log of a container: one JSON object per line, as Docker's json-file driver writes it. Other
processes may read the file while it grows.

Handles files and lines only, not containers or processes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..base import timestamps

LINE_LIMIT = 16 << 10
"""Bytes of one entry. A longer line becomes several entries, only the last with its newline."""
BLOCK = 64 << 10
STREAMS = {1: "stdout", 2: "stderr"}
_NUMBERS = {name: number for number, name in STREAMS.items()}

_quote = json.JSONEncoder(ensure_ascii=False).encode

log = logging.getLogger(__name__)


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


class Log:
    """Appends output to a log file and wakes its followers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None
        self._rest: dict[int, bytearray] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._broken = False
        self._last = 0

    @property
    def open(self) -> bool:
        return self._handle is not None

    def start(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(self.path, flags, 0o640)
        self._rest = {}

    def write(self, stream: int, data: bytes) -> None:
        """Add output as read; an unfinished line waits for its end."""
        rest = self._rest.setdefault(stream, bytearray())
        rest += data
        cut = rest.rfind(b"\n") + 1
        whole = bytes(rest[:cut])
        del rest[:cut]
        pieces = [piece for line in _lines(whole) for piece in _cut(line)]
        while len(rest) >= LINE_LIMIT:
            pieces.append(bytes(rest[:LINE_LIMIT]))
            del rest[:LINE_LIMIT]
        self._append(stream, pieces)

    def finish(self) -> None:
        """Write the unfinished lines, close the file and wake the followers."""
        for stream, rest in self._rest.items():
            if rest:
                self._append(stream, [bytes(rest)])
        self._rest = {}
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._tell()

    def _append(self, stream: int, pieces: list[bytes]) -> None:
        if not pieces or self._handle is None:
            return
        data = memoryview(self._entries(stream, pieces).encode(errors="replace"))
        try:
            while data:
                data = data[os.write(self._handle, data) :]
            self._broken = False
        except OSError as error:  # the disk is full: the container runs on, its output is lost
            if not self._broken:
                log.warning("the log %s cannot be written: %s", self.path.name, error.strerror)
            self._broken = True
        self._tell()

    def _entries(self, stream: int, pieces: list[bytes]) -> str:
        # No two entries have the same time, so that a reader can go on from the last one.
        self._last = max(time.time_ns(), self._last + 1)
        seconds, nanoseconds = divmod(self._last, timestamps.NANO)
        if nanoseconds + len(pieces) >= timestamps.NANO:
            seconds, nanoseconds = seconds + 1, 0
        self._last = seconds * timestamps.NANO + nanoseconds + len(pieces)
        whole = timestamps.text(seconds * timestamps.NANO).removesuffix("Z")
        return "".join(
            f'{{"log":{_quote(piece.decode(errors="replace"))},"stream":"{STREAMS[stream]}",'
            f'"time":"{whole}.{nanoseconds + number:09d}Z"}}\n'
            for number, piece in enumerate(pieces)
        )

    def _tell(self) -> None:
        """Wake the followers. Cancelled futures are dropped here too, so that they do not pile
        up."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def changed(self) -> asyncio.Future[None]:
        """A future that is done at the next write, or when the log is finished."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def size(self) -> int:
        """Bytes on disk. Later output is appended after them."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def _lines(data: bytes) -> Iterator[bytes]:
    """Split at line feeds only: a carriage return belongs to the text."""
    *whole, _nothing = data.split(b"\n")
    for line in whole:
        yield line + b"\n"


def _cut(line: bytes) -> Iterator[bytes]:
    for start in range(0, len(line), LINE_LIMIT):
        yield line[start : start + LINE_LIMIT]


@dataclass(frozen=True)
class Selection:
    """A selection of entries."""

    streams: frozenset[int] = frozenset((1, 2))
    since: int = 0
    """Nanoseconds since 1970."""
    until: int = 0
    """Nanoseconds since 1970; 0 for no end."""
    tail: int = -1
    """Number of last entries; negative for all."""

    def wants(self, entry: Entry) -> bool:
        return entry.stream in self.streams and (not self.since or entry.time >= self.since)

    def ends_before(self, entry: Entry) -> bool:
        return bool(self.until) and entry.time > self.until


async def read(
    source: Log, wanted: Selection, follow: bool = False, end: int | None = None
) -> AsyncGenerator[list[Entry], None]:
    """Yield entries from the log file in batches, up to byte `end` (None: the present size); with
    `follow` also later entries, until the log is finished."""
    end = source.size() if end is None else end
    try:
        handle = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    rest = b""
    blocks = None
    try:
        position = _start_of_tail(handle, wanted.tail, end)
        blocks = _blocks(handle, source, position, None if follow else end, wanted.until)
        async for block in blocks:
            *lines, rest = (rest + block).split(b"\n")
            entries = _parse_all(lines)
            past = [at for at, entry in enumerate(entries) if wanted.ends_before(entry)]
            chosen = [
                entry for entry in entries[: past[0] if past else None] if wanted.wants(entry)
            ]
            if chosen:
                yield chosen
            if past:
                return
    finally:
        if blocks is not None:
            await blocks.aclose()
        os.close(handle)


async def _blocks(
    handle: int, source: Log, position: int, end: int | None, until: int
) -> AsyncGenerator[bytes, None]:
    """Yield the file from `position` to `end`; with None, until the log is finished."""
    while True:
        size = BLOCK if end is None else min(BLOCK, end - position)
        block = os.pread(handle, size, position)
        if block:
            position += len(block)
            yield block
            await asyncio.sleep(0)
        elif end is not None or not source.open or not await _more(source, until):
            return


async def _more(source: Log, until: int) -> bool:
    """Wait for more output; False once `until` has passed."""
    if not until:
        await source.changed()
        return True
    left = (until - time.time_ns()) / 1e9
    if left <= 0:
        return False
    try:
        await asyncio.wait_for(source.changed(), left)
    except TimeoutError:
        return False
    return True


def _start_of_tail(handle: int, tail: int, end: int) -> int:
    """The byte at which the last `tail` lines before `end` begin."""
    if tail < 0:
        return 0
    if tail == 0:
        return end
    position, found = end, 0
    while position > 0:
        start = max(0, position - BLOCK)
        block = os.pread(handle, position - start, start)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            if start + at + 1 == end:
                continue  # the end of the last line itself
            found += 1
            if found == tail:
                return start + at + 1
        position = start
    return 0


def _parse_all(lines: list[bytes]) -> list[Entry]:
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
