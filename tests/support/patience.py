"""Limits of the tests' waits, in seconds.

A wait ends with its event, so long limits cost nothing if the event comes: they are many times
the usual duration on a busy machine. A test of a limit names that limit itself.
"""

import time
from collections.abc import Callable

EVENT = 120
"""Limit of a short wait: for an answer, a line of output, the end of a process."""

START = 240
"""Limit of a program's start: an engine, JupyterLab, a hub."""

SETUP = 600
"""Limit of an installation into an empty folder."""


def until(condition: Callable[[], object], seconds: float = EVENT) -> None:
    """Poll the condition until it holds; raises AssertionError if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.005)
