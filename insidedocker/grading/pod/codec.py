"""Encodes plain data as JSON, for messages between the checker and a learner's process.

A value that is not plain data is sent as a mark that names its type; nothing that could run code
is sent. The reader trusts no message: the learner's code may have written it.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

DEPTH = 60
LONGEST = 16 << 20
"""Most bytes of one message from a learner's process. Messages to it have no limit."""

CONTAINERS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Malformed(ValueError):
    """A message that this module cannot have written; the text says why."""


class Foreign:
    """Stand-in for a value that is not plain data. `foreign` makes a subclass with the name of
    the value's type, so that a check's error message says what the value was."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def foreign(name: str) -> Foreign:
    """Make a stand-in for a value whose type has this name."""
    stand_in: Foreign = type(name if name.isidentifier() else "object", (Foreign,), {})()
    return stand_in


def encode(value: Any, depth: int = DEPTH) -> Any:
    """Encode `value` for JSON, values that are not plain data as {"foreign": type name}.

    Instances of subclasses become their base type, read by the base type's own methods.
    """
    if value is None or value is True or value is False:
        return value
    if depth == 0:
        return {"foreign": "too_deeply_nested"}
    if isinstance(value, str):
        return (
            {"str": str.encode(value, "utf-16-le", "surrogatepass").hex()}
            if _odd(value)
            else (str.__str__(value))
        )
    if isinstance(value, int):
        return _integer(int.__index__(value))
    if isinstance(value, float):
        number = float.__float__(value)
        return number if math.isfinite(number) else {"float": float.__repr__(number)}
    if isinstance(value, bytes | bytearray):
        name = "bytes" if isinstance(value, bytes) else "bytearray"
        return {name: base64.b64encode(bytes(memoryview(value))).decode()}
    if isinstance(value, complex):
        return {"complex": [encode(value.real), encode(value.imag)]}
    if isinstance(value, dict):
        pairs = dict.items(value)
        return {"dict": [[encode(key, depth - 1), encode(each, depth - 1)] for key, each in pairs]}
    for name, kind in CONTAINERS.items():
        if isinstance(value, kind):
            return {name: [encode(each, depth - 1) for each in kind.__iter__(value)]}
    return {"foreign": type(value).__name__}


def decode(value: Any, depth: int = 2 * DEPTH + 2) -> Any:
    """Decode what `encode` made. Raises Malformed."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth == 0 or not isinstance(value, dict) or len(value) != 1:
        raise Malformed("a value of no known form")
    ((kind, content),) = value.items()
    try:
        if kind in CONTAINERS:
            return CONTAINERS[kind]([decode(each, depth - 1) for each in _list(content)])
        if kind == "dict":
            pairs = [(decode(key, depth - 1), decode(each, depth - 1)) for key, each in content]
            return dict(pairs)
        return _scalar(kind, content)
    except Malformed:
        raise
    except (TypeError, ValueError, LookupError) as error:
        raise Malformed(f"a malformed {kind[:40]!r}: {type(error).__name__}") from None


def _scalar(kind: str, content: Any) -> Any:
    if kind == "foreign":
        return foreign(str(content)[:80])
    if kind == "bytes":
        return base64.b64decode(content, validate=True)
    if kind == "bytearray":
        return bytearray(base64.b64decode(content, validate=True))
    if kind == "int":
        return int(str(content), 16)
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "complex":
        real, imaginary = map(decode, content)
        return complex(float(real), float(imaginary))
    if kind == "str":
        return bytes.fromhex(content).decode("utf-16-le", "surrogatepass")
    raise Malformed(f"a value of unknown kind {kind[:40]!r}")


def dumps(message: dict[str, Any]) -> bytes:
    """Message -> one line of JSON."""
    return json.dumps(message, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def loads(line: bytes) -> dict[str, Any]:
    """Line of JSON -> message. Raises Malformed."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed("a message that is not JSON") from None
    if not isinstance(message, dict):
        raise Malformed("a message of no known form")
    return message


def _odd(text: str) -> bool:
    """True where a text has lone surrogates, which JSON can carry and UTF-8 cannot."""
    return not text.isascii() and any("\ud800" <= each <= "\udfff" for each in str.__str__(text))


def _integer(value: int) -> Any:
    return value if -(2**63) <= value < 2**63 else {"int": format(value, "x")}


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise Malformed("expected a list")
    return content
