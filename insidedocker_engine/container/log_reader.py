"""Reading of a container's log, over all its files, also while it grows."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from ..base import uncancelled
from .log_entries import Entry, parse_all
from .log_files import LogFiles, Opened, Position, Snapshot
from .logs import Log

BLOCK = 64 << 10


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
    source: Log,
    wanted: Selection,
    follow: bool = False,
    present: asyncio.Future[Snapshot] | None = None,
) -> AsyncGenerator[list[Entry], None]:
    """Yield the entries of a log in batches, as it was at a moment (None: now); with `follow` also
    later entries, until the log is finished."""
    reader = _Reader(source.files, wanted, await (present or source.snapshot()))
    try:
        while follow or not reader.at_end():
            seen, ended = source.writes, source.ended
            found = await asyncio.to_thread(reader.next, follow)
            if found:
                yield found
            if reader.past:
                return
            if found is None and not (
                follow and not ended and await _more(source, seen, wanted.until)
            ):
                return
    finally:
        if not reader.close_if_idle():  # its client has gone in the middle of a step
            await uncancelled.whole(asyncio.to_thread(reader.close))


async def _more(source: Log, seen: int, until: int) -> bool:
    """Wait for more output than `seen`; False once `until` has passed."""
    if not until:
        await source.changed(seen)
        return True
    left = (until - time.time_ns()) / 1e9
    if left <= 0:
        return False
    try:
        await asyncio.wait_for(source.changed(seen), left)
    except TimeoutError:
        return False
    return True


class _Reader:
    """Reads the files one after the other, in threads."""

    def __init__(self, files: LogFiles, wanted: Selection, present: Snapshot) -> None:
        self._log = files
        self._wanted = wanted
        self._end = present.end
        self._files = deque(present.files)
        self._turn = self._files[-1].turn if self._files else self._end.turn - 1
        """The newest file opened."""
        self._byte = 0
        self._rest = b""
        self._begun = False
        self._lock = threading.Lock()
        """Held by a step; a client that goes away does not stop the thread."""
        self._closed = False
        self.past = False
        """True once an entry has come that is later than all that are wanted."""

    def at_end(self) -> bool:
        """True where all has been read that was there at the beginning."""
        if not self._files:
            return True
        turn = self._files[0].turn
        return turn >= self._end.turn and self._byte >= self._before_end(turn)

    def next(self, follow: bool) -> list[Entry] | None:
        """The wanted entries of the next block, perhaps none; None where there are no more at
        present, or, without `follow`, in the log as it was at the beginning."""
        with self._lock:
            if self._closed:
                return None
            if not self._begun:
                self._begun = True
                self._begin()
            return self._next(follow)

    def _begin(self) -> None:
        """Go to the first of the last entries that are wanted."""
        if self._files:
            first, self._byte = _start_of_tail(self._files, self._wanted.tail, self._end)
            while self._files and self._files[0].turn < first:
                self._files.popleft().close()

    def _next(self, follow: bool) -> list[Entry] | None:
        if not self._files and not self._open_more():
            return None
        file = self._files[0]
        size = BLOCK if follow else min(BLOCK, self._before_end(file.turn) - self._byte)
        if size <= 0:
            return None
        finished = self._log.finished(file.turn)  # asked first: it may be added to until then
        block = os.pread(file.handle, size, self._byte)
        if not block:
            if not finished:
                return None
            self._files.popleft().close()
            self._byte, self._rest = 0, b""
            return []
        self._byte += len(block)
        *lines, self._rest = (self._rest + block).split(b"\n")
        return self._chosen(parse_all(lines))

    def _before_end(self, turn: int) -> int:
        """Bytes of a file that were there at the beginning."""
        if turn == self._end.turn:
            return self._end.byte
        return sys.maxsize if turn < self._end.turn else 0

    def _open_more(self) -> bool:
        """Open the files that have been begun since; those that are gone already are left out."""
        self._files.extend(self._log.opened(self._turn + 1))
        if self._files:
            self._turn = self._files[-1].turn
        return bool(self._files)

    def _chosen(self, entries: list[Entry]) -> list[Entry]:
        past = [at for at, entry in enumerate(entries) if self._wanted.ends_before(entry)]
        self.past = bool(past)
        return [
            entry for entry in entries[: past[0] if past else None] if self._wanted.wants(entry)
        ]

    def close_if_idle(self) -> bool:
        """Close, unless a thread is reading."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        self._closed = True
        while self._files:
            self._files.pop().close()


def _start_of_tail(files: deque[Opened], tail: int, end: Position) -> tuple[int, int]:
    """(turn, byte) at which the last `tail` lines before `end` begin."""
    if tail < 0:
        return files[0].turn, 0
    if tail == 0:
        return end
    found = 0
    for file in reversed(files):
        last = os.fstat(file.handle).st_size
        if file.turn >= end.turn:
            last = end.byte if file.turn == end.turn else 0
        position = last
        while position > 0:
            start = max(0, position - BLOCK)
            block = os.pread(file.handle, position - start, start)
            at = len(block)
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                if start + at + 1 == last:
                    continue  # the end of the last line itself
                found += 1
                if found == tail:
                    return file.turn, start + at + 1
            position = start
        if last:
            found += 1  # the first line of the file
            if found == tail:
                return file.turn, 0
    return files[0].turn, 0
