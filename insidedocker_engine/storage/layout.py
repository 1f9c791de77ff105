"""Folders of a storage driver's layers and containers below the engine's root."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..files import atomic_files, directory_trees, tar_extract
from ..files.tar_extract import Whiteouts


class Places:
    """The folder `root/storage/<driver>`: layers/, and containers/<id>/ with a list of layers.

    Everything is closed to other users of the machine: images hold setuid programs, which would
    run with this account's rights.
    """

    def __init__(self, root: Path, driver: str) -> None:
        self.root = root
        top = root / "storage" / driver
        self.layers = top / "layers"
        self.containers = top / "containers"
        for folder in (root / "storage", top, self.layers, self.containers):
            folder.mkdir(mode=0o700, exist_ok=True)

    def of(self, container: str) -> Path:
        return self.containers / container

    def begin(self, container: str, layers: list[Path]) -> Path:
        """Make the folder of a new container and note its layers."""
        folder = self.of(container)
        directory_trees.remove(folder)  # a half-made folder, left by a killed engine
        folder.mkdir(mode=0o700)
        self._note(folder, layers)
        return folder

    def mend(self, container: str, layers: list[Path]) -> Path:
        """Make the folder of a container, or its list of layers, if a power failure has taken
        it."""
        folder = self.of(container)
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            self.layers_of(container)
        except (FileNotFoundError, ValueError):
            self._note(folder, layers)
        return folder

    def _note(self, folder: Path, layers: list[Path]) -> None:
        names = [os.path.relpath(layer, self.root) for layer in layers]
        # No rename needed: the list is not read before the container's own record is written.
        file = folder / "layers.json"
        file.unlink(missing_ok=True)  # `mend` may have found a damaged one
        atomic_files.write_new(file, atomic_files.encode(names))

    def layers_of(self, container: str) -> list[Path]:
        """The container's layers, lowest first. Raises FileNotFoundError for an unknown one."""
        names: list[str] = atomic_files.read_json(self.of(container) / "layers.json")
        return [self.root / name for name in names]

    def remove(self, container: str) -> None:
        """Remove the container's folder; a second call completes an interrupted removal."""
        directory_trees.remove(self.of(container))

    def list(self) -> list[str]:
        return sorted(entry.name for entry in self.containers.iterdir())


def unpack_layer(archive: BinaryIO, folder: Path, whiteouts: Whiteouts) -> None:
    """Unpack a plain tar as the layer `folder`."""
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)  # the mode of / where the layer has no entry for it
    tar_extract.extract(archive, folder, "/", tar_extract.Rules(layer=True), whiteouts)
    # Whatever mode the layer sets: the engine must be able to move the folder and write in it.
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o700)


def backing_filesystem(folder: Path) -> str:
    """Docker's name for the file system that holds `folder`."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        if len(point) >= len(best) and folder.is_relative_to(point):
            best, kind = point, after.split()[0]
    return {"ext2": "extfs", "ext3": "extfs", "ext4": "extfs"}.get(kind, kind)
