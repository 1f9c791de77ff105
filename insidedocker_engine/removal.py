"""Removal of an engine's root folder, with all that its containers have left in it.

`rm -r` may fail: containers make folders that their owner may not enter, and files of other user
ids where the host grants some.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from .base.paths import OWNER
from .files import directory_trees
from .host import linux
from .lock import NAME, Lock, Locked, whereabouts

KEPT_TO_THE_END = ("engine-id", NAME)
"""The file that marks an engine's root folder, and the lock that keeps an engine from starting
there."""
PARTS = (
    *("base-layer", "blobs", "containers", "distribution.json", "engine.log", "engine.sock"),
    *("faults.sock", "format.json", "images", "networks", "repositories.json", "storage", "tmp"),
    *("users", "users.lock", "volumes", OWNER),
)
"""Everything else that an engine and its users create in the root folder."""


class Running(Exception):
    """An engine runs there; the text says where."""


class NotAnEngines(Exception):
    """Not known to be an engine's root folder; the text is a sentence without its full stop."""


def remove(root: Path) -> str:
    """Remove an engine's root folder; returns the names of files in it that no engine has made.

    Raises Running, NotAnEngines, and OSError where something cannot be removed.
    """
    if not root.is_dir():
        raise NotAnEngines(f"There is no folder {root}")
    if not all((root / name).is_file() for name in KEPT_TO_THE_END):
        raise NotAnEngines(f"{root} is not an engine's root folder (no {KEPT_TO_THE_END[0]} in it)")
    try:
        lock = Lock.take(root)
    except Locked as locked:
        raise Running(whereabouts(locked.pid)) from None
    try:
        _as_owner_of_all(root)
        for name in KEPT_TO_THE_END:
            (root / name).unlink()
    finally:
        lock.release()
    left = sorted(each.name for each in root.iterdir())
    if not left and not root.is_symlink():
        root.rmdir()
    return ", ".join(left)


def _as_owner_of_all(root: Path) -> None:
    """Remove PARTS in a child process that becomes root of a user namespace where allowed: there it
    owns all user ids of containers. Raises OSError."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with contextlib.suppress(OSError):  # not allowed: then all files belong to this user
                linux.become_root_in_user_namespace()
            for name in PARTS:
                directory_trees.remove(root / name)
            code = 0
        except OSError as error:
            print(error, file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise OSError("not everything in it may be removed by this account")
