"""Containers in networks: what a start, an end, a connect and a disconnect do there.

Of the container it changes what it has in its networks, its published ports and its /etc/hosts;
whether it runs is the containers' own business.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import errors
from ..runtime import ContainerGone, Endpoint, NetworkError
from . import addresses, endpoints, hosts, links, ports
from .addresses import Pool
from .endpoints import Joined
from .model import Network
from .names import NameServer

if TYPE_CHECKING:
    from ..containers import Container
    from . import Networks

log = logging.getLogger(__name__)

FAILED = "failed to set up container networking: "
LOOPBACK = "127.0.0.1"


class Membership:
    """Who is in which network of one engine."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._engine = networks.engine
        self._pools: dict[str, list[Pool]] = {}
        """Of each network, the addresses of its subnets."""
        self._members: dict[str, dict[str, Joined]] = {}
        """Of each network, the running containers in it, by their ids."""
        self._published = ports.Published()
        self._servers: dict[str, NameServer] = {}
        """Of containers in networks with names."""

    @property
    def _isolated(self) -> bool:
        return self._engine.runtime.isolation.network

    def add(self, network: Network) -> None:
        self._pools[network.id] = [Pool(config) for config in network.pools]
        self._members[network.id] = {}

    def drop(self, network: Network) -> None:
        self._pools.pop(network.id, None)
        self._members.pop(network.id, None)

    def of(self, network: Network) -> list[Joined]:
        """The running containers in a network."""
        return list(self._members.get(network.id, {}).values())

    # Containers that start and end

    async def join(self, container: Container) -> list[Endpoint]:
        """Put a container that is about to start into its networks and publish its ports. What
        fails is undone by `leave`. Returns what the runtime has to make."""
        await self.leave(container)  # left over from a connect while it was ending
        mode = container.network_mode
        wanted = sorted(container.record.networks, key=lambda name: (name != mode, name))
        for name in wanted:
            network = self._networks.find(name)
            if network is None:
                raise errors.NotFound(f"{FAILED}network {name} not found")
            record = container.record.networks
            record[network.name] = record.pop(name)  # it may be asked for by its id
            try:
                await self._join(container, network, record[network.name])
            except errors.APIError as error:
                raise type(error)(f"{FAILED}{error.message}") from None
        links.check_running(self._engine, container)
        await self._publish(container)
        for joined in container.joined.values():
            self._tell("connect", joined)
        for other in self._concerned(container):
            await hosts.refresh(other, self.hosts(other))
        if not self._isolated:
            return []
        way_out = self.way_out(container)
        return [
            each.for_runtime(default_route=each is way_out)
            for each in container.joined.values()
            if each.interface
        ]

    async def _join(
        self, container: Container, network: Network, settings: dict[str, Any]
    ) -> Joined:
        endpoints.check(network, network.name, settings)
        joined = Joined(network, container, secrets.token_hex(32), settings)
        settings["NetworkID"], settings["Named"] = network.id, network.named
        self._members[network.id][container.id] = joined
        container.joined[network.name] = joined
        if network.driver == "bridge":
            self._give_addresses(joined)
            await self._make_bridge(network)
        return joined

    def _give_addresses(self, joined: Joined) -> None:
        network, settings = joined.network, joined.settings
        wanted = settings.get("IPAMConfig") or {}
        for pool, config in zip(self._pools[network.id], network.pools, strict=True):
            gateway = "" if network.internal else config["Gateway"]
            if pool.subnet.version == 4:
                joined.ipv4 = self._address(network, pool, wanted.get("IPv4Address") or "")
                joined.gateway = gateway
            else:
                joined.ipv6 = self._address(network, pool, wanted.get("IPv6Address") or "")
                joined.gateway6 = gateway
        joined.mac = settings.get("WantedMac") or ""
        if not self._isolated:
            return  # there is no interface that could have one
        if not joined.mac:
            own = joined.address
            joined.mac = addresses.mac_of(own) if own else addresses.random_mac()
        taken = {each.interface for each in joined.container.joined.values()}
        names = (f"eth{number}" for number in range(len(taken) + 1))
        joined.interface = next(name for name in names if name not in taken)

    @staticmethod
    def _address(network: Network, pool: Pool, wanted: str) -> str:
        try:
            return pool.with_prefix(pool.take(wanted))
        except addresses.Exhausted as error:
            raise errors.Forbidden(f"{error}: {network.name} ({network.id})") from None

    async def _make_bridge(self, network: Network) -> None:
        """It is there already but for the first container since the launcher was started."""
        if not self._isolated:
            return
        pools = zip(self._pools[network.id], network.pools, strict=True)
        gateways = [pool.with_prefix(config["Gateway"]) for pool, config in pools]
        try:
            await self._engine.runtime.create_bridge(network.bridge, *gateways)
        except NetworkError as error:
            raise errors.APIError(f"the bridge of {network.name}: {error}") from None

    async def serve_names(self, container: Container, sockets: list[int]) -> None:
        """Begin to answer the programs of a container that has just started."""
        if sockets:
            server = NameServer(container, lambda joined: self.of(joined.network))
            self._servers[container.id] = server
            await server.serve(*(socket.socket(fileno=number) for number in sockets))

    async def last_words(self, container: Container) -> None:
        """At the end of a run, while its network is still there: let what it sent last arrive."""
        await self._published.last_words(container)

    async def leave(self, container: Container) -> None:
        """After the end of a run, or of an attempt to start."""
        server = self._servers.pop(container.id, None)
        if server is not None:
            server.close()
        self._published.withdraw(container)
        container.ports = {}
        concerned = self._concerned(container)
        for joined in list(container.joined.values()):
            self._leave(joined)
        for other in concerned:
            await hosts.refresh(other, self.hosts(other))

    def _leave(self, joined: Joined) -> None:
        network, container = joined.network, joined.container
        container.joined.pop(network.name, None)
        self._members.get(network.id, {}).pop(container.id, None)
        for pool in self._pools.get(network.id, []):
            address = joined.address if pool.subnet.version == 4 else joined.address6
            if address:
                pool.release(address)
        self._tell("disconnect", joined)

    def _tell(self, action: str, joined: Joined) -> None:
        self._networks.emit(action, joined.network, container=joined.container.id)

    # Names in /etc/hosts

    def hosts(self, container: Container) -> list[str]:
        """The lines of /etc/hosts that are about other containers: links on the default bridge.
        Where no name server can be had, all others in networks with names too."""
        lines = links.host_lines(self._engine, container)
        if not self._isolated:
            for joined in container.joined.values():
                lines += self._neighbours(joined)
        return lines

    def host_lines(self, container: Container) -> list[str]:
        """All that the engine has to say in /etc/hosts of a container that is about to start."""
        container.host_lines = [*self.hosts(container), *hosts.own_lines(container)]
        return container.host_lines

    def _neighbours(self, joined: Joined) -> Iterable[str]:
        if not joined.network.named:
            return
        for other in self.of(joined.network):
            if other is not joined:
                known = [*other.names(), f"{other.container.name}.{joined.network.name}"]
                known += hosts.aliases(joined, other)
                yield f"{self._reached_at(other)}\t{' '.join(known)}"

    def _reached_at(self, joined: Joined) -> str:
        """Without networks of our own every container is on the host's loopback."""
        return joined.address if joined.address.startswith("127.") else LOOPBACK

    def _concerned(self, container: Container) -> list[Container]:
        """Running containers whose /etc/hosts tells of `container`."""
        found = {}
        for joined in container.joined.values():
            for other in self.of(joined.network):
                linked = other.container.host_config["Links"]
                if linked or (joined.network.named and not self._isolated):
                    found[other.container.id] = other.container
        found.pop(container.id, None)
        return [other for other in found.values() if other.run is not None]

    # Published ports

    @staticmethod
    def way_out(container: Container) -> Joined | None:
        """The network that leads out of the container and into it from the host: the one with
        the highest GwPriority, then the first by name; never an internal one."""
        candidates = [each for each in container.joined.values() if each.gateway or each.gateway6]
        return min(
            candidates,
            key=lambda each: (-int(each.settings.get("GwPriority") or 0), each.network.name),
            default=None,
        )

    async def _publish(self, container: Container) -> None:
        """Publish what is asked for, or lead what is published to where the container is now."""
        way_out = self.way_out(container)
        if way_out is None:
            self._published.withdraw(container)
            container.ports = {}
            return
        address = way_out.address if self._isolated else self._reached_at(way_out)
        if container.ports:
            self._published.redirect(container, address)
            return
        try:
            container.ports = await self._published.publish(
                container, address, self._reach, direct=not self._isolated
            )
        except ports.NotPublished as error:
            raise errors.APIError(
                f"{FAILED}driver failed programming external connectivity on endpoint "
                f"{container.name} ({way_out.id}): {error}"
            ) from None

    async def _reach(self, kind: int) -> socket.socket:
        try:
            return await self._engine.runtime.open_socket(None, kind)
        except NetworkError as error:
            raise OSError(str(error)) from None

    # Connecting and disconnecting

    async def connect(self, network: Network, container: Container, given: Any) -> None:
        """Raises BadRequest, Forbidden, Conflict."""
        settings = endpoints.asked(network.name, given or {})
        async with container.lock:
            self._check_connect(network, container)
            if network.name in container.joined:
                raise errors.Forbidden(
                    f"endpoint with name {container.name} already exists in network {network.name}"
                )
            endpoints.check(network, network.name, settings)
            if container.run is not None:
                await self._plug(network, container, settings)
            container.record.networks[network.name] = settings
            await self._engine.containers.save(container)

    @staticmethod
    def _check_connect(network: Network, container: Container) -> None:
        mode = container.network_mode
        if container.removing:
            raise errors.Conflict(
                f"Container {container.id} is marked for removal and cannot be connected or "
                "disconnected to the network"
            )
        if network.driver == "host":
            raise errors.BadRequest(
                "cannot connect container to host network - "
                "container must be created in host network mode"
            )
        if mode == "host" or mode.startswith("container:"):
            raise errors.BadRequest(
                "container sharing network namespace with another container or host "
                "cannot be connected to any other network"
            )
        others = set(container.record.networks) - {network.name}
        if "none" in others or (others and network.driver == "null"):
            raise errors.BadRequest(
                "container cannot be connected to multiple networks with one of the networks in "
                "private (none) mode"
            )

    async def _plug(self, network: Network, container: Container, settings: dict[str, Any]) -> None:
        """Put a running container into one more network."""
        joined = await self._join(container, network, settings)
        try:
            if self._isolated and joined.interface:
                first = self.way_out(container) is joined and len(container.joined) == 1
                endpoint = joined.for_runtime(default_route=first)
                await self._engine.runtime.attach(container.id, endpoint)
            await self._publish(container)
        except BaseException as error:
            self._leave(joined)
            if isinstance(error, ContainerGone):
                return  # as with one that does not run: its next start joins
            if isinstance(error, NetworkError):
                raise errors.APIError(f"{FAILED}{error}") from None
            raise
        if self._isolated and network.named:
            await self._start_naming(container)
        self._tell("connect", joined)
        for each in (container, *self._concerned(container)):
            await hosts.refresh(each, self.hosts(each))

    async def _start_naming(self, container: Container) -> None:
        """A container that had no name server gets one, with its first network with names."""
        if container.id in self._servers:
            return
        try:
            sockets = await self._engine.runtime.open_name_sockets(container.id)
        except NetworkError as error:
            log.warning("container %s has no name server: %s", container.name, error)
            return
        await self.serve_names(container, sockets)
        await hosts.use_name_server(container)

    async def disconnect(self, network: Network, container: Container) -> None:
        """Raises BadRequest, and APIError where it is not in that network."""
        async with container.lock:
            if network.driver == "host" and container.network_mode == "host":
                raise errors.BadRequest(
                    "cannot disconnect container from host network - "
                    "container was created in host network mode"
                )
            if network.name not in container.record.networks:
                raise errors.APIError(
                    f"container {container.id} is not connected to network {network.name}"
                )
            joined = container.joined.get(network.name)
            if joined is not None:
                await self._unplug(joined)
            container.record.networks.pop(network.name)
            await self._engine.containers.save(container)

    async def _unplug(self, joined: Joined) -> None:
        container = joined.container
        concerned = self._concerned(container)
        if joined.interface:
            with contextlib.suppress(NetworkError):  # it has just ended
                await self._engine.runtime.detach(container.id, joined.interface)
        self._leave(joined)
        await self._publish(container)
        for each in (container, *concerned):
            await hosts.refresh(each, self.hosts(each))
