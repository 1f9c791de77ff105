"""Embedded engines for lessons: the checkout's own, and fresh ones that end with this process.

Knows the start and the folders of engines; nothing of sessions or of the course.
"""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from insidedocker.lab.errors import NoEngine
from insidedocker_engine import (
    Handle,
    Joined,
    PathError,
    StartFailed,
    find,
    join,
    own_root,
    start,
)

_uses: dict[Path, Joined] = {}
"""Root folder -> use of its engine, which does not end while this process needs it."""


def staying() -> str:
    """The URL of this checkout's embedded engine, started if it does not run.

    The engine keeps running, except where `make lab` or the like uses it: then the engine ends
    with the last of its users, of which this process is one. Raises NoEngine where the engine does
    not start.
    """
    try:
        root = own_root()
        if root in _uses:
            running = find(root)
            if running and running.answers():
                return running.urls[0]
            _uses.pop(root).use.end()
        what = f"a notebook or program (process {os.getpid()})"
        joined = join(root, what, runtime())
    except (StartFailed, PathError) as error:
        raise _did_not_start(error) from error
    if joined.running.stays:
        joined.use.end()
    else:
        _uses[root] = joined
    return joined.running.urls[0]


def while_used(what: str, logs: Mapping[str, str] | None = None) -> Joined:
    """This checkout's embedded engine, started if it does not run, with this process as a user. An
    engine that is started here ends with the last of its users, and has these default options of
    containers' `logs`. Raises NoEngine where the engine does not start."""
    try:
        return join(own_root(), what, runtime(), stays=False, logs=logs)
    except (StartFailed, PathError) as error:
        raise _did_not_start(error) from error


def named(root: Path, what: str) -> Joined | None:
    """Join the users of the embedded engine that runs on `root`, found by its address; None where
    this process cannot see the engine."""
    try:
        if find(root) is None:
            return None
        return join(root, what, runtime(), stays=False)
    except (StartFailed, OSError):
        return None


def ending_with_us(name: str = "", *, faults: bool = False) -> Handle:
    """A new, empty engine that ends with this process, or earlier by its `close`; with `faults` the
    engine can be broken on request.

    `name` is the name of its socket, where sockets have a folder of their own. Raises NoEngine
    where the engine does not start.
    """
    folder = sockets()
    host = f"unix://{folder}/{name or uuid.uuid4().hex[:12]}.sock" if folder else None
    try:
        # Where sockets have a folder of their own, clients are not trusted.
        restricted = folder is not None
        engine = start(
            host=host,
            runtime=runtime(),
            ephemeral=True,
            faults=faults,
            restricted=restricted,
        )
    except StartFailed as error:
        raise _did_not_start(error) from error
    atexit.register(engine.close)  # `ephemeral` ends the engine; `close` also removes its folder
    return engine


@contextmanager
def fresh() -> Iterator[str]:
    """The URL of a new embedded engine for a `with` block."""
    engine = ending_with_us()
    try:
        yield engine.url
    finally:
        atexit.unregister(engine.close)
        engine.close()


def sockets() -> str | None:
    """The folder for the sockets that learners' functions must reach, also from their sandbox:
    sockets of fresh engines and of taps. INSIDEDOCKER_SOCKETS names the folder; None without it."""
    return os.environ.get("INSIDEDOCKER_SOCKETS") or None


@contextmanager
def breakable() -> Iterator[Handle]:
    """A new embedded engine for a `with` block that can be broken on request."""
    engine = ending_with_us(faults=True)
    try:
        yield engine
    finally:
        atexit.unregister(engine.close)
        engine.close()


def runtime() -> str:
    """The runtime of containers from INSIDEDOCKER_RUNTIME: auto (default), namespaces or proot."""
    return os.environ.get("INSIDEDOCKER_RUNTIME") or "auto"


def _did_not_start(error: Exception) -> NoEngine:
    said = str(error).strip().splitlines()
    return NoEngine(f"The embedded engine did not start: {said[-1] if said else 'it said nothing'}")
