"""One engine per root folder: a file lock that ends with its process, whatever ends it.

A POSIX record lock is not inherited by children, and the kernel names its holder: no pid file
that could be stale or name a stranger.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import Self

NAME = "engine.lock"
WHILE_USED = "while used"
"""The last line of the note of an engine that ends with its last user (see `sharing`)."""
_FLOCK = "hhqqi4x"
"""struct flock of 64-bit Linux: type, whence, start, length, pid."""


class Locked(Exception):
    """Another process holds the lock; `pid` is its process id, or 0 where the id is not visible
    here (another process namespace or another machine)."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


class Lock:
    """The lock of one root folder, held until `release` or the end of the process."""

    def __init__(self, root: Path) -> None:
        self._fd = os.open(root / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @classmethod
    def take(cls, root: Path) -> Self:
        """Take the lock. Raises Locked where another process has it."""
        lock = cls(root)
        try:
            fcntl.lockf(lock._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = _holder(lock._fd)
            os.close(lock._fd)
            raise Locked(pid or 0) from None
        lock.tell([])
        return lock

    def tell(self, urls: list[str], *, while_used: bool = False) -> None:
        """Write the note for processes that look for the engine: its addresses, and whether it ends
        with its last user."""
        os.ftruncate(self._fd, 0)
        lines = [*urls, *([WHILE_USED] if while_used else [])]
        os.pwrite(self._fd, "".join(f"{line}\n" for line in lines).encode(), 0)

    def while_used(self) -> bool:
        """True while the note says so (see `keep`). Reads through the lock's own descriptor:
        closing another descriptor of the same file would release the lock."""
        return WHILE_USED in os.pread(self._fd, 1 << 16, 0).decode().splitlines()

    def release(self) -> None:
        os.close(self._fd)


def holder(root: Path) -> int | None:
    """The process id of the engine that runs on `root`, or None."""
    try:
        fd = os.open(root / NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return _holder(fd)
    finally:
        os.close(fd)


def told(root: Path) -> list[str]:
    """The addresses in the holder's note."""
    return [line for line in _note(root).splitlines() if line != WHILE_USED]


def while_used(root: Path) -> bool:
    """True where the holder's note says that the engine ends with its last user."""
    return WHILE_USED in _note(root).splitlines()


def keep(root: Path) -> None:
    """Make the holder stay when its last user goes. Only for a user of the engine: while there is
    one, the engine does not end."""
    if while_used(root):
        os.truncate(root / NAME, len(_note(root).removesuffix(f"{WHILE_USED}\n").encode()))


def _note(root: Path) -> str:
    return (root / NAME).read_text()


def _holder(fd: int) -> int | None:
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _whence, _start, _length, pid = struct.unpack(
        _FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked)
    )
    # Negative where another machine has it, by a shared file system: the id means nothing here.
    return None if kind == fcntl.F_UNLCK else max(pid, 0)


def whereabouts(pid: int) -> str:
    """A lock holder in words."""
    return f"process {pid}" if pid else "in another process namespace or on another machine"
