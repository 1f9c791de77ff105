"""Temporary folders that a killed process cannot leave behind for good.

Each holds a file that its maker keeps locked for as long as it lives, in whatever way it ends; a
later run removes those whose file nobody has locked. Folders without that file are not ours.
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
"""The locked descriptor of each folder of this process."""


def make(name: str) -> Path:
    """A new folder, named after its purpose, which is this process's until `remove`."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-"))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(folder / MARK, descriptor):
                _held[folder] = descriptor
                return folder
            os.close(descriptor)  # a sweep was quicker than the lock


def remove(folder: Path) -> None:
    """Remove a folder of `make`, whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    if (descriptor := _held.pop(folder, None)) is not None:
        os.close(descriptor)


@contextmanager
def made(name: str) -> Iterator[Path]:
    """A folder of `make` that is removed at the end."""
    folder = make(name)
    try:
        yield folder
    finally:
        remove(folder)


def sweep() -> None:
    """Remove what killed processes of this account have left in the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _sweep(folder)


def _sweep(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return
    descriptor = os.open(folder / MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: it lives
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
