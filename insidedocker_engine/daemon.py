"""The engine: its root folder and its parts, from start to end.

This module only creates the parts, and starts and ends them in the right order.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import root_format
from .base.events import Events
from .base.kept_aside import KeptAside
from .base.restrictions import Restrictions
from .container.store import ContainerStore
from .containers.commit import Commits
from .containers.containers import Containers
from .files import atomic_files, directory_trees
from .images.registry_options import Options
from .images.store import Images
from .networks.networks import Networks
from .storage import choice
from .volumes import Volumes

if TYPE_CHECKING:
    from .runtime.contract import Runtime

NEW_UUID = Path("/proc/sys/kernel/random/uuid")


class Daemon:
    """One engine on one root folder, which no other engine uses."""

    def __init__(
        self,
        root: Path,
        runtime: Runtime,
        registries: Options,
        restrictions: Restrictions,
    ) -> None:
        """Raises storage.choice.Unusable, root_format.Newer. Blocking: nothing else runs yet."""
        self.root = root
        self.kept_aside = KeptAside()
        root_format.prepare(root, self.kept_aside)
        self.temporary = root / "tmp"
        self.runtime = runtime
        self.name = os.uname().nodename
        self.rootless = _is_rootless()
        self.id = _identity(root)
        self._use_own_temporary_folder()
        self.driver = choice.choose(root, runtime.name == "namespaces")
        self.events = Events()
        self.store = ContainerStore(root / "containers", self.events, self.kept_aside)
        self.images = Images(
            root,
            driver=self.driver,
            containers=self.store,
            events=self.events,
            restrictions=restrictions,
            registries=registries,
            kept_aside=self.kept_aside,
        )
        self.networks = Networks(
            root / "networks",
            runtime,
            self.store,
            self.events,
            restrictions=restrictions,
            kept_aside=self.kept_aside,
        )
        self.volumes = Volumes(
            root,
            self.store,
            self.events,
            restrictions=restrictions,
            kept_aside=self.kept_aside,
        )
        self.containers = Containers(
            root,
            host_name=self.name,
            runtime=runtime,
            driver=self.driver,
            containers=self.store,
            images=self.images,
            volumes=self.volumes,
            networks=self.networks,
            restrictions=restrictions,
        )
        self.file_systems = self.containers.file_systems
        self.execs = self.containers.execs
        self.lifecycle = self.containers.life
        self.commits = Commits(
            self.store, self.images, self.driver, self.file_systems, self.lifecycle
        )

    def _use_own_temporary_folder(self) -> None:
        """Set the temporary folder of the engine and its launcher, below the root folder: the next
        start clears what a kill left there, and removing the root folder removes it too."""
        directory_trees.remove(self.temporary)
        self.temporary.mkdir(mode=0o700)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.temporary)

    async def open(self) -> None:
        """Get ready to answer. The runtime comes first: loading the containers restarts some of
        them."""
        await self.runtime.open()
        self.images.load()
        self.networks.load()
        self.volumes.load()
        self.containers.load()

    async def close(self, hurry: asyncio.Event, discard: bool = False) -> None:
        """End every container: with its stop signal and in its own time, unless `hurry` is set; at
        once where its state will be discarded."""
        ending = asyncio.ensure_future(self.containers.close(hurry))
        # One step is enough to keep `containers` from restarting what the runtime then kills.
        await (asyncio.sleep(0) if discard else ending)
        await self.runtime.close()
        await ending


def _is_rootless() -> bool:
    """True where this process is not root, or is root only inside its user namespace."""
    inside, outside, _count = map(int, Path("/proc/self/uid_map").read_text().split()[:3])
    return os.geteuid() != 0 or inside != outside


def _identity(root: Path) -> str:
    """The engine's id, created once per root folder."""
    file = root / "engine-id"
    try:
        if identity := file.read_text().strip():
            return identity
    except FileNotFoundError:
        pass
    identity = NEW_UUID.read_text().strip()
    atomic_files.write_bytes(file, identity.encode(), lasting=False)
    return identity
