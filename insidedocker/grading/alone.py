"""The course's lock: one run at a time writes into a course, whether a command or a button of
Formgrader's started the run.

The kernel releases the lock however its holder ends.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from insidedocker.errors import UserError
from insidedocker.grading.intake import FOLDER
from insidedocker_engine.host import locks

BUSY = (
    "This course is being graded already, or handed out or back: wait until the other command "
    "or Formgrader's button has ended, then try again."
)


@contextmanager
def alone(root: Path, *, reading: bool = False) -> Iterator[None]:
    """Hold the course's lock for a block; readers share the lock. Raises UserError at once where
    another process holds the lock."""
    folder = root / FOLDER
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            stack.enter_context(locks.held(folder / "lock", shared=reading, seconds=0))
        except BlockingIOError:
            raise UserError(BUSY) from None
        except OSError as error:
            # Where this account cannot write, no program of this account can be writing.
            if not reading or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
        yield
