"""The interface of a runtime: its requests and answers.

A runtime knows file systems, processes and networks of this host; it knows no image and no API,
and keeps no state on disk.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..host.cgroups import Limits


class Unavailable(Exception):
    """The requested runtime cannot work on this host; the text says why and what to do."""


class StartError(Exception):
    """A process could not be started. `exit_code` is the exit code of `docker run`:
    127 not found, 126 not executable, 128 anything else."""

    def __init__(self, message: str, exit_code: int = 128) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class User:
    """The user of a process, numbers only: `users` looks names up in the container's
    /etc/passwd."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class ProcessSpec:
    """A process in a container: its first one, or an additional one (exec)."""

    args: list[str]
    env: list[str]
    """Variables as `NAME=value`."""
    cwd: str = "/"
    user: User = field(default_factory=User)
    tty: bool = False
    stdin: bool = False
    """True for a pipe (or terminal) as standard input; else standard input is empty."""
    size: tuple[int, int] = (0, 0)
    """Rows and columns of the terminal; 0 keeps the default."""
    capabilities: frozenset[str] | None = None
    """Names such as CAP_CHOWN; None means the Engine's default set."""
    no_new_privileges: bool = False


@dataclass(frozen=True)
class Mount:
    """A file or folder of the host, or a tmpfs, at `target` in the container."""

    kind: str
    """bind or tmpfs."""
    target: str
    source: Path | None = None
    read_only: bool = False
    options: str = ""
    """Options of a tmpfs as in mount(8), e.g. size=64m,mode=1777."""


@dataclass(frozen=True)
class Endpoint:
    """A container's interface in one network; the runtime makes it."""

    bridge: str
    """Name of the bridge interface in the engine's network room (the namespace of its bridges)."""
    interface: str
    """eth0, eth1, …"""
    address: str
    """IPv4 with prefix length: 172.17.0.2/16; empty for a network of IPv6 only."""
    mac: str
    gateway: str | None = None
    """Set only on the endpoint with the default route."""
    address6: str = ""
    gateway6: str | None = None


@dataclass(frozen=True)
class SandboxSpec:
    """A container without its process: file system, name, mounts, network."""

    id: str
    rootfs: Path
    hostname: str
    domainname: str = ""
    read_only: bool = False
    mounts: list[Mount] = field(default_factory=list)
    network: str = "private"
    """private (own namespace: loopback and `endpoints`), host, or container:<id>."""
    endpoints: list[Endpoint] = field(default_factory=list)
    name_server: bool = False
    """True where the process gets `name_sockets`."""
    pid: str = "private"
    """private, host, or container:<id>; host shows the processes of all containers of this engine,
    but not the host's own."""
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
    """(name such as nofile, soft, hard); -1 means unlimited."""
    devices: list[str] = field(default_factory=list)
    """Devices as `/dev/of-the-host[:/dev/in-the-container[:rwm]]`."""
    seccomp: bool = True
    """Refuse the system calls that the Engine's default profile refuses."""
    counted: bool = False
    """Refuse memory that belongs to no process and no file system, which cannot be counted."""
    masked_paths: tuple[str, ...] | None = None
    """Paths that cannot be read; None means the Engine's list. Ignored where `privileged`."""
    read_only_paths: tuple[str, ...] | None = None
    oom_score_adjust: int = 0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Ended:
    """The end of a process. `code` is the exit code as in a shell: 128 + n for signal n."""

    code: int


NAME_SERVER = "127.0.0.11"
"""Address of the name server in containers of a network with name resolution, as in Docker."""

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
"""Docker's default paths that containers cannot read (MASKED_PATHS) or cannot change
(READ_ONLY_PATHS)."""


class NetworkError(Exception):
    """A change to a network failed, or this runtime does not isolate networks."""


class ContainerGone(NetworkError):
    """The container's first process has just ended, and its network with it."""


class Process(Protocol):
    """A running process. The file descriptors belong to the caller that started the process.

    With a terminal `stdout` is the terminal itself (read and write), `stdin` is a duplicate of it
    (None where not requested), and `stderr` is None.
    """

    pid: int
    """Process id on this host."""
    stdin: int | None
    stdout: int
    stderr: int | None
    name_sockets: list[int]
    """Sockets for the name server of a new container, bound before its first program ran: UDP,
    and TCP listening, at NAME_SERVER port 53."""

    async def wait(self) -> Ended: ...

    def kill(self, signal: int) -> None:
        """Send a signal. Raises ProcessLookupError where the process has ended."""

    def resize(self, rows: int, columns: int) -> None: ...


@dataclass(frozen=True)
class Isolation:
    """The parts that a runtime isolates; shown in /info and in warnings."""

    filesystem: bool
    processes: bool
    network: bool
    hostname: bool
    users: bool
    """True where more than one user id exists."""
    read_only_mounts: bool = True
    """True where read-only mounts cannot be written."""

    def missing(self) -> list[str]:
        """The parts that containers share with the host: "processes", "read only mounts" …"""
        return [name.replace("_", " ") for name, has in vars(self).items() if not has]

    def warnings(self) -> list[str]:
        return [f"WARNING: {text}" for text in not_isolated(self.missing())]


def not_isolated(parts: list[str]) -> list[str]:
    """The warning that names `parts`; none where there are none."""
    return [f"not isolated on this host: {', '.join(parts)}"] if parts else []


class Runtime(Protocol):
    name: str
    """namespaces or proot."""
    why: str
    """One sentence: the reason for this runtime."""
    isolation: Isolation
    limits: frozenset[str]
    """Limits that this host enforces: some of memory, swap, pids, cpu."""
    groups: str | None
    """Version of the control groups that enforce limits; None where the host grants none."""

    async def open(self) -> None:
        """Prepare the runtime; called once, before the first container."""

    async def close(self) -> None:
        """End every remaining process."""

    async def start(self, sandbox: SandboxSpec, process: ProcessSpec) -> Process:
        """Start a container's first process. Raises StartError."""

    async def exec(self, container: str, process: ProcessSpec) -> Process:
        """Start an additional process in a running container. Raises StartError."""

    async def pause(self, container: str) -> None:
        """Suspend every process of a container."""

    async def unpause(self, container: str) -> None: ...

    def processes(self, container: str) -> list[int]:
        """Process ids on the host of a running container's processes, its first process first.
        Blocking: it takes the longer the more processes the host has."""

    def limit(self, container: str, limits: Limits) -> None:
        """Change the limits of a running container; does nothing for a stopped one, whose next
        start sets them. Raises OSError."""

    def out_of_memory(self, container: str) -> bool:
        """True where the kernel killed a process of the container for lack of memory; valid until
        `forget`."""

    async def forget(self, container: str) -> None:
        """Release all resources of a container whose first process has ended."""

    # Networks. Every call raises NetworkError with a sentence where they are not isolated here.

    async def create_bridge(self, name: str, *gateways: str) -> None:
        """Make a bridge (name of at most 15 bytes) in the engine's network room; an existing one
        stays as it is. `gateways` are its addresses with prefix length, IPv4 or IPv6."""

    async def delete_bridge(self, name: str) -> None: ...

    async def attach(self, container: str, endpoint: Endpoint) -> None:
        """Add an interface to a running container. Raises ContainerGone."""

    async def detach(self, container: str, interface: str) -> None: ...

    async def open_name_sockets(self, container: str) -> list[int]:
        """Open `Process.name_sockets` for a container that was started without a name server."""

    async def open_socket(self, container: str | None, kind: int) -> socket.socket:
        """Open a non-blocking IPv4 socket (SOCK_STREAM or SOCK_DGRAM) in a running container's
        network, or in the engine's network room (None). Connect the socket to reach a container;
        bind it to serve containers."""
