"""What happens to images, told to those who follow the engine's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .daemon import Engine
    from .images import Image


def emit(engine: Engine, action: str, image: Image | None, actor: str, name: str = "") -> None:
    """`actor` is the image's id, or its name where it comes or goes by that; `name` is what
    the event calls it (the actor, if nothing else)."""
    attributes = dict(image.labels) if image is not None else {}
    attributes["name"] = name or actor
    engine.events.emit("image", action, actor, attributes)
