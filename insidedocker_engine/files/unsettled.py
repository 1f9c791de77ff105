"""Folders that are whole, but may not be on the disk yet: what a power failure may have emptied.

Syncing a folder of many files takes long. So it gets a mark first, which is synced, and is used at
once. The mark goes when the kernel has written the folder. A mark that is there at the next start
means: make the folder again.

On disk: an empty file for each mark, with the folder's name.
"""

from __future__ import annotations

import itertools
import logging
import threading
from pathlib import Path

from ..base import disk
from ..host import linux
from . import atomic_files, directory_trees

log = logging.getLogger(__name__)

SECONDS = 30.0
"""The kernel writes data of this age by itself, so that little is left to wait for."""


class Unsettled:
    """The marks in the folder `marks`, which is made if missing. All calls are safe from several
    threads."""

    def __init__(self, marks: Path, seconds: float = SECONDS) -> None:
        self._marks = marks
        self._seconds = seconds
        marks.mkdir(mode=0o700, exist_ok=True)
        self.doubtful = sorted(each.name for each in marks.iterdir())
        """Folders that an earlier engine made and that may be empty; `settled` ends the doubt."""
        self._turns = itertools.count()
        self._begun: dict[str, int] = {}
        """Name -> turn; a mark of a later turn stays."""
        self._done: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, name: str) -> None:
        """Mark a folder, before it gets its name. Blocking."""
        disk.need_room()
        with self._lock:
            self._begun[name] = next(self._turns)
            self._done.pop(name, None)
            (self._marks / name).touch(mode=0o600)
        atomic_files.sync_folder(self._marks)

    def done(self, name: str) -> None:
        """Note that the folder is whole and has its name: some time later it is synced and the mark
        removed."""
        with self._lock:
            if not self._done:
                timer = threading.Timer(self._seconds, self._settle)
                timer.daemon = True
                timer.start()
            self._done[name] = self._begun[name]

    def settled(self, name: str) -> None:
        """Remove the mark of a folder that was made again, or is gone for good."""
        (self._marks / name).unlink(missing_ok=True)

    def _settle(self) -> None:
        with self._lock:
            done, self._done = self._done, {}
        try:
            sync_file_system(self._marks)
        except OSError as error:  # the disk is failing, or the root folder is gone: marks stay
            log.warning("the disk of %s cannot be synced: %s", self._marks, error.strerror)
            return
        for name, turn in done.items():
            with self._lock:
                if self._begun[name] == turn:
                    del self._begun[name]
                    self.settled(name)


def sync_file_system(folder: Path) -> None:
    """Write everything on the file system of `folder` to the disk. May take seconds."""
    with directory_trees.opened(folder) as handle:
        linux.syncfs(handle)
