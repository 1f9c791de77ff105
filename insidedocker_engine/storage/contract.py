"""The interface of a storage driver.

A driver knows folders, not images: it gets the folders of unpacked layers, lowest first.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol


class Driver(Protocol):
    """The storage driver of one root folder. All calls block."""

    name: str
    """Name in /info: overlay2 (mounts of overlayfs) or vfs (copies)."""
    layers: Path
    """The folder of unpacked layers: each driver has its own form of them."""

    def unpack(self, archive: BinaryIO, folder: Path) -> None:
        """Unpack a layer's plain tar into `folder`, with whiteouts in this driver's form. Raises
        errors.BadRequest for a layer that is broken or not allowed."""

    def create(self, container: str, layers: list[Path]) -> None:
        """Make an empty writable layer over `layers` (the list is kept on disk)."""

    def mend(self, container: str, layers: list[Path]) -> None:
        """Make again what a power failure may have taken of a container that is not mounted: the
        list of `layers`, folders, and the layers' files. What its processes wrote is not
        promised."""

    def mount(self, container: str) -> Path:
        """Mount the container's file system, writable, and return its folder. A second mount does
        nothing."""

    def unmount(self, container: str) -> None:
        """Unmount the container's file system; does nothing where it is not mounted."""

    def remove(self, container: str) -> None:
        """Remove the writable layer; does nothing where the container has none."""

    def containers(self) -> list[str]:
        """The containers with files of this driver, whole or half made."""

    def changes(self, container: str) -> list[tuple[int, str]]:
        """Differences from the layers as (kind, path), sorted by path: 0 changed, 1 added, 2
        deleted."""

    def size(self, container: str) -> int:
        """Bytes in the writable layer."""

    def describe(self, container: str) -> dict[str, str] | None:
        """GraphDriver.Data of an inspect answer."""

    def status(self) -> list[list[str]]:
        """DriverStatus of /info: pairs of label and value."""
