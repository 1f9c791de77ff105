"""A container's life cycle: its states, the calls between them, and a container's present state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from insidedocker.lab.engines.session import Engine
from insidedocker.lab.pictures.drawing import Drawing, Picture, Point

PLACES = {
    "created": (12, 150),
    "running": (260, 150),
    "paused": (260, 12),
    "exited": (508, 150),
    "removed": (260, 264),
}
WIDE, HIGH = 120, 50


@dataclass(frozen=True)
class Step:
    """A transition between two states: its calls, its line, and the place of its words."""

    start: str
    end: str
    calls: tuple[str, ...]
    line: tuple[Point, ...]
    words: Point
    at: str = ""


ENDS = ("its program ends", "POST …/kill", "POST …/stop")
STEPS = [
    Step("created", "running", ("POST …/start",), ((132, 175), (260, 175)), (196, 167), "middle"),
    Step("running", "paused", ("POST …/pause",), ((288, 150), (288, 62)), (280, 86), "end"),
    Step("paused", "running", ("POST …/unpause",), ((352, 62), (352, 150)), (360, 86)),
    Step("running", "exited", ENDS, ((380, 165), (508, 165)), (444, 157), "middle"),
    Step("exited", "running", ("POST …/start",), ((508, 187), (380, 187)), (444, 204), "middle"),
    Step("created", "removed", ("DELETE …",), ((72, 200), (72, 289), (260, 289)), (80, 281)),
    Step(
        "exited", "removed", ("DELETE …",), ((568, 200), (568, 289), (380, 289)), (560, 281), "end"
    ),
    Step("running", "removed", ("DELETE …?force=true",), ((320, 200), (320, 264)), (328, 237)),
]

# Any other state that engines report -> the nearest of these five.
NEAREST = {
    "restarting": "running",
    "stopping": "running",
    "removing": "exited",
    "dead": "exited",
    "stopped": "exited",
    "configured": "created",
    "initialized": "created",
}


def life_cycle(engine: Engine, container: str) -> Picture:
    """A picture of a container's states and the calls between them, with the present state of
    `container` (a name or an id). A container that the engine does not know counts as removed."""
    answer = engine.get(f"/containers/{quote(container, safe='')}/json")
    if answer.status_code == 404:
        stands, said = "removed", "there is no container of that name (any more)"
    else:
        answer.raise_for_status()
        stands, said = _state(answer.json()["State"])
    container = re.sub("^([0-9a-f]{12})[0-9a-f]{52}$", r"\1", container)  # as docker writes Ids
    drawing = Drawing()
    drawing.words(12, 115, "POST /containers/create", "small")
    drawing.line((72, 121), (72, 150), lit=stands == "created")
    for step in STEPS:
        drawing.line(*step.line, lit=step.start == stands)
        x, y = step.words
        for number, words in enumerate(reversed(step.calls)):
            drawing.words(x, y - 16 * number, words, "small", at=step.at)
    for name, (x, y) in PLACES.items():
        drawing.box(x, y, WIDE, HIGH, "box lit" if name == stands else "box")
        drawing.words(x + WIDE / 2, y + 30, name, "strong", at="middle")
    drawing.words(12, 344, f"{container}: {said}", room=616)
    return drawing.picture(
        f"The life cycle of a container; {container} is {stands}",
        [f"{container}: {said}", *_in_words(container, stands)],
    )


def _state(state: dict[str, Any]) -> tuple[str, str]:
    """A container's state (one of the five), and the engine's own words for it."""
    status = str(state.get("Status", ""))
    stands = NEAREST.get(status, status)
    said = status
    if stands == "exited":
        said += f", exit code {state.get('ExitCode')}"
        said += ", for want of memory" if state.get("OOMKilled") else ""
    elif stands in ("running", "paused"):
        said += f" since {str(state.get('StartedAt', ''))[:19]}"
    if error := state.get("Error"):
        said += f" ({error})"
    return stands, said


def _in_words(container: str, stands: str) -> Iterator[str]:
    yield "created, running, paused, exited and removed are its states:"
    yield "  POST /containers/create → created"
    for step in STEPS:
        calls = " or ".join(call.replace("…", f"/containers/{container}") for call in step.calls)
        here = "  ← from here" if step.start == stands else ""
        yield f"  {step.start}: {calls} → {step.end}{here}"
