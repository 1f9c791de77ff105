"""What came of runs, kept by what was run: cells, files, sandbox, images, libraries, and this
package's version. What another version has left, or nobody has used for long, is removed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from insidedocker.grading.runner import Cell, Ran
from insidedocker.grading.sandbox import BUBBLEWRAP, Sandbox
from insidedocker.place import packages
from insidedocker_engine.host import whole_files

UNUSED_DAYS = 60
OURS = re.compile(r"[0-9a-f]{64}(?:\.([0-9a-f]{16}))?\.json|\.(run-|[0-9a-f]{64}).*")
"""The names of files that are made here, with the machine's digest where they have one."""


def key(cells: list[Cell], files: Path, sandbox: Sandbox, *, images: bool = True) -> str:
    """The name of a run: equal for runs that come out equal. Without `images` for two machines,
    each of which has its own."""
    told = hashlib.sha256()
    described = [
        [vars(cell) for cell in cells],
        sandbox.kind,
        asdict(sandbox.limits),
        _runtime(sandbox),
        _machine(),
        _images() if images else [],
    ]
    told.update(json.dumps(described, sort_keys=True).encode())
    for path in sorted(files.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb" and path.name != "timestamp.txt":
            told.update(json.dumps(str(path.relative_to(files))).encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def remembered(
    run: Callable[[], Ran],
    cells: list[Cell],
    sandbox: Sandbox,
    files: Path,
    folder: Path | None,
    *,
    again: bool,
) -> Ran:
    """What came of a run when the very same was run before; else `run` runs it, and what comes of
    it is kept in `folder`, if there is one. `again` runs it in any case."""
    if folder is None:
        return run()
    tidy(folder)
    name = key(cells, files, sandbox)
    found = None if again else read(folder, name, len(cells))
    if found is not None:
        return found
    ran = run()
    if ran.complete:
        write(folder, name, ran)
    return ran


def read(folder: Path, name: str, cells: int) -> Ran | None:
    """What came of a run of so many cells; None where it is not kept, or cannot be read."""
    place = _place(folder, name)
    try:
        found = json.loads(place.read_bytes())
        ran = Ran(
            found["outputs"],
            found["notes"],
            complete=True,
            points=found["points"],
            learner=found["learner"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(len(each) == cells for each in (ran.outputs, ran.points, ran.learner)):
        return None
    with contextlib.suppress(OSError):
        os.utime(place)  # used today
    return ran


def write(folder: Path, name: str, ran: Ran) -> None:
    """Keep it: a reader sees all of it or nothing."""
    place = _place(folder, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {each: getattr(ran, each) for each in ("outputs", "notes", "points", "learner")}
    whole_files.replace(place, json.dumps(kept).encode(), lasting=False)


@functools.cache
def tidy(folder: Path) -> None:
    """Remove what cannot be used any more, once in a process: files of this cache's own names
    alone."""
    now = time.time()
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        made = OURS.fullmatch(path.name)
        if made is None:
            continue
        with contextlib.suppress(OSError):
            days = (now - path.lstat().st_mtime) / 86400
            foreign = made[1] != _machine()[:16] and not path.name.startswith(".")
            if foreign or days > UNUSED_DAYS or (path.name.startswith(".") and days > 1):
                path.unlink()


def _place(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name}.{_machine()[:16]}.json"


def _runtime(sandbox: Sandbox) -> str:
    """How containers are run there."""
    if sandbox.kind == BUBBLEWRAP:
        return "namespaces"
    return os.environ.get("INSIDEDOCKER_RUNTIME") or "auto"


@functools.cache
def _machine() -> str:
    """A digest of what runs here, apart from what is run: Python, every installed library, and all
    of this package, its engine included."""
    told = hashlib.sha256()
    # Their folders' names hold the versions; to read their metadata takes the longer part of 1 s.
    installed = sorted(
        path.name
        for folder in {Path(each) for each in sys.path}
        for kind in ("dist-info", "egg-info")
        for path in folder.glob(f"*.{kind}")
    )
    about = [platform.python_version(), platform.machine(), installed]
    told.update(json.dumps(about).encode())
    for package in packages():
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                told.update(json.dumps(str(path.relative_to(package.parent))).encode())
                told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def _images() -> list[tuple[str, str]]:
    """The digests of the course's images that are on this machine."""
    from insidedocker.catalog import store

    return sorted((name, each.digest) for name, each in store.stored().items())
