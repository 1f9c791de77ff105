"""Containers in networks: the effects of start, end, connect and disconnect.

A container has networks, published ports and lines in /etc/hosts only while it runs; the callers
in `containers` say when a run begins and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base import errors, uncancelled
from ..base.events import Events
from ..container.record import Container
from ..container.store import ContainerStore
from ..runtime.contract import ContainerGone, Endpoint, NetworkError
from . import addresses, endpoints, etc_hosts, links, port_mapping
from .addresses import Pool
from .endpoints import Joined
from .model import Network
from .resolver import NameServer

if TYPE_CHECKING:
    from ..runtime.contract import Runtime

log = logging.getLogger(__name__)

FAILED = "failed to set up container networking: "
LOOPBACK = "127.0.0.1"


@dataclass
class Attachments:
    """Networks, ports and lines of /etc/hosts of one running container."""

    joined: dict[str, Joined] = field(default_factory=dict)
    """Network name -> the container's endpoint."""
    ports: port_mapping.Ports = field(default_factory=dict)
    """Published ports."""
    host_lines: list[str] = field(default_factory=list)
    """Lines about networks that the engine wrote into the container's /etc/hosts."""
    writing_hosts: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one writer of the container's /etc/hosts."""


class Membership:
    """The running containers in each network of one engine."""

    def __init__(
        self,
        runtime: Runtime,
        containers: ContainerStore,
        events: Events,
        find: Callable[[str], Network | None],
    ) -> None:
        """`find` returns a network by name or id."""
        self._runtime = runtime
        self._containers = containers
        self._events = events
        self._find = find
        self._attached: dict[str, Attachments] = {}
        """Container id -> its attachments."""
        self._pools: dict[str, list[Pool]] = {}
        """Network id -> the pools of its subnets."""
        self._members: dict[str, dict[str, Joined]] = {}
        """Network id -> container id -> endpoint, of running containers."""
        self._published = port_mapping.Published()
        self._servers: dict[str, NameServer] = {}
        """Container id -> its name server, in networks with name resolution."""

    @property
    def _isolated(self) -> bool:
        return self._runtime.isolation.network

    def add(self, network: Network) -> None:
        self._pools[network.id] = [Pool(config) for config in network.pools]
        self._members[network.id] = {}

    def drop(self, network: Network) -> None:
        self._pools.pop(network.id, None)
        self._members.pop(network.id, None)

    def attachments(self, container: Container) -> Attachments:
        """The container's attachments, read-only; empty where the container does not run."""
        return self._attached.get(container.id) or Attachments()

    def joined(self, container: Container) -> list[Joined]:
        """The container's endpoints."""
        return list(self.attachments(container).joined.values())

    def on_bridge(self, container: Container) -> Joined | None:
        return self.attachments(container).joined.get("bridge")

    def has_name_server(self, container: Container) -> bool:
        """True where the engine resolves names for the container's programs."""
        return self._isolated and any(each.network.named for each in self.joined(container))

    def shares_host(self, container: Container) -> bool:
        """True where the container's network is the host's own."""
        return not self._isolated or container.network_mode == "host"

    def of(self, network: Network) -> list[Joined]:
        """Endpoints of the running containers in a network."""
        return list(self._members.get(network.id, {}).values())

    # Containers that start and end

    async def join(self, container: Container) -> list[Endpoint]:
        """Join a container that is about to start to its networks and publish its ports. After a
        failure the caller calls `leave`. Returns the endpoints that the runtime has to make.
        Raises APIError."""
        await self.leave(container)  # attachments left by a connect at the end of the last run
        mode = container.network_mode
        wanted = sorted(container.record.networks, key=lambda name: (name != mode, name))
        for name in wanted:
            network = self._find(name)
            if network is None:
                raise errors.NotFound(f"{FAILED}network {name} not found")
            record = container.record.networks
            record[network.name] = record.pop(name)  # the request may name the network by id
            try:
                await self._join(container, network, record[network.name])
            except errors.APIError as error:
                raise type(error)(f"{FAILED}{error.message}") from None
        links.check_running(self._containers, container, self.on_bridge)
        await self._publish(container)
        for joined in self.joined(container):
            self._tell("connect", joined)
        await self._refresh_hosts(self._concerned(container))
        if not self._isolated:
            return []
        way_out = self.way_out(container)
        return [
            each.for_runtime(default_route=each is way_out)
            for each in self.joined(container)
            if each.interface
        ]

    async def _join(
        self, container: Container, network: Network, settings: dict[str, Any]
    ) -> Joined:
        endpoints.check(network, network.name, settings)
        joined = Joined(network, container, secrets.token_hex(32), settings)
        settings["NetworkID"], settings["Named"] = network.id, network.named
        self._members[network.id][container.id] = joined
        self._attached.setdefault(container.id, Attachments()).joined[network.name] = joined
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
            return  # without an interface there is no MAC address
        if not joined.mac:
            own = joined.address
            joined.mac = addresses.mac_of(own) if own else addresses.random_mac()
        taken = {each.interface for each in self.joined(joined.container)}
        names = (f"eth{number}" for number in range(len(taken) + 1))
        joined.interface = next(name for name in names if name not in taken)

    @staticmethod
    def _address(network: Network, pool: Pool, wanted: str) -> str:
        try:
            return pool.with_prefix(pool.take(wanted))
        except addresses.Exhausted as error:
            raise errors.Forbidden(f"{error}: {network.name} ({network.id})") from None

    async def _make_bridge(self, network: Network) -> None:
        """Make the network's bridge; the runtime does nothing where the bridge exists. Raises
        APIError."""
        if not self._isolated:
            return
        pools = zip(self._pools[network.id], network.pools, strict=True)
        gateways = [pool.with_prefix(config["Gateway"]) for pool, config in pools]
        try:
            await self._runtime.create_bridge(network.bridge, *gateways)
        except NetworkError as error:
            raise errors.APIError(f"the bridge of {network.name}: {error}") from None

    async def serve_names(self, container: Container, sockets: list[int]) -> None:
        """Start the name server of a container that has just started, on its `sockets` (UDP, TCP;
        empty: no name server)."""
        if sockets:
            server = NameServer(
                container, lambda: self.joined(container), lambda joined: self.of(joined.network)
            )
            self._servers[container.id] = server
            await server.serve(*(socket.socket(fileno=number) for number in sockets))

    async def last_words(self, container: Container) -> None:
        """Let the container's last data arrive; called at the end of a run, before its network
        is removed."""
        await self._published.last_words(container)

    async def leave(self, container: Container) -> None:
        """Remove a container from all networks after a run or a failed start."""
        server = self._servers.pop(container.id, None)
        if server is not None:
            server.close()
        self._published.withdraw(container)
        concerned = self._concerned(container)
        for joined in self.joined(container):
            self._leave(joined)
            self._tell("disconnect", joined)
        if attached := self._attached.pop(container.id, None):
            async with attached.writing_hosts:  # the next run's writer comes after the last one's
                pass
        await self._refresh_hosts(concerned)

    def _leave(self, joined: Joined) -> None:
        network, container = joined.network, joined.container
        self.attachments(container).joined.pop(network.name, None)
        self._members.get(network.id, {}).pop(container.id, None)
        for pool in self._pools.get(network.id, []):
            address = joined.address if pool.subnet.version == 4 else joined.address6
            if address:
                pool.release(address)

    def _tell(self, action: str, joined: Joined) -> None:
        network, container = joined.network, joined.container
        attributes = {"container": container.id, **network.attributes()}
        self._events.emit("network", action, network.id, attributes)

    # Names in /etc/hosts

    def hosts(self, container: Container) -> list[str]:
        """Lines of /etc/hosts: links on the default bridge, the container's own names, and, where
        containers have no name server, all containers in networks with name resolution."""
        lines = links.host_lines(self._containers, container, self.on_bridge)
        if not self._isolated:
            for joined in self.joined(container):
                lines += self._members_lines(joined)
        return [*lines, *etc_hosts.own_lines(container, self.joined(container))]

    async def write_hosts(self, container: Container, lines: list[str]) -> None:
        """Write the /etc/hosts of a container that is about to start: `lines`, then those about
        its networks. Raises OSError."""
        attached = self._attached.setdefault(container.id, Attachments())
        async with attached.writing_hosts:
            attached.host_lines = self.hosts(container)
            await asyncio.to_thread(
                etc_hosts.write,
                container.folder / "hosts",
                [*lines, *attached.host_lines],
                mounted=self._isolated,
            )

    async def renamed(self, container: Container) -> None:
        """Bring every /etc/hosts up to date that may name a container with a new name."""
        await self._refresh_hosts([container, *self._concerned(container)])

    async def _refresh_hosts(self, containers: Iterable[Container]) -> None:
        """Bring the /etc/hosts of containers up to date."""
        for container in containers:
            await uncancelled.whole(self._refresh(container))

    async def _refresh(self, container: Container) -> None:
        """Write the lines of the present members, once earlier writers are done."""
        attached = self._attached.get(container.id)
        if attached is None:
            return
        async with attached.writing_hosts:
            before, wanted = attached.host_lines, self.hosts(container)
            if before == wanted or self._attached.get(container.id) is not attached:
                return
            try:
                await asyncio.to_thread(
                    etc_hosts.replace, container, before, wanted, mounted=self._isolated
                )
            except OSError as error:  # a full disk: what has happened in the network stays
                log.warning("/etc/hosts of container %s is out of date: %s", container.name, error)
            else:
                attached.host_lines = wanted

    def _members_lines(self, joined: Joined) -> Iterable[str]:
        """A line for each container in a network with name resolution, `joined` included."""
        if not joined.network.named:
            return
        for each in self.of(joined.network):
            known = [*each.names(), f"{each.container.name}.{joined.network.name}"]
            known += etc_hosts.aliases(joined, each)
            yield f"{self._reached_at(each)}\t{' '.join(known)}"

    def _reached_at(self, joined: Joined) -> str:
        """The address of another container: without isolated networks every container is on the
        host's loopback."""
        return joined.address if joined.address.startswith("127.") else LOOPBACK

    def _concerned(self, container: Container) -> list[Container]:
        """Containers, running or about to, whose /etc/hosts may name `container`."""
        found = {}
        for joined in self.joined(container):
            for other in self.of(joined.network):
                linked = other.container.host_config["Links"]
                if linked or (joined.network.named and not self._isolated):
                    found[other.container.id] = other.container
        found.pop(container.id, None)
        return list(found.values())

    # Published ports

    def way_out(self, container: Container) -> Joined | None:
        """The endpoint with the container's default route, which published ports also use: the
        one with the highest GwPriority, then the first by name; never in an internal network."""
        candidates = [each for each in self.joined(container) if each.gateway or each.gateway6]
        return min(
            candidates,
            key=lambda each: (-int(each.settings.get("GwPriority") or 0), each.network.name),
            default=None,
        )

    async def _publish(self, container: Container) -> None:
        """Publish the container's ports, or redirect published ports to its current address.
        Raises APIError."""
        way_out = self.way_out(container)
        attached = self.attachments(container)
        if way_out is None:
            self._published.withdraw(container)
            attached.ports = {}
            return
        address = way_out.address if self._isolated else self._reached_at(way_out)
        if attached.ports:
            self._published.redirect(container, address)
            return
        try:
            attached.ports = await self._published.publish(
                container, address, self._reach, direct=not self._isolated
            )
        except port_mapping.NotPublished as error:
            raise errors.APIError(
                f"{FAILED}driver failed programming external connectivity on endpoint "
                f"{container.name} ({way_out.id}): {error}"
            ) from None

    async def _reach(self, kind: int) -> socket.socket:
        try:
            return await self._runtime.open_socket(None, kind)
        except NetworkError as error:
            raise OSError(str(error)) from None

    # Connecting and disconnecting

    async def connect(self, network: Network, container: Container, given: Any) -> None:
        """Connect a container to a network, with `given` as EndpointSettings. Raises BadRequest,
        Forbidden, Conflict, OSError."""
        settings = endpoints.asked(network.name, given or {})
        await container.turn(self._connect(network, container, settings))

    async def _connect(
        self, network: Network, container: Container, settings: dict[str, Any]
    ) -> None:
        self._check_connect(network, container)
        if network.name in self.attachments(container).joined:
            raise errors.Forbidden(
                f"endpoint with name {container.name} already exists in network {network.name}"
            )
        endpoints.check(network, network.name, settings)
        joined = None
        if container.run is not None:
            joined = await self._plug(network, container, settings)
        known = {**container.record.networks, network.name: settings}
        try:
            await self._containers.change(container, networks=known)
        except BaseException:
            if joined is not None:
                await self._unplug(joined)
            raise
        if joined is not None:
            self._tell("connect", joined)

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

    async def _plug(
        self, network: Network, container: Container, settings: dict[str, Any]
    ) -> Joined | None:
        """Connect a running container to one more network; None where it has just ended, and its
        next start joins the network. Raises APIError."""
        joined = await self._join(container, network, settings)
        try:
            if self._isolated and joined.interface:
                first = self.way_out(container) is joined and self.joined(container) == [joined]
                endpoint = joined.for_runtime(default_route=first)
                await self._runtime.attach(container.id, endpoint)
            await self._publish(container)
        except BaseException as error:
            self._leave(joined)
            if isinstance(error, ContainerGone):
                return None
            if isinstance(error, NetworkError):
                raise errors.APIError(f"{FAILED}{error}") from None
            raise
        if self._isolated and network.named:
            await self._start_naming(container)
        await self._refresh_hosts([container, *self._concerned(container)])
        return joined

    async def _start_naming(self, container: Container) -> None:
        """Start a name server for a container that joins its first network with name
        resolution."""
        if container.id in self._servers:
            return
        try:
            sockets = await self._runtime.open_name_sockets(container.id)
        except NetworkError as error:
            log.warning("container %s has no name server: %s", container.name, error)
            return
        await self.serve_names(container, sockets)
        await etc_hosts.use_name_server(container)

    async def disconnect(self, network: Network, container: Container) -> None:
        """Disconnect a container from a network. Raises BadRequest, OSError, and APIError where the
        container is not in that network."""
        await container.turn(self._disconnect(network, container))

    async def _disconnect(self, network: Network, container: Container) -> None:
        if network.driver == "host" and container.network_mode == "host":
            raise errors.BadRequest(
                "cannot disconnect container from host network - "
                "container was created in host network mode"
            )
        if network.name not in container.record.networks:
            raise errors.APIError(
                f"container {container.id} is not connected to network {network.name}"
            )
        left = container.record.networks.copy()
        del left[network.name]
        await self._containers.change(container, networks=left)
        joined = self.attachments(container).joined.get(network.name)
        if joined is not None:
            await self._unplug(joined)
            self._tell("disconnect", joined)

    async def _unplug(self, joined: Joined) -> None:
        container = joined.container
        concerned = self._concerned(container)
        if joined.interface:
            with contextlib.suppress(NetworkError):  # the container has just ended
                await self._runtime.detach(container.id, joined.interface)
        self._leave(joined)
        await self._publish(container)
        await self._refresh_hosts([container, *concerned])
