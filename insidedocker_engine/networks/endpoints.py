"""A container's endpoint in one network: requested settings, checked, and assigned addresses.

This module knows no runtime; `attachments` assigns addresses and has the interfaces made.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import errors, schema
from ..runtime.contract import Endpoint
from .model import Network

if TYPE_CHECKING:
    from ..container.record import Container
    from .port_mapping import Ports

MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")

EMPTY: dict[str, Any] = {
    "IPAMConfig": None,
    "Links": None,
    "Aliases": None,
    "MacAddress": "",
    "DriverOpts": None,
    "GwPriority": 0,
    "NetworkID": "",
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": None,
}
"""EndpointSettings of a stopped container without requested settings."""

ASKED = ("IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority")
"""Fields that a client sets. A requested MAC address is kept as WantedMac, since MacAddress in an
answer is the one in use."""
SHAPE: schema.Shape = {
    "IPAMConfig": {"IPv4Address": str, "IPv6Address": str, "LinkLocalIPs": [str]},
    "Links": [str],
    "Aliases": [str],
    "DriverOpts": schema.STRINGS,
    "GwPriority": int,
    "MacAddress": str,
}


@dataclass
class Joined:
    """The endpoint of a running container in a network. Empty texts mean: not present."""

    network: Network
    container: Container
    id: str
    """The endpoint's id."""
    settings: dict[str, Any]
    """Requested settings, as in the container's record."""
    interface: str = ""
    mac: str = ""
    ipv4: str = ""
    ipv6: str = ""
    """Addresses with prefix length, as is `ipv4`."""
    gateway: str = ""
    gateway6: str = ""

    @property
    def address(self) -> str:
        return self.ipv4.partition("/")[0]

    @property
    def address6(self) -> str:
        return self.ipv6.partition("/")[0]

    def shown(self) -> dict[str, Any]:
        """The fields of EndpointSettings that only a running container has."""
        return {
            "MacAddress": self.mac,
            "NetworkID": self.network.id,
            "EndpointID": self.id,
            "Gateway": self.gateway,
            "IPAddress": self.address,
            "IPPrefixLen": _prefix(self.ipv4),
            "IPv6Gateway": self.gateway6,
            "GlobalIPv6Address": self.address6,
            "GlobalIPv6PrefixLen": _prefix(self.ipv6),
        }

    def member(self) -> dict[str, Any]:
        """The container as an inspect of the network shows it."""
        return {
            "Name": self.container.name,
            "EndpointID": self.id,
            "MacAddress": self.mac,
            "IPv4Address": self.ipv4,
            "IPv6Address": self.ipv6,
        }

    def for_runtime(self, default_route: bool) -> Endpoint:
        return Endpoint(
            self.network.bridge,
            self.interface,
            self.ipv4,
            self.mac,
            (self.gateway or None) if default_route else None,
            self.ipv6,
            (self.gateway6 or None) if default_route else None,
        )

    def names(self) -> list[str]:
        """Names of the container in this network, its own name first."""
        return names_of(self.container, self.settings)


def names_of(container: Container, settings: dict[str, Any]) -> list[str]:
    """DNSNames of a container: name, aliases, short id and, where different, host name."""
    aliases = settings.get("Aliases") or []
    every = [container.name, *aliases, container.id[:12], str(container.config["Hostname"])]
    return list(dict.fromkeys(filter(None, every)))


def _prefix(address: str) -> int:
    return int(address.partition("/")[2] or 0)


def show(container: Container, joined: Joined | None, settings: dict[str, Any]) -> dict[str, Any]:
    """Complete EndpointSettings of a container in one network; `joined` is None where it does not
    run."""
    shown = {**EMPTY, **{field: settings.get(field, EMPTY[field]) for field in ASKED}}
    shown["NetworkID"] = settings.get("NetworkID") or ""
    if not shown["NetworkID"]:  # never joined: the answer shows the requested MAC address
        shown["MacAddress"] = settings.get("WantedMac") or ""
    if settings.get("Named"):
        shown["DNSNames"] = names_of(container, settings)
    return {**shown, **joined.shown()} if joined is not None else shown


def asked(name: str, given: Any) -> dict[str, Any]:
    """The fields of a request's EndpointSettings that are kept. Raises BadRequest."""
    if not isinstance(given, dict):
        raise _invalid(name, "EndpointsConfig is nil")
    schema.check("EndpointsConfig", given, SHAPE)
    kept = {field: given[field] for field in ASKED if given.get(field) is not None}
    mac = given.get("MacAddress") or ""
    if mac and not MAC.fullmatch(mac):
        raise _invalid(name, f"invalid MAC address {mac}")
    if mac:
        kept["WantedMac"] = mac.lower().replace("-", ":")
    return kept


def check(network: Network, name: str, settings: dict[str, Any]) -> None:
    """Raise BadRequest for settings that this network cannot provide."""
    faults = list(_faults(network, settings))
    if len(faults) == 1:
        raise _invalid(name, f"invalid endpoint settings:\n{faults[0]}")
    if faults:
        listed = "\n".join(f"* {fault}" for fault in faults)
        raise _invalid(name, f"invalid endpoint settings:\n{listed}")


def _faults(network: Network, settings: dict[str, Any]) -> Iterable[str]:
    wanted = settings.get("IPAMConfig") or {}
    fixed = [(4, wanted.get("IPv4Address") or ""), (6, wanted.get("IPv6Address") or "")]
    if settings.get("Aliases") and network.name in ("bridge", "host", "none"):
        yield "network-scoped aliases are only supported for user-defined networks"
    if any(text for _, text in fixed) and not network.named:
        yield "user specified IP address is supported on user defined networks only"
    for version, text in fixed:
        if not text:
            continue
        try:
            address = ipaddress.ip_address(text)
            if address.version != version:
                raise ValueError(text)
        except ValueError:
            yield f"invalid IPv{version} address: {text}"
            address = None
        asked_for = [each["Subnet"] for each in network.shown or [] if network.chosen_by_user]
        if not any((":" in subnet) == (version == 6) for subnet in asked_for):
            yield (
                "user specified IP address is supported only when connecting to networks with "
                "user configured subnets"
            )
        elif address is not None and not any(
            address in ipaddress.ip_network(subnet) for subnet in asked_for
        ):
            yield f"no configured subnet contains IP address {text}"


def _invalid(name: str, text: str) -> errors.BadRequest:
    return errors.BadRequest(f"invalid config for network {name}: {text}")


def show_all(container: Container, joined: dict[str, Joined]) -> dict[str, dict[str, Any]]:
    """Network name -> complete EndpointSettings."""
    return {
        name: show(container, joined.get(name), settings)
        for name, settings in container.record.networks.items()
    }


def add_ids_to_aliases(container: Container, all_settings: dict[str, Any]) -> None:
    """Add short id and host name to Aliases, as inspect answers have them before API 1.45."""
    for name, shown in all_settings["Networks"].items():
        if container.record.networks[name].get("Named"):
            own = [container.id[:12], str(container.config["Hostname"])]
            shown["Aliases"] = list(dict.fromkeys([*(shown["Aliases"] or []), *own]))


def network_settings(
    container: Container, joined: dict[str, Joined], ports: Ports
) -> dict[str, Any]:
    """NetworkSettings of an inspect answer, with the container's endpoints and published ports."""
    all_endpoints = show_all(container, joined)
    default = all_endpoints.get("bridge", EMPTY)
    running = container.run is not None
    return {
        "Bridge": "",
        "SandboxID": container.id if running else "",
        "SandboxKey": f"/proc/{container.state.pid}/ns/net" if running else "",
        "Ports": ports,
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
