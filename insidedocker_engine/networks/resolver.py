"""Name resolution between containers: one small name server for each container in a network with
name resolution, at 127.0.0.11 in the container's own network.

Questions about other names go to the host's name servers, or to those that the container names.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import random
import socket
import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import dns, etc_hosts
from .endpoints import Joined

if TYPE_CHECKING:
    from ..container.record import Container

PATIENCE = 2.0
"""Seconds to wait for each other server's answer."""
LONGEST = 65535
ASKED_AT_ONCE = 256
"""Most questions of one container that may wait for other servers."""
IDLE_SECONDS = 30.0

Members = Callable[[Joined], Iterable[Joined]]
"""Returns all endpoints in the same network, the given one included."""


class NameServer:
    """The name server of one running container."""

    def __init__(
        self, container: Container, joined: Callable[[], Iterable[Joined]], members: Members
    ) -> None:
        """`joined` returns the container's own endpoints."""
        self._container = container
        self._joined = joined
        self._members = members
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._work: set[asyncio.Task[Any]] = set()

    async def serve(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Start to answer at two bound sockets in the container's network; `tcp` is listening."""
        for each in (udp, tcp):
            each.setblocking(False)
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Asked(self._asked), sock=udp)
        self._tcp = await asyncio.start_server(self._connected, sock=tcp)

    def close(self) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in list(self._work):
            task.cancel()

    # Questions

    def _asked(self, message: bytes, sender: Any) -> None:
        known = self._known(message)
        if known is not None:
            self._send(known, sender)
        elif len(self._work) < ASKED_AT_ONCE:
            task = asyncio.ensure_future(self._ask_others(message, sender))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    def _send(self, message: bytes, sender: Any) -> None:
        if self._udp is not None and message:
            self._udp.sendto(message, sender)

    async def _ask_others(self, message: bytes, sender: Any) -> None:
        self._send(await self._forward(message, _ask_by_udp), sender)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a TCP connection: any number of questions, each after its length."""
        task = asyncio.current_task()
        assert task is not None
        self._work.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                while True:
                    async with asyncio.timeout(IDLE_SECONDS):
                        head = await reader.readexactly(2)
                        message = await reader.readexactly(int.from_bytes(head, "big"))
                    known = self._known(message)
                    if known is None:
                        known = await self._forward(message, _ask_by_tcp)
                    writer.write(struct.pack("!H", len(known)) + known)
                    await writer.drain()
        except asyncio.CancelledError:
            pass  # the container has ended
        finally:
            self._work.discard(task)
            writer.close()

    # Own answers

    def _known(self, message: bytes) -> bytes | None:
        """The own answer, b"" for a malformed message; None where other servers must be asked."""
        try:
            question = dns.read(message)
        except dns.Malformed:
            return b""
        if not question.standard:
            return dns.refuse(question, dns.NOT_IMPLEMENTED)
        if question.space != dns.INTERNET:
            return None
        if question.kind == dns.PTR:
            found = self._name_of(dns.reversed_address(question.name))
            return None if not found else dns.answer(question, [dns.name(found)], dns.PTR)
        addresses = self.addresses(question.name)
        if addresses is None:
            return None
        wanted = {dns.A: 4, dns.AAAA: 6}.get(question.kind)
        values = [dns.address(each) for each in addresses if _version(each) == wanted]
        random.shuffle(values)
        return dns.answer(question, values, question.kind)

    def addresses(self, name: str) -> list[str] | None:
        """Addresses of a name as this container sees it; None for an unknown name."""
        for joined in self._networks():
            wanted = name.rstrip(".").casefold()
            found = self._in(joined, wanted)
            if not found:  # `web.mynet` names the network, too
                bare = wanted.removesuffix(f".{joined.network.name.casefold()}")
                found = self._in(joined, bare) if bare != wanted else []
            if found:
                return [
                    each for member in found for each in (member.address, member.address6) if each
                ]
        return None

    def _in(self, joined: Joined, name: str) -> list[Joined]:
        links = [text.partition(":") for text in joined.settings.get("Links") or []]
        meant = {target for target, _, alias in links if (alias or target).casefold() == name}
        members = list(self._members(joined))
        linked = [
            each
            for each in members
            if any(
                text in (each.container.name, f"/{each.container.name}")
                or each.container.id.startswith(text)
                for text in meant
            )
        ]
        return linked or [
            each for each in members if name in (text.casefold() for text in each.names())
        ]

    def _name_of(self, address: str) -> str:
        for joined in self._networks():
            for member in self._members(joined):
                if address and address in (member.address, member.address6):
                    return f"{member.container.name}.{joined.network.name}"
        return ""

    def _networks(self) -> list[Joined]:
        return [each for each in self._joined() if each.network.named]

    # Other servers

    async def _forward(self, message: bytes, ask: Any) -> bytes:
        """The answer of the first server that answers, else SERVER_FAILURE."""
        if any(not each.network.internal for each in self._joined()):
            for server in self._servers():
                with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                    async with asyncio.timeout(PATIENCE):
                        answer: bytes = await ask(server, message)
                    return answer
        return dns.refuse(dns.read(message), dns.SERVER_FAILURE)

    def _servers(self) -> list[str]:
        own = self._container.host_config["Dns"]
        return list(own) if own else host_servers()


def host_servers() -> list[str]:
    """The host's name servers: the engine, which asks them, is in the host's network."""
    return etc_hosts.host_settings(shared=True)["nameserver"]


async def _ask_by_udp(server: str, message: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        asking.connect((server, 53))
        await loop.sock_sendall(asking, message)
        while True:
            answer = await loop.sock_recv(asking, LONGEST)
            if answer[:2] == message[:2]:
                return answer


async def _ask_by_tcp(server: str, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, 53)
    try:
        writer.write(struct.pack("!H", len(message)) + message)
        head = await reader.readexactly(2)
        return await reader.readexactly(int.from_bytes(head, "big"))
    finally:
        writer.close()


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


class _Asked(asyncio.DatagramProtocol):
    def __init__(self, asked: Callable[[bytes, Any], None]) -> None:
        self._asked = asked

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._asked(data, addr)
