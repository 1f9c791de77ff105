"""Holding a quiz answer against others: is it the same, is it whole, what does it show?

Plain data alone; knows no question and no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from insidedocker.lab.plain_data import same

MISSING = ""  # stands for a place of an ordering, or an end of a match, not yet chosen


def alike(value: Any, other: Any) -> bool:
    """Whether two answers count as the same: capitals and doubled blanks do not matter."""
    if isinstance(value, str) and isinstance(other, str):
        return " ".join(value.split()).casefold() == " ".join(other.split()).casefold()
    return same(value, other)


def half(value: Any) -> bool:
    """Whether an ordering or a match leaves something out, or an ordering names a thing twice."""
    if isinstance(value, Mapping):
        return MISSING in value.values()
    if isinstance(value, list | tuple):
        return MISSING in value or len(set(map(str, value))) < len(value)
    return False


def shows(value: Any, sign: Any) -> bool:
    """Whether an answer shows what `sign` stands for.

    A sign is a whole answer, or a part of one: an option that is among the chosen; a tuple of
    options that are chosen in this order; of a match, the tuple (left, right).
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
    """The text of the first sign that the answer shows; empty where it shows none."""
    return next((text for sign, text in remedies.items() if shows(value, sign)), "")
