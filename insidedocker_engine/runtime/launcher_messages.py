"""What the engine can ask of its launcher. Sent as pickles from the one to the other, which is
its own child and runs the same code."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Endpoint, ProcessSpec, SandboxSpec

ENGINE = 3
"""The launcher's descriptor of its socket to the engine."""


class NotDone(Exception):
    """What the launcher was asked for failed; the text says how."""


@dataclass(frozen=True)
class Start:
    """The first process of a container. `ticket` names the process in reports."""

    ticket: int
    sandbox: SandboxSpec
    process: ProcessSpec
    groups: tuple[str, ...] = ()
    """Folders of the control groups it starts in."""


@dataclass(frozen=True)
class Exec:
    """One more process in a running container."""

    ticket: int
    container: str
    process: ProcessSpec
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class End:
    """Kill the process of that ticket, which the engine has no hand on."""

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
    """`count` new IPv4 sockets in a container's network, or in the engine's room (None)."""

    container: str | None
    kind: int
    count: int


@dataclass(frozen=True)
class OpenNameSockets:
    container: str


@dataclass(frozen=True)
class Forget:
    """The container has ended, or is about to: its network goes."""

    container: str


@dataclass(frozen=True)
class Bind:
    """From now on the engine is the launcher's parent: end with it."""


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
