"""The storage driver that works everywhere: a container's file system is a copy of its layers
(with shared blocks where the file system can); changes are found by comparison."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..files import directory_trees, tar_extract
from ..files.tar_extract import OPAQUE, WHITEOUT
from ..files.unsettled import Unsettled, sync_file_system
from . import changes
from .layout import Places, backing_filesystem, unpack_layer


class Vfs:
    name = "vfs"

    def __init__(self, root: Path) -> None:
        self._places = Places(root, self.name)
        self.layers = self._places.layers
        self._unsettled = Unsettled(self.layers.with_name("unsettled-containers"))

    def unpack(self, archive: BinaryIO, folder: Path) -> None:
        unpack_layer(archive, folder, _Whiteouts())

    def create(self, container: str, layers: list[Path]) -> None:
        self._unsettled.begin(container)
        _copy(layers, self._places.begin(container, layers) / "rootfs")
        self._unsettled.done(container)

    def mend(self, container: str, layers: list[Path]) -> None:
        folder = self._places.mend(container, layers)
        rootfs = folder / "rootfs"
        if not rootfs.exists():
            _copy(layers, rootfs)
        elif container in self._unsettled.doubtful:
            again = folder / "again"
            directory_trees.remove(again)
            _copy(layers, again)
            with directory_trees.opened(again) as new, directory_trees.opened(rootfs) as old:
                _take_unchanged(new, old)
            directory_trees.remove(again)
        else:
            return
        sync_file_system(folder)
        self._unsettled.settled(container)

    def mount(self, container: str) -> Path:
        return self._places.of(container) / "rootfs"

    def unmount(self, container: str) -> None:
        """Do nothing: this driver does not mount."""

    def remove(self, container: str) -> None:
        self._places.remove(container)
        self._unsettled.settled(container)

    def containers(self) -> list[str]:
        return self._places.list()

    def changes(self, container: str) -> list[tuple[int, str]]:
        base: dict[str, os.stat_result] = {}
        for layer in self._places.layers_of(container):
            _add_layer(base, layer)
        return changes.between(self.mount(container), base)

    def size(self, container: str) -> int:
        rootfs = self.mount(container)
        total = 0
        for kind, path in self.changes(container):
            if kind != tar_extract.DELETED:
                found = (rootfs / path.lstrip("/")).lstat()
                total += 0 if stat.S_ISDIR(found.st_mode) else found.st_size
        return total

    def describe(self, container: str) -> dict[str, str] | None:
        return None

    def status(self) -> list[list[str]]:
        return [["Backing Filesystem", backing_filesystem(self.layers)]]


def _copy(layers: list[Path], target: Path) -> None:
    target.mkdir(mode=0o755)
    target.chmod(0o755)
    copier = directory_trees.Copier(_apply_whiteouts)
    for layer in layers:
        copier.copy(layer, target)


def _take_unchanged(source: int, target: int) -> None:
    """Move those files of the open folder `source` into `target` that have the same attributes
    there, whatever their content. The other ones were changed or removed on purpose."""
    before = os.fstat(target)
    os.fchmod(target, stat.S_IMODE(before.st_mode) | 0o700)
    there = set(os.listdir(target))
    for name in there.intersection(os.listdir(source)):
        new, old = (
            os.stat(name, dir_fd=folder, follow_symlinks=False) for folder in (source, target)
        )
        if stat.S_ISDIR(new.st_mode) and stat.S_ISDIR(old.st_mode):
            with (
                directory_trees.readable(source, name, directory_trees.OPEN_FOLDER) as inner,
                directory_trees.readable(target, name, directory_trees.OPEN_FOLDER) as below,
            ):
                _take_unchanged(inner, below)
        elif stat.S_ISREG(new.st_mode) and not changes.attributes_differ(new, old):
            os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.fchmod(target, stat.S_IMODE(before.st_mode))


class _Whiteouts:
    """Whiteouts in the archive's own form: empty files named .wh.<name>."""

    def hide(self, folder: int, name: str) -> None:
        _touch(folder, WHITEOUT + name)

    def hide_all(self, folder: int) -> None:
        _touch(folder, OPAQUE)


def _touch(folder: int, name: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(name, flags, 0o600, dir_fd=folder))


def _apply_whiteouts(source: int, target: int) -> set[str]:
    """Remove from `target`, the lower layers' folder, the entries that `source` hides; returns
    the names of the whiteouts."""
    marks = {name for name in os.listdir(source) if name.startswith(WHITEOUT)}
    if OPAQUE in marks:
        hidden = os.listdir(target)
    else:
        there = set(os.listdir(target)) if marks else set()
        hidden = [name for name in there if WHITEOUT + name in marks]
    for name in hidden:
        directory_trees.remove_in(target, name)
    return marks


def _add_layer(base: dict[str, os.stat_result], layer: Path) -> None:
    """Apply a layer to `base`, the listing (path -> lstat) of the layers below."""
    here: dict[str, os.stat_result] = {}
    with directory_trees.opened(layer) as top:
        for found in directory_trees.walk(top):
            if found.name.startswith(WHITEOUT):
                folder = found.path[: -len(found.name)]
                if found.name == OPAQUE:
                    _forget(base, folder, keep=folder.rstrip("/"))
                else:
                    _forget(base, folder + found.name.removeprefix(WHITEOUT))
                continue
            if not found.is_folder and found.path in base:
                _forget(base, found.path)
            here[found.path] = found.stat
    base |= here


def _forget(base: dict[str, os.stat_result], path: str, keep: str | None = None) -> None:
    inside = path if path.endswith("/") or path == "" else f"{path}/"
    for known in [name for name in base if name == path or name.startswith(inside)]:
        if known != keep:
            del base[known]
