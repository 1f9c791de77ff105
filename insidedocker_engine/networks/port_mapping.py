"""Published ports: bindings that containers request, and the host's ports that serve them.

An ordinary user cannot redirect packets, so every published port is a socket of the engine on the
host with a relay behind it.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import errors
from .port_proxy import LAST_WORDS_SECONDS, Opener, TCPRelay, UDPRelay

if TYPE_CHECKING:
    from ..container.record import Container

FIRST_FREE, LAST_FREE = 32768, 60999
"""Range of the host's ports for bindings without a requested port."""
BACKLOG = 1024
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_EVERYWHERE = ("0.0.0.0", "::")

Ports = dict[str, list[dict[str, str]] | None]
"""NetworkSettings.Ports: `80/tcp` -> the host's addresses and ports; None where only exposed."""


class NotPublished(Exception):
    """A port cannot be published; the text says why, in the Engine's words."""


@dataclass(frozen=True)
class PortBinding:
    """One requested port of a container on the host."""

    port: int
    kind: str
    """tcp or udp."""
    host: str
    """An address of the host; empty for all addresses."""
    choice: range | None
    """The host's ports to choose from; None for any free one."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,) if self.host else _EVERYWHERE


def check(host_config: dict[str, Any]) -> None:
    """Raise BadRequest for invalid PortBindings."""
    for text, bindings in (host_config["PortBindings"] or {}).items():
        _port(text)
        if not isinstance(bindings, list | None):
            raise errors.BadRequest("invalid JSON: PortBindings needs lists of objects")
        for binding in bindings or []:
            if not isinstance(binding, dict):
                raise errors.BadRequest("invalid JSON: PortBindings needs lists of objects")
            for field in ("HostIp", "HostPort"):
                if not isinstance(binding.get(field), str | None):
                    raise errors.BadRequest(f"invalid JSON: {field} needs a string")
            _choice(binding.get("HostPort") or "")


def _port(text: str) -> tuple[int, str]:
    number, _, kind = text.partition("/")
    if not re.fullmatch(r"\d{1,5}", number) or not 0 < int(number) < 1 << 16:
        raise errors.BadRequest(f'invalid port specification: "{text}"')
    return int(number), kind.lower() or "tcp"


def _choice(text: str) -> range | None:
    if text in ("", "0"):
        return None
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 0 < first <= last < 1 << 16:
        raise errors.BadRequest(f'invalid port specification: "{text}"')
    return range(first, last + 1)


def bindings_of(container: Container) -> list[PortBinding]:
    """The bindings that a container requests. Raises NotPublished."""
    host_config = container.host_config
    found = []
    bound = host_config["PortBindings"] or {}
    for text, bindings in bound.items():
        number, kind = _port(text)
        for binding in bindings or [{}]:
            choice = _choice(binding.get("HostPort") or "")
            found.append(_binding(number, kind, binding.get("HostIp") or "", choice))
    if host_config["PublishAllPorts"]:
        for text in exposed(container):
            if text not in bound:
                found.append(_binding(*_port(text), "", None))
    return found


def _binding(number: int, kind: str, host: str, choice: range | None) -> PortBinding:
    if kind not in KINDS:
        raise NotPublished(f"this engine publishes ports of tcp and udp, not of {kind}")
    if host:
        try:
            host = str(ipaddress.ip_address(host.strip("[]")))
        except ValueError:
            raise NotPublished(f"invalid IP address in port binding: {host}") from None
    return PortBinding(number, kind, host, choice)


def exposed(container: Container) -> list[str]:
    """Ports that the container or its image exposes, as `80/tcp`."""
    found = []
    for text in container.config.get("ExposedPorts") or {}:
        try:
            number, kind = _port(text)
        except errors.BadRequest:  # the Engine takes any text here
            continue
        found.append(f"{number}/{kind}")
    return found


class Published:
    """All ports of the host that lead to containers of one engine."""

    def __init__(self) -> None:
        self._relays: dict[str, list[TCPRelay | UDPRelay]] = {}
        """Container id -> its relays."""
        self._taken: dict[tuple[str, str, int], str] = {}
        """(kind, address, port) of the host -> container id."""
        self._next = FIRST_FREE

    async def publish(
        self, container: Container, address: str, opener: Opener, direct: bool = False
    ) -> Ports:
        """Publish the ports that `container` requests, with relays to its `address`. With `direct`
        its processes listen on the host's own network, and a port with the same number needs no
        relay. Raises NotPublished; nothing is published then."""
        ports: Ports = dict.fromkeys(exposed(container))
        relays = self._relays.setdefault(container.id, [])
        try:
            for wanted in bindings_of(container):
                bound = self._take(container, wanted)
                shown = ports.get(f"{wanted.port}/{wanted.kind}") or []
                for listener, host, number in bound:
                    shown.append({"HostIp": host, "HostPort": str(number)})
                    if direct and number == wanted.port:
                        listener.close()  # the port is free: the process binds it itself
                        continue
                    relay = TCPRelay if wanted.kind == "tcp" else UDPRelay
                    relays.append(relay(listener, (address, wanted.port), opener))
                    await relays[-1].start()
                ports[f"{wanted.port}/{wanted.kind}"] = shown
        except BaseException:
            self.withdraw(container)
            raise
        return ports

    def redirect(self, container: Container, address: str) -> None:
        """Point the container's relays to another address, for new connections."""
        for relay in self._relays.get(container.id, []):
            relay.target = (address, relay.target[1])

    async def last_words(self, container: Container) -> None:
        """Wait until the last data of a container that has ended has passed the relays, at most
        LAST_WORDS_SECONDS."""
        relays = self._relays.get(container.id, [])
        left = {
            each for relay in relays if isinstance(relay, TCPRelay) for each in relay.last_words()
        }
        if left:
            await asyncio.wait(left, timeout=LAST_WORDS_SECONDS)

    def withdraw(self, container: Container) -> None:
        for relay in self._relays.pop(container.id, []):
            relay.close()
        for key in [key for key, owner in self._taken.items() if owner == container.id]:
            del self._taken[key]

    def _take(
        self, container: Container, wanted: PortBinding
    ) -> list[tuple[socket.socket, str, int]]:
        """Bind sockets for a binding: one for each of its addresses, all on one port. Raises
        NotPublished."""
        if wanted.choice is not None:
            failure: NotPublished | None = None
            for number in wanted.choice:
                try:
                    return self._take_port(container, wanted, number)
                except NotPublished as error:
                    failure = failure or error
            raise failure or NotPublished("no port")
        for _ in range(LAST_FREE - FIRST_FREE + 1):
            number = self._next
            self._next = number + 1 if number < LAST_FREE else FIRST_FREE
            try:
                return self._take_port(container, wanted, number)
            except NotPublished as error:
                if not isinstance(error, _InUse):
                    raise
        raise NotPublished("all ports are allocated")

    def _take_port(
        self, container: Container, wanted: PortBinding, number: int
    ) -> list[tuple[socket.socket, str, int]]:
        made: list[tuple[socket.socket, str, int]] = []
        try:
            for host in wanted.hosts:
                if self._conflicts(wanted.kind, host, number):
                    raise _InUse(f"Bind for {host}:{number} failed: port is already allocated")
                listener = _bind(wanted, host, number)
                if listener is not None:
                    made.append((listener, host, number))
        except NotPublished:
            for listener, _, _ in made:
                listener.close()
            raise
        for _, host, _ in made:
            self._taken[wanted.kind, host, number] = container.id
        return made

    def _conflicts(self, kind: str, host: str, number: int) -> bool:
        everywhere = _EVERYWHERE[":" in host]
        return any(
            kind == taken_kind
            and number == taken_number
            and (":" in host) == (":" in taken)
            and (host == taken or everywhere in (host, taken))
            for taken_kind, taken, taken_number in self._taken
        )


class _InUse(NotPublished):
    pass


def _bind(wanted: PortBinding, host: str, number: int) -> socket.socket | None:
    """Bind a socket; None for an IPv6 address on a host without IPv6 where the binding is for all
    addresses. Raises NotPublished."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = None
    try:
        made = socket.socket(family, KINDS[wanted.kind])
        made.setblocking(False)
        if wanted.kind == "tcp":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, number))
        if wanted.kind == "tcp":  # some hosts report a port in use only here
            made.listen(BACKLOG)
    except OSError as error:
        if made is not None:
            made.close()
        without_ipv6 = error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
        if without_ipv6 and family == socket.AF_INET6 and not wanted.host:
            return None
        raise _refused(host, number, error) from None
    return made


def _refused(host: str, number: int, error: OSError) -> NotPublished:
    where = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    if error.errno == errno.EADDRINUSE:
        return _InUse(f"failed to bind host port for {where}: address already in use")
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPublished(
            f"failed to bind host port for {where}: permission denied: this engine runs without "
            "privilege, choose a port of the host from 1024 on"
        )
    return NotPublished(f"failed to bind host port for {where}: {error.strerror}")
