"""Resolve paths inside a container's root folder, step by step with descriptors.

A link is followed as if the folder were /. No link that a container makes leads out of the
folder, not even a link made while the path is being resolved.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINKS_LIMIT = 40
"""Symbolic links that one path may pass, as in the kernel."""
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Place:
    """The target of a path: an entry `name` (which may be missing) of an open folder."""

    folder: int
    """The folder's descriptor, usable as dir_fd; closed by `find`."""
    name: str
    """One component; "." where the path leads to `folder` itself, e.g. the root."""
    path: str
    """The absolute path inside the root, free of links: /a/b."""

    def lstat(self) -> os.stat_result:
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def exists(self) -> bool:
        try:
            self.lstat()
        except FileNotFoundError:
            return False
        return True

    def open(self, flags: int, mode: int = 0o600) -> int:
        """Open the entry itself. Raises OSError (ELOOP) for a symbolic link."""
        return os.open(self.name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=self.folder)


@contextlib.contextmanager
def find(
    root: Path | int, path: str, follow: bool = True, make: int | None = None
) -> Iterator[Place]:
    """Resolve `path` inside `root` (a folder, or a descriptor of one).

    The last component may be missing; a link as last component is followed if `follow`, or if
    the path ends in a slash. With `make`, missing folders on the way (not the last component) are
    made with that mode. Raises FileNotFoundError, NotADirectoryError, OSError (ELOOP).
    """
    walk = _Walk(root, make)
    try:
        yield walk.to(path, follow)
    finally:
        walk.close()


class _Walk:
    """The open folders from the root down to the current one: `..` closes the last of them."""

    def __init__(self, root: Path | int, make: int | None) -> None:
        # The caller's folder is trusted: links on the way to it are the host's own.
        top = (
            os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            if isinstance(root, Path)
            else os.dup(root)
        )
        self.folders = [top]
        self.names: list[str] = []
        self.make = make

    def close(self) -> None:
        for folder in self.folders:
            os.close(folder)

    def to(self, path: str, follow: bool) -> Place:
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain a zero byte", path)
        ahead = deque(path.split("/"))
        follow = follow or path.endswith(("/", "/."))
        links = 0
        while ahead:
            name = ahead.popleft()
            if name in ("", "."):
                continue
            if name == "..":
                self._up()
                continue
            last = not any(part not in ("", ".") for part in ahead)
            link = self._link(name)
            if link is not None and (follow or not last):
                links += 1
                if links > LINKS_LIMIT:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                if link.startswith("/"):
                    self._restart()
                ahead.extendleft(reversed(link.split("/")))
                follow = follow or link.endswith("/")
            elif last:
                return Place(self.folders[-1], name, "/" + "/".join([*self.names, name]))
            else:
                self._down(name)
        return Place(self.folders[-1], ".", "/" + "/".join(self.names))

    def _link(self, name: str) -> str | None:
        try:
            return os.readlink(name, dir_fd=self.folders[-1])
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):  # not a link, or missing
                return None
            raise

    def _down(self, name: str) -> None:
        folder = self.folders[-1]
        try:
            inner = os.open(name, _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if self.make is None:
                raise
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, self.make, dir_fd=folder)
            inner = os.open(name, _FOLDER, dir_fd=folder)
        self.folders.append(inner)
        self.names.append(name)

    def _up(self) -> None:
        if self.names:
            os.close(self.folders.pop())
            self.names.pop()

    def _restart(self) -> None:
        while self.names:
            self._up()


def resolve_in(root: Path | int, path: str, follow: bool = True) -> str:
    """The canonical path inside `root`: absolute, free of links. The last component may be
    missing."""
    with find(root, path, follow) as place:
        return place.path


def lstat_in(root: Path | int, path: str, follow: bool = False) -> os.stat_result:
    with find(root, path, follow) as place:
        return place.lstat()


def readlink_in(root: Path | int, path: str) -> str:
    with find(root, path, follow=False) as place:
        return os.readlink(place.name, dir_fd=place.folder)


def open_in(root: Path | int, path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Open the target of `path` inside `root`. Give O_NONBLOCK where the target could be a FIFO
    without a writer."""
    with find(root, path) as place:
        return place.open(flags, mode)


def make_folders_in(root: Path | int, path: str, mode: int = 0o755) -> None:
    """Make the folder `path` inside `root` and the missing folders on the way."""
    with find(root, path.rstrip("/") + "/.", make=mode) as place:
        if place.name == ".":
            return
        with contextlib.suppress(FileExistsError):
            os.mkdir(place.name, mode, dir_fd=place.folder)
        os.close(place.open(os.O_PATH | os.O_DIRECTORY))
