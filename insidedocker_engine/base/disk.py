"""Check for free disk space before the engine's own writes; the disk-full fault makes it fail.

Writes of a container go straight to the kernel and do not pass this module.
"""

from __future__ import annotations

import errno
import os


class Room:
    """The room that the fault leaves."""

    writes: int | None = None
    """Number of writes that still find room; None for any number."""


def need_room() -> None:
    """Raise OSError (ENOSPC), as write(2) does on a full disk, where there is no room left."""
    if Room.writes is not None:
        if Room.writes <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Room.writes -= 1
