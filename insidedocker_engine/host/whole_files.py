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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
