"""Check for free disk space before the engine's own writes; the disk-full fault makes it fail.

Writes of a container go straight to the kernel and do not pass this module.
"""

from __future__ import annotations

import errno
import os

full = False


def need_room() -> None:
    """Raise OSError (ENOSPC), as write(2) does on a full disk, where `full` is set."""
    if full:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
