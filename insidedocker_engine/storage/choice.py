"""Choose the storage driver for a root folder."""

from __future__ import annotations

from pathlib import Path

from .contract import Driver


class Unusable(Exception):
    """The root folder holds containers whose driver cannot run here; the text says what to do."""


def choose(root: Path, mounts: bool) -> Driver:
    """Choose the driver for the root folder `root`; `mounts` is true where this process may mount.

    Existing containers keep their driver, as with the Engine. Raises Unusable.
    """
    from .overlay import Overlay
    from .vfs import Vfs

    overlay, vfs = Overlay(root), Vfs(root)
    why_not = overlay.why_not() if mounts else "this runtime cannot mount"
    if overlay.containers() and why_not:
        raise Unusable(
            f"the containers in {root} need overlayfs, but {why_not}: start the engine as "
            "before, or choose another folder with --root"
        )
    return vfs if why_not or (vfs.containers() and not overlay.containers()) else overlay
