"""Process trees of this machine, and how much memory they use.

Reads /proc; kills only the processes given to `kill`. The count includes mapped memory, file
systems in memory, and the kernel's own memory for the processes. Where the kernel gives no exact
number, an upper bound counts.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

KIB, MIB = 1 << 10, 1 << 20
OF_A_THREAD = 24 * KIB
"""Bytes for a thread's kernel stack and the kernel's records of the thread."""
OF_A_DESCRIPTOR = 8 * KIB
"""Bytes for an open file. A pipe, which has two descriptors, may hold two pages beyond the limit
that all pipes of a user share."""
OF_A_FILE = KIB
TOLD = ("RssAnon", "RssShmem", "VmSwap", "VmPTE")
SEEN = 32 * MIB
"""Bytes. A number that takes long to read is read only where it may exceed this."""
PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True)
class Process:
    """A process and its memory, anonymous and shared, without that of files."""

    pid: int
    memory: int
    """Bytes."""


def children(pid: int) -> list[int]:
    """Return the child processes of `pid`, those of each thread oldest first; none where the
    process has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.scandir(f"/proc/{pid}/task"):
            for line in _lines(f"{task.path}/children"):
                found += [int(each) for each in line.split()]
    return found


def below(pid: int) -> list[Process]:
    """Return this process and all its descendants. A pid namespace keeps its processes: its first
    process adopts the orphans."""
    if pid <= 0:
        return []
    found, queue = [], [pid]
    while queue:
        each = queue.pop()
        found.append(Process(each, _memory(each)))
        queue += children(each)
    return found


def kill(many: Iterable[Process]) -> None:
    """Kill processes, the oldest first, so that no parent is left to start others."""
    for each in many:
        with contextlib.suppress(OSError):
            os.kill(each.pid, signal.SIGKILL)


def memory(many: Sequence[Process]) -> int:
    """Return the bytes that these processes use together: their own, and those of the file systems
    in memory that they see and this process does not."""
    ours = _seen_here()
    found: dict[str, int] = {}
    for pid in _one_of_each(many, "ns/mnt", "root"):
        for device, place in _in_memory(str(pid)):
            if device not in ours and device not in found:
                with contextlib.suppress(OSError):
                    found[device] = _used(f"/proc/{pid}/root{place}", device)
    return sum(each.memory for each in many) + sum(found.values())


def sockets(many: Sequence[Process]) -> int:
    """Return the bytes that sockets may hold in the network namespaces of these processes, without
    this process's own."""
    return sum(_sockets(pid) for pid in _one_of_each(many, "ns/net"))


def _memory(pid: int) -> int:
    told: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError):
        for line in _lines(f"/proc/{pid}/status"):
            if line.startswith(("Rss", "Vm", "Threads")):
                name, _, value = line.partition(":")
                told[name] = int(value.split()[0])
    used = KIB * sum(told.get(name, 0) for name in TOLD) + OF_A_THREAD * told.get("Threads", 0)
    private = sum(told.get(f"Vm{kind}", 0) for kind in ("Data", "Stk", "Exe", "Lib"))
    if KIB * (told.get("VmSize", 0) - private) > SEEN:
        used += max(0, _shared(pid) - KIB * told.get("RssShmem", 0))
    with contextlib.suppress(OSError):
        folder = Path(f"/proc/{pid}/fd")
        used += OF_A_DESCRIPTOR * (folder.stat().st_size or sum(1 for _ in folder.iterdir()))
    return used


def _shared(pid: int) -> int:
    """Return the bytes of a process's shared anonymous mappings, in full: pages stay allocated
    when no process maps them in."""
    found = 0
    with contextlib.suppress(OSError, ValueError):
        for line in _lines(f"/proc/{pid}/maps"):
            if line.endswith("/dev/zero (deleted)"):
                first, last = (int(each, 16) for each in line.partition(" ")[0].split("-"))
                found += last - first
    return found


def _one_of_each(many: Iterable[Process], *what: str) -> Iterator[int]:
    """Yield the pid of one process per namespace (and root), except this process's own."""
    seen = {_identity("self", what)}
    for each in many:
        with contextlib.suppress(OSError):
            identity = _identity(str(each.pid), what)
            if identity not in seen:
                seen.add(identity)
                yield each.pid


def _identity(pid: str, what: Iterable[str]) -> tuple[tuple[int, int], ...]:
    found = [os.stat(f"/proc/{pid}/{each}") for each in what]  # noqa: PTH116 (as above)
    return tuple((each.st_dev, each.st_ino) for each in found)


def _in_memory(pid: str) -> list[tuple[str, str]]:
    """Return (device, mount point) of each file system in memory that a process sees."""
    found = []
    with contextlib.suppress(OSError):
        for line in _lines(f"/proc/{pid}/mountinfo"):
            if " - tmpfs " in line:  # no field before has a space in it
                _, _, device, _, place = line.split(" ")[:5]
                found.append((device, _unescaped(place)))
    return found


def _seen_here() -> set[str]:
    return {device for device, _ in _in_memory("self")}


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)


def _used(path: str, device: str) -> int:
    found = Path(path).stat().st_dev
    if f"{os.major(found)}:{os.minor(found)}" != device:  # another mount hides it
        return 0
    told = os.statvfs(path)
    blocks, files = told.f_blocks - told.f_bfree, told.f_files - told.f_ffree
    return max(0, blocks) * told.f_frsize + max(0, files) * OF_A_FILE


@functools.cache
def _of_a_socket() -> int:
    """Return the bytes that a socket may hold while no process reads from it."""
    sizes = [_lines(f"/proc/sys/net/core/{name}_default")[0] for name in ("rmem", "wmem")]
    return max(map(int, sizes))


def _sockets(pid: int) -> int:
    used = 0
    with contextlib.suppress(OSError, ValueError, LookupError):
        told = dict(line.split(": ", 1) for line in _lines(f"/proc/{pid}/net/sockstat"))
        used += _of_a_socket() * int(told["sockets"].split()[-1])
        # The kernel counts the pages that wait in all connections of this machine. Reading the
        # connections of one network takes long, and is done only where that number is high.
        if int(told["TCP"].split()[-1]) * PAGE > SEEN:
            for name in ("tcp", "tcp6"):
                for line in _lines(f"/proc/{pid}/net/{name}")[1:]:
                    used += sum(int(each, 16) for each in line.split()[4].split(":"))
    return used


def _lines(path: str) -> list[str]:
    """Return the lines of a file of /proc. A learner may put any bytes into them, except an end of
    line."""
    with open(path, "rb") as file:  # noqa: PTH123 (twenty times a second)
        text = file.read().decode(errors="surrogateescape")
    return text.removesuffix("\n").split("\n")
