"""The writing part of COPY and ADD: puts sources into the file system of the new image."""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ..base import errors
from ..containers import users
from ..files import directory_trees, safe_path, tar_extract
from ..images import compression
from .sources import Source


@dataclass
class Copy:
    """One instruction: all its files get the same owner and mode. Blocking."""

    root: Path
    """The mount point of the image's file system."""
    temporary: Path
    target: str
    """Absolute path; a slash at the end means a folder."""
    owner: tuple[int, int] = (0, 0)
    mode: int | None = None
    owners: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Written path -> owner: this host may not allow every owner in the file system."""

    def run(self, sources: list[Source]) -> None:
        for source in sources:
            try:
                self._one(source)
            except NotADirectoryError:
                raise errors.BadRequest(f"cannot copy to {self.target}: not a directory") from None
        for path, (uid, gid) in self.owners.items():
            with contextlib.suppress(OSError), safe_path.find(self.root, path, False) as place:
                os.chown(place.name, uid, gid, dir_fd=place.folder, follow_symlinks=False)

    def _one(self, source: Source) -> None:
        if source.unpack:
            self._unpack(source)
        elif source.is_folder:
            self._folder(source)
        else:
            self._file(source)

    def _make_folder(self, path: str) -> str:
        """Make a folder and its parents; returns the path without links."""
        missing = []
        at = path.rstrip("/") or "/"
        while at != "/" and not self._exists(at):
            missing.append(at)
            at = posixpath.dirname(at)
        safe_path.make_folders_in(self.root, path)
        for each in missing:
            self.owners[safe_path.resolve_in(self.root, each)] = self.owner
        return safe_path.resolve_in(self.root, path)

    def _exists(self, path: str) -> bool:
        try:
            safe_path.lstat_in(self.root, path, follow=True)
        except FileNotFoundError:
            return False
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(safe_path.lstat_in(self.root, path, follow=True).st_mode)
        except OSError:
            return False

    def _unpack(self, source: Source) -> None:
        inside = self._make_folder(self.target)
        packed = safe_path.open_in(source.root, source.path)
        with os.fdopen(packed, "rb") as archive, tempfile.TemporaryFile(dir=self.temporary) as tar:
            try:
                compression.decompress(archive, tar)
            except compression.CompressionError as error:
                raise errors.BadRequest(f"cannot unpack {source.name}: {error}") from None
            tar.seek(0)
            tar_extract.extract(tar, self.root, inside)

    def _folder(self, source: Source) -> None:
        inside = self._make_folder(self.target)
        here, there = source.root / source.path.lstrip("/"), self.root / inside.lstrip("/")
        before = there.stat()
        directory_trees.Copier().copy(here, there)
        # Only the folder's contents are copied: its own mode and owner stay.
        there.chmod(stat.S_IMODE(before.st_mode))
        with contextlib.suppress(OSError):
            os.chown(there, before.st_uid, before.st_gid)
        os.utime(there)
        with directory_trees.opened(here) as folder:
            for found in directory_trees.walk(folder):
                path = posixpath.join(inside, found.path)
                self.owners[path] = self.owner
                if self.mode is not None and not stat.S_ISLNK(found.stat.st_mode):
                    (self.root / path.lstrip("/")).chmod(self.mode)

    def _file(self, source: Source) -> None:
        target = self.target
        if target.endswith("/") or self._is_folder(target):
            target = posixpath.join(target, source.name)
        folder = self._make_folder(posixpath.dirname(target) or "/")
        name = posixpath.basename(target)
        self.owners[posixpath.join(folder, name)] = self.owner
        with (
            safe_path.find(source.root, source.path) as here,
            safe_path.find(self.root, posixpath.join(folder, name), follow=False) as there,
        ):
            if there.exists():
                directory_trees.remove_in(there.folder, there.name)
            self._copy_data(here, there)

    def _copy_data(self, here: safe_path.Place, there: safe_path.Place) -> None:
        found = here.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise errors.BadRequest(f"cannot copy {here.path}: it is no regular file")
        with directory_trees.readable(here.folder, here.name) as source:
            file = there.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                directory_trees.copy_data(source, file, found.st_size)
                mode = stat.S_IMODE(found.st_mode) if self.mode is None else self.mode
                os.fchmod(file, mode)
                os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
            finally:
                os.close(file)


def owner_of(root: Path, text: str) -> tuple[int, int]:
    """(uid, gid) of `user[:group]`, names as in the image; without a group the user's name or
    number stands for the group too. Raises BadRequest."""
    user, _, group = text.partition(":")
    try:
        account = users.find(root, f"{user}:{group or user}").user
    except users.UnknownUser as error:
        kind, what, name = "user", "uid", user
        if "group" in str(error):
            kind, what, name = "group", "gid", group or user
        raise errors.BadRequest(
            "unable to convert uid/gid chown string to host mapping: "
            f"can't find {what} for {kind} {name}: no such {kind}: {name}"
        ) from None
    return account.uid, account.gid


def mode_of(text: str) -> int:
    """The octal number of --chmod. Raises BadRequest."""
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise errors.BadRequest(f"invalid chmod parameter: '{text}'. it should be octal string")
    return mode
