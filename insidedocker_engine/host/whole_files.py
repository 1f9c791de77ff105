"""Files that a reader sees whole: written beside and renamed into place, which survives a kill at
any moment; or, for a file that must stay the same one, in a single write."""

from __future__ import annotations

import contextlib
import errno
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


def overwrite(path: Path, data: bytes, mode: int) -> None:
    """Give a text file new content, in one write, and keep the file itself: it may be mounted
    somewhere. Where the old content was longer, empty lines end the file for a moment. Raises
    OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, mode), "wb", buffering=0) as file:
        longer = os.fstat(file.fileno()).st_size - len(data)
        padded = data + b"\n" * longer
        if file.write(padded) != len(padded):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        file.truncate(len(data))
        os.fchmod(file.fileno(), mode)
