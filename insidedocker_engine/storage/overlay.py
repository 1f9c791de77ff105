"""The storage driver on overlayfs: layers are mounted, nothing is copied. Without root the driver
needs a user namespace and a kernel that keeps overlayfs' metadata in user.overlay.* attributes
(5.11)."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..files import directory_trees
from ..host import linux
from . import changes
from .layout import Places, backing_filesystem, unpack_layer

OPAQUE = "user.overlay.opaque"
LAYERS_LIMIT = 500
"""Most layers that overlayfs takes in one mount."""


class Overlay:
    name = "overlay2"

    def __init__(self, root: Path) -> None:
        self._places = Places(root, self.name)
        self.layers = self._places.layers
        self._mounted: set[str] = set()

    def why_not(self) -> str:
        """The reason why the driver does not work here, or "", found by a trial mount."""
        trial = Path(tempfile.mkdtemp(prefix="trial-", dir=self.layers))
        try:
            lower = trial / "lower"
            (lower / "folder/inner").mkdir(parents=True)
            (lower / "file").touch()
            whiteouts = _Whiteouts()
            with directory_trees.opened(lower / "folder") as folder:
                whiteouts.hide(folder, "hidden")
            merged = self._folders(trial)
            _mount(merged, [lower], trial)
            try:
                (merged / "file").unlink()
                (merged / "folder/inner").rmdir()
                (merged / "folder").rmdir()
                (merged / "folder").mkdir()  # makes it opaque
            finally:
                linux.umount2(merged, linux.MNT_DETACH)
        except OSError as error:
            return f"a trial of it failed ({error.strerror})"
        finally:
            directory_trees.remove(trial)
        return ""

    def unpack(self, archive: BinaryIO, folder: Path) -> None:
        unpack_layer(archive, folder, _Whiteouts())

    def create(self, container: str, layers: list[Path]) -> None:
        self._make(self._places.begin(container, layers), layers)

    def mend(self, container: str, layers: list[Path]) -> None:
        self._make(self._places.mend(container, layers), layers)

    def _make(self, folder: Path, layers: list[Path]) -> None:
        """Make the folders that are missing."""
        new = not (folder / "upper").exists()
        self._folders(folder)
        if new and layers:  # the root of the file system has the attributes of the topmost layer
            shutil.copystat(layers[-1], folder / "upper")

    def _folders(self, folder: Path) -> Path:
        for name, mode in (("upper", 0o755), ("work", 0o700), ("merged", 0o700)):
            if not (folder / name).exists():
                (folder / name).mkdir()
                (folder / name).chmod(mode)
        return folder / "merged"

    def mount(self, container: str) -> Path:
        folder = self._places.of(container)
        merged = folder / "merged"
        if container not in self._mounted:
            _mount(merged, self._lower(container), folder)
            self._mounted.add(container)
        return merged

    def _lower(self, container: str) -> list[Path]:
        """The container's layers; one empty layer for an image without layers, since overlayfs
        needs at least one."""
        found = self._places.layers_of(container)
        if found:
            return found
        empty = self._places.of(container) / "empty"
        empty.mkdir(mode=0o755, exist_ok=True)
        return [empty]

    def unmount(self, container: str) -> None:
        if container in self._mounted:
            linux.umount2(self._places.of(container) / "merged", linux.MNT_DETACH)
            self._mounted.discard(container)

    def remove(self, container: str) -> None:
        self.unmount(container)
        self._places.remove(container)

    def containers(self) -> list[str]:
        return self._places.list()

    def changes(self, container: str) -> list[tuple[int, str]]:
        upper = self._places.of(container) / "upper"
        with self._base(container) as base:
            return changes.of_upper(upper, base, _is_opaque)

    @contextlib.contextmanager
    def _base(self, container: str) -> Iterator[Path]:
        """Mount the layers without the writable one, as one folder to read."""
        lower = self._lower(container)
        point = Path(tempfile.mkdtemp(prefix="base-", dir=self._places.of(container)))
        try:
            _mount(point, [*lower, *([] if len(lower) > 1 else [point])], None)
            try:
                yield point
            finally:
                linux.umount2(point, linux.MNT_DETACH)
        finally:
            point.rmdir()

    def size(self, container: str) -> int:
        return directory_trees.size(self._places.of(container) / "upper")

    def describe(self, container: str) -> dict[str, str] | None:
        folder = self._places.of(container)
        lower = ":".join(str(layer) for layer in reversed(self._places.layers_of(container)))
        return {
            "LowerDir": lower,
            "MergedDir": str(folder / "merged"),
            "UpperDir": str(folder / "upper"),
            "WorkDir": str(folder / "work"),
        }

    def status(self) -> list[list[str]]:
        return [
            ["Backing Filesystem", backing_filesystem(self.layers)],
            ["Supports d_type", "true"],
            ["Using metacopy", "false"],
            ["Native Overlay Diff", "true"],
            ["userxattr", "true"],
        ]


class _Whiteouts:
    """Whiteouts in overlayfs' form: a character device 0/0, and an attribute of the folder."""

    def hide(self, folder: int, name: str) -> None:
        try:
            os.mknod(name, stat.S_IFCHR | 0o600, 0, dir_fd=folder)
        except FileExistsError:
            # The layer itself has an entry of that name. A file hides the lower entry; a folder
            # would be merged with the lower folder, so it is made opaque.
            with contextlib.suppress(NotADirectoryError):
                inner = os.open(name, directory_trees.OPEN_FOLDER, dir_fd=folder)
                try:
                    self.hide_all(inner)
                finally:
                    os.close(inner)

    def hide_all(self, folder: int) -> None:
        os.setxattr(f"/proc/self/fd/{folder}", OPAQUE, b"y")


def _is_opaque(folder: int) -> bool:
    try:
        return os.getxattr(folder, OPAQUE) == b"y"
    except OSError:
        return False


def _mount(point: Path, layers: list[Path], writable: Path | None) -> None:
    """Mount `layers` (lowest first) at `point`, with upper/ and work/ of the folder `writable`.

    With `volatile` unmounting does not wait until the whole disk is written, which can take
    seconds; a writable layer may lose its last changes in a power failure, but not when the engine
    is killed. Layers are named by descriptors: the kernel takes one page of options, and paths of
    many layers are longer, or contain the commas and colons that separate options.
    """
    if writable is not None:
        _forget_volatile(writable)
    if len(layers) > LAYERS_LIMIT:
        raise OSError(f"more than {LAYERS_LIMIT} layers cannot be mounted")
    with contextlib.ExitStack() as stack:

        def by_descriptor(folder: Path) -> str:
            return f"/proc/self/fd/{stack.enter_context(directory_trees.opened(folder))}"

        options = "lowerdir=" + ":".join(by_descriptor(layer) for layer in reversed(layers))
        if writable is not None:
            options += f",upperdir={by_descriptor(writable / 'upper')}"
            options += f",workdir={by_descriptor(writable / 'work')},volatile"
        linux.mount("overlay", point, "overlay", linux.MS_NODEV, options + ",userxattr")
    if writable is not None:
        # The kernel makes these with mode 000, which stops `rm -r` of an ordinary user.
        with contextlib.suppress(FileNotFoundError):
            for name in ("work", "work/incompat", "work/incompat/volatile"):
                (writable / "work" / name).chmod(0o700)


def _forget_volatile(writable: Path) -> None:
    """Remove the mark of an earlier `volatile` mount, which forbids the next mount in case the
    machine crashed. The kernel makes the content of work/ again at each mount."""
    work = writable / "work"
    if (work / "work").exists():
        directory_trees.remove(work / "work")
