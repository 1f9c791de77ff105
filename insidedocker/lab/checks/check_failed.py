"""The failure of a check as a learner reads it: observed, expected, try next."""

from __future__ import annotations

from typing import NoReturn

from insidedocker.lab.errors import Sentence


class CheckFailed(Sentence, AssertionError):
    """A check does not pass yet; the text says observed, expected and try next."""

    what = ""
    try_next = ""


ASTRAY = (
    "the function asked another engine than the one whose address it was handed. A name such as "
    "engine, set in a cell above, stays the notebook's own: use the address."
)
went_astray = False
"""Whether the function that a check has called last asked other engines only."""


def fail(what: str, *, observed: str = "", expected: str = "", try_next: str = "") -> NoReturn:
    """Raise CheckFailed; empty parts are left out of its text."""
    try_next = ASTRAY if went_astray else try_next
    lines = [f"Not yet: {what}"]
    for name, text in (("Observed", observed), ("Expected", expected), ("Try next", try_next)):
        if text:
            lines.append(f"  {name + ':':<10}{text}")
    failed = CheckFailed("\n".join(lines))
    failed.what, failed.try_next = what, try_next
    raise failed from None
