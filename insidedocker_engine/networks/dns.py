"""The part of the DNS protocol (RFC 1035) that a name server for containers needs: parse a
question, write answers with addresses or names."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

A, PTR, AAAA = 1, 12, 28
INTERNET = 1
SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED = 2, 3, 4
TTL = 600
"""Seconds that an answer may be cached, as with the Engine."""

_RESPONSE, _AUTHORITATIVE, _DESIRED, _AVAILABLE = 0x8000, 0x0400, 0x0100, 0x0080
_OPCODE = 0x7800
_HEADER = struct.Struct("!HHHHHH")


class Malformed(Exception):
    """The message is not a valid question."""


@dataclass(frozen=True)
class Question:
    identity: int
    flags: int
    name: str
    """The name in its original case, without the final dot."""
    kind: int
    space: int
    """The class: INTERNET."""
    raw: bytes
    """The question section, repeated in the answer."""

    @property
    def standard(self) -> bool:
        return self.flags & _OPCODE == 0


def read(message: bytes) -> Question:
    """Parse the question in a message. Raises Malformed."""
    try:
        identity, flags, questions, *_ = _HEADER.unpack_from(message)
        if flags & _RESPONSE or questions != 1:
            raise Malformed
        labels, offset = [], _HEADER.size
        while length := message[offset]:
            if length > 63 or offset + length >= len(message):
                raise Malformed
            labels.append(message[offset + 1 : offset + 1 + length].decode("latin-1"))
            offset += 1 + length
        kind, space = struct.unpack_from("!HH", message, offset + 1)
    except (struct.error, IndexError):
        raise Malformed from None
    raw = message[_HEADER.size : offset + 5]
    return Question(identity, flags, ".".join(labels), kind, space, raw)


def answer(question: Question, values: list[bytes], kind: int) -> bytes:
    """Write an answer with `values` as its records, all of one kind. No values: the name exists,
    but has no records of that kind."""
    flags = _RESPONSE | _AUTHORITATIVE | _AVAILABLE | question.flags & _DESIRED
    head = _HEADER.pack(question.identity, flags, 1, len(values), 0, 0)
    to_question = struct.pack("!H", 0xC000 | _HEADER.size)
    records = [
        to_question + struct.pack("!HHIH", kind, INTERNET, TTL, len(value)) + value
        for value in values
    ]
    return b"".join([head, question.raw, *records])


def refuse(question: Question, code: int) -> bytes:
    flags = _RESPONSE | _AVAILABLE | question.flags & _DESIRED | code
    return _HEADER.pack(question.identity, flags, 1, 0, 0, 0) + question.raw


def address(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def name(text: str) -> bytes:
    """Encode a name for a record."""
    labels = [label.encode("latin-1", "replace")[:63] for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def reversed_address(text: str) -> str:
    """The address of a name below in-addr.arpa or ip6.arpa; empty for other names."""
    lowered = text.lower()
    try:
        if lowered.endswith(".in-addr.arpa"):
            parts = lowered.removesuffix(".in-addr.arpa").split(".")
            return str(ipaddress.IPv4Address(".".join(reversed(parts))))
        if lowered.endswith(".ip6.arpa"):
            digits = lowered.removesuffix(".ip6.arpa").split(".")
            return str(ipaddress.IPv6Address(bytes.fromhex("".join(reversed(digits)))))
    except ValueError:
        pass
    return ""
