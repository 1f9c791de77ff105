"""The failure of a check as a learner reads it: observed, expected, try next."""

from __future__ import annotations

from typing import NoReturn

from insidedocker.lab.errors import Sentence


class CheckFailed(Sentence, AssertionError):
    """A check does not pass yet; the text says observed, expected and try next."""

    what = ""
    try_next = ""


def fail(what: str, *, observed: str = "", expected: str = "", try_next: str = "") -> NoReturn:
    """Raise CheckFailed; empty parts are left out of its text."""
    lines = [f"Not yet: {what}"]
    for name, text in (("Observed", observed), ("Expected", expected), ("Try next", try_next)):
        if text:
            lines.append(f"  {name + ':':<10}{text}")
    failed = CheckFailed("\n".join(lines))
    failed.what, failed.try_next = what, try_next
    raise failed from None
