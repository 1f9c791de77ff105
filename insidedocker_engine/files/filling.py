"""An empty folder filled with a copy of another one: whole or not at all.

The copy is made beside the folder, in `<folder>.filling`. Renamed to `<folder>.filled` it is
complete, and its entries move into the folder. After a kill at any moment, `settle` leaves the
folder empty or filled. All calls block; the caller sees to it that one fills a folder at a time.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..base import disk
from . import directory_trees, unsettled


def is_empty(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def stage(source: Path, folder: Path) -> bool:
    """Copy `source` for `folder`, which stays as it is until `pour`, unless the folder has entries.
    Returns True where the copy has entries. Raises OSError; nothing is staged then."""
    settle(folder)
    if not is_empty(folder):
        return False
    disk.need_room()
    unfinished = _beside(folder, "filling")
    try:
        unfinished.mkdir(mode=0o700)
        directory_trees.Copier().copy(source, unfinished)
        if not is_empty(unfinished):  # a folder that is not empty counts as filled
            unsettled.sync_file_system(unfinished)
    except BaseException:
        directory_trees.remove(unfinished)
        raise
    return not is_empty(source)


def pour(folder: Path) -> None:
    """Move the staged copy into its folder, which also gets the attributes of the copied one."""
    unfinished = _beside(folder, "filling")
    if unfinished.exists():
        unfinished.rename(_beside(folder, "filled"))
        settle(folder)


def give_up(folder: Path) -> None:
    """Remove the staged copy, if there is one."""
    directory_trees.remove(_beside(folder, "filling"))


def settle(folder: Path) -> None:
    """Finish what an earlier call began: remove an unfinished copy, move a complete one."""
    give_up(folder)
    whole = _beside(folder, "filled")
    if whole.exists():
        directory_trees.move_content(whole, folder)


def _beside(folder: Path, state: str) -> Path:
    return folder.with_name(f"{folder.name}.{state}")
