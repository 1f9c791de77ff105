"""Every container of one engine: finds containers by name or id, saves them and emits their events.

On disk, below the engine's root:
  containers/<id>/config.json   the record; a container exists when its folder does
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from ..base import errors
from ..base.events import Events
from ..base.kept_aside import KeptAside
from . import names
from .record import Container

log = logging.getLogger(__name__)

Event = tuple[str, dict[str, str]]
"""An action, and the attributes that its event has beside the container's own."""


class ContainerStore:
    """All containers and their names. Use it only in the event loop's thread."""

    def __init__(self, folder: Path, events: Events, kept_aside: KeptAside) -> None:
        self.folder = folder
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._events = events
        self._kept_aside = kept_aside
        self._all: dict[str, Container] = {}
        self._making: dict[str, Container] = {}
        """Containers not yet visible to clients; their images must keep their layers."""
        self._names: dict[str, str] = {}
        """Name -> id. A create reserves the name in its first step."""

    def load(self) -> set[str]:
        """Read every container; returns the names of unreadable folders."""
        unreadable = set()
        for folder in sorted(self.folder.iterdir()):
            try:
                container = Container.read(folder)
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                # The folder was whole when it was made: another version wrote it, or it is damaged.
                # The engine keeps it.
                self._kept_aside.note("the container", folder, error)
                unreadable.add(folder.name)
                continue
            self._all[container.id] = container
            self._names[container.name] = container.id
        return unreadable

    # Finding

    def get(self, name: str) -> Container:
        """Find a container by id, name (with or without a slash) or the first digits of an id.
        Raises NotFound."""
        bare = name.removeprefix("/")
        found = self._all.get(bare) or self._all.get(self._names.get(bare, ""))
        if found is not None:
            return found
        if bare:
            matches = [each for identity, each in self._all.items() if identity.startswith(bare)]
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise errors.NotFound(f"Multiple IDs found with provided prefix: {name}")
        raise errors.NotFound(f"No such container: {name}")

    def __contains__(self, identity: str) -> bool:
        return identity in self._all

    def still_there(self, name: str) -> None:
        """Raises NotFound where the container has been removed, or is being removed."""
        if self.get(name).removing:
            raise errors.NotFound(f"No such container: {name}")

    def all(self) -> list[Container]:
        """All containers, newest first."""
        return sorted(self._all.values(), key=lambda each: each.record.created, reverse=True)

    def known(self) -> list[Container]:
        """All containers, including those in the making."""
        return [*self._all.values(), *self._making.values()]

    def using_image(self, image_id: str) -> list[Container]:
        """Containers made from an image, including those in the making."""
        return [each for each in self.known() if each.record.image == image_id]

    # Coming, going and changing

    def reserve(self, name: str, identity: str) -> str:
        """Reserve `name`, or a free name if empty, for a container. Raises Conflict."""
        name = name or names.invent(lambda each: each in self._names)
        if name in self._names:
            raise errors.Conflict(
                f'Conflict. The container name "/{name}" is already in use by container '
                f'"{self._names[name]}". You have to remove (or rename) that container to be able '
                "to reuse that name."
            )
        self._names[name] = identity
        return name

    def release(self, name: str) -> None:
        self._names.pop(name, None)

    def begin(self, container: Container) -> None:
        """Note a container in the making; `add` or `give_up` follows."""
        self._making[container.id] = container

    def give_up(self, container: Container) -> None:
        del self._making[container.id]
        self.release(container.name)

    def add(self, container: Container) -> None:
        """Make a finished container visible to clients."""
        del self._making[container.id]
        self._all[container.id] = container
        self.emit(container, "create")

    def drop(self, container: Container) -> None:
        self._all.pop(container.id, None)
        self.release(container.name)

    async def change(
        self, container: Container, *told: Event, happened: bool = False, **changed: Any
    ) -> None:
        """Change fields of a container's record, within its turn: on disk, then in memory, then
        tell the events. Raises NotFound where the container has been removed, OSError where the
        record cannot be written; then nothing has changed.

        `happened` is for what is so already: it is told even if it cannot be written. The next
        start of the engine finds that the container does not run.
        """
        await self.write(container, happened=happened, **changed)
        container.enter(**changed)
        for action, more in told:
            self.emit(container, action, **more)

    async def write(self, container: Container, happened: bool = False, **changed: Any) -> None:
        """Only write: the first half of `change`, for a step that goes on meanwhile."""
        try:
            await asyncio.to_thread(container.write, container.encoded(**changed))
        except OSError as error:
            if not happened:
                self.still_there(container.id)
                raise
            log.warning(
                "the state of container %s cannot be written: %s", container.name, error.strerror
            )

    def emit(self, container: Container, action: str, **more: str) -> None:
        self._events.emit("container", action, container.id, container.attributes(**more))
