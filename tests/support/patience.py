"""How long the tests wait, in seconds.

A wait ends with its event, so that these cost nothing where the event comes: they are many times
what it takes on a machine that is busy with other things. Where a limit is itself what a test is
about, the test names it.
"""

import time
from collections.abc import Callable

EVENT = 120
"""For what takes a moment: an answer, a line of output, the end of a process."""

START = 240
"""For a program that starts: an engine, JupyterLab, a hub."""

SETUP = 600
"""For an installation into an empty folder."""


def until(condition: Callable[[], object], seconds: float = EVENT) -> None:
    """Look again and again until it holds; AssertionError where it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.005)
