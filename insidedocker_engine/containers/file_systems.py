"""The file systems of containers: mounted while anybody needs them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import errors
from ..container.record import Container
from ..container.store import ContainerStore
from ..files import directory_trees

if TYPE_CHECKING:
    from ..storage.contract import Driver


class FileSystems:
    """Mounts each container's file system once, for all who use it at a time."""

    def __init__(self, driver: Driver, containers: ContainerStore) -> None:
        self._driver = driver
        self._containers = containers

    async def hold(self, container: Container) -> Path:
        """Mount the container's file system, or use the mount there is, until `release`."""
        async with container.mounting:
            if container.root is None:
                if container.id not in self._containers:  # removed while we waited
                    raise errors.NotFound(f"No such container: {container.id}")
                container.root = await asyncio.to_thread(self._driver.mount, container.id)
            container.uses += 1
            container.unused.clear()
            return container.root

    async def release(self, container: Container) -> None:
        async with container.mounting:
            container.uses = max(0, container.uses - 1)
            if container.uses == 0 and container.root is not None:
                container.root = None
                await asyncio.to_thread(self._driver.unmount, container.id)
            if container.uses == 0:
                container.unused.set()

    @contextlib.asynccontextmanager
    async def mounted(self, container: Container) -> AsyncIterator[Path]:
        """Raises NotFound instead of an OSError that comes of its removal meanwhile."""
        root = await self.hold(container)
        try:
            yield root
        except OSError:
            self._containers.still_there(container.id)
            raise
        finally:
            await self.release(container)

    async def remove(self, container: Container, folder: Path) -> None:
        """Once nobody uses it any more, together with the container's own `folder`. OSError."""

        def clear() -> None:
            if container.root is not None:  # the engine closes, and waits for nobody
                self._driver.unmount(container.id)
            self._driver.remove(container.id)
            directory_trees.remove(folder)

        await container.unused.wait()
        await asyncio.to_thread(clear)
