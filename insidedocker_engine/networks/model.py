"""The record of a network, in memory and in its file on disk.

This module knows neither bridges nor containers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import timestamps
from ..base.records import Kept
from ..files import atomic_files

PREDEFINED = ("bridge", "host", "none")
"""Networks that every engine has; `bridge` is the default for containers."""

Config = dict[str, Any]
"""One entry of IPAM.Config: Subnet, Gateway, IPRange, AuxiliaryAddresses (only fields that are
set)."""


@dataclass
class Network(Kept):
    """The record written to disk. Addresses in use are not part of it: they end with processes."""

    id: str
    name: str
    created: int
    """Nanoseconds since 1970."""
    driver: str = "bridge"
    """bridge, host or null."""
    ipam_driver: str = "default"
    ipam_options: dict[str, str] | None = None
    shown: list[Config] | None = None
    """IPAM.Config of an answer: as requested, or as chosen by the engine."""
    chosen_by_user: bool = False
    """True where the request named a subnet."""
    pools: list[Config] = field(default_factory=list)
    """One entry for each address family: Subnet, Gateway, optional IPRange and
    AuxiliaryAddresses."""
    internal: bool = False
    attachable: bool = False
    ipv4: bool = True
    ipv6: bool = False
    config_only: bool = False
    config_from: str = ""
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def named(self) -> bool:
        """True where containers in the network find each other by name."""
        return self.driver == "bridge" and not self.predefined

    @property
    def bridge(self) -> str:
        """The name of the network's bridge interface, at most 15 bytes; internal to the engine."""
        return f"br-{self.id[:12]}"

    def pool(self, version: int) -> Config | None:
        """Subnet and gateway of IP version 4 or 6."""
        for pool in self.pools:
            if (":" in pool["Subnet"]) == (version == 6):
                return pool
        return None

    def attributes(self) -> dict[str, str]:
        """The network's attributes in an event."""
        return {"name": self.name, "type": self.driver}

    def save(self, folder: Path) -> None:
        """Write the record into `folder`. Blocking, short."""
        atomic_files.write_json(folder / f"{self.id}.json", self.plain())

    @classmethod
    def read(cls, file: Path) -> Network:
        """Read a record. Raises OSError, ValueError, TypeError or AttributeError for an invalid
        file."""
        return cls.of(atomic_files.read_json(file))

    def describe(self) -> dict[str, Any]:
        """The network's entry in a list, without containers."""
        return {
            "Name": self.name,
            "Id": self.id,
            "Created": timestamps.text(self.created),
            "Scope": "local",
            "Driver": self.driver,
            "EnableIPv4": self.ipv4,
            "EnableIPv6": self.ipv6,
            "IPAM": {
                "Driver": self.ipam_driver,
                "Options": self.ipam_options,
                "Config": self.shown,
            },
            "Internal": self.internal,
            "Attachable": self.attachable,
            "Ingress": False,
            "ConfigFrom": {"Network": self.config_from},
            "ConfigOnly": self.config_only,
            "Containers": {},
            "Options": self.options,
            "Labels": self.labels,
        }
