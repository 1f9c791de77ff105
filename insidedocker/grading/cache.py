"""Results of runs on disk, kept by what was run: cells, files, sandbox, images, libraries, and this
package's code. Results of another version, or unused for UNUSED_DAYS, are removed.

In the folder:
  <xx>/<key>.<machine>.json  one result; xx: the key's first two digits, machine: 16 digits of
                             the digest of Python, the libraries and this package
"""

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
"""Names of files that this module makes, or made; group 1: the machine's digest, if any."""


def key(cells: list[Cell], files: Path, sandbox: Sandbox, *, images: bool = True) -> str:
    """Return the key of a run, a SHA-256 digest: equal keys mean equal results. `images=False`
    leaves out the images, for a comparison of two machines, each of which has its own images."""
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
    """Return the kept result of an earlier equal run; else call `run` and keep a complete result
    in `folder`. `again` calls `run` in any case; without a folder nothing is read or kept."""
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
    """Return the kept result of a run; None where there is none, or where the file cannot be
    read or has another number of cells."""
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
        os.utime(place)  # tidy() removes what was not used for long
    return ran


def write(folder: Path, name: str, ran: Ran) -> None:
    """Keep a result: a reader sees the whole result or none."""
    place = _place(folder, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {each: getattr(ran, each) for each in ("outputs", "notes", "points", "learner")}
    whole_files.replace(place, json.dumps(kept).encode(), lasting=False)


@functools.cache
def tidy(folder: Path) -> None:
    """Remove outdated results, once in a process. Files whose names are not this cache's stay."""
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
    """Return the engine's runtime in that sandbox."""
    if sandbox.kind == BUBBLEWRAP:
        return "namespaces"
    return os.environ.get("INSIDEDOCKER_RUNTIME") or "auto"


@functools.cache
def _machine() -> str:
    """Return a digest of what runs the cells: Python, the processor's architecture, every
    installed library, and all files of this package, including its engine."""
    told = hashlib.sha256()
    # The folders' names hold the versions; reading the metadata takes more than half a second.
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
    """Return (name, digest) of each of the course's images on this machine."""
    from insidedocker.catalog import store

    return sorted((name, each.digest) for name, each in store.stored().items())
