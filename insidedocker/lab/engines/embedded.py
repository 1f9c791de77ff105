"""Embedded engines for lessons: the checkout's own one, and fresh ones that end with us.

Knows how they are started and where they live; nothing of sessions or of the course.
"""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from insidedocker.lab.errors import NoEngine
from insidedocker_engine import lock, sharing
from insidedocker_engine.base import paths
from insidedocker_engine.process import Handle, Joined, StartFailed, find, join, start

_uses: dict[Path, sharing.Use] = {}
"""What keeps engines of others from ending under this process, by their root folders."""


def staying() -> str:
    """The URL of this checkout's embedded engine, started if it does not run.

    It stays running, but where `make lab` or the like uses it: then it ends with the last of its
    users, of which this process is one. Raises NoEngine where it does not start.
    """
    try:
        root = paths.own_root()
        if root in _uses:
            running = find(root)
            if running and running.answers():
                return running.urls[0]
            _uses.pop(root).end()
        what = f"a notebook or program (process {os.getpid()})"
        joined = join(root, what, runtime(), stays=not sharing.users(root))
    except (StartFailed, paths.PathError) as error:
        raise _did_not_start(error) from error
    if joined.running.stays:
        joined.use.end()
    else:
        _uses[root] = joined.use
    return joined.running.urls[0]


def while_used(what: str) -> Joined:
    """This checkout's embedded engine, started if it does not run, and that we use it; one that
    is started ends with the last of its users. Raises NoEngine where it does not start."""
    try:
        return join(paths.own_root(), what, runtime(), stays=False)
    except (StartFailed, paths.PathError) as error:
        raise _did_not_start(error) from error


def named(root: Path, what: str) -> Joined | None:
    """Use the embedded engine that runs on `root` and was found by its address; None where it
    cannot be seen from here."""
    try:
        if lock.holder(root) is None:
            return None
        return join(root, what, runtime(), stays=False)
    except (StartFailed, OSError):
        return None


def ending_with_us(name: str = "", *, faults: bool = False) -> Handle:
    """A new, empty engine that ends with this process, or before by its `close`; one that takes
    `faults` on request where that is asked for.

    `name` is that of its socket, where sockets have a folder of their own. Raises NoEngine where
    it does not start.
    """
    folder = sockets()
    host = f"unix://{folder}/{name or uuid.uuid4().hex[:12]}.sock" if folder else None
    try:
        # Where sockets have a folder of their own, those who reach them are strangers.
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
    atexit.register(engine.close)  # ephemeral ends the engine; this removes its folder, too
    return engine


@contextmanager
def fresh() -> Iterator[str]:
    """A new embedded engine for a `with` block, as its URL."""
    engine = ending_with_us()
    try:
        yield engine.url
    finally:
        atexit.unregister(engine.close)
        engine.close()


def sockets() -> str | None:
    """The folder for what learners' functions must reach, wherever they run: sockets of engines
    that end with us, and of taps. INSIDEDOCKER_SOCKETS names one that their sandbox can see, too.
    """
    return os.environ.get("INSIDEDOCKER_SOCKETS") or None


@contextmanager
def breakable() -> Iterator[Handle]:
    """A new embedded engine for a `with` block that takes faults on request."""
    engine = ending_with_us(faults=True)
    try:
        yield engine
    finally:
        atexit.unregister(engine.close)
        engine.close()


def runtime() -> str:
    """INSIDEDOCKER_RUNTIME chooses how containers run: auto, namespaces or proot."""
    return os.environ.get("INSIDEDOCKER_RUNTIME") or "auto"


def _did_not_start(error: Exception) -> NoEngine:
    said = str(error).strip().splitlines()
    return NoEngine(f"The embedded engine did not start: {said[-1] if said else 'it said nothing'}")
