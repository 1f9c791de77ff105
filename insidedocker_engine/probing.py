"""A report on what this host offers an engine: its runtimes, user ids and storage."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path

from .files import directory_trees
from .host import linux
from .runtime.probe import Finding, InChild, namespaces, proot, users
from .storage import choice
from .storage.overlay import Overlay


class Probe:
    """The findings of trials on this host, each made when it is first asked for."""

    @cached_property
    def namespaces(self) -> Finding:
        """The better runtime."""
        return namespaces()

    @cached_property
    def users(self) -> Finding:
        """More than one user id in containers, with namespaces."""
        return users()

    @cached_property
    def proot(self) -> Finding:
        """The runtime for hosts that refuse namespaces."""
        return proot()

    @property
    def works(self) -> bool:
        """True where one of the runtimes can run containers."""
        return self.namespaces.works or self.proot.works

    def storage(self, folder: Path) -> Finding:
        """The storage driver that an engine would take below `folder`, tried out there. `subject`
        is the driver, "" where the trial failed; it `works` where it is the better driver."""
        mounts = self.namespaces.works
        said = InChild(lambda: _try_storage(folder, mounts)).answer()
        driver, _, why = said.partition("\n")
        return Finding(
            driver, driver == Overlay.name, why if said else "the trial ended unexpectedly"
        )


def probe() -> Probe:
    """Try out what this host offers an engine. Changes nothing and starts no engine."""
    return Probe()


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
