"""The rtnetlink requests that bridges and containers' interfaces need.

A socket belongs to the network namespace it was opened in, so a `Netlink` made in one namespace
keeps working there, in whatever process. This module knows no container and no Docker network.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct

_NEW_LINK, _DELETE_LINK, _GET_LINK, _SET_LINK = 16, 17, 18, 19
_NEW_ADDRESS = 20
_NEW_ROUTE = 24
_REQUEST, _ACKNOWLEDGE = 1, 4
_REPLACE, _EXCLUSIVE, _CREATE = 0x100, 0x200, 0x400
_ERROR = 2

_LINK_ADDRESS, _LINK_NAME, _LINK_MASTER, _LINK_INFO = 1, 3, 10, 18
_LINK_NAMESPACE_BY_PROCESS = 19
_LINK_PORT = 12
_PORT_STATE, _PORT_DISABLED, _PORT_FLUSH = 1, 0, 24
_INFO_KIND, _INFO_DATA = 1, 2
_VETH_PEER = 1
_ADDRESS_ADDRESS, _ADDRESS_LOCAL, _ADDRESS_BROADCAST = 1, 2, 4
_ROUTE_OUT, _ROUTE_GATEWAY = 4, 5
_UP = 1
_NESTED = 0x8000


class Netlink:
    """An rtnetlink socket in the network namespace of the process that makes it (or `existing`).
    Every call raises OSError."""

    def __init__(self, existing: socket.socket | None = None) -> None:
        self.socket = existing or socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        self._sequence = 0

    def close(self) -> None:
        self.socket.close()

    def index(self, name: str) -> int:
        """The index of an interface."""
        answer = self._ask(_GET_LINK, 0, _link(), _text(_LINK_NAME, name))
        return int(struct.unpack_from("=BBHi", answer)[3])

    def add_bridge(self, name: str, mac: str | None = None) -> None:
        info = _nested(_LINK_INFO, _text(_INFO_KIND, "bridge"))
        address = _mac(mac) if mac else b""
        self._ask(_NEW_LINK, _CREATE | _EXCLUSIVE, _link(), _text(_LINK_NAME, name), address, info)

    def add_pair(self, name: str, master: int, peer: str, mac: str, process: int) -> None:
        """Make a veth pair: `name` in this namespace, on the bridge `master` and up; `peer` in
        the network namespace of `process`."""
        far = _link() + _text(_LINK_NAME, peer) + _mac(mac)
        far += _number(_LINK_NAMESPACE_BY_PROCESS, process)
        data = _nested(_INFO_DATA, _nested(_VETH_PEER, far))
        info = _nested(_LINK_INFO, _text(_INFO_KIND, "veth"), data)
        self._ask(
            _NEW_LINK,
            _CREATE | _EXCLUSIVE,
            _link(flags=_UP, change=_UP),
            _text(_LINK_NAME, name),
            _number(_LINK_MASTER, master),
            info,
        )

    def disable_port(self, name: str) -> None:
        """Stop packets between a bridge and its port `name`. Unlike removing the port from the
        bridge, this does not wait for the whole kernel. The bridge also forgets the MAC addresses
        behind the port: another container may get the same address at once."""
        state = _attribute(_PORT_STATE, bytes([_PORT_DISABLED])) + _attribute(_PORT_FLUSH, b"")
        header = _link(self.index(name), family=socket.AF_BRIDGE)
        self._ask(_SET_LINK, 0, header, _nested(_LINK_PORT, state))

    def delete(self, name: str) -> None:
        self._ask(_DELETE_LINK, 0, _link(), _text(_LINK_NAME, name))

    def up(self, index: int) -> None:
        self._ask(_NEW_LINK, 0, _link(index, _UP, _UP))

    def add_address(self, index: int, address: str) -> None:
        """Add `address` with prefix length, IPv4 or IPv6, to an interface."""
        text, _, prefix = address.partition("/")
        family, raw = _parse(text)
        attributes = _attribute(_ADDRESS_LOCAL, raw) + _attribute(_ADDRESS_ADDRESS, raw)
        if family == socket.AF_INET and int(prefix) < 31:
            hosts = (1 << (32 - int(prefix))) - 1
            broadcast = int.from_bytes(raw, "big") | hosts
            attributes += _attribute(_ADDRESS_BROADCAST, broadcast.to_bytes(4, "big"))
        no_dad = 2 if family == socket.AF_INET6 else 0  # the engine assigns each address once
        header = struct.pack("=BBBBi", family, int(prefix), no_dad, 0, index)
        self._ask(_NEW_ADDRESS, _CREATE | _REPLACE, header, attributes)

    def add_default_route(self, index: int, gateway: str) -> None:
        family, raw = _parse(gateway)
        main_table, by_boot, universe, unicast = 254, 3, 0, 1
        header = struct.pack(
            "=BBBBBBBBI", family, 0, 0, 0, main_table, by_boot, universe, unicast, 0
        )
        attributes = _attribute(_ROUTE_GATEWAY, raw) + _number(_ROUTE_OUT, index)
        self._ask(_NEW_ROUTE, _CREATE | _REPLACE, header, attributes)

    def _ask(self, kind: int, flags: int, *parts: bytes) -> bytes:
        """Send one request; returns the answer's body, empty for an acknowledgement."""
        self._sequence += 1
        body = b"".join(parts)
        wanted = _REQUEST | flags | (0 if kind == _GET_LINK else _ACKNOWLEDGE)
        header = struct.pack("=IHHII", 16 + len(body), kind, wanted, self._sequence, 0)
        self.socket.send(header + body)
        while True:
            answer = self.socket.recv(1 << 16)
            _, kind_back, _, sequence, _ = struct.unpack_from("=IHHII", answer)
            if sequence != self._sequence:
                continue  # answer to an earlier request
            if kind_back != _ERROR:
                return answer[16:]
            number = -struct.unpack_from("=i", answer, 16)[0]
            if number:
                raise OSError(number, os.strerror(number))
            return b""


def loopback_up() -> None:
    """Switch on `lo` in this process' network namespace, by ioctl, which is faster."""
    set_flags, running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH22x", b"lo", running))


def _link(index: int = 0, flags: int = 0, change: int = 0, family: int = socket.AF_UNSPEC) -> bytes:
    return struct.pack("=BBHiII", family, 0, 0, index, flags, change)


def _attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def _nested(kind: int, *values: bytes) -> bytes:
    return _attribute(kind | _NESTED, b"".join(values))


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("=I", value))


def _mac(address: str) -> bytes:
    return _attribute(_LINK_ADDRESS, bytes.fromhex(address.replace(":", "")))


def _parse(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)
