"""A container in memory and in its folder on disk.

Independent of images, the runtime and the API: the modules of `containers` change it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..base import timestamps, uncancelled
from ..base.records import Kept
from ..files import atomic_files
from . import log_options
from .logs import Log
from .streams import Input, Output

if TYPE_CHECKING:
    from ..runtime.contract import Process

Result = TypeVar("Result")

FIRST_WORDS = 0.05
"""Seconds that `first_words` waits for a short program."""


@dataclass
class State(Kept):
    """State of a container's first process."""

    status: str = "created"
    """created, running, paused, restarting, exited, removing or dead."""
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    started: str = timestamps.ZERO
    finished: str = timestamps.ZERO
    out_of_memory: bool = False
    """True where the kernel killed one of the container's processes for lack of memory."""
    health: dict[str, Any] | None = None
    """Status, FailingStreak, Log, as in an inspect answer."""

    @property
    def running(self) -> bool:
        """Paused and restarting containers count as running, as with the Engine."""
        return self.status in ("running", "paused", "restarting")


@dataclass
class MountPoint(Kept):
    """A mount of a container; the fields are those of an inspect answer."""

    type: str
    """bind, volume or tmpfs."""
    source: str
    """A folder or file of the host; the data folder of a volume; empty for tmpfs."""
    destination: str
    mode: str = ""
    writable: bool = True
    name: str = ""
    """Name of a volume."""
    driver: str = ""
    propagation: str = ""
    options: str = ""
    """Options of a tmpfs, as in mount(8)."""
    copy: bool = True
    """True where an empty volume gets the image's files at the destination."""
    anonymous: bool = False
    labels: dict[str, str] | None = None
    driver_options: dict[str, str] | None = None
    """Options for a volume that does not exist yet."""


@dataclass
class Record(Kept):
    """The contents of config.json."""

    id: str
    name: str
    created: int
    """Nanoseconds since 1970."""
    image: str
    """Image id."""
    path: str
    args: list[str]
    config: dict[str, Any]
    host_config: dict[str, Any]
    mounts: list[MountPoint] = field(default_factory=list)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Network name -> requested settings (see networks.endpoints)."""
    state: State = field(default_factory=State)
    restart_count: int = 0
    stopped_by_hand: bool = False
    started_before: bool = False


@dataclass
class Run:
    """One run of a container's first process."""

    process: Process
    began: float
    """Monotonic clock, seconds."""
    ended: asyncio.Future[int]
    """Exit code; set once the end has been handled completely."""
    stay_down: bool = False
    """Stopped by a client: no restart policy applies."""
    keep: bool = False
    """A restart follows: AutoRemove does not apply."""


class Container:
    """One container. Its state in memory is created at each start of the engine."""

    def __init__(self, record: Record, folder: Path) -> None:
        self.record = record
        self.folder = folder
        self._changing = asyncio.Lock()
        self.run: Run | None = None
        self.restarting: asyncio.Task[None] | None = None
        """Waits for the restart that a restart policy asks for."""
        self.health_check: asyncio.Task[None] | None = None
        self.removing = False
        self.uses = 0
        """Number of users of the mounted file system."""
        self.unused = asyncio.Event()
        self.unused.set()
        self.mounting = asyncio.Lock()
        self.root: Path | None = None
        self.output = Output()
        self.input = Input()
        self.exec_ids: set[str] = set()
        self.waiting: list[asyncio.Future[int]] = []
        """Futures of clients that wait for the next exit."""
        self.waiting_removed: list[asyncio.Future[int]] = []
        limits = log_options.of_record(record.host_config["LogConfig"])
        self.log = Log(folder / f"{record.id}-json.log", limits)
        if self.logged:
            self.output.log = self.log

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        """The name without a slash."""
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
        return self.host_config["LogConfig"]["Type"] in log_options.DRIVERS

    async def turn(self, change: Coroutine[Any, Any, Result]) -> Result:
        """Await `change`, which may change the container: the changes of one container are made one
        after the other, each to its end, even if this call is cancelled. A change must not wait for
        another turn, nor for the end of a run, which is handled in a turn."""
        return await uncancelled.whole(self._in_turn(change))

    async def _in_turn(self, change: Coroutine[Any, Any, Result]) -> Result:
        async with self._changing:
            return await change

    async def first_words(self) -> None:
        """Wait briefly for the end of a short program, so that a client that reads the log right
        after the start sees its output."""
        run = self.run
        if run is not None and time.monotonic() - run.began < FIRST_WORDS:
            await asyncio.wait([run.ended], timeout=FIRST_WORDS)

    @property
    def command(self) -> str:
        """The command line, as a list shows it."""
        return shlex.join([self.record.path, *self.record.args])

    @property
    def network_mode(self) -> str:
        return str(self.host_config["NetworkMode"])

    def attributes(self, **more: str) -> dict[str, str]:
        """The attributes of the container's events."""
        named = {"image": self.config["Image"], "name": self.name}
        return {**self.config["Labels"], **named, **more}

    def encoded(self, **changed: Any) -> bytes:
        """The contents of config.json, with the record as it will be once fields have `changed`."""
        return atomic_files.encode(_plain(dataclasses.replace(self.record, **changed)))

    def write(self, data: bytes) -> None:
        """Write config.json. Blocking; see `ContainerStore.change`."""
        atomic_files.write_bytes(self.folder / "config.json", data)

    def enter(self, **changed: Any) -> None:
        """Change fields of the record in memory."""
        for name, value in changed.items():
            setattr(self.record, name, value)

    def save_first(self) -> None:
        """Write config.json into a folder that is not yet in its final place."""
        atomic_files.write_new(
            self.folder / "config.json", atomic_files.encode(_plain(self.record))
        )

    @classmethod
    def read(cls, folder: Path) -> Container:
        """Read a container. Raises OSError, ValueError, TypeError or KeyError where the folder
        holds none."""
        value = atomic_files.read_json(folder / "config.json")
        value["state"] = State.of(value["state"])
        value["mounts"] = [MountPoint.of(each) for each in value["mounts"]]
        return cls(Record.of(value), folder)

    def tell_exit(self) -> None:
        _answer(self.waiting, self.state.exit_code)

    def tell_removed(self) -> None:
        self.output.leave_all()
        self.input.start(None)  # writers get BrokenPipeError
        _answer(self.waiting_removed, self.state.exit_code)


def _plain(record: Record) -> dict[str, Any]:
    """Like dataclasses.asdict, without copies."""
    mounts = [each.plain() for each in record.mounts]
    return {**record.plain(), "state": record.state.plain(), "mounts": mounts}


def _answer(waiting: list[asyncio.Future[int]], code: int) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(code)
    waiting.clear()
