"""A disk whose power can be cut: an ext4 file system of its own in a loop device.

The cut is the kernel's own EXT4_IOC_SHUTDOWN, by which file systems are tested: from then on
nothing reaches the device, and mounting it again recovers what an ext4 without power would have.
Options make this the worst ext4: it commits only when asked to sync, and writes no data before a
rename.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.support.engines import need, need_root
from tests.support.missing import Missing

SHUTDOWN = 0x8004587D
Cut = Literal["nothing", "names"]
"""Whatever was not synced is lost: all of it, or only the contents of files, whose names and sizes
were written. The kernel may do either."""
FLAGS: dict[Cut, int] = {"nothing": 2, "names": 1}
OPTIONS = "loop,commit=600,noauto_da_alloc"
MEGABYTES = 200


class Disk:
    """A mounted file system at `folder`."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self.folder = folder

    def mount(self) -> None:
        _run(need("mount"), "-o", OPTIONS, str(self._image), str(self.folder))

    def cut(self, cut: Cut) -> None:
        """Cut the power. What runs on the disk gets errors from now on; end it, then call
        `back`."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", FLAGS[cut]))
        finally:
            os.close(handle)

    def back(self) -> None:
        """Give the power back: what was on the disk is there."""
        # Mount namespaces of other processes may hold the old disk for long: a copy is mounted.
        copy = self._image.with_suffix(".copy")
        shutil.copyfile(self._image, copy)
        self.unmount()
        copy.replace(self._image)
        self.mount()

    def unmount(self) -> None:
        _run(need("umount"), "--lazy", str(self.folder))


@contextmanager
def disk(place: Path) -> Iterator[Disk]:
    """A new disk below the folder `place`. Raises Missing."""
    need_root("a disk whose power is cut")
    image, folder = place / "disk.img", place / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(MEGABYTES << 20)
    made = Disk(image, folder)
    try:
        _run(need("mkfs.ext4", "e2fsprogs"), "-q", str(image))
        made.mount()
    except subprocess.CalledProcessError as error:
        raise Missing(f"loop devices with ext4 are missing: {error.stderr.strip()}") from None
    try:
        yield made
    finally:
        made.unmount()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
