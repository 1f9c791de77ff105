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

from . import api, state, storage, trees
from .containers import Containers
from .events import Events
from .execs import Execs
from .http import Answer, Request
from .images import Images
from .networks import Networks
from .version import VERSION
from .volumes import Volumes

if TYPE_CHECKING:
    from .runtime import Runtime

NEW_UUID = Path("/proc/sys/kernel/random/uuid")
COMMON_HEADERS = {
    "Server": f"Inside-Docker-Engine/{VERSION} (linux)",
    "Api-Version": api.version_text(api.MAXIMUM),
    "Docker-Experimental": "false",
    "Ostype": "linux",
}


class Engine:
    """One engine on one root folder, which it has for itself."""

    def __init__(self, root: Path, runtime: Runtime, *, restricted: bool = False) -> None:
        """Raises storage.Unusable. Blocks; nothing else is going on yet."""
        self.root = root
        self.restricted = restricted
        """Whether its clients are strangers: see `restrictions`."""
        self.runtime = runtime
        self.name = os.uname().nodename
        self.rootless = _is_rootless()
        self.id = _identity(root)
        self._use_own_temporary_folder(root / "tmp")
        self.driver = storage.choose(root, runtime.name == "namespaces")
        self.events = Events()
        self.images = Images(self)
        self.networks = Networks(self)
        self.volumes = Volumes(self)
        self.containers = Containers(self)
        self.execs = Execs(self)

    def _use_own_temporary_folder(self, folder: Path) -> None:
        """For everything here and in the launcher: what a kill leaves there goes at the next
        start, and a root folder that is removed takes it along."""
        trees.remove(folder)
        folder.mkdir(mode=0o700)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)

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

    async def handle(self, request: Request) -> Answer:
        return await api.dispatch(self, request)


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
    state.write_bytes(file, identity.encode(), lasting=False)
    return identity
