"""Comparison of quiz answers: equal answers, incomplete answers, and the signs in an answer.

Works on plain data only; knows no question and no key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import dropwhile, takewhile
from typing import Any

from insidedocker.lab.plain_data import same

BEFORE_A_COMMAND = {"$", "#", "%", ">", "sudo"}
MISSING = ""  # a place of an ordering, or a side of a match, that is not yet chosen


def alike(value: Any, other: Any) -> bool:
    """True where two answers count as equal: case and doubled blanks do not matter."""
    if isinstance(value, str) and isinstance(other, str):
        return " ".join(value.split()).casefold() == " ".join(other.split()).casefold()
    return same(value, other)


def command(typed: str, idle: Collection[str] = ()) -> str:
    """A typed command without what stands around it (backticks, a prompt, sudo, a comment, a full
    stop) and without the options in `idle`, which do not change what is asked for."""
    words = typed.replace("`", " ").rstrip(" .;").split()
    begun = dropwhile(BEFORE_A_COMMAND.__contains__, words)
    found = takewhile(lambda word: not word.startswith("#"), begun)
    return " ".join(word for word in found if word not in idle)


def half(value: Any) -> bool:
    """True where an ordering or a match is incomplete, or an ordering repeats a step."""
    if isinstance(value, Mapping):
        return MISSING in value.values()
    if isinstance(value, list | tuple):
        return MISSING in value or len(set(map(str, value))) < len(value)
    return False


def shows(value: Any, sign: Any) -> bool:
    """True where an answer shows `sign`.

    A sign is a whole answer, or a part of one: one of the chosen options; a tuple of options that
    are chosen in this order; for a match, the tuple (left, right).
    """
    if alike(value, sign):
        return True
    if isinstance(value, Mapping):
        return isinstance(sign, tuple) and len(sign) == 2 and value.get(sign[0]) == sign[1]
    if not isinstance(value, list | tuple):
        return False
    wanted = list(sign) if isinstance(sign, tuple) else [sign]
    return wanted == [each for each in value if each in wanted]


def first_remedy(value: Any, remedies: Mapping[Any, str]) -> str:
    """The text of the first sign that the answer shows; empty if it shows none of them."""
    return next((text for sign, text in remedies.items() if shows(value, sign)), "")
