"""One run at a time writes into a course, by whatever command or button it was started.

The kernel gives the lock back however its holder ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from insidedocker.errors import UserError
from insidedocker.grading.intake import FOLDER

BUSY = (
    "This course is being graded already, or handed out or back: wait until the other command "
    "or Formgrader's button has ended, then try again."
)


@contextmanager
def alone(root: Path, *, reading: bool = False) -> Iterator[None]:
    """Hold the course's lock; those who are only reading share it. Raises UserError at once
    where somebody else holds it."""
    try:
        descriptor = _opened(root / FOLDER)
    except OSError as error:
        if reading and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            yield  # nobody of this account can be writing there
            return
        raise
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if reading else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(BUSY) from None
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    folder.mkdir(mode=0o700, exist_ok=True)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
