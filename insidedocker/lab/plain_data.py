"""Plain data: the values that may pass between a learner's code and the checks, and their display.

Plain values are None, bool, int, float, str and bytes, and lists, tuples and dicts of them. The
checks may run in another process than the learner's code; plain values pass unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DEPTH = 40
READERS: list[tuple[type, Callable[[Any], Any]]] = [
    (int, int.__index__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, bytes.__bytes__),
]
SHOWN = 400  # characters of a value in a message


class NotPlain(TypeError):
    """A value that is not plain data; the text names its type and place."""


def plain(value: Any, place: str = "", depth: int = DEPTH) -> Any:
    """A copy of `value` made only of Python's own types; raises NotPlain.

    Values of subclasses (an IntEnum, an HTTPStatus, a defaultdict) become values of the base type;
    they are read with the base type's own methods, so that no code of the subclass runs later.
    """
    if depth == 0:
        raise NotPlain(f"a value that is nested more than {DEPTH} deep")
    if isinstance(value, list | tuple):
        kind: Any = list if isinstance(value, list) else tuple
        items = enumerate(kind.__iter__(value))
        return kind([plain(each, f"{place}[{index}]", depth - 1) for index, each in items])
    if isinstance(value, dict):
        return {
            plain(key, place, depth - 1): plain(each, f"{place}[{key!r}]", depth - 1)
            for key, each in dict.items(value)
        }
    return _single(value, place)


def _single(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    for kind, read in READERS:
        if isinstance(value, kind):
            return read(value)
    name = type(value).__name__
    raise NotPlain(f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}{place and f' at {place}'}")


def same(observed: Any, expected: Any) -> bool:
    """True for equal plain data, where a tuple equals a list and True does not equal 1."""
    if isinstance(observed, bool) or isinstance(expected, bool):
        return observed is expected
    if isinstance(observed, list | tuple) and isinstance(expected, list | tuple):
        return len(observed) == len(expected) and all(map(same, observed, expected))
    if isinstance(observed, dict) and isinstance(expected, dict):
        return observed.keys() == expected.keys() and all(
            same(observed[key], expected[key]) for key in observed
        )
    return bool(observed == expected)


def show(value: Any) -> str:
    """A value for messages: its repr, cut after SHOWN characters."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} … ({len(text)} characters)"
