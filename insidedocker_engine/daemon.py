"""The engine itself: its root folder, its parts, and their life from start to end.

What a part does is its own business; this module only knows who is there and in which order
they come and go.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .base.events import Events
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
    """One engine on one root folder, which it has for itself."""

    def __init__(
        self,
        root: Path,
        runtime: Runtime,
        registries: Options,
        restrictions: Restrictions,
    ) -> None:
        """Raises storage.choice.Unusable. Blocks; nothing else is going on yet."""
        self.root = root
        self.temporary = root / "tmp"
        self.runtime = runtime
        self.name = os.uname().nodename
        self.rootless = _is_rootless()
        self.id = _identity(root)
        self._use_own_temporary_folder()
        self.driver = choice.choose(root, runtime.name == "namespaces")
        self.events = Events()
        self.store = ContainerStore(root / "containers", self.events)
        self.images = Images(
            root,
            driver=self.driver,
            containers=self.store,
            events=self.events,
            restrictions=restrictions,
            registries=registries,
        )
        self.networks = Networks(root / "networks", runtime, self.store, self.events, restrictions)
        self.volumes = Volumes(root, self.store, self.events, restrictions)
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
        """For everything here and in the launcher: what a kill leaves there goes at the next
        start, and a root folder that is removed takes it along."""
        directory_trees.remove(self.temporary)
        self.temporary.mkdir(mode=0o700)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.temporary)

    async def open(self) -> None:
        """Get ready to answer: the runtime first, since reading the containers starts again
        those that are to be up."""
        await self.runtime.open()
        self.images.load()
        self.networks.load()
        self.volumes.load()
        self.containers.load()

    async def close(self, hurry: bool = False) -> None:
        """End every container: politely, or at once where nobody will look at them again."""
        ending = asyncio.ensure_future(self.containers.close())
        # Started, it restarts none of those that the runtime then kills.
        await (asyncio.sleep(0) if hurry else ending)
        await self.runtime.close()
        await ending


def _is_rootless() -> bool:
    """Whether root in here, if we are that, is an ordinary user of this host."""
    inside, outside, _count = map(int, Path("/proc/self/uid_map").read_text().split()[:3])
    return os.geteuid() != 0 or inside != outside


def _identity(root: Path) -> str:
    """The engine's id, made once for each root folder."""
    file = root / "engine-id"
    try:
        if identity := file.read_text().strip():
            return identity
    except FileNotFoundError:
        pass
    identity = NEW_UUID.read_text().strip()
    atomic_files.write_bytes(file, identity.encode(), lasting=False)
    return identity
