"""The engine's records on disk: each write checks for room first, and survives a kill at any
moment."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base import disk
from ..host import whole_files
from . import directory_trees


def write_bytes(path: Path, data: bytes, lasting: bool = True) -> None:
    """Replace `path` by `data`; see `whole_files.replace`. Without `lasting` the file may be
    missing or empty after a power failure: for files that can be made again."""
    disk.need_room()
    whole_files.replace(path, data, lasting=lasting)
    if lasting:
        sync_folder(path.parent)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Replace several files: where one cannot be written, for lack of room for example, all are as
    before. A kill may come between two of them."""
    with contextlib.ExitStack() as undo:
        drafts = []
        for path, data in files.items():
            disk.need_room()
            draft = whole_files.draft(path, data)
            undo.callback(draft.unlink, missing_ok=True)
            drafts.append((draft, path))
        for draft, path in drafts:
            draft.replace(path)
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file into a folder that is not in use yet: there is nothing to replace, and the
    caller syncs the folder later."""
    disk.need_room()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: Any, lasting: bool = True) -> None:
    write_bytes(path, encode(value), lasting=lasting)


def encode(value: Any) -> bytes:
    """Encode as JSON on one line: json's fast encoder does not indent."""
    return json.dumps(value).encode()


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def sync_folder(folder: Path) -> None:
    """Make a rename or unlink in `folder` durable."""
    with directory_trees.opened(folder) as handle:
        os.fsync(handle)
