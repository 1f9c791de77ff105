"""Type checks for JSON bodies: nested types, lists and objects, as the Engine API describes
them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import errors

Shape = type | list[Any] | dict[str, Any]
"""A type; a list with the shape of its items; a dict with the shapes of an object's fields, or of
all fields: {"*": …}."""


class Unsigned(int):
    """A whole number from 0 on."""


STRINGS: Shape = {"*": str}


def check(where: str, value: Any, shape: Shape) -> None:
    """Raise BadRequest where `value` does not have this shape. A field may be missing or null; a
    null field of a plain type is deleted from `value`."""
    if isinstance(shape, list) and isinstance(value, list):
        _check_all(where, value, shape[0])
    elif isinstance(shape, dict) and isinstance(value, dict):
        if "*" in shape:
            _check_all(where, value.values(), shape["*"])
        for name in [name for name in value if name in shape]:
            check(f"{where}.{name}", value[name], shape[name])
            if value[name] is None and isinstance(shape[name], type):
                del value[name]
    elif value is not None and not (isinstance(shape, type) and _is(value, shape)):
        raise errors.BadRequest(f"invalid JSON: {where} has the wrong type")


def _check_all(where: str, values: Iterable[Any], shape: Shape) -> None:
    for value in values:
        if value is None:
            raise errors.BadRequest(f"invalid JSON: {where} holds a null")
        check(where, value, shape)


def _is(value: Any, kind: type) -> bool:
    if kind is Unsigned:
        return type(value) is int and 0 <= value < 1 << 64
    if kind is int:
        return type(value) is int and -1 << 63 <= value < 1 << 63
    return isinstance(value, kind) and not (isinstance(value, str) and "\0" in value)
