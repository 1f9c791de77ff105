"""A container as the engine remembers it, in memory and in its folder on disk.

It knows no image, no runtime and no API: it is what the other modules of this package change.
"""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import timestamps
from ..files import atomic_files
from .logs import Log
from .streams import Input, Output

if TYPE_CHECKING:
    from ..runtime.contract import Process

FIRST_WORDS = 0.05
"""Seconds that a program gets for what it says first."""
LOGGING = ("json-file", "local")
"""Log drivers whose logs can be read again."""


@dataclass
class State:
    """What became of a container's first process."""

    status: str = "created"
    """created, running, paused, restarting, exited, removing or dead."""
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    started: str = timestamps.ZERO
    finished: str = timestamps.ZERO
    out_of_memory: bool = False
    """Whether the kernel killed one of its processes for want of memory."""
    health: dict[str, Any] | None = None
    """As in an inspect answer: Status, FailingStreak, Log."""

    @property
    def running(self) -> bool:
        """Paused and restarting containers count as running, as with the Engine."""
        return self.status in ("running", "paused", "restarting")


@dataclass
class MountPoint:
    """Something mounted in a container; fields are those of an inspect answer."""

    type: str
    """bind, volume or tmpfs."""
    source: str
    """A folder or file of the host; a volume's name; empty for tmpfs."""
    destination: str
    mode: str = ""
    writable: bool = True
    name: str = ""
    """Of a volume."""
    driver: str = ""
    propagation: str = ""
    options: str = ""
    """Of a tmpfs, as in mount(8)."""
    copy: bool = True
    """Whether an empty volume gets what the image has there."""
    anonymous: bool = False
    labels: dict[str, str] | None = None
    driver_options: dict[str, str] | None = None
    """What a volume is made with, where it is missing."""


@dataclass
class Record:
    """What is written to config.json."""

    id: str
    name: str
    created: int
    """Nanoseconds since 1970."""
    image: str
    """The image's id."""
    path: str
    args: list[str]
    config: dict[str, Any]
    host_config: dict[str, Any]
    mounts: list[MountPoint] = field(default_factory=list)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was asked of each network, by its name: see networks.endpoints."""
    state: State = field(default_factory=State)
    restart_count: int = 0
    stopped_by_hand: bool = False
    started_before: bool = False


@dataclass
class Run:
    """One life of a container's first process."""

    process: Process
    began: float
    """By the monotonic clock."""
    ended: asyncio.Future[int]
    """Its exit code, once everything about its end is done."""
    stay_down: bool = False
    """It was stopped by hand: no restart policy applies."""
    keep: bool = False
    """It is about to be started again: AutoRemove waits."""


class Container:
    """One container. Its parts in memory are made anew at each start of the engine."""

    def __init__(self, record: Record, folder: Path) -> None:
        self.record = record
        self.folder = folder
        self.lock = asyncio.Lock()
        """Held while a start, pause, update or removal changes it."""
        self.run: Run | None = None
        self.restarting: asyncio.Task[None] | None = None
        """Waits until a restart policy starts it again."""
        self.health_check: asyncio.Task[None] | None = None
        self.removing = False
        self.uses = 0
        """How many need its file system mounted."""
        self.unused = asyncio.Event()
        self.unused.set()
        self.mounting = asyncio.Lock()
        self.root: Path | None = None
        self.output = Output()
        self.input = Input()
        self.exec_ids: set[str] = set()
        self.waiting: list[asyncio.Future[int]] = []
        """Those who wait for the next exit."""
        self.waiting_removed: list[asyncio.Future[int]] = []
        self.log = Log(folder / f"{record.id}-json.log")
        if self.logged:
            self.output.log = self.log

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        """Without a slash."""
        return self.record.name

    @property
    def state(self) -> State:
        return self.record.state

    @property
    def config(self) -> dict[str, Any]:
        return self.record.config

    @property
    def host_config(self) -> dict[str, Any]:
        return self.record.host_config

    @property
    def tty(self) -> bool:
        return bool(self.config["Tty"])

    @property
    def logged(self) -> bool:
        return self.host_config["LogConfig"]["Type"] in LOGGING

    async def first_words(self) -> None:
        """Whoever reads the log right after the start wants to see what a short program says:
        wait for its end, though not for long."""
        run = self.run
        if run is not None and time.monotonic() - run.began < FIRST_WORDS:
            await asyncio.wait([run.ended], timeout=FIRST_WORDS)

    @property
    def command(self) -> str:
        """As a list shows it."""
        return shlex.join([self.record.path, *self.record.args])

    @property
    def network_mode(self) -> str:
        return str(self.host_config["NetworkMode"])

    def attributes(self, **more: str) -> dict[str, str]:
        """What an event tells of it."""
        named = {"image": self.config["Image"], "name": self.name}
        return {**self.config["Labels"], **named, **more}

    def save(self, as_if: State | None = None) -> None:
        """Make its present state durable, or the one it is about to have (blocking, short)."""
        record = self.record
        if as_if is not None:
            record = dataclasses.replace(record, state=as_if, started_before=True)
        atomic_files.write_json(self.folder / "config.json", _plain(record))

    def save_first(self) -> None:
        """Into a folder that is not in its place yet."""
        atomic_files.write_new(
            self.folder / "config.json", atomic_files.encode(_plain(self.record))
        )

    @classmethod
    def read(cls, folder: Path) -> Container:
        """Raises OSError, ValueError, TypeError or KeyError where the folder holds none."""
        value = atomic_files.read_json(folder / "config.json")
        value["state"] = State(**_known(State, value["state"]))
        value["mounts"] = [MountPoint(**_known(MountPoint, each)) for each in value["mounts"]]
        return cls(Record(**_known(Record, value)), folder)

    def tell_exit(self) -> None:
        _answer(self.waiting, self.state.exit_code)

    def tell_removed(self) -> None:
        self.output.leave_all()
        self.input.start(None)  # who waits to write finds that nobody reads
        _answer(self.waiting_removed, self.state.exit_code)


def _plain(record: Record) -> dict[str, Any]:
    """As dataclasses.asdict, without its copies of everything."""
    mounts = [vars(each) for each in record.mounts]
    return {**vars(record), "state": vars(record.state), "mounts": mounts}


def _known(kind: type, value: dict[str, Any]) -> dict[str, Any]:
    """What this version of the engine knows of a record: another one may have written more."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: each for name, each in value.items() if name in names}


def _answer(waiting: list[asyncio.Future[int]], code: int) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(code)
    waiting.clear()
