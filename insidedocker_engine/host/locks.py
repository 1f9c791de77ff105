"""A lock between processes, on a file or on a folder; the kernel gives it back however its holder
ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

STEP_SECONDS = 0.01


@contextlib.contextmanager
def held(
    path: Path,
    *,
    folder: bool = False,
    shared: bool = False,
    seconds: float | None = None,
    on_wait: Callable[[], None] | None = None,
    needed: bool = True,
) -> Iterator[None]:
    """Hold the lock at `path` for a block: a file, made if it is missing, or an existing `folder`
    itself.

    `shared` holders do not exclude each other. `seconds` is the longest wait for another holder,
    None for no limit; `on_wait` is called once if there is one. Without `needed` the block also
    runs where the system has no such locks. Raises BlockingIOError after `seconds`, OSError where
    `path` cannot be opened.
    """
    if fcntl is None and not needed:
        yield
        return
    flags = os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        try:
            _take(descriptor, shared, seconds, on_wait)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            if needed:
                raise
        yield
    finally:
        os.close(descriptor)


def _take(
    descriptor: int, shared: bool, seconds: float | None, on_wait: Callable[[], None] | None
) -> None:
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return
    except BlockingIOError:
        if on_wait is not None:
            on_wait()
    if seconds is None:
        fcntl.flock(descriptor, kind)
        return
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
        time.sleep(STEP_SECONDS)
