"""Folders and files that only this account can read, whatever its umask: for everything that a
program keeps for itself."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TextIO


class NotPrivate(Exception):
    """A place cannot be made private; the text is one sentence that says what to do."""


def folder(path: Path, *, mend: bool = True) -> Path:
    """Make `path` and its missing parents with mode 0700; set an existing folder of this account
    to 0700.

    In a folder that all accounts may write to, such as /tmp, another account could have made
    `path` first, or a link to a folder that others can read. Without `mend`, a link and a folder
    that others could write to until now are refused. Raises NotPrivate.
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
        # A shared folder, such as /tmp itself, is never made private, even where root runs this.
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
    """Open a new text file with mode 0600 in place of an existing one: a process that has the old
    file open reads nothing of the new one."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="")


def opener(path: str, flags: int) -> int:
    """Opener for `open`: a new file has mode 0600; an existing file keeps its mode."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def keep(path: Path, others: int = 0) -> None:
    """Remove the rights of other accounts, except the bits in `others`, from an existing file or
    folder of this account."""
    with contextlib.suppress(OSError):  # not there, or on a file system without modes
        found = path.lstat()
        mode = stat.S_IMODE(found.st_mode)
        kept = mode & ~(0o077 & ~others)
        ours = found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode)
        if ours and kept != mode:
            path.chmod(kept)
