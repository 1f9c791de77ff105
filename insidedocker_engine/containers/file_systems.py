"""The file systems of containers, mounted while in use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import bulk, errors, uncancelled
from ..container.record import Container
from ..container.store import ContainerStore
from ..files import directory_trees

if TYPE_CHECKING:
    from ..storage.contract import Driver


class FileSystems:
    """Mounts each container's file system once, shared by all its users."""

    def __init__(self, driver: Driver, containers: ContainerStore) -> None:
        self._driver = driver
        self._containers = containers

    async def hold(self, container: Container) -> Path:
        """Mount the container's file system, or share the existing mount, until `release`. Raises
        NotFound."""
        holding = uncancelled.begin(self._hold(container))
        try:
            return await asyncio.shield(holding)
        except asyncio.CancelledError:
            uncancelled.begin(self._hold_no_more(container, holding))
            raise

    async def _hold_no_more(self, container: Container, holding: asyncio.Task[Path]) -> None:
        """Release a hold whose caller has gone, once it is there."""
        await asyncio.wait([holding])
        if holding.exception() is None:
            await self._release(container)

    async def _hold(self, container: Container) -> Path:
        async with container.mounting:
            if container.root is None:
                if container.id not in self._containers:  # removed while this call waited
                    raise errors.NotFound(f"No such container: {container.id}")
                container.unused.clear()  # a removal from here on waits for the mount
                try:
                    container.root = await asyncio.to_thread(self._driver.mount, container.id)
                except BaseException:
                    container.unused.set()
                    raise
            container.uses += 1
            return container.root

    async def release(self, container: Container) -> None:
        await uncancelled.whole(self._release(container))

    async def _release(self, container: Container) -> None:
        async with container.mounting:
            container.uses = max(0, container.uses - 1)
            if container.uses > 0:
                return
            try:
                if container.root is not None:
                    container.root = None
                    await asyncio.to_thread(self._driver.unmount, container.id)
            finally:
                container.unused.set()

    @contextlib.asynccontextmanager
    async def mounted(self, container: Container) -> AsyncIterator[Path]:
        """Hold the file system. Raises NotFound instead of an OSError caused by the container's
        removal meanwhile."""
        root = await self.hold(container)
        try:
            yield root
        except OSError:
            self._containers.still_there(container.id)
            raise
        finally:
            await self.release(container)

    async def remove(self, container: Container, folder: Path) -> None:
        """Remove the file system and the container's own `folder`, once unused. Raises OSError."""

        def clear() -> None:
            if container.root is not None:  # the engine is closing: it does not wait for users
                self._driver.unmount(container.id)
            self._driver.remove(container.id)
            directory_trees.remove(folder)

        await container.unused.wait()
        await bulk.run(clear)
