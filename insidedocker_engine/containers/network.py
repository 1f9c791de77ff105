"""A container's place in networks: the one seam between containers and the engine's networks."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors
from ..networks import endpoints as joining
from ..runtime.contract import Endpoint

if TYPE_CHECKING:
    from ..container.record import Container
    from ..container.store import ContainerStore
    from ..networks.attachments import Attachments, Membership
    from ..networks.networks import Networks


@dataclass
class Place:
    """What the runtime and the files of a container need to know."""

    mode: str
    """private, host or container:<id>."""
    endpoints: list[Endpoint] = field(default_factory=list)
    name_server: bool = False
    """Whether names are asked for at the engine's own name server."""
    hosts: list[str] = field(default_factory=list)
    """Lines for /etc/hosts: the container's own addresses, and others'."""
    files: Path | None = None
    """Whose hosts, hostname and resolv.conf it sees, where they are not its own."""


async def join(networks: Networks, containers: ContainerStore, container: Container) -> Place:
    """Before a start. Raises NotFound for a network that is not there."""
    mode = container.network_mode
    if mode.startswith("container:"):
        other = containers.get(mode.removeprefix("container:"))
        if not other.state.running:
            raise errors.Conflict(
                "cannot join network namespace of a non running container: "
                f"container {other.name} is {other.state.status}"
            )
        return Place(f"container:{other.id}", files=other.folder)
    membership = networks.membership
    made = await membership.join(container)
    return Place(
        "host" if mode == "host" else "private",
        made,
        name_server=membership.has_name_server(container),
        hosts=membership.host_lines(container),
    )


def files_of(containers: ContainerStore, container: Container) -> Path:
    """The folder with the hosts, hostname and resolv.conf that a container sees."""
    mode = container.network_mode
    if mode.startswith("container:"):
        with contextlib.suppress(errors.NotFound):
            return containers.get(mode.removeprefix("container:")).folder
    return container.folder


def endpoints(container: Container, attachments: Attachments) -> dict[str, dict[str, Any]]:
    """EndpointSettings by network name, complete."""
    return {
        name: joining.show(container, attachments.joined.get(name), settings)
        for name, settings in container.record.networks.items()
    }


def add_ids_to_aliases(container: Container, all_settings: dict[str, Any]) -> None:
    """Before API 1.45 an inspect answer has the names that nobody asked for among Aliases."""
    for name, shown in all_settings["Networks"].items():
        if container.record.networks[name].get("Named"):
            own = [container.id[:12], str(container.config["Hostname"])]
            shown["Aliases"] = list(dict.fromkeys([*(shown["Aliases"] or []), *own]))


def settings(container: Container, membership: Membership) -> dict[str, Any]:
    """NetworkSettings of an inspect answer."""
    attachments = membership.attachments(container)
    all_endpoints = endpoints(container, attachments)
    default = all_endpoints.get("bridge", joining.EMPTY)
    running = container.run is not None
    return {
        "Bridge": "",
        "SandboxID": container.id if running else "",
        "SandboxKey": f"/proc/{container.state.pid}/ns/net" if running else "",
        "Ports": attachments.ports,
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **{name: default[name] for name in _OF_DEFAULT_BRIDGE},
        "Networks": all_endpoints,
    }


_OF_DEFAULT_BRIDGE = (
    "EndpointID",
    "Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "MacAddress",
)
