"""The tap: a recording proxy in front of an engine, and what it saw as a timeline.

The proxy and the HTTP parser are `insidedocker_engine.recording`.

    tap       the tap, for a `with` block
    target    the connection to the tapped engine, from its address
    calls     the record of a request and its answer
    events    the engine's event stream, on the tap's clock
    timeline  calls and events as text and as HTML
    live      a display in a notebook that is redrawn as it changes
    witness   a proxy for one function's requests, which proves what that function has made
"""

from insidedocker.lab.tapping.calls import Call
from insidedocker.lab.tapping.events import Event
from insidedocker.lab.tapping.tap import Tap

__all__ = ["Call", "Event", "Tap"]
