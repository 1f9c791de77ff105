"""The engine's network room: the network namespace with its bridges.

No process runs in the room: the launcher holds it open and changes it through a netlink socket
that was opened inside. Packets are not forwarded between bridges, so networks are isolated from
each other.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ...host import linux
from ..contract import NAME_SERVER, Endpoint
from ..launcher_messages import NotDone
from . import netlink


class Room:
    """The network room, made in the launcher. `proc` is a descriptor of the launcher's /proc."""

    def __init__(self, proc: int) -> None:
        near, far = socket.socketpair()
        child = linux.clone(linux.CLONE_NEWNET)
        if child == 0:
            try:
                near.close()
                _prepare(proc, far)
            finally:
                os._exit(1)
        far.close()
        try:
            _, descriptors, _, _ = socket.recv_fds(near, 1, 1, socket.MSG_CMSG_CLOEXEC)
            if not descriptors:
                raise NotDone("this host refuses a network namespace of our own")
            self.netlink = netlink.Netlink(socket.socket(fileno=descriptors[0]))
            flags = os.O_RDONLY | os.O_CLOEXEC
            self.namespace = os.open(f"{child}/ns/net", flags, dir_fd=proc)
        finally:
            near.close()
            os.waitpid(child, 0)
        self._pairs = 0
        self._bridges: dict[str, int] = {}
        """Bridge name -> interface index."""
        self._plugs: dict[int, list[str]] = {}
        """pid -> names of the room's ends of the veth pairs to that process."""

    def add_bridge(self, name: str, gateways: Iterable[str]) -> None:
        if name in self._bridges:
            return
        self._pairs += 1
        # A fixed address: otherwise it changes when interfaces join and leave the bridge.
        mac = "02:42:" + (0xFE << 24 | self._pairs).to_bytes(4, "big").hex(":")
        self.netlink.add_bridge(name, mac)
        index = self._bridges[name] = self.netlink.index(name)
        for gateway in gateways:
            self.netlink.add_address(index, gateway)
        self.netlink.up(index)

    def remove_bridge(self, name: str) -> None:
        if name in self._bridges:
            del self._bridges[name]
            self.netlink.delete(name)

    def plug(self, endpoint: Endpoint, process: int) -> None:
        """Connect the network namespace of `process` to a bridge."""
        self._pairs += 1
        bridge = self._bridges.get(endpoint.bridge) or self.netlink.index(endpoint.bridge)
        name = f"veth{self._pairs}"
        self.netlink.add_pair(name, bridge, endpoint.interface, endpoint.mac, process)
        self._plugs.setdefault(process, []).append(name)

    def unplug(self, process: int) -> None:
        """Disconnect a process that has ended. The kernel removes its network only later; until
        then the network would answer for addresses that other containers get."""
        for name in self._plugs.pop(process, []):
            with suppress(OSError):  # already removed
                self.netlink.disable_port(name)


def _prepare(proc: int, far: socket.socket) -> None:
    netlink.loopback_up()
    forwarding = os.open("sys/net/ipv4/ip_forward", os.O_WRONLY, dir_fd=proc)
    os.write(forwarding, b"0")
    link = netlink.Netlink()
    socket.send_fds(far, [b"x"], [link.socket.fileno()])
    far.recv(1)  # waits until the launcher has opened the namespace


def configure(endpoints: list[Endpoint]) -> None:
    """Set addresses and routes of connected interfaces; runs inside a container's network."""
    link = netlink.Netlink()
    try:
        for endpoint in endpoints:
            index = link.index(endpoint.interface)
            _switch_ipv6(endpoint.interface, on=bool(endpoint.address6))
            link.up(index)
            for address in filter(None, (endpoint.address, endpoint.address6)):
                link.add_address(index, address)
            for gateway in filter(None, (endpoint.gateway, endpoint.gateway6)):
                link.add_default_route(index, gateway)
    finally:
        link.close()


def _switch_ipv6(interface: str, on: bool) -> None:
    """Switch IPv6 on or off: without an IPv6 address of the network the interface has no
    link-local one either."""
    with suppress(OSError):  # a kernel without IPv6
        switch = Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
        switch.write_text("0" if on else "1")


def open_name_sockets() -> list[socket.socket]:
    """Open the name server's sockets, UDP and TCP; runs inside a container's network."""
    made = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        asked = socket.socket(socket.AF_INET, kind | socket.SOCK_CLOEXEC)
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asked.bind((NAME_SERVER, 53))
        made.append(asked)
    made[1].listen()
    return made


def remove_interface(name: str) -> None:
    """Remove an interface; runs inside a container's network."""
    link = netlink.Netlink()
    try:
        link.delete(name)
    finally:
        link.close()


def open_sockets(kind: int, count: int) -> list[socket.socket]:
    return [socket.socket(socket.AF_INET, kind | socket.SOCK_CLOEXEC) for _ in range(count)]


def inside(namespace: int, action: Callable[[], None]) -> None:
    """Run `action` in the network namespace `namespace`, in a child process. Raises NotDone."""
    words_out, words_in = os.pipe()
    child = linux.clone()
    if child == 0:
        try:
            linux.setns(namespace, linux.CLONE_NEWNET)
            action()
            os._exit(0)
        except OSError as error:
            os.write(words_in, str(error.strerror).encode())
        finally:
            os._exit(1)
    os.close(words_in)
    with os.fdopen(words_out) as words:
        said = words.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise NotDone(said or "a process in the network namespace failed")
