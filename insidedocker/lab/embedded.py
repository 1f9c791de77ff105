"""Embedded engines for lessons: the user's own one that stays, and fresh ones that end with us.

Knows how they are started and where they live; nothing of sessions or of the course.
"""

from __future__ import annotations

import atexit
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from insidedocker.engine import paths
from insidedocker.engine.process import Handle, StartFailed, start
from insidedocker.lab.failure import NoEngine


def staying() -> str:
    """The URL of the user's own embedded engine, started if it does not run; it stays running.

    Raises NoEngine where it does not start.
    """
    place = paths.default_socket()
    try:
        # Not before its folder is ours: another account's could lend us its own engine.
        paths.make_folder(place)
    except paths.PathError as error:
        raise _did_not_start(error) from error
    if not _listens(place):
        try:
            start(paths.default_root(), paths.default_url(), runtime())
        except StartFailed as error:
            if not _listens(place):  # or somebody else was quicker
                raise _did_not_start(error) from error
    return paths.default_url()


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


def _listens(path: Path) -> bool:
    """Whether somebody accepts connections at a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True


def _did_not_start(error: Exception) -> NoEngine:
    said = str(error).strip().splitlines()
    return NoEngine(f"The embedded engine did not start: {said[-1] if said else 'it said nothing'}")
