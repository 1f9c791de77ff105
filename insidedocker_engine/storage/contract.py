"""The contract of a storage driver.

A driver knows folders, not images: it gets the folders of unpacked layers, lowest first.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol


class Driver(Protocol):
    """All calls block."""

    name: str
    """As /info says it: overlay2 (mounts of overlayfs) or vfs (copies)."""
    layers: Path
    """Where unpacked layers belong: each driver has its own form of them, and its own folder."""

    def unpack(self, archive: BinaryIO, folder: Path) -> None:
        """Make `folder` out of a layer's plain tar, whiteouts in the form this driver needs.
        Raises errors.BadRequest for a layer that is broken or not allowed."""

    def create(self, container: str, layers: list[Path]) -> None:
        """Make an empty writable layer over `layers` (kept on disk)."""

    def mount(self, container: str) -> Path:
        """The container's file system as one folder, writable. Mounting again is harmless."""

    def unmount(self, container: str) -> None:
        """Let go of it; nothing happens where it is not mounted."""

    def remove(self, container: str) -> None:
        """Remove the writable layer; nothing happens where there is none."""

    def containers(self) -> list[str]:
        """The containers that have something here, whole or half made."""

    def changes(self, container: str) -> list[tuple[int, str]]:
        """(kind, path) of what differs from the layers, by path: 0 changed, 1 added, 2 deleted."""

    def size(self, container: str) -> int:
        """Bytes in the writable layer."""

    def describe(self, container: str) -> dict[str, str] | None:
        """GraphDriver.Data of an inspect answer."""

    def status(self) -> list[list[str]]:
        """DriverStatus of /info: pairs of label and value."""
