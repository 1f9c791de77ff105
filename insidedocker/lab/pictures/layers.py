"""The layers of images, the lowest at the bottom, and the layers that images share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from insidedocker.lab.engines.images import ImageMissing
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.pictures.drawing import WIDTH, Drawing, Picture, size

ACROSS = 3  # images in a row
GAP = 12
HEIGHT = 28

# Instructions that change an image's settings but no file: their line of history has no layer.
SETTINGS = (
    *("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)


@dataclass(frozen=True)
class Layer:
    """One layer: its diff id and, where the history tells them, its size and instruction."""

    digest: str
    bytes: int | None = None
    made_by: str = ""

    @property
    def short(self) -> str:
        return self.digest.removeprefix("sha256:")[:12]


@dataclass(frozen=True)
class Stack:
    """An image under the requested name, with its layers, lowest first."""

    name: str
    layers: tuple[Layer, ...]


def layers(engine: Engine, *images: str) -> Picture:
    """A picture of the layers of these images, or of every image with a tag; shared layers are lit.

    Images stand side by side in the given order; a layer that neighbours share at the same height
    is drawn once, across them. Raises ImageMissing.
    """
    stacks = [_stack(engine, name) for name in images or _tagged(engine)]
    if not images:  # side by side: images with the same lowest layers
        stacks.sort(key=lambda stack: [layer.digest for layer in stack.layers])
    holders = Counter(digest for stack in stacks for digest in {e.digest for e in stack.layers})
    drawing = Drawing()
    y = 8.0
    for start in range(0, len(stacks), ACROSS):
        y = _draw_row(drawing, y, stacks[start : start + ACROSS], holders)
    summary = _summary(stacks, holders)
    drawing.words(GAP, y + 8, summary, room=WIDTH - 2 * GAP)
    return drawing.picture(_title(stacks), [*_in_words(stacks), summary])


def _tagged(engine: Engine) -> list[str]:
    tags = (each.get("RepoTags") or [] for each in engine.get("/images/json").json())
    return sorted(some[0] for some in tags if some and some[0] != "<none>:<none>")


def _stack(engine: Engine, name: str) -> Stack:
    path = f"/images/{quote(name, safe='/:@')}"
    answer = engine.get(f"{path}/json")
    if answer.status_code == 404:
        raise ImageMissing(
            f"There is no image called {name!r} on this engine: GET /images/json lists those "
            "there are, and lab.need(engine, NAME) brings those of the course."
        )
    answer.raise_for_status()
    digests = answer.json()["RootFS"].get("Layers") or []
    history = engine.get(f"{path}/history")
    lines = history.json()[::-1] if history.ok else []
    return Stack(name, tuple(_layers(digests, lines)))


def _layers(digests: Sequence[str], history: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    """The layers with their line of history, oldest first. The API does not say which lines made
    a layer: if there are as many lines that changed files (or lines in all) as layers, these lines
    are taken; else the layers have no line."""
    for lines in ([line for line in history if _changes_files(line)], history):
        if len(lines) == len(digests):
            for digest, line in zip(digests, lines, strict=True):
                yield Layer(digest, line.get("Size", 0), _instruction(line.get("CreatedBy", "")))
            return
    yield from map(Layer, digests)


def _changes_files(line: dict[str, Any]) -> bool:
    words = _instruction(line.get("CreatedBy", "")).split()
    return bool(line.get("Size")) or (bool(words) and words[0] not in SETTINGS)


def _instruction(text: str) -> str:
    """The instruction that made a layer, without the classic builder's prefix."""
    for before in ("/bin/sh -c #(nop)", "/bin/sh -c"):
        text = text.removeprefix(before)
    return " ".join(text.removesuffix("# buildkit").split())


def _draw_row(drawing: Drawing, y: float, row: Sequence[Stack], holders: Counter[str]) -> float:
    """Draw a row of images; returns the `y` of the next row."""
    room = (WIDTH - GAP * (len(row) + 1)) / len(row)
    foot = y + 26 + HEIGHT * max(len(stack.layers) for stack in row)
    for number, stack in enumerate(row):
        x = GAP + number * (room + GAP)
        drawing.words(x, y + 14, stack.name, "strong", room=room)
        if not stack.layers:
            drawing.words(x, foot - 8, "no layers", "small")
    for level in range(max(len(stack.layers) for stack in row)):
        at = [stack.layers[level] if level < len(stack.layers) else None for stack in row]
        x = float(GAP)
        for digest, some in groupby(at, lambda layer: layer.digest if layer else ""):
            same = list(some)
            wide = len(same) * (room + GAP) - GAP
            if digest and (layer := same[0]):
                shared = holders[digest] > 1
                _draw_layer(drawing, x, foot - HEIGHT * (level + 1), wide, layer, shared=shared)
            x += wide + GAP
    return foot + 20


def _draw_layer(
    drawing: Drawing, x: float, y: float, width: float, layer: Layer, *, shared: bool
) -> None:
    drawing.box(x, y, width, HEIGHT - 4, "box lit" if shared else "box")
    drawing.words(x + 8, y + 17, layer.short, "code")
    if layer.bytes is not None:
        drawing.words(x + width - 8, y + 17, size(layer.bytes), "small", at="end")
    room = width - 8 - 104 - 72
    if room > 90:
        drawing.words(x + 112, y + 17, layer.made_by, "small", room=room)


def _title(stacks: Sequence[Stack]) -> str:
    if not stacks:
        return "Layers: there is no image with a tag on this engine"
    if len(stacks) == 1:
        return f"The layers of {stacks[0].name}"
    return f"The layers of {len(stacks)} images"


def _summary(stacks: Sequence[Stack], holders: Counter[str]) -> str:
    together = sum(len(stack.layers) for stack in stacks)
    shared = sum(count > 1 for count in holders.values())
    text = "1 layer" if together == 1 else f"{together} layers"
    if len(stacks) > 1:
        text += f", {len(holders)} different ones, {shared} shared" + (" (lit)" if shared else "")
    found = {layer.digest: layer.bytes for stack in stacks for layer in stack.layers}
    if found and None not in found.values():
        text += f"; {size(sum(each or 0 for each in found.values()))} on disk"
    return text


def _in_words(stacks: Sequence[Stack]) -> Iterator[str]:
    digests = {stack.name: {layer.digest for layer in stack.layers} for stack in stacks}
    for stack in stacks:
        yield f"{stack.name}, lowest layer first:" if stack.layers else f"{stack.name}: no layers"
        for layer in stack.layers:
            others = [
                name for name in digests if name != stack.name and layer.digest in digests[name]
            ]
            much = "size not told" if layer.bytes is None else size(layer.bytes)
            shared = f", shared with {', '.join(others)}" if others else ""
            made = f"  {layer.made_by}" if layer.made_by else ""
            yield f"  {layer.short}  {much}{shared}{made}"
