"""What came of runs, kept by what was run: cells, files, sandbox, and this package's version."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import insidedocker
from insidedocker.grading.running import Cell, Ran
from insidedocker.grading.sandbox import Sandbox


def key(cells: list[Cell], files: Path, sandbox: Sandbox) -> str:
    """The name of a run: equal for runs that come out equal."""
    told = hashlib.sha256()
    described = [
        [vars(cell) for cell in cells],
        sandbox.kind,
        asdict(sandbox.limits),
        platform.python_version(),
        _code(),
    ]
    told.update(json.dumps(described, sort_keys=True).encode())
    for path in sorted(files.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb" and path.name != "timestamp.txt":
            told.update(json.dumps(str(path.relative_to(files))).encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def remembered(
    run: Callable[[str], Ran],
    cells: list[Cell],
    sandbox: Sandbox,
    files: Path,
    folder: Path | None,
    *,
    again: bool,
) -> Ran:
    """What came of a run when the very same was run before; else `run` runs it, by its key, and
    what comes of it is kept in `folder`, if there is one. `again` runs it in any case."""
    name = key(cells, files, sandbox)
    found = read(folder, name) if folder and not again else None
    if found is not None:
        return found
    ran = run(name)
    if folder and ran.complete:
        write(folder, name, ran)
    return ran


def read(folder: Path, name: str) -> Ran | None:
    """What came of a run; None where it is not kept, or cannot be read."""
    try:
        found = json.loads((folder / name[:2] / f"{name}.json").read_bytes())
        return Ran(found["outputs"], found["notes"], complete=True)
    except (OSError, ValueError, KeyError):
        return None


def write(folder: Path, name: str, ran: Ran) -> None:
    """Keep it: a reader sees all of it or nothing."""
    place = folder / name[:2]
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=place)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"outputs": ran.outputs, "notes": ran.notes}, file)
    Path(beside).replace(place / f"{name}.json")


@functools.cache
def _code() -> str:
    """A digest of this package's own code: another version may come to another result."""
    told = hashlib.sha256()
    for path in sorted(Path(insidedocker.__file__).parent.rglob("*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()
