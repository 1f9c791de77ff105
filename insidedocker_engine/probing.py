"""A report on what this host offers an engine: its runtimes, user ids and storage."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .files import directory_trees
from .host import linux
from .runtime import probe
from .runtime.probe import Finding
from .storage import choice
from .storage.overlay import Overlay


@dataclass(frozen=True)
class Probe:
    """The findings of trials on this host."""

    namespaces: Finding
    """The better runtime."""
    users: Finding
    """More than one user id in containers, with namespaces."""
    proot: Finding
    """The runtime for hosts that refuse namespaces."""

    @classmethod
    def now(cls) -> Self:
        return cls(*probe.findings())

    @property
    def works(self) -> bool:
        """True where one of the runtimes can run containers."""
        return self.namespaces.works or self.proot.works

    def storage(self, folder: Path) -> Finding:
        """The storage driver that an engine would take below `folder`, tried out there. `subject`
        is the driver, "" where the trial failed; it `works` where it is the better driver."""
        said = _in_child(lambda: _try_storage(folder, self.namespaces.works))
        driver, _, why = said.partition("\n")
        return Finding(
            driver, driver == Overlay.name, why if said else "the trial ended unexpectedly"
        )


def _try_storage(folder: Path, mounts: bool) -> str:
    """The driver's name and, on a second line, the reason where it is not the better driver."""
    try:
        if mounts:
            linux.become_root_in_user_namespace()
        root = Path(tempfile.mkdtemp(prefix=".insidedocker-probe-", dir=folder))
    except OSError as error:
        return f"\n{folder}: {error.strerror}"
    try:
        driver = choice.choose(root, mounts).name
        if driver == Overlay.name:
            return driver
        why = Overlay(root).why_not() if mounts else "the runtime proot cannot mount"
        return f"{driver}\n{why}"
    finally:
        directory_trees.remove(root)


def _in_child(work: Callable[[], str]) -> str:
    """The answer of `work` run in a child process, which it may change for good; "" on failure."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said
