"""Walk, remove, measure, copy and move whole folders of containers and layers, whatever is in them.

All access goes through descriptors of folders, and no link is followed: a running container may
change the folder meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEPTH_LIMIT = 250
"""Deepest nesting of folders that `walk` and `Copier` accept; deeper ones can only be removed."""
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FICLONE = 0x40049409


@dataclass(slots=True)
class Found:
    """One entry met on a walk."""

    path: str
    """Path relative to the start of the walk: a/b."""
    parent: int
    """A descriptor of the folder that holds the entry, open until the walk goes on."""
    name: str
    stat: os.stat_result

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.stat.st_mode)


def walk(folder: int, path: str = "", depth: int = 0) -> Iterator[Found]:
    """Yield everything below an open folder, sorted by name, a folder before its content. Entries
    that disappear meanwhile, or may not be read (in /proc), are left out. Raises OSError
    (ENAMETOOLONG) below DEPTH_LIMIT."""
    if depth > DEPTH_LIMIT:
        raise OSError(errno.ENAMETOOLONG, "folders are nested too deep", path)
    for name in sorted(os.listdir(folder)):
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, ProcessLookupError):
            continue
        where = f"{path}/{name}" if path else name
        yield Found(where, folder, name, found)
        if not stat.S_ISDIR(found.st_mode):
            continue
        try:
            with readable(folder, name, OPEN_FOLDER) as inner:
                yield from walk(inner, where, depth + 1)
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError, PermissionError):
            continue


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Open a folder whose path the caller trusts: links on the way are followed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def readable(folder: int, name: str, flags: int = _OPEN_FILE) -> Iterator[int]:
    """Open an entry for reading, as root could, even where its mode forbids the owner to read:
    the mode is changed and restored."""
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except PermissionError:
        before = _grant(folder, name)
        try:
            descriptor = os.open(name, flags, dir_fd=folder)
        finally:
            if flags != OPEN_FOLDER:
                _change_mode(folder, name, before)
        try:
            yield descriptor
        finally:
            if flags == OPEN_FOLDER:  # its content is readable only while the mode is granted
                os.fchmod(descriptor, before)
            os.close(descriptor)
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _grant(folder: int, name: str) -> int:
    mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    _change_mode(folder, name, mode | 0o700)
    return mode


def _change_mode(folder: int, name: str, mode: int) -> None:
    """chmod without following a link and without the right to open the entry."""
    entry = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not stat.S_ISLNK(os.fstat(entry).st_mode):
            Path(f"/proc/self/fd/{entry}").chmod(mode)
    finally:
        os.close(entry)


def remove(folder: Path) -> None:
    """Remove `folder` and everything in it; nothing happens where it is missing.

    Works at any depth (deeper than the longest path) and with any modes (folders that their
    owner may not write to).
    """
    with contextlib.suppress(FileNotFoundError), opened(folder.parent) as parent:
        remove_in(parent, folder.name)


def remove_in(parent: int, name: str) -> None:
    """Remove the entry `name` of the open folder `parent`.

    Inner folders are moved up to the top one by one, so that the depth is never more than one:
    no recursion, and two descriptors.
    """
    if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=parent)
        return
    _unlock(parent, name)
    top = os.open(name, OPEN_FOLDER, dir_fd=parent)
    # Random: no entry inside has a name that begins with it.
    prefix = f".removed-{os.urandom(8).hex()}-"
    try:
        waiting = deque(_empty(top, top, prefix, 0))
        moved = len(waiting)
        while waiting:
            inner = waiting.popleft()
            folder = os.open(inner, OPEN_FOLDER, dir_fd=top)
            try:
                found = _empty(folder, top, prefix, moved)
            finally:
                os.close(folder)
            moved += len(found)
            waiting.extend(found)
            os.rmdir(inner, dir_fd=top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _empty(folder: int, top: int, prefix: str, number: int) -> list[str]:
    """Unlink the files in `folder` and move its folders to `top`; returns their names there."""
    with os.scandir(folder) as listing:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing]
    moved: list[str] = []
    for name, is_folder in entries:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        _unlock(folder, name)
        target = f"{prefix}{number + len(moved)}"
        os.rename(name, target, src_dir_fd=folder, dst_dir_fd=top)
        moved.append(target)
    return moved


def _unlock(parent: int, name: str) -> None:
    """Give the owner of a folder the right to empty and to move it; root needs none."""
    if os.geteuid() != 0:
        _change_mode(parent, name, 0o700)


def size(folder: Path) -> int:
    """Bytes of the files in `folder`, each inode once; 0 where the folder is missing."""
    total = 0
    seen: set[int] = set()
    with contextlib.suppress(FileNotFoundError), opened(folder) as top:
        for found in walk(top):
            if found.is_folder:
                continue
            if found.stat.st_nlink > 1:
                if found.stat.st_ino in seen:
                    continue
                seen.add(found.stat.st_ino)
            total += found.stat.st_size
    return total


class Copier:
    """Copies folders onto each other and keeps hard links between files of one source.

    `prepare(source, target)` is called with descriptors of each pair of folders before the
    source's content is copied; `prepare` returns the names to leave out.
    """

    def __init__(self, prepare: Callable[[int, int], set[str]] | None = None) -> None:
        self._prepare = prepare
        self._first: dict[tuple[int, int], tuple[int, str]] = {}
        """(device, inode) of a file with several names -> (folder, path) of its first copy."""

    def copy(self, source: Path, target: Path) -> None:
        """Copy the content of the folder `source` into the folder `target`, with modes, times and
        owners. Existing entries of the same name are replaced; folders are merged."""
        with opened(source) as here, opened(target) as there:
            self._top = there
            self._first.clear()
            self._folder(here, there, "", 0)
            _copy_attributes(here, there, os.fstat(here))

    def _folder(self, source: int, target: int, path: str, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise OSError(errno.ENAMETOOLONG, "folders are nested too deep", path)
        left_out = self._prepare(source, target) if self._prepare else set()
        for name in os.listdir(source):
            if name not in left_out:
                self._entry(source, target, name, f"{path}{name}", depth)

    def _entry(self, source: int, target: int, name: str, path: str, depth: int) -> None:
        found = os.stat(name, dir_fd=source, follow_symlinks=False)
        is_folder = stat.S_ISDIR(found.st_mode)
        _make_way(target, name, keep_folder=is_folder)
        if is_folder:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=target)
            _unlock(target, name)
            with readable(source, name, OPEN_FOLDER) as here:
                there = os.open(name, OPEN_FOLDER, dir_fd=target)
                try:
                    self._folder(here, there, f"{path}/", depth + 1)
                    _copy_attributes(here, there, found)
                finally:
                    os.close(there)
        elif stat.S_ISREG(found.st_mode):
            self._file(source, target, name, path, found)
        elif stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            _copy_owner_and_times(target, name, found)
        elif stat.S_ISFIFO(found.st_mode):
            os.mkfifo(name, stat.S_IMODE(found.st_mode), dir_fd=target)
            _copy_owner_and_times(target, name, found)

    def _file(self, source: int, target: int, name: str, path: str, found: os.stat_result) -> None:
        if found.st_nlink > 1:
            inode = (found.st_dev, found.st_ino)
            first = self._first.get(inode)
            if first is not None:
                os.link(first[1], name, src_dir_fd=first[0], dst_dir_fd=target)
                return
            self._first[inode] = (self._top, path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with readable(source, name) as here:
            there = os.open(name, flags, 0o600, dir_fd=target)
            try:
                copy_data(here, there, found.st_size)
                _copy_attributes(here, there, found)
            finally:
                os.close(there)


def move_content(source: Path, target: Path) -> None:
    """Move everything in the folder `source` into the folder `target` beside it, give `target` the
    attributes of `source`, and remove `source`. An entry that `target` has already stays as it is.
    """
    with opened(source.parent) as parent, contextlib.ExitStack() as stack:
        found = os.stat(source.name, dir_fd=parent, follow_symlinks=False)

        def unlocked(name: str) -> int:
            _unlock(parent, name)
            folder = os.open(name, OPEN_FOLDER, dir_fd=parent)
            stack.callback(os.close, folder)
            return folder

        here, there = unlocked(source.name), unlocked(target.name)
        _move_entries(here, there)
        _copy_attributes(here, there, found)
    remove(source)


def _move_entries(source: int, target: int) -> None:
    taken = set(os.listdir(target))
    for name in os.listdir(source):
        if name in taken:
            continue
        try:
            os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
        except PermissionError:  # a folder that its owner may not write to
            mode = _grant(source, name)
            os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
            _change_mode(target, name, mode)


def _make_way(folder: int, name: str, keep_folder: bool) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not (keep_folder and stat.S_ISDIR(found.st_mode)):
        remove_in(folder, name)


def copy_data(source: int, target: int, size: int) -> None:
    """Copy a file's bytes: as shared blocks where the file system can, else with holes kept."""
    if size == 0:
        return
    with contextlib.suppress(OSError):
        fcntl.ioctl(target, _FICLONE, source)
        return
    os.ftruncate(target, size)
    offset = 0
    while True:
        try:
            start = os.lseek(source, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole up to the end
                return
            raise
        end = os.lseek(source, start, os.SEEK_HOLE)
        _copy_range(source, target, start, end)
        offset = end


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    os.lseek(target, start, os.SEEK_SET)
    while start < end:
        sent = os.sendfile(target, source, start, min(end - start, 1 << 30))
        if sent == 0:  # the source became shorter meanwhile
            return
        start += sent


def _copy_attributes(source: int, target: int, found: os.stat_result) -> None:
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.fchown(target, found.st_uid, found.st_gid)
    os.fchmod(target, stat.S_IMODE(found.st_mode))
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            if name.startswith("user.overlay."):
                continue
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_owner_and_times(folder: int, name: str, found: os.stat_result) -> None:
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.chown(name, found.st_uid, found.st_gid, dir_fd=folder, follow_symlinks=False)
    times = (found.st_atime_ns, found.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=folder, follow_symlinks=False)
