"""Temporary folders that a killed process does not leave behind for good.

Each folder holds a mark, a file that its maker keeps locked; the kernel releases the lock however
the maker ends. A later run removes the folders whose mark is not locked. Folders without a mark
are not ours, and stay.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "insidedocker-"
MARK = ".insidedocker-scratch"
_held: dict[Path, int] = {}
"""Folder of this process -> descriptor of its locked mark."""


def make(name: str) -> Path:
    """Make a folder, with its purpose `name` in its name; this process holds the folder's lock
    until `remove`."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-"))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(folder / MARK, descriptor):
                _held[folder] = descriptor
                return folder
            os.close(descriptor)  # a sweep removed the folder before the lock


def remove(folder: Path) -> None:
    """Remove a folder that `make` made, with its content."""
    shutil.rmtree(folder, ignore_errors=True)
    if (descriptor := _held.pop(folder, None)) is not None:
        os.close(descriptor)


@contextmanager
def made(name: str) -> Iterator[Path]:
    """Make a folder for a block, and remove it at the end."""
    folder = make(name)
    try:
        yield folder
    finally:
        remove(folder)


def sweep() -> None:
    """Remove the folders that killed processes of this account have left in the temporary
    folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _sweep(folder)


def _sweep(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return
    descriptor = os.open(folder / MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: maker lives
        mark = os.fstat(descriptor)
        if stat.S_ISREG(mark.st_mode) and mark.st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
