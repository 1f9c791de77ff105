"""Processes of a container and their resource usage, read from /proc."""

from __future__ import annotations

import os
import pwd
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps

if TYPE_CHECKING:
    from ..container.record import Container
    from ..runtime.contract import Runtime

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
NANO_PER_TICK = timestamps.NANO // TICKS


@dataclass(frozen=True)
class Facts:
    """One process. Times in seconds, sizes in KiB, CPU also in clock ticks."""

    pid: int
    parent: int
    uid: int
    gid: int
    name: str
    state: str
    command: str
    terminal: str
    threads: int
    cpu: float
    age: float
    virtual: int
    resident: int
    user_ticks: int
    system_ticks: int


def read(pid: int) -> Facts | None:
    """Read one process; None where it has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        owner = folder.stat()
        head, _, tail = (folder / "stat").read_text(errors="replace").rpartition(")")
        words = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    name = head.partition("(")[2]
    fields = tail.split()
    user, system, start = int(fields[11]), int(fields[12]), int(fields[19])
    command = " ".join(word.decode(errors="replace") for word in words).strip()
    return Facts(
        pid=pid,
        parent=int(fields[1]),
        uid=owner.st_uid,
        gid=owner.st_gid,
        name=name,
        state=fields[0],
        command=command or f"[{name}]",
        terminal=_terminal(int(fields[4])),
        threads=int(fields[17]),
        cpu=(user + system) / TICKS,
        age=max(time.clock_gettime(time.CLOCK_BOOTTIME) - start / TICKS, 0.01),
        virtual=int(fields[20]) // 1024,
        resident=int(fields[21]) * PAGE // 1024,
        user_ticks=user,
        system_ticks=system,
    )


def _terminal(number: int) -> str:
    major, minor = os.major(number), os.minor(number)
    return f"pts/{minor}" if 136 <= major <= 143 else "?"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _started(facts: Facts) -> str:
    form = "%H:%M" if facts.age < 86400 else "%b%d"
    return time.strftime(form, time.localtime(time.time() - facts.age))


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


_COLUMNS = {
    "uid": ("UID", lambda p: _user(p.uid)),
    "user": ("USER", lambda p: _user(p.uid)),
    "euser": ("EUSER", lambda p: _user(p.uid)),
    "ruser": ("RUSER", lambda p: _user(p.uid)),
    "group": ("GROUP", lambda p: str(p.gid)),
    "gid": ("GID", lambda p: str(p.gid)),
    "pid": ("PID", lambda p: str(p.pid)),
    "ppid": ("PPID", lambda p: str(p.parent)),
    "c": ("C", lambda p: str(int(_percent(p.cpu, p.age)))),
    "stime": ("STIME", _started),
    "start": ("START", _started),
    "tty": ("TTY", lambda p: p.terminal),
    "tt": ("TT", lambda p: p.terminal),
    "tname": ("TTY", lambda p: p.terminal),
    "time": ("TIME", lambda p: _clock(p.cpu)),
    "etime": ("ELAPSED", lambda p: _clock(p.age)),
    "cmd": ("CMD", lambda p: p.command),
    "args": ("COMMAND", lambda p: p.command),
    "command": ("COMMAND", lambda p: p.command),
    "comm": ("COMMAND", lambda p: p.name),
    "ucmd": ("CMD", lambda p: p.name),
    "stat": ("STAT", lambda p: p.state),
    "state": ("S", lambda p: p.state),
    "s": ("S", lambda p: p.state),
    "pcpu": ("%CPU", lambda p: f"{_percent(p.cpu, p.age):.1f}"),
    "%cpu": ("%CPU", lambda p: f"{_percent(p.cpu, p.age):.1f}"),
    "pmem": ("%MEM", lambda p: f"{_percent(p.resident, memory() / 1024):.1f}"),
    "%mem": ("%MEM", lambda p: f"{_percent(p.resident, memory() / 1024):.1f}"),
    "vsz": ("VSZ", lambda p: str(p.virtual)),
    "rss": ("RSS", lambda p: str(p.resident)),
    "nlwp": ("NLWP", lambda p: str(p.threads)),
}
_FULL = "uid pid ppid c stime tty time cmd"
_SETS = {
    "-ef": _FULL,
    "-eF": _FULL,
    "-f": _FULL,
    "ef": "pid tty stat time args",
    "aux": "user pid %cpu %mem vsz rss tty stat start time args",
    "ax": "pid tty stat time args",
    "-e": "pid tty time ucmd",
    "-A": "pid tty time ucmd",
}
_SETS |= {"-aux": _SETS["aux"], "auxw": _SETS["aux"], "auxww": _SETS["aux"], "-ax": _SETS["ax"]}


def top(runtime: Runtime, container: Container, ps_args: str) -> dict[str, Any]:
    """Titles and rows as `ps` prints them with these arguments. Raises BadRequest for unknown
    arguments."""
    columns = _columns(ps_args or "-ef")
    found = [read(pid) for pid in runtime.processes(container.id)]
    return {
        "Titles": [title for title, _ in columns],
        "Processes": [[show(facts) for _, show in columns] for facts in found if facts],
    }


def _columns(ps_args: str) -> list[tuple[str, Any]]:
    text = " ".join(ps_args.split())
    if text in _SETS:
        return [_COLUMNS[name] for name in _SETS[text].split()]
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise errors.BadRequest(f"invalid ps arguments: {error}") from None
    columns: list[tuple[str, Any]] = []
    while words:
        word = words.pop(0)
        if word in ("-e", "-A", "ax", "-ax", "a", "x"):
            continue
        if not word.startswith(("-o", "o", "-eo", "-Ao")):
            raise errors.BadRequest(f"ps: the option {word} is not known to this engine")
        listed = word.partition("o")[2] or (words.pop(0) if words else "")
        columns += [_column(item) for item in filter(None, listed.split(","))]
    if not any(title == "PID" for title, _ in columns):
        raise errors.APIError("Couldn't find PID field in ps output")
    return columns


def _column(text: str) -> tuple[str, Any]:
    name, equals, title = text.partition("=")
    if name.lower() not in _COLUMNS:
        raise errors.BadRequest(f"ps: error: unknown user-defined format specifier {name}")
    known, show = _COLUMNS[name.lower()]
    return (title if equals else known), show


def memory() -> int:
    """Bytes of memory of this host."""
    return os.sysconf("SC_PHYS_PAGES") * PAGE


class Usage:
    """Samples of a running container's resource usage: sums over its processes. The usage of an
    ended process is lost."""

    def __init__(self, runtime: Runtime, container: Container) -> None:
        self._runtime = runtime
        self._container = container

    def sample(self) -> dict[str, Any]:
        pids = self._runtime.processes(self._container.id)
        found = [facts for facts in map(read, pids) if facts is not None]
        user = sum(facts.user_ticks for facts in found) * NANO_PER_TICK
        system = sum(facts.system_ticks for facts in found) * NANO_PER_TICK
        limit = self._container.host_config["Memory"] or memory()
        return {
            "read": timestamps.now(),
            "pids_stats": {"current": sum(facts.threads for facts in found)},
            "num_procs": 0,
            "storage_stats": {},
            "blkio_stats": _NO_BLOCKS,
            "cpu_stats": {
                "cpu_usage": {
                    "total_usage": user + system,
                    "usage_in_kernelmode": system,
                    "usage_in_usermode": user,
                },
                "system_cpu_usage": _host_cpu(),
                "online_cpus": os.cpu_count() or 1,
                "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
            },
            "memory_stats": {
                "usage": sum(facts.resident for facts in found) * 1024,
                "stats": {},
                "limit": limit,
            },
            "networks": self._networks(found),
        }

    def _networks(self, found: list[Facts]) -> dict[str, dict[str, int]]:
        if not found or self._container.network_mode in ("host", "none"):
            return {}
        try:
            lines = Path(f"/proc/{found[0].pid}/net/dev").read_text().splitlines()[2:]
        except OSError:
            return {}
        shown = {}
        for line in lines:
            name, _, rest = line.partition(":")
            fields = [int(word) for word in rest.split()]
            if name.strip() != "lo":
                shown[name.strip()] = _interface(fields)
        return shown


def _interface(fields: list[int]) -> dict[str, int]:
    names = ("bytes", "packets", "errors", "dropped")
    received = {f"rx_{name}": fields[at] for at, name in enumerate(names)}
    return received | {f"tx_{name}": fields[8 + at] for at, name in enumerate(names)}


def _host_cpu() -> int:
    """Nanoseconds of all processors together, working or idle."""
    with Path("/proc/stat").open() as file:
        return sum(map(int, file.readline().split()[1:8])) * NANO_PER_TICK


_NO_BLOCKS: dict[str, None] = dict.fromkeys(
    (
        "io_service_bytes_recursive",
        "io_serviced_recursive",
        "io_queue_recursive",
        "io_service_time_recursive",
        "io_wait_time_recursive",
        "io_merged_recursive",
        "io_time_recursive",
        "sectors_recursive",
    )
)
_NO_CPU = {
    "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
    "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
}


def stats(container: Container, now: dict[str, Any] | None, before: Any) -> dict[str, Any]:
    """One stats answer: a sample, the sample before it, and the container's name and id. `now` is
    None for a container that does not run."""
    named = {"name": f"/{container.name}", "id": container.id}
    if now is None:
        return {
            "read": timestamps.ZERO,
            "preread": timestamps.ZERO,
            "pids_stats": {},
            "blkio_stats": _NO_BLOCKS,
            "num_procs": 0,
            "storage_stats": {},
            "cpu_stats": _NO_CPU,
            "precpu_stats": _NO_CPU,
            "memory_stats": {},
            **named,
        }
    return {
        **now,
        "preread": before["read"] if before else timestamps.ZERO,
        "precpu_stats": before["cpu_stats"] if before else _NO_CPU,
        **named,
    }
