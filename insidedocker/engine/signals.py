"""Signals as the Engine API names them: numbers, and names with or without SIG."""

from __future__ import annotations

import signal

from . import errors

HIGHEST = 64


def parse(text: str) -> int:
    """The number of a signal (KILL, SIGKILL, 9, RTMIN+3); BadRequest for anything else."""
    name = text.upper().removeprefix("SIG")
    number = 0
    if text.isdigit():
        number = int(text)
    elif name.startswith("RTMIN+") and name[6:].isdigit():
        number = signal.SIGRTMIN + int(name[6:])
    elif name.startswith("RTMAX-") and name[6:].isdigit():
        number = signal.SIGRTMAX - int(name[6:])
    else:
        found = getattr(signal, f"SIG{name}", None)
        if isinstance(found, signal.Signals):
            number = int(found)
    if not 0 < number <= HIGHEST:
        raise errors.BadRequest(f"invalid signal: {text}")
    return number
