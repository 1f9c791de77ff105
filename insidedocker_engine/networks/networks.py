"""All networks of one engine: find, create and remove them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, filters
from ..base.events import Events
from ..base.kept_aside import KeptAside
from ..base.restrictions import Restrictions
from ..container.store import ContainerStore
from ..files import atomic_files
from ..runtime.contract import NetworkError
from . import addresses, create_request, endpoints, links, port_mapping
from .attachments import Membership
from .model import Config, Network

if TYPE_CHECKING:
    from ..runtime.contract import Runtime

log = logging.getLogger(__name__)

DEFAULT_OPTIONS = {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
    "com.docker.network.bridge.name": "docker0",
    "com.docker.network.driver.mtu": "1500",
}


class Networks:
    """All networks of one engine."""

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        containers: ContainerStore,
        events: Events,
        *,
        restrictions: Restrictions,
        kept_aside: KeptAside,
    ) -> None:
        self._folder = folder
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._runtime = runtime
        self._containers = containers
        self._events = events
        self._restrictions = restrictions
        self._kept_aside = kept_aside
        self._all: dict[str, Network] = {}
        self._making: dict[str, Network] = {}
        """Networks that are being written; their names and subnets are taken already."""
        self._removing: set[str] = set()
        """Ids of networks whose files are being removed: nobody finds them any more."""
        self.membership = Membership(runtime, containers, events, self.find)

    @property
    def _isolated(self) -> bool:
        return self._runtime.isolation.network

    # From disk

    def load(self) -> None:
        """Read every network from disk; make the missing predefined ones."""
        for file in sorted(self._folder.iterdir()):
            if file.name.startswith("."):
                file.unlink()  # a half-written record, left by a killed engine
                continue
            try:
                self._add(Network.read(file))
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                self._kept_aside.note("the network", file, error)
        for network in self.all():
            if not network.chosen_by_user:
                self._renew_pools(network)
        known = {network.name for network in self._all.values()}
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            if name not in known:
                self._add(self._predefined(name, driver))

    def _predefined(self, name: str, driver: str) -> Network:
        network = Network(secrets.token_hex(32), name, time.time_ns(), driver)
        if driver == "bridge":
            network.options = dict(DEFAULT_OPTIONS)
            network.pools = [self._choose_pool(4)]
            network.shown = [dict(pool) for pool in network.pools]
        network.save(self._folder)
        return network

    def _choose_pool(self, version: int) -> Config:
        subnet = addresses.choose_subnet(version, self._subnets(), self._isolated)
        pool = {"Subnet": str(subnet)}
        return {**pool, "Gateway": addresses.first_gateway(pool)}

    def _renew_pools(self, network: Network) -> None:
        """Choose a new IPv4 subnet where the current one does not reach containers: it was chosen
        under another runtime."""
        if all(":" in p["Subnet"] or addresses.reachable(p, self._isolated) for p in network.pools):
            return
        others = [pool for pool in network.pools if ":" in pool["Subnet"]]
        network.pools = [self._choose_pool(4), *others]
        network.shown = [dict(pool) for pool in network.pools]
        self.membership.add(network)
        network.save(self._folder)

    def _add(self, network: Network) -> None:
        self.membership.add(network)
        self._all[network.id] = network

    def _subnets(self) -> list[addresses.Subnet]:
        return [
            ipaddress.ip_network(pool["Subnet"])
            for network in self._reserved()
            for pool in network.pools
        ]

    def _reserved(self) -> list[Network]:
        """All networks, including those in the making, and those that are just going."""
        return [*self._all.values(), *self._making.values()]

    # Finding

    def all(self) -> list[Network]:
        """All networks, in the order of their files, then of their creation."""
        return [each for each in self._all.values() if each.id not in self._removing]

    def find(self, name: str) -> Network | None:
        """Find a network by id, name or the first digits of an id. Raises BadRequest where
        several ids match."""
        here = self.all()
        for each in here:
            if each.id == name:
                return each
        named = [each for each in here if each.name == name]
        if named:
            return named[0]
        matches = [each for each in here if name and each.id.startswith(name)]
        if len(matches) > 1:
            raise errors.BadRequest(
                f"network {name} is ambiguous ({len(matches)} matches found based on ID prefix)"
            )
        return matches[0] if matches else None

    def get(self, name: str) -> Network:
        """Find a network as `find` does. Raises NotFound, BadRequest."""
        network = self.find("bridge" if name == "default" else name)
        if network is None:
            raise errors.NotFound(f"network {name} not found")
        return network

    def dangling(self, network: Network) -> bool:
        """True for a network that is not predefined and has no running containers."""
        return not network.predefined and not self.membership.of(network)

    # Making and removing

    async def create(self, body: dict[str, Any]) -> Network:
        """Create a network from a request's body. Raises BadRequest, Forbidden, NotFound,
        Conflict, OSError."""
        driver = body.get("Driver")
        self._restrictions.refuse(
            driver not in (None, "", "bridge", "default"), f"a network with the driver {driver}"
        )
        others = self._reserved()
        self._restrictions.limit("networks", len(others))
        network = create_request.read(body, others, self._isolated)
        self._making[network.id] = network
        try:
            await asyncio.to_thread(network.save, self._folder)
            self._add(network)
        finally:
            del self._making[network.id]
        self.emit("create", network)
        return network

    async def remove(self, network: Network) -> None:
        """Remove a network. Raises Forbidden for a predefined network, and where containers are
        in the network; NotFound where another call removes it; OSError."""
        if network.predefined:
            raise errors.Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        members = self.membership.of(network)
        if members:
            listed = ", ".join(
                f'name:"{each.container.name}" id:"{each.id[:12]}"' for each in members
            )
            raise errors.Forbidden(
                f"error while removing network: network {network.name} "
                f"has active endpoints ({listed})"
            )
        if network.id in self._removing or network.id not in self._all:
            raise errors.NotFound(f"network {network.name} not found")

        def erase() -> None:
            (self._folder / f"{network.id}.json").unlink(missing_ok=True)
            atomic_files.sync_folder(self._folder)

        self._removing.add(network.id)
        try:
            await asyncio.to_thread(erase)
            del self._all[network.id]
            self.membership.drop(network)
        finally:
            self._removing.discard(network.id)
        with contextlib.suppress(NetworkError):  # it has no bridge yet
            await self._runtime.delete_bridge(network.bridge)
        self.emit("destroy", network)

    async def prune(self, wanted: filters.Filters) -> list[str]:
        """Remove every network without containers that passes the filters; returns their names.
        Raises BadRequest."""
        passes = filters.prunable(wanted)
        removed = []
        for network in self.all():
            if network.config_only or not self.dangling(network):
                continue
            if passes(network.labels, network.created):
                try:
                    await self.remove(network)
                except (errors.Forbidden, errors.NotFound):  # in use or removed meanwhile
                    continue
                removed.append(network.name)
        return removed

    def emit(self, action: str, network: Network, **more: str) -> None:
        attributes = {**more, **network.attributes()}
        self._events.emit("network", action, network.id, attributes)

    # For other parts of the engine

    def warnings(self) -> list[str]:
        """Warnings of /info about limits of these networks."""
        if not self._isolated:
            return [
                "WARNING: Containers share the host's network here: what one of them listens at, "
                "all can reach, and two cannot listen at the same port"
            ]
        return [
            "WARNING: Containers reach each other and are reached by published ports, but nothing "
            "outside: only the host network leads there without privilege"
        ]

    def check(
        self,
        config: dict[str, Any],
        host_config: dict[str, Any],
        asked: dict[str, dict[str, Any]],
        version: tuple[int, int],
    ) -> dict[str, dict[str, Any]]:
        """Check a new container's network settings; returns network name -> kept settings.
        A network that does not exist is an error only at the container's start. Raises
        BadRequest, NotFound."""
        if version < (1, 44) and len(asked) > 1:
            raise errors.BadRequest(
                f"Container cannot be connected to network endpoints: {', '.join(asked)}"
            )
        mode = self._mode(config, host_config)
        kept: dict[str, dict[str, Any]] = {}
        for name, given in asked.items():
            network = self.find(name)
            settings = endpoints.asked(name, given)
            if network is not None:
                endpoints.check(network, name, settings)
            kept[network.name if network is not None else name] = settings
        if {"host", "none"} & {mode, *kept} and len(kept | {mode: {}}) > 1:
            raise errors.BadRequest(
                "conflicting options: cannot attach both user-defined and non-user-defined "
                "network-modes"
            )
        if config.get("MacAddress") and kept:
            first = kept.get(mode) or next(iter(kept.values()))
            mac = endpoints.asked("", {"MacAddress": config["MacAddress"]})
            first.setdefault("WantedMac", mac["WantedMac"])
        port_mapping.check(host_config)
        links.keep(self._containers, host_config)
        return kept

    def _mode(self, config: dict[str, Any], host_config: dict[str, Any]) -> str:
        """NetworkMode; `container:<name>` is replaced by `container:<id>`. Raises BadRequest for
        settings that conflict with a shared network, NotFound for an unknown container."""
        mode = str(host_config["NetworkMode"])
        if not mode.startswith("container:"):
            return mode
        for field, what in _OF_ONES_OWN.items():
            if host_config.get(field):
                raise errors.BadRequest(f"conflicting options: {what}")
        if config.get("ExposedPorts"):
            raise errors.BadRequest(
                "conflicting options: port exposing and the container type network mode"
            )
        try:
            other = self._containers.get(mode.removeprefix("container:"))
        except errors.NotFound as error:
            raise errors.NotFound(
                f"joining network namespace of container: {error.message}"
            ) from None
        config["Hostname"] = other.config["Hostname"]
        config["Domainname"] = other.config["Domainname"]
        host_config["NetworkMode"] = f"container:{other.id}"
        return str(host_config["NetworkMode"])


_OF_ONES_OWN = {
    "Dns": "dns and the network mode",
    "ExtraHosts": "custom host-to-IP mapping and the network mode",
    "PortBindings": "port publishing and the container type network mode",
    "PublishAllPorts": "port publishing and the container type network mode",
}
"""Setting that a container with another container's network cannot have -> words of the error."""
