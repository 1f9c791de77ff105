"""Control groups that limit containers, where this host lets an ordinary user make them.

A host grants groups by delegation: it gives a user a group to divide. systemd does so for
processes in a user's session. Versions 2 and 1 of the kernel's interface are supported.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CONTROLLERS = ("memory", "pids", "cpu")
_PREFIX = "insidedocker-"
_MEMBERS = "cgroup.procs"
_UNLIMITED_SWAP = -1
_SHARES = (2, 262144)
_WEIGHTS = (1, 10000)
"""Ranges of a share of processor time: shares in version 1, weights in version 2."""


@dataclass(frozen=True)
class Limits:
    """Limits of a container, where the host grants limits; None means unlimited."""

    memory: int | None = None
    """Bytes."""
    memory_and_swap: int | None = None
    """Bytes of memory and swap together; -1 does not limit swap."""
    pids: int | None = None
    """Processes and threads."""
    cpu: tuple[int, int] | None = None
    """(microseconds of processor time, microseconds of the period)."""
    cpu_shares: int | None = None
    """Weight relative to other containers, which have 1024 by default."""


@dataclass(frozen=True)
class Hierarchy:
    """One tree of groups: `own` is this process' group, in `place` it may make groups."""

    own: Path
    place: Path
    controllers: frozenset[str]


class Groups:
    """The groups of one engine's containers; made by `find`."""

    def __init__(self, version: str, hierarchies: list[Hierarchy]) -> None:
        self.version = version
        self._hierarchies = hierarchies
        self._name = f"{_PREFIX}{os.getpid()}"
        self._made: dict[str, dict[Path, frozenset[str]]] = {}
        """Container id -> folder of a group -> its controllers."""

    @property
    def limits(self) -> frozenset[str]:
        """The limits that work here: some of memory, swap, pids, cpu."""
        found = frozenset[str]().union(*(each.controllers for each in self._hierarchies))
        swap = "memory.swap.max" if self.version == "2" else "memory.memsw.limit_in_bytes"
        counted = any((each.own / swap).exists() for each in self._hierarchies)
        return found | {"swap"} if "memory" in found and counted else found

    def make(self, container: str, limits: Limits) -> tuple[str, ...]:
        """Make groups with these limits; returns folders to enter, none without limits. Raises
        OSError."""
        if limits == Limits():
            return ()
        made = self._made.setdefault(container, {})
        for each in self._hierarchies:
            above = each.place / self._name
            above.mkdir(exist_ok=True)
            if self.version == "2":
                _hand_down(above, each.controllers)
            folder = above / container
            folder.mkdir()
            made[folder] = each.controllers
        self.limit(container, limits)
        return self.of(container)

    def of(self, container: str) -> tuple[str, ...]:
        """The groups of a container, as folders."""
        return tuple(map(str, self._made.get(container, ())))

    def limit(self, container: str, limits: Limits) -> None:
        """Change the limits of a container that has groups. Raises OSError."""
        for folder, controllers in self._made.get(container, {}).items():
            for controller in sorted(controllers):
                _write(folder, _settings(self.version, controller, limits))

    def adopt(self, container: str, pids: list[int]) -> None:
        """Move running processes into a container's groups; ended processes are ignored. Raises
        OSError."""
        for folder in self._made.get(container, ()):
            for pid in pids:
                with suppress(ProcessLookupError):
                    (folder / _MEMBERS).write_text(str(pid))

    def out_of_memory(self, container: str) -> bool:
        """True where the kernel has killed a process of the container for lack of memory."""
        name = "memory.events" if self.version == "2" else "memory.oom_control"
        for folder in self._made.get(container, ()):
            with suppress(OSError):
                for line in (folder / name).read_text().splitlines():
                    word, _, count = line.partition(" ")
                    if word == "oom_kill" and count != "0":
                        return True
        return False

    def remove(self, container: str) -> None:
        """Remove a container's groups, once its processes have ended."""
        for folder in self._made.pop(container, ()):
            with suppress(OSError):
                folder.rmdir()

    def close(self) -> None:
        """Remove all groups of this engine, and those of engines that were killed."""
        for each in self._hierarchies:
            for folder in each.place.glob(f"{_PREFIX}*"):
                owner = folder.name.removeprefix(_PREFIX)
                if folder.name == self._name or not Path(f"/proc/{owner}").exists():
                    _remove_tree(folder)


def find() -> Groups | None:
    """Find groups that this process may divide; None where the host delegates none."""
    try:
        memberships = Path("/proc/self/cgroup").read_text().splitlines()
        mounted = _mounts(Path("/proc/self/mountinfo").read_text().splitlines())
    except OSError:
        return None
    second: list[Hierarchy] = []
    first: list[Hierarchy] = []
    for line in memberships:
        _, names, path = line.split(":", 2)
        if names not in mounted:
            continue
        root, point = mounted[names]
        if not Path(path).is_relative_to(root):
            continue
        own = point / Path(path).relative_to(root)
        if names == "":
            second += _delegated(own, point)
            continue
        controllers = frozenset(names.split(",")) & frozenset(_CONTROLLERS)
        if controllers and _may_divide(own):
            first.append(Hierarchy(own, own, controllers))
    if second:
        return Groups("2", second)
    return Groups("1", first) if first else None


def _mounts(lines: list[str]) -> dict[str, tuple[Path, Path]]:
    """Controllers of a tree ("memory,pids"; "" for version 2) -> (its root, mount point)."""
    found = {}
    for line in lines:
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        _, _, _, root, point = fields.split()[:5]
        if kind == "cgroup2":
            found[""] = (Path(root), Path(point))
        elif kind == "cgroup":
            known = [name for name in options.split(",") if name in (*_CONTROLLERS, "cpuacct")]
            if known:
                found[",".join(known)] = (Path(root), Path(point))
    return found


def _delegated(own: Path, top: Path) -> list[Hierarchy]:
    """The place for groups in version 2: the nearest group from `own` upwards that passes
    controllers on and that this process may divide. A group with processes cannot pass them on."""
    if not os.access(own / _MEMBERS, os.W_OK):
        return []
    for place in (own, *own.parents):
        with suppress(OSError):
            handed = set((place / "cgroup.subtree_control").read_text().split())
            controllers = frozenset(handed & set(_CONTROLLERS))
            if controllers and _may_divide(place):
                return [Hierarchy(own, place, controllers)]
        if place == top:
            break
    return []


def _may_divide(group: Path) -> bool:
    return os.access(group, os.W_OK) and os.access(group / _MEMBERS, os.W_OK)


def _hand_down(group: Path, controllers: frozenset[str]) -> None:
    words = " ".join(f"+{name}" for name in sorted(controllers))
    (group / "cgroup.subtree_control").write_text(words)


def _settings(version: str, controller: str, limits: Limits) -> list[tuple[str, str]]:
    """Settings of a controller as (file, text)."""
    if version == "2":
        return _SECOND[controller](limits)
    return _FIRST[controller](limits)


def _first_memory(limits: Limits) -> list[tuple[str, str]]:
    both = limits.memory_and_swap or _UNLIMITED_SWAP
    return [
        ("memory.limit_in_bytes", str(limits.memory or -1)),
        ("memory.memsw.limit_in_bytes", str(both)),
    ]


def _second_memory(limits: Limits) -> list[tuple[str, str]]:
    swap = "max"
    if limits.memory and limits.memory_and_swap not in (None, _UNLIMITED_SWAP):
        swap = str((limits.memory_and_swap or 0) - limits.memory)
    return [("memory.max", str(limits.memory or "max")), ("memory.swap.max", swap)]


def _pids(limits: Limits) -> list[tuple[str, str]]:
    return [("pids.max", str(limits.pids or "max"))]


def _first_cpu(limits: Limits) -> list[tuple[str, str]]:
    quota, period = limits.cpu or (-1, 100_000)
    return [
        ("cpu.cfs_period_us", str(period)),
        ("cpu.cfs_quota_us", str(quota)),
        ("cpu.shares", str(limits.cpu_shares or 1024)),
    ]


def _second_cpu(limits: Limits) -> list[tuple[str, str]]:
    quota, period = limits.cpu or ("max", 100_000)
    shares = min(max(limits.cpu_shares or 1024, _SHARES[0]), _SHARES[1])
    part = (shares - _SHARES[0]) / (_SHARES[1] - _SHARES[0])
    weight = _WEIGHTS[0] + int(part * (_WEIGHTS[1] - _WEIGHTS[0]))
    if limits.cpu_shares is None:
        weight = 100
    return [("cpu.max", f"{quota} {period}"), ("cpu.weight", str(weight))]


_FIRST = {"memory": _first_memory, "pids": _pids, "cpu": _first_cpu}
_SECOND = {"memory": _second_memory, "pids": _pids, "cpu": _second_cpu}


def _write(folder: Path, settings: list[tuple[str, str]]) -> None:
    """Write the settings whose files exist. Refused ones are written again at the end: the lower
    of two limits (memory, memory and swap) may never exceed the higher. Raises OSError."""
    present = [(folder / name, text) for name, text in settings if (folder / name).exists()]
    again = []
    for path, text in present:
        try:
            path.write_text(text)
        except OSError:
            again.append((path, text))
    for path, text in again:
        path.write_text(text)


def _remove_tree(folder: Path) -> None:
    for below in folder.glob("*/"):
        with suppress(OSError):
            below.rmdir()
    with suppress(OSError):
        folder.rmdir()


def enter(folders: tuple[str, ...]) -> None:
    """Move this process, which must have a single thread, into the groups. Raises OSError."""
    for folder in folders:
        Path(folder, _MEMBERS).write_text("0")
