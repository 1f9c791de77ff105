"""Processes below PRoot: find them by their tracers, and end them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def tracees(tracers: Iterable[int]) -> list[int]:
    """Processes that one of `tracers` (PRoots) traces, in order of their pids."""
    wanted = {str(pid) for pid in tracers}
    return [pid for pid, fields in _statuses() if fields.get("TracerPid") in wanted]


def programs(tracers: Iterable[int]) -> list[int]:
    """Processes that one of `tracers` traces, without the first program of each tracer, which is
    not the container's own."""
    wanted = {str(pid) for pid in tracers}
    return [
        pid
        for pid, fields in _statuses()
        if fields.get("TracerPid") in wanted and fields.get("PPid") not in wanted
    ]


def descendants(ancestor: int) -> list[int]:
    """All running processes below `ancestor`, parents before their children."""
    children: dict[str, list[int]] = {}
    for pid, fields in _statuses():
        if fields.get("State", "Z")[0] != "Z":
            children.setdefault(fields.get("PPid", ""), []).append(pid)
    found = [ancestor]
    for pid in found:
        found += children.get(str(pid), [])
    return found[1:]


def end(processes: Iterable[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _statuses() -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (pid, fields of /proc/<pid>/status) of every process."""
    for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue  # the process has just ended
        lines = (line.partition(":\t") for line in text.splitlines())
        yield pid, {name: value for name, _, value in lines}
