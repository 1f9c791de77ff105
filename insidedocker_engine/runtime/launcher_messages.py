"""Requests of the engine to its launcher, sent as pickles: the launcher is the engine's own child
and runs the same code."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Endpoint, ProcessSpec, SandboxSpec

ENGINE = 3
"""The descriptor of the launcher's socket to the engine."""


class NotDone(Exception):
    """A request failed; the text says how."""


@dataclass(frozen=True)
class Start:
    """Start the first process of a container. `ticket` identifies the process in reports."""

    ticket: int
    sandbox: SandboxSpec
    process: ProcessSpec
    groups: tuple[str, ...] = ()
    """Folders of the control groups that the process starts in."""


@dataclass(frozen=True)
class Exec:
    """Start an additional process in a running container."""

    ticket: int
    container: str
    process: ProcessSpec
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class End:
    """Kill the process of that ticket, of which the engine has no descriptor."""

    ticket: int


@dataclass(frozen=True)
class AddBridge:
    name: str
    gateways: tuple[str, ...]


@dataclass(frozen=True)
class DeleteBridge:
    name: str


@dataclass(frozen=True)
class Attach:
    container: str
    endpoint: Endpoint


@dataclass(frozen=True)
class Detach:
    container: str
    interface: str


@dataclass(frozen=True)
class OpenSockets:
    """Open `count` IPv4 sockets in a container's network, or in the network room (None)."""

    container: str | None
    kind: int
    count: int


@dataclass(frozen=True)
class OpenNameSockets:
    container: str


@dataclass(frozen=True)
class Forget:
    """Release the network of a container that has ended or is ending."""

    container: str


@dataclass(frozen=True)
class Bind:
    """Let the kernel end the launcher with the engine, which is now its parent."""


Request = (
    Start
    | Exec
    | End
    | AddBridge
    | DeleteBridge
    | Attach
    | Detach
    | OpenSockets
    | OpenNameSockets
    | Forget
    | Bind
)
