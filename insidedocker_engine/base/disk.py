"""Room on the disk as the engine's own writers see it: all there is, or none where a fault says so.

What a container writes goes to the kernel past this module.
"""

from __future__ import annotations

import errno
import os

full = False


def need_room() -> None:
    """Raises what write(2) raises on a full disk."""
    if full:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
