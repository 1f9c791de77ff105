"""A learner's small files beside the notebook: read with care, written whole, by one kernel at a
time.

The folder is fixed when this module is imported, since a cell may change the working folder. A file
that cannot be read is never overwritten: it is kept under another name.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from insidedocker_engine.host import locks, whole_files

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
    """Write a file whole, so that also the account that collects the folder can read it. Raises
    OSError."""
    whole_files.replace(path, text.encode(), mode=0o644)


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


def locked(folder: Path) -> AbstractContextManager[None]:
    """Keep other kernels from writing in `folder` for a block. Raises OSError where another kernel
    holds the lock too long.

    The lock is on the folder itself: a lock file in it would be submitted.
    """
    return locks.held(folder, folder=True, seconds=LOCK_SECONDS, needed=False)
