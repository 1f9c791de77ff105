"""Addresses of networks and containers: subnets from Docker's own pools, and the first free
address of a subnet. This module knows no interface and no container."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from typing import Any

from ..base import errors
from .model import Config

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

POOLS_4 = (
    *(ipaddress.IPv4Network(f"172.{second}.0.0/16") for second in range(17, 32)),
    *ipaddress.IPv4Network("192.168.0.0/16").subnets(new_prefix=20),
)
"""Pools of subnets for networks created without a subnet, in this order."""
LOOPBACK_POOLS = tuple(ipaddress.IPv4Network(f"127.{second}.0.0/16") for second in range(17, 48))
"""Pools where containers have no network of their own: only the host's loopback leads to them,
and the loopback answers all addresses of 127.0.0.0/8."""


class Exhausted(Exception):
    """All addresses of a subnet are in use."""


def choose_subnet(version: int, taken: Iterable[Subnet], isolated: bool) -> Subnet:
    """Choose a free subnet from the pools. Raises NotFound where none is free."""
    if version == 6:  # a random local one (RFC 4193), as the Engine makes
        return ipaddress.IPv6Network((0xFD << 120 | secrets.randbits(40) << 80, 64))
    used = [subnet for subnet in taken if subnet.version == 4]
    for pool in POOLS_4 if isolated else LOOPBACK_POOLS:
        if not any(pool.overlaps(subnet) for subnet in used):
            return pool
    raise errors.NotFound(
        "all predefined address pools have been fully subnetted: "
        "remove networks that nobody uses, or name a subnet"
    )


def reachable(config: Config, isolated: bool) -> bool:
    """True where containers can be reached at addresses of this subnet."""
    return ipaddress.ip_network(config["Subnet"]).is_loopback != isolated


def overlap(subnet: Subnet, taken: Iterable[Subnet]) -> bool:
    return any(subnet.version == each.version and subnet.overlaps(each) for each in taken)


class Pool:
    """The addresses of one subnet that are in use."""

    def __init__(self, config: Config) -> None:
        self.subnet: Subnet = ipaddress.ip_network(config["Subnet"])
        self._range: Subnet = ipaddress.ip_network(config.get("IPRange") or config["Subnet"])
        self._reserved: set[Address] = {
            ipaddress.ip_address(text) for text in _fixed(config).values() if text
        }
        # The first address is never assigned; in version 4 the last one is the broadcast address.
        self._reserved.add(self.subnet.network_address)
        if self.subnet.version == 4 and self.subnet.prefixlen < 31:
            self._reserved.add(self.subnet.broadcast_address)
        self._used: set[Address] = set()

    def take(self, wanted: str = "") -> str:
        """Take the first free address, or `wanted`. Raises Exhausted where no address is left,
        Forbidden where `wanted` is taken, BadRequest where `wanted` is not in this subnet."""
        if wanted:
            return self._take_one(ipaddress.ip_address(wanted))
        for number in range(self._range.num_addresses):
            address = self._range[number]
            if address not in self._reserved and address not in self._used:
                self._used.add(address)
                return str(address)
        version = self.subnet.version
        raise Exhausted(f"no available IPv{version} addresses on this network's address pools")

    def _take_one(self, address: Address) -> str:
        if address not in self.subnet:
            raise errors.BadRequest(f"no configured subnet contains IP address {address}")
        if address in self._used or address in self._reserved:
            raise errors.Forbidden("Address already in use")
        self._used.add(address)
        return str(address)

    def release(self, address: str) -> None:
        self._used.discard(ipaddress.ip_address(address))

    def with_prefix(self, address: str) -> str:
        return f"{address}/{self.subnet.prefixlen}"


def _fixed(config: Config) -> dict[str, Any]:
    return {"gateway": config.get("Gateway"), **(config.get("AuxiliaryAddresses") or {})}


def first_gateway(config: Config) -> str:
    """The default gateway of a subnet: the first address of its range, except the subnet's own
    address and auxiliary addresses. Raises BadRequest where the range has no such address."""
    subnet = ipaddress.ip_network(config["Subnet"])
    within = ipaddress.ip_network(config.get("IPRange") or config["Subnet"])
    auxiliary = set((config.get("AuxiliaryAddresses") or {}).values())
    for number in range(within.num_addresses):
        address = within[number]
        if address != subnet.network_address and str(address) not in auxiliary:
            return str(address)
    raise errors.BadRequest(f"the subnet {subnet} has no address for a gateway")


def mac_of(address: str) -> str:
    """Docker's MAC address for an IPv4 address."""
    return "02:42:" + ipaddress.IPv4Address(address).packed.hex(":")


def random_mac() -> str:
    """A random MAC address, locally administered, for an endpoint without an IPv4 address."""
    return "02:42:" + secrets.token_bytes(4).hex(":")
