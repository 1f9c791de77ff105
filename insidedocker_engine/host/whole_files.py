"""Files that survive a kill at any moment: written beside, renamed into place."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o600, lasting: bool = True) -> None:
    """Replace `path` by `data` so that a reader sees the old file or the new one, never half.

    With `lasting` the data is on the disk before the rename: after a power failure the old file or
    the new one is there. Raises OSError, also for a disk that is full: then the old file stays.
    """
    written = draft(path, data, mode, lasting)
    try:
        written.replace(path)
    except BaseException:
        _discard(written)
        raise


def draft(path: Path, data: bytes, mode: int = 0o600, lasting: bool = True) -> Path:
    """Write `data` into a new file beside `path`, to be renamed. Raises OSError, and then there is
    no such file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        written.chmod(mode)
    except BaseException:
        _discard(written)
        raise
    return written


def _discard(written: Path) -> None:
    with contextlib.suppress(OSError):
        written.unlink()
