"""The files of a container's log: ID-json.log, which grows, and ID-json.log.1, .2 … before it.

A file's turn is the number of the files before it: it stays while the file is renamed.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import NamedTuple

from .log_options import Limits


class Position(NamedTuple):
    """A place in a log."""

    turn: int
    byte: int


class Opened:
    """A file open for reading; closed with the object at the latest."""

    def __init__(self, turn: int, path: Path) -> None:
        self.turn = turn
        self.handle = -1  # for __del__, where the file cannot be opened
        self.handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def __del__(self) -> None:
        self.close()


class Snapshot(NamedTuple):
    """A log at one moment."""

    end: Position
    files: list[Opened]
    """Oldest first."""


class LogFiles:
    """Written by one thread at a time; opened for reading in any thread. All calls block."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self._limits = limits
        self._handle: int | None = None
        self._size = 0
        self._turn = 0
        self._lock = threading.Lock()
        """Held while files are renamed, and while they are opened for reading."""

    def open(self) -> None:
        """Begin to write after what is there. Raises OSError."""
        if self._handle is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._handle = os.open(self.path, flags, 0o640)
            self._size = os.fstat(self._handle).st_size

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def write(self, data: bytes) -> None:
        """Write whole entries. A file that has reached its size is followed by a new one, so that a
        file is larger by one entry at most. Raises OSError."""
        self.open()
        left = memoryview(data)
        while left:
            part = left
            if self._limits.size is not None:
                if self._size >= self._limits.size:
                    self._turn_over()
                start = len(data) - len(left)
                end = data.find(b"\n", start + self._limits.size - self._size - 1) + 1
                part = left[: end - start] if end else left
            self._put(part)
            left = left[len(part) :]

    def _put(self, data: memoryview) -> None:
        assert self._handle is not None
        while data:
            written = os.write(self._handle, data)
            self._size += written
            data = data[written:]

    def _turn_over(self) -> None:
        """Begin a new file; the oldest one goes where there are too many."""
        with self._lock:
            for number in range(self._limits.files - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._named(number - 1).rename(self._named(number))
            if self._limits.files == 1:  # readers keep what they have open
                self.path.unlink(missing_ok=True)
            self._turn += 1
            self.close()
        self.open()

    def _named(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path

    def snapshot(self) -> Snapshot:
        """The log as it is now. Called where nothing is being written."""
        files = self.opened()
        last = files[-1] if files else None
        size = os.fstat(last.handle).st_size if last and last.turn == self._turn else 0
        return Snapshot(Position(self._turn, size), files)

    def finished(self, turn: int) -> bool:
        """True where nothing is added any more to the file of this turn."""
        return turn < self._turn

    def opened(self, since: int | None = None) -> list[Opened]:
        """The files of the turns from `since` on (None: all), oldest first."""
        found: list[Opened] = []
        with self._lock:
            numbers = range(self._limits.files)
            if since is not None:
                numbers = range(min(len(numbers), self._turn - since + 1))
            for number in numbers:
                with contextlib.suppress(FileNotFoundError):
                    found.insert(0, Opened(self._turn - number, self._named(number)))
        return found
