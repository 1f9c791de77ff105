"""Commit: a container's changes become a layer on top of its image's layers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps
from ..base.version import VERSION
from ..container.record import Container
from ..container.store import ContainerStore
from ..files import tar_extract
from ..images import manifests
from ..images.references import Reference
from ..images.store import Image, Images

if TYPE_CHECKING:
    from ..images.blobs import Blobs
    from ..storage.contract import Driver
    from .file_systems import FileSystems
    from .lifecycle import Lifecycle

EMPTY = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""Digest of a tar archive without entries, which makes no layer."""

OF_IMAGES = (
    *("ArgsEscaped", "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels"),
    *("OnBuild", "Shell", "StopSignal", "User", "Volumes", "WorkingDir"),
)
"""Fields of a container's Config that an image keeps."""


@dataclass(frozen=True)
class CommitOptions:
    """The options of a commit. `settings` override the container's own."""

    settings: dict[str, Any]
    name: Reference | None = None
    comment: str = ""
    author: str = ""
    pause: bool = True


class Commits:
    """Makes images out of the containers of one engine."""

    def __init__(
        self,
        containers: ContainerStore,
        images: Images,
        driver: Driver,
        file_systems: FileSystems,
        lifecycle: Lifecycle,
    ) -> None:
        self._containers = containers
        self._images = images
        self._driver = driver
        self._file_systems = file_systems
        self._lifecycle = lifecycle

    async def commit(self, container: Container, options: CommitOptions) -> Image:
        """Make the image. Raises Conflict for a container that is being removed."""
        if container.removing:
            what = f"You cannot commit container {container.id} which is being removed"
            raise errors.Conflict(what)
        blobs, driver = self._images.blobs, self._driver
        with self._images.coming():
            async with (
                self._resting(container, options.pause),
                self._file_systems.mounted(container) as root,
            ):
                diff = await asyncio.to_thread(keep_changes, blobs, driver, container.id, root)
            with blobs.holding([diff]):
                image = await self._register(container, options, diff)
        named = {}
        if options.name is not None:
            self._images.emit("tag", image, name=options.name.familiar)
            named = {"imageRef": options.name.familiar}
        self._containers.emit(
            container, "commit", comment=options.comment, imageID=image.id, **named
        )
        return image

    @contextlib.asynccontextmanager
    async def _resting(self, container: Container, pause: bool) -> AsyncIterator[None]:
        """Pause the container meanwhile, so that it does not write."""
        paused = pause and container.state.status == "running"
        if paused:
            await self._lifecycle.pause(container)
        try:
            yield
        finally:
            if paused and container.state.status == "paused":
                await self._lifecycle.unpause(container)

    async def _register(self, container: Container, options: CommitOptions, diff: str) -> Image:
        below = self._images.base(container.record.image)
        moment = timestamps.now()
        step: dict[str, Any] = {
            "created": moment,
            "created_by": " ".join(container.config.get("Cmd") or []),
        }
        if options.author:
            step["author"] = options.author
        if options.comment:
            step["comment"] = options.comment
        if not diff:
            step["empty_layer"] = True
        config = {
            **{name: below.config[name] for name in PLATFORM if name in below.config},
            "author": options.author,
            "comment": options.comment,
            "config": merged(options.settings, container.config),
            "container": container.id,
            "container_config": container.config,
            "created": moment,
            "docker_version": VERSION,
            "history": [*(below.config.get("history") or []), step],
            "rootfs": {"type": "layers", "diff_ids": [*below.diff_ids, *filter(None, [diff])]},
        }
        names = [] if options.name is None else [options.name]
        return await self._images.commit(config, parent=below.id, names=names)


def keep_changes(
    blobs: Blobs,
    driver: Driver,
    container: str,
    root: Path,
    owners: tar_extract.Owners | None = None,
) -> str:
    """Store the difference between the file system at `root` and its layers as a layer in the
    blobs; returns its digest, or "" where nothing differs. Blocking."""
    with blobs.writing() as writer:
        for piece in tar_extract.pack_changes(root, driver.changes(container), owners):
            writer.write(piece)
        return "" if writer.digest == EMPTY else writer.keep()


PLATFORM = ("architecture", "variant", "os", "os.version", "os.features")
"""Fields of an image's config taken from the image below."""


def merged(settings: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
    """The settings of an image: `settings`, completed by those of `below`."""
    result = {name: settings.get(name) or below.get(name) for name in OF_IMAGES}
    for name in ("ExposedPorts", "Labels", "Volumes"):
        result[name] = {**(below.get(name) or {}), **(settings.get(name) or {})} or None
    own = settings.get("Env") or []
    said = {text.partition("=")[0] for text in own}
    inherited = [one for one in below.get("Env") or [] if one.partition("=")[0] not in said]
    result["Env"] = [*own, *inherited] or None
    if settings.get("Entrypoint") and not settings.get("Cmd"):
        result["Cmd"] = None  # an inherited command belongs to the inherited entry point
    return {name: value for name, value in result.items() if value}


def check_settings(settings: Any) -> dict[str, Any]:
    """The Config sent by a client, checked. Raises BadRequest."""
    try:
        manifests.check_settings(settings)
    except manifests.Malformed as error:
        raise errors.BadRequest(f"invalid JSON: {error}") from None
    return settings or {}
