"""Folders and files that only this account can read, whatever its umask: for everything of ours
outside of the course's folder."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TextIO


class NotPrivate(Exception):
    """A place cannot be made private; the text is one sentence that says what to do."""


def folder(path: Path, *, mend: bool = True) -> Path:
    """Make `path`, and what is missing above it, with mode 0700; from a folder of this account's
    that is there already, take the rights of others.

    Where anybody may make a folder, as in /tmp, another account could have made it before us, or
    a link that leads to what others can read; without `mend`, neither a link nor what others
    could write into until now will do. Raises NotPrivate.
    """
    try:
        if not path.parent.exists():
            folder(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
        if mend and stat.S_ISLNK(found.st_mode) and found.st_uid in (0, os.geteuid()):
            found = path.stat()
        if stat.S_ISREG(found.st_mode):
            raise NotPrivate(f"the folder {path} cannot be made: a file is there")
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        # A folder for everybody, such as /tmp itself, is never ours, not even root's.
        if not ours or found.st_mode & (stat.S_ISVTX | (0 if mend else 0o022)):
            raise NotPrivate(
                f"{path} is not a folder that only you can change: remove it, or have its owner "
                "do so"
            )
        if stat.S_IMODE(found.st_mode) & 0o777 != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise NotPrivate(f"the folder {path} cannot be made private: {error.strerror}") from None
    return path


def new_file(path: Path) -> TextIO:
    """A new text file with mode 0600 in place of what is there: who has the old one open reads
    nothing of the new one."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="")


def opener(path: str, flags: int) -> int:
    """For `open`: what it makes has mode 0600; what is there stays as it is."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def keep(path: Path, others: int = 0) -> None:
    """Take from what is there already, and is this account's, the rights of all other accounts but
    for the bits in `others`."""
    with contextlib.suppress(OSError):  # not there, or on a file system without modes
        found = path.lstat()
        mode = stat.S_IMODE(found.st_mode)
        kept = mode & ~(0o077 & ~others)
        ours = found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode)
        if ours and kept != mode:
            path.chmod(kept)
