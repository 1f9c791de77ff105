"""A learner's small files beside the notebook: read with care, written whole, by one kernel at a
time.

The folder is fixed when this module is imported, since a cell may change the working folder. A file
that cannot be read is never overwritten: it is kept under another name.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has none; answers are then saved without a lock
    fcntl = None  # type: ignore[assignment]

MOST = 4_000_000  # bytes; a larger file is not read
LOCK_SECONDS = 5.0


class Unreadable(Exception):
    """A file of this name exists and cannot be read; the text says why."""


def _notebooks_folder() -> Path:
    """The notebook's folder in a kernel, else the working folder.

    JupyterLab and VS Code give the notebook's path; other front ends do not, and the folder in
    which the kernel was started is taken.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        graded = os.environ.get("NBGRADER_EXECUTION")
        return Path.cwd() if graded else Path()
    told = os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__")
    for name in told:
        if isinstance(name, str) and name.endswith(".ipynb") and Path(name).is_file():
            return Path(name).absolute().parent
    return Path(shell.starting_dir)


FOLDER = _notebooks_folder()


def read(path: Path) -> bytes | None:
    """A file's bytes; None for a missing file. Raises Unreadable."""
    try:
        # Without waiting: opening a pipe of this name would block for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable("it is not a file")
            found = file.read(MOST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:  # IsADirectoryError, PermissionError, a circular link
        raise Unreadable(f"{os.strerror(error.errno or 0)}") from None
    if len(found) > MOST:
        raise Unreadable("it is too large")
    return found


def save(path: Path, text: str) -> None:
    """Write a file whole: a reader sees the old file or the new one. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)  # only fsync is sure to report a full disk
        draft.chmod(0o644)  # the account that collects the folder must be able to read the file
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def set_aside(path: Path, why: str) -> Path:
    """Rename a file to a free name, such as answers.json.unreadable-1, and return its new path.
    Raises OSError."""
    aside = free_name(path, why)
    path.rename(aside)
    return aside


def free_name(path: Path, why: str) -> Path:
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.{why}-{number}")):
        number += 1
    return aside


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other kernels from writing in `folder` for a block. Raises OSError where another kernel
    holds the lock too long.

    The lock is on the folder itself: a lock file in it would be submitted.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while not _taken(descriptor):
            if time.monotonic() > until:
                raise TimeoutError("another notebook is writing in this folder")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
