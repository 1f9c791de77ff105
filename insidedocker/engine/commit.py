"""A new image out of a container: what it changed becomes a layer on top of its image's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import errors, events_of_images, manifests, tarballs, timestamps
from .images import Image
from .references import Reference
from .version import VERSION

if TYPE_CHECKING:
    from .containers.model import Container
    from .daemon import Engine

EMPTY = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""The digest of a tar archive without entries: no layer is made for that."""

OF_IMAGES = (
    *("ArgsEscaped", "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels"),
    *("OnBuild", "Shell", "StopSignal", "User", "Volumes", "WorkingDir"),
)
"""What an image keeps of a container's Config."""


@dataclass(frozen=True)
class Wish:
    """What a commit was asked for. `settings` go before the container's own."""

    settings: dict[str, Any]
    name: Reference | None = None
    comment: str = ""
    author: str = ""
    pause: bool = True


async def commit(engine: Engine, container: Container, wish: Wish) -> Image:
    """Make the image. Raises Conflict for a container that is on its way out."""
    if container.removing:
        raise errors.Conflict(f"You cannot commit container {container.id} which is being removed")
    blobs = engine.images.blobs
    async with (
        _resting(engine, container, wish.pause),
        engine.containers.mounted(container) as root,
    ):
        diff = await asyncio.to_thread(keep_changes, engine, container.id, root)
    with blobs.holding([diff]):
        image = await _register(engine, container, wish, diff)
    if wish.name is not None:
        engine.images.tag(image, wish.name)
        events_of_images.emit(engine, "tag", image, image.id, wish.name.familiar)
    named = {"imageRef": wish.name.familiar} if wish.name is not None else {}
    engine.containers.emit(container, "commit", comment=wish.comment, imageID=image.id, **named)
    return image


@contextlib.asynccontextmanager
async def _resting(engine: Engine, container: Container, pause: bool) -> AsyncIterator[None]:
    """Keep the container from writing meanwhile."""
    paused = pause and container.state.status == "running"
    if paused:
        await engine.containers.life.pause(container)
    try:
        yield
    finally:
        if paused and container.state.status == "paused":
            await engine.containers.life.unpause(container)


def keep_changes(
    engine: Engine, container: str, root: Path, owners: tarballs.Owners | None = None
) -> str:
    """What differs in the file system at `root` from its layers, as a layer in the blobs: its
    digest, or nothing where nothing does. Blocking."""
    with engine.images.blobs.writing() as writer:
        for piece in tarballs.pack_changes(root, engine.driver.changes(container), owners):
            writer.write(piece)
        return "" if writer.digest == EMPTY else writer.keep()


async def _register(engine: Engine, container: Container, wish: Wish, diff: str) -> Image:
    below = engine.images.base(container.record.image)
    moment = timestamps.now()
    step: dict[str, Any] = {
        "created": moment,
        "created_by": " ".join(container.config.get("Cmd") or []),
    }
    if wish.author:
        step["author"] = wish.author
    if wish.comment:
        step["comment"] = wish.comment
    if not diff:
        step["empty_layer"] = True
    config = {
        **{name: below.config[name] for name in PLATFORM if name in below.config},
        "author": wish.author,
        "comment": wish.comment,
        "config": merged(wish.settings, container.config),
        "container": container.id,
        "container_config": container.config,
        "created": moment,
        "docker_version": VERSION,
        "history": [*(below.config.get("history") or []), step],
        "rootfs": {"type": "layers", "diff_ids": [*below.diff_ids, *filter(None, [diff])]},
    }
    return await engine.images.commit(config, parent=below.id)


PLATFORM = ("architecture", "variant", "os", "os.version", "os.features")
"""What an image has from the one below it."""


def merged(settings: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
    """An image's settings: `settings`, and where they say nothing those of `below`."""
    result = {name: settings.get(name) or below.get(name) for name in OF_IMAGES}
    for name in ("ExposedPorts", "Labels", "Volumes"):
        result[name] = {**(below.get(name) or {}), **(settings.get(name) or {})} or None
    own = settings.get("Env") or []
    said = {text.partition("=")[0] for text in own}
    inherited = [one for one in below.get("Env") or [] if one.partition("=")[0] not in said]
    result["Env"] = [*own, *inherited] or None
    if settings.get("Entrypoint") and not settings.get("Cmd"):
        result["Cmd"] = None  # a command belongs to its entry point
    return {name: value for name, value in result.items() if value}


def check_settings(settings: Any) -> dict[str, Any]:
    """The Config that a client sent. Raises BadRequest."""
    try:
        manifests.check_settings(settings)
    except manifests.Malformed as error:
        raise errors.BadRequest(f"invalid JSON: {error}") from None
    return settings or {}
