"""Changes of a container as `docker diff` lists them: (kind, path), sorted by path.

A folder is changed when an entry in it is, or when its own mode, owner or time differs; the
content of a deleted folder is not listed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from ..files import directory_trees
from ..files.tar_extract import ADDED, CHANGED, DELETED

Change = tuple[int, str]


def of_upper(upper: Path, base: Path, is_opaque: Callable[[int], bool]) -> list[Change]:
    """Changes of overlayfs' writable layer `upper` over the merged layers `base`."""
    found: dict[str, int] = {}
    with directory_trees.opened(upper) as here, directory_trees.opened(base) as there:
        _compare(here, there, "", found, is_opaque)
    return sorted(((kind, path) for path, kind in found.items()), key=lambda item: item[1])


def _compare(
    upper: int, base: int | None, path: str, found: dict[str, int], is_opaque: Callable[[int], bool]
) -> None:
    """Add to `found` the changes of the folder `upper` over the folder `base` (None: new)."""
    names = os.listdir(upper)
    if base is not None and is_opaque(upper):
        below: int = base
        for name in set(os.listdir(below)).difference(names):
            found[f"{path}/{name}"] = DELETED
    for name in names:
        where = f"{path}/{name}"
        new = os.stat(name, dir_fd=upper, follow_symlinks=False)
        old = _lstat(base, name)
        if stat.S_ISCHR(new.st_mode) and new.st_rdev == 0:
            if old is not None:
                found[where] = DELETED
            continue
        if not stat.S_ISDIR(new.st_mode):
            found[where] = ADDED if old is None else CHANGED
            continue
        was_folder = old is not None and stat.S_ISDIR(old.st_mode)
        if old is None or not was_folder or attributes_differ(new, old):
            found[where] = ADDED if old is None else CHANGED
        before = len(found)
        with directory_trees.readable(upper, name, directory_trees.OPEN_FOLDER) as here:
            if was_folder and base is not None:
                with directory_trees.readable(base, name, directory_trees.OPEN_FOLDER) as there:
                    _compare(here, there, where, found, is_opaque)
            else:
                _compare(here, None, where, found, is_opaque)
        if len(found) > before:
            found.setdefault(where, CHANGED)


def _lstat(folder: int | None, name: str) -> os.stat_result | None:
    if folder is None:
        return None
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def attributes_differ(new: os.stat_result, old: os.stat_result) -> bool:
    return (new.st_mode, new.st_uid, new.st_gid, new.st_mtime_ns) != (
        old.st_mode,
        old.st_uid,
        old.st_gid,
        old.st_mtime_ns,
    )


def between(folder: Path, base: dict[str, os.stat_result]) -> list[Change]:
    """Changes of the copy `folder` since `base` (path without leading slash -> lstat)."""
    found: dict[str, int] = {}
    seen = set()
    folders = {""}
    with directory_trees.opened(folder) as top:
        for item in directory_trees.walk(top):
            seen.add(item.path)
            if item.is_folder:
                folders.add(item.path)
            old = base.get(item.path)
            if old is None:
                _note(found, item.path, ADDED)
            elif _differs(item.stat, old):
                _note(found, item.path, CHANGED)
    for path in set(base) - seen:
        if path.rpartition("/")[0] in folders:  # else its folder was deleted or replaced
            _note(found, path, DELETED)
    return sorted(((kind, f"/{path}") for path, kind in found.items()), key=lambda item: item[1])


def _note(found: dict[str, int], path: str, kind: int) -> None:
    found[path] = kind
    parent = path.rpartition("/")[0]
    while parent:
        found.setdefault(parent, CHANGED)
        parent = parent.rpartition("/")[0]


def _differs(new: os.stat_result, old: os.stat_result) -> bool:
    if stat.S_ISDIR(new.st_mode) and stat.S_ISDIR(old.st_mode):
        return attributes_differ(new, old)
    return attributes_differ(new, old) or new.st_size != old.st_size
