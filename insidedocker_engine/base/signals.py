"""Signals as the Engine API names them: numbers, and names with or without SIG."""

from __future__ import annotations

import re
import signal

from . import errors

HIGHEST = 64


def parse(text: str) -> int:
    """The number of a signal (KILL, SIGKILL, 9, RTMIN+3). Raises BadRequest for anything else."""
    name = text.upper().removeprefix("SIG")
    number = 0
    if counted := re.fullmatch(r"(RTMIN\+|RTMAX-|)([0-9]{1,3})", name):
        steps = int(counted[2])
        named = {"RTMIN+": signal.SIGRTMIN + steps, "RTMAX-": signal.SIGRTMAX - steps}
        number = named.get(counted[1], steps)
    else:
        found = getattr(signal, f"SIG{name}", None)
        if isinstance(found, signal.Signals):
            number = int(found)
    if not 0 < number <= HIGHEST:
        raise errors.BadRequest(f"invalid signal: {text}")
    return number
