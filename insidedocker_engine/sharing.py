"""The users of the engine on a root folder.

Every user holds a shared file lock, which ends with its process, whatever ends that. An engine that
lives while used waits for the same lock exclusively: it gets the lock when the last user has gone,
and no new user enters until the engine has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from pathlib import Path

SECONDS = 30.0
"""Seconds to wait for an engine that is ending."""


class Use:
    """One user of the engine on `root`, from now until `end` or the end of the process."""

    def __init__(self, root: Path, what: str) -> None:
        """`what` names this user to others. Raises TimeoutError where an engine that is ending does
        not end."""
        self._door = _open_door(root)
        try:
            _enter(self._door, root)
            folder = root / "users"
            folder.mkdir(mode=0o700, exist_ok=True)
            self._note, draft = tempfile.mkstemp(prefix=".", dir=folder)
            # Locked before it is visible: an unlocked note belongs to a user that has gone.
            fcntl.flock(self._note, fcntl.LOCK_EX)
            os.write(self._note, what.encode(errors="surrogateescape"))
            self._place = Path(draft).with_name(Path(draft).name.removeprefix("."))
            Path(draft).rename(self._place)
        except BaseException:
            os.close(self._door)
            raise

    def others(self) -> list[str]:
        """Names of the other users."""
        return users(self._place.parents[1], but=self._place)

    def outlive_exec(self) -> None:
        """Stay a user when this process executes another program."""
        for each in (self._door, self._note):
            os.set_inheritable(each, True)

    def end(self) -> None:
        self._place.unlink(missing_ok=True)
        os.close(self._note)
        os.close(self._door)


def users(root: Path, but: Path | None = None) -> list[str]:
    """Names of the users of the engine on `root`. Removes the notes of users that were killed."""
    found = []
    for path in sorted((root / "users").glob("[!.]*")):
        if path == but:
            continue
        with contextlib.suppress(FileNotFoundError):
            note = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(os.read(note, 4096).decode(errors="replace"))
            else:
                path.unlink()
            finally:
                os.close(note)
    return found


class Alone:
    """The engine's lock against users: waits until `root` has none, and keeps new ones out until
    `end` or the end of the process."""

    def __init__(self, root: Path) -> None:
        self._door = _open_door(root)
        fcntl.flock(self._door, fcntl.LOCK_EX)

    def end(self) -> None:
        os.close(self._door)


def _open_door(root: Path) -> int:
    return os.open(root / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _enter(door: int, root: Path) -> None:
    until = time.monotonic() + SECONDS
    while True:
        try:
            fcntl.flock(door, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(
                    f"the engine on {root} is ending and has not ended after {SECONDS:.0f} s"
                ) from None
            time.sleep(0.02)
