"""The contract of a runtime: what it is asked for, and what it answers.

A runtime knows file systems, processes and networks of this host; it knows no image, no API
and keeps no state on disk of its own.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Unavailable(Exception):
    """The runtime asked for cannot work on this host; the text says why and what to do."""


class StartError(Exception):
    """A process could not be started. `exit_code` is what `docker run` ends with:
    127 not found, 126 not executable, 128 anything else."""

    def __init__(self, message: str, exit_code: int = 128) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class User:
    """Numbers only: names are looked up in the container's /etc/passwd by `users`."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class ProcessSpec:
    """A process in a container: its first one, or one more (exec)."""

    args: list[str]
    env: list[str]
    """`NAME=value` each."""
    cwd: str = "/"
    user: User = field(default_factory=User)
    tty: bool = False
    stdin: bool = False
    """Whether anything can be written to it; else its input is empty."""
    size: tuple[int, int] = (0, 0)
    """Rows and columns of the terminal; 0 leaves them alone."""
    capabilities: frozenset[str] | None = None
    """Names such as CAP_CHOWN; None means the Engine's default set."""
    no_new_privileges: bool = False


@dataclass(frozen=True)
class Mount:
    """Something of the host, or a tmpfs, at `target` in the container."""

    kind: str
    """bind, tmpfs."""
    target: str
    source: Path | None = None
    read_only: bool = False
    options: str = ""
    """For tmpfs: as in mount(8), e.g. size=64m,mode=1777."""


@dataclass(frozen=True)
class Endpoint:
    """A container's place in one network; the runtime makes the interface."""

    bridge: str
    """Name of the bridge interface inside the engine's own network room."""
    interface: str
    """eth0, eth1, …"""
    address: str
    """IPv4 with prefix length: 172.17.0.2/16; empty for a network of IPv6 only."""
    mac: str
    gateway: str | None = None
    """Set on the endpoint that carries the default route."""
    address6: str = ""
    gateway6: str | None = None


@dataclass(frozen=True)
class Limits:
    """What a container may use at most, where the host grants limits; None is no limit."""

    memory: int | None = None
    """Bytes."""
    memory_and_swap: int | None = None
    """Bytes of both together; -1 leaves swap alone."""
    pids: int | None = None
    """Processes and threads."""
    cpu: tuple[int, int] | None = None
    """Microseconds of processor time in each period of so many microseconds."""
    cpu_shares: int | None = None
    """Against other containers, of which each has 1024."""


@dataclass(frozen=True)
class SandboxSpec:
    """What a container is before its process: file system, name, mounts, network."""

    id: str
    rootfs: Path
    hostname: str
    domainname: str = ""
    read_only: bool = False
    mounts: list[Mount] = field(default_factory=list)
    network: str = "private"
    """private (own room: loopback and `endpoints`), host, or container:<id>."""
    endpoints: list[Endpoint] = field(default_factory=list)
    name_server: bool = False
    """Whether the process gets `name_sockets`."""
    pid: str = "private"
    """private, host, or container:<id>."""
    """host: the processes of all this engine's containers; the host's own stay out of sight."""
    ipc: str = "private"
    """private, host, or container:<id>."""
    uts: str = "private"
    """private or host (the host's name)."""
    init: bool = False
    """Run a small init as process 1 that reaps orphans and forwards signals."""
    privileged: bool = False
    shm_size: int = 64 << 20
    sysctls: dict[str, str] = field(default_factory=dict)
    ulimits: list[tuple[str, int, int]] = field(default_factory=list)
    """(name such as nofile, soft, hard); -1 is unlimited."""
    devices: list[str] = field(default_factory=list)
    """`/dev/of-the-host[:/dev/in-the-container[:rwm]]` each."""
    seccomp: bool = True
    """Refuse the system calls that the Engine's default profile refuses."""
    counted: bool = False
    """Refuse memory that is in no process and in no file system: somebody counts it."""
    masked_paths: tuple[str, ...] | None = None
    """What cannot be read in it; None means the Engine's own list. Privileged has none."""
    read_only_paths: tuple[str, ...] | None = None
    oom_score_adjust: int = 0
    limits: Limits = Limits()


@dataclass(frozen=True)
class Ended:
    """How a process ended. `code` as the shell counts: 128 + n for signal n."""

    code: int


NAME_SERVER = "127.0.0.11"
"""Where the containers of a network with names find its name server, as Docker has it."""

MASKED_PATHS = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
READ_ONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""What containers may not see, and not change, as Docker has it; settings may say otherwise."""


class NetworkError(Exception):
    """A change to a network failed, or this runtime has no networks of its own."""


class ContainerGone(NetworkError):
    """The container's first process has just ended, and its network with it."""


class Process(Protocol):
    """A running process. The file descriptors belong to whoever asked for the process.

    With a terminal `stdout` is the terminal itself (read and write), `stdin` is None when
    not asked for else the same descriptor duplicated, and `stderr` is None.
    """

    pid: int
    """As this host counts."""
    stdin: int | None
    stdout: int
    stderr: int | None
    name_sockets: list[int]
    """Where the programs of a new container with a name server ask for names, bound before the
    first of them ran: UDP, and TCP listening, at NAME_SERVER port 53."""

    async def wait(self) -> Ended: ...

    def kill(self, signal: int) -> None:
        """Raises ProcessLookupError where it has ended."""

    def resize(self, rows: int, columns: int) -> None: ...


@dataclass(frozen=True)
class Isolation:
    """What a runtime really keeps apart; said in /info and in warnings."""

    filesystem: bool
    processes: bool
    network: bool
    hostname: bool
    users: bool
    """Whether user ids other than one exist."""
    read_only_mounts: bool = True
    """Whether what is mounted read-only cannot be written."""

    def warnings(self) -> list[str]:
        missing = [name.replace("_", " ") for name, has in vars(self).items() if not has]
        if not missing:
            return []
        return [f"WARNING: not isolated on this host: {', '.join(missing)}"]


class Runtime(Protocol):
    name: str
    """namespaces or proot."""
    why: str
    """One sentence: why this runtime and not the other."""
    isolation: Isolation
    limits: frozenset[str]
    """What this host binds containers to: some of memory, swap, pids, cpu."""
    groups: str | None
    """The version of control groups that does; None where there are none for us."""

    async def open(self) -> None:
        """Get ready; called once, before the first container."""

    async def close(self) -> None:
        """End every process that is left."""

    async def start(self, sandbox: SandboxSpec, process: ProcessSpec) -> Process:
        """Start a container's first process. Raises StartError."""

    async def exec(self, container: str, process: ProcessSpec) -> Process:
        """Start one more process in a running container. Raises StartError."""

    async def pause(self, container: str) -> None:
        """Stop every process of a container where it is."""

    async def unpause(self, container: str) -> None: ...

    def processes(self, container: str) -> list[int]:
        """The host's process ids of a running container, its first process first."""

    def limit(self, container: str, limits: Limits) -> None:
        """Change the limits of a container; where it does not run nothing is done, and the next
        start sets them. Raises OSError."""

    def out_of_memory(self, container: str) -> bool:
        """Whether the kernel killed one of its processes for want of memory; until `forget`."""

    async def forget(self, container: str) -> None:
        """Release what is held for a container whose first process has ended."""

    # Networks. Every call raises NetworkError with a sentence where this host has none.

    async def create_bridge(self, name: str, *gateways: str) -> None:
        """Make a bridge (name of at most 15 bytes) in the engine's network room. `gateways` are
        its own addresses with prefix length, IPv4 or IPv6; one that is there stays as it is."""

    async def delete_bridge(self, name: str) -> None: ...

    async def attach(self, container: str, endpoint: Endpoint) -> None:
        """Give a running container one more interface. Raises ContainerGone."""

    async def detach(self, container: str, interface: str) -> None: ...

    async def open_name_sockets(self, container: str) -> list[int]:
        """As a Process has them, for a container that was started without a name server."""

    async def open_socket(self, container: str | None, kind: int) -> socket.socket:
        """A new non-blocking IPv4 socket (SOCK_STREAM or SOCK_DGRAM) that lives in a running
        container's network, or in the engine's network room (None). Connect it to reach a
        container; bind it to serve containers."""
