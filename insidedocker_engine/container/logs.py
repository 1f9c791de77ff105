"""The log of a container: output is encoded and written in a thread, which all logs share; other
processes may read the files while they grow.

Handles files and lines only, not containers or processes.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from .log_entries import Encoder
from .log_files import LogFiles, Snapshot
from .log_options import NO_END, Limits

WAITING = 128 << 10
"""Bytes that may wait to be written; beyond that the program has to wait."""
SLICE = 64 << 10
"""Bytes of one log that are written before another log has its turn."""

log = logging.getLogger(__name__)

_writer = ThreadPoolExecutor(1, thread_name_prefix="logs")
"""One thread for all logs: programs that write without end take turns, and the event loop has one
rival only."""


class _Item(NamedTuple):
    """Work for the thread."""

    work: Callable[[], Any]
    size: int = 0
    """Bytes of output."""
    answer: asyncio.Future[Any] | None = None
    """Gets the result."""


class Log:
    """Appends output to log files and wakes its followers. Use it in the event loop's thread."""

    def __init__(self, path: Path, limits: Limits = NO_END) -> None:
        self.files = LogFiles(path, limits)
        self.drained: Callable[[], None] = lambda: None
        """Called when output has been written, and the program need not wait."""
        self.writes = 0
        """Number of writes so far; see `changed`."""
        self._encoder = Encoder()
        self._open = False
        self._items: deque[_Item] = deque()
        self._bytes = 0
        self._busy = False
        self._waiting: list[asyncio.Future[None]] = []
        self._broken = False

    @property
    def path(self) -> Path:
        return self.files.path

    @property
    def full(self) -> bool:
        """True where output comes faster than it is written."""
        return self._bytes >= WAITING

    @property
    def ended(self) -> bool:
        """True where nothing more is written."""
        return self._idle and not self._open

    def start(self) -> None:
        self._open = True
        self._add(_Item(lambda: self._try(self.files.open)))

    def write(self, stream: int, data: bytes) -> None:
        """Add output as read; an unfinished line waits for its end."""
        if self._open:
            self._bytes += len(data)
            self._add(_Item(lambda: self._append(self._encoder.encode(stream, data)), len(data)))

    async def finish(self) -> None:
        """Write what waits and the unfinished lines, close the file and wake the followers."""
        self._open = False
        if self._idle and not self._encoder.waits:
            self.files.close()  # a quiet program: nothing to wait for
            self._tell()
        else:
            await self._asked(self._end)

    def snapshot(self) -> asyncio.Future[Snapshot]:
        """The log with all that has been given to it before this call, once that is written."""
        if not self._idle:
            return self._asked(self.files.snapshot)
        future: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        future.set_result(self.files.snapshot())
        return future

    def _asked(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._add(_Item(work, answer=future))
        return future

    @property
    def _idle(self) -> bool:
        return not (self._items or self._busy)

    def changed(self, seen: int) -> asyncio.Future[None]:
        """A future that is done once there are more `writes` than `seen`, or the log is
        finished."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.writes != seen:
            future.set_result(None)
        else:
            self._waiting.append(future)
        return future

    def _add(self, item: _Item) -> None:
        self._items.append(item)
        self._work()

    def _work(self) -> None:
        """Give the next items to the thread, unless it is at work for this log."""
        if self._busy or not self._items:
            return
        batch: list[_Item] = []
        size = 0
        while self._items and size < SLICE:
            item = self._items.popleft()
            batch.append(item)
            size += item.size
        self._busy = True
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(_writer, _do, batch)
        working.add_done_callback(lambda done: self._done(size, done.result()))

    def _end(self) -> None:
        self._append(self._encoder.finish())
        self.files.close()

    def _append(self, data: bytes) -> None:
        if data:
            self._try(lambda: self.files.write(data))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._broken = False
        except OSError as error:  # the disk is full: the container runs on, its output is lost
            if not self._broken:
                log.warning("the log %s cannot be written: %s", self.path.name, error.strerror)
            self._broken = True

    def _done(self, size: int, answers: list[Callable[[], None]]) -> None:
        self._busy = False
        self._bytes -= size
        for answer in answers:
            answer()
        self._work()
        self._tell()
        if size and not self.full:
            self.drained()

    def _tell(self) -> None:
        """Wake the followers. Cancelled futures are dropped here too, so that they do not pile
        up."""
        self.writes += 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def _do(batch: list[_Item]) -> list[Callable[[], None]]:
    """Do the work, in the thread; returns the calls that tell the results, for the loop."""
    answers: list[Callable[[], None]] = []
    for item in batch:
        try:
            result, failed = item.work(), None
        except Exception as error:
            result, failed = None, error
            if item.answer is None:
                log.exception("a log was not written")
        if item.answer is not None:
            answers.append(functools.partial(_answer, item.answer, result, failed))
    return answers


def _answer(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():  # its client has gone
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
