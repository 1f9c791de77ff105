"""The tap: a recording proxy in front of an engine, and what it saw as a timeline.

`wire` reads HTTP, `proxy` passes bytes, `calls` and `events` say what is kept of them, `timeline`
shows it; `tap` puts them together for a `with` block. `witness` is a proxy for one function's
requests, which proves what that function has made.
"""

from insidedocker.lab.tapping.calls import Call
from insidedocker.lab.tapping.events import Event
from insidedocker.lab.tapping.tap import Tap

__all__ = ["Call", "Event", "Tap"]
