"""Processes of this machine by their parents: who is below whom, and how much memory they use.

Reads /proc; ends only what it is told to.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process and the memory that is its own: anonymous and shared, not that of files."""

    pid: int
    memory: int
    """In bytes."""


def children(pid: int) -> list[int]:
    """The processes that this one has started, oldest first; none where it has gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            text = (task / "children").read_text()
            found += [int(each) for each in text.split()]
    return sorted(found)


def below(pid: int) -> list[Process]:
    """This process and all that come from it. Those of a pid namespace never leave it: orphans
    go to its first process."""
    if pid <= 0:
        return []
    found, queue = [], [pid]
    while queue:
        each = queue.pop()
        found.append(Process(each, _memory(each)))
        queue += children(each)
    return found


def kill(many: Iterable[Process]) -> None:
    """End them, the oldest first, so that nobody is left who would start others."""
    for each in many:
        with contextlib.suppress(OSError):
            os.kill(each.pid, signal.SIGKILL)


def _memory(pid: int) -> int:
    kib = 0
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                kib += int(line.split()[1])
    return kib * 1024
