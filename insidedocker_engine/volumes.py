"""Volumes: folders that outlive containers.

On disk, below the engine's root:
  volumes/<name>/_data        the files
  volumes/<name>/volume.json  name, time of creation, labels

The containers' records tell which containers use a volume.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import re
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .base import errors, filters, timestamps
from .base.events import Events
from .base.kept_aside import KeptAside
from .base.restrictions import Restrictions
from .container.record import Container, MountPoint
from .container.store import ContainerStore
from .files import atomic_files, directory_trees, safe_path

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
LONGEST_NAME = 255
ANONYMOUS = "com.docker.volume.anonymous"
"""Label of volumes created without a name."""
LOCAL_OPTIONS = ("type", "o", "device", "size")
"""Options of Docker's local driver, refused here: these volumes are plain folders."""


@dataclass(frozen=True)
class Volume:
    name: str
    created: int
    """Seconds since 1970."""
    folder: Path
    labels: dict[str, str] | None = None
    driver: str = field(default="local", init=False)

    @property
    def path(self) -> Path:
        """The folder that containers see."""
        return self.folder / "_data"

    @property
    def anonymous(self) -> bool:
        return ANONYMOUS in (self.labels or {})

    def describe(self) -> dict[str, Any]:
        return {
            "CreatedAt": timestamps.text(self.created * timestamps.NANO),
            "Driver": self.driver,
            "Labels": self.labels,
            "Mountpoint": str(self.path),
            "Name": self.name,
            "Options": None,
            "Scope": "local",
        }


@dataclass(frozen=True)
class Promise:
    """A volume for a container in the making."""

    volume: Volume
    new: bool
    """Made for that container, and not told yet."""


class Volumes:
    """All volumes of one engine."""

    def __init__(
        self,
        root: Path,
        containers: ContainerStore,
        events: Events,
        *,
        restrictions: Restrictions,
        kept_aside: KeptAside,
    ) -> None:
        """`root` is the engine's root folder."""
        self._folder = root / "volumes"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._temporary = root / "tmp"
        self._containers = containers
        self._events = events
        self._restrictions = restrictions
        self._kept_aside = kept_aside
        self._all: dict[str, Volume] = {}
        self._lock = asyncio.Lock()
        """Held while a volume is made, filled or removed."""
        self._mounted: set[str] = set()
        """Ids of containers whose volumes are mounted."""
        self._promised: Counter[str] = Counter()
        """Name of a volume -> number of containers in the making that need it."""

    def load(self) -> None:
        """Read every volume; a folder without its file is unfinished, or half removed."""
        for folder in sorted(self._folder.iterdir()):
            try:
                value = atomic_files.read_json(folder / "volume.json")
                self._all[folder.name] = Volume(
                    folder.name, int(value["created"]), folder, value["labels"]
                )
            except (OSError, ValueError, TypeError, KeyError) as error:
                self._kept_aside.note("the volume", folder, error)

    # Finding

    def all(self) -> list[Volume]:
        """All volumes, sorted by name."""
        return [self._all[name] for name in sorted(self._all)]

    def get(self, name: str) -> Volume:
        if name not in self._all:
            raise errors.NotFound(f"get {name}: no such volume")
        return self._all[name]

    def users(self, volume: Volume) -> list[Container]:
        """Containers, running or not, that mount the volume."""
        return [
            container
            for container in self._containers.all()
            if any(
                point.type == "volume" and point.name == volume.name
                for point in container.record.mounts
            )
        ]

    def used(self) -> dict[str, int]:
        """Name of a used volume -> number of its containers."""
        found: dict[str, int] = {}
        for container in self._containers.all():
            names = {point.name for point in container.record.mounts if point.type == "volume"}
            for name in names:
                found[name] = found.get(name, 0) + 1
        return found

    # Making

    async def create(
        self,
        name: str,
        driver: str = "",
        options: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
    ) -> Volume:
        """Create a volume, or return the existing one of that name. An empty name makes an
        anonymous volume. Raises BadRequest, NotFound (the driver), OSError."""
        if not name:
            name = secrets.token_hex(32)
            labels = {**(labels or {}), ANONYMOUS: ""}
        volume, new = await self._create(name, driver, options, labels)
        if new:
            self.emit("create", volume)
        return volume

    async def _create(
        self,
        name: str,
        driver: str,
        options: dict[str, str] | None,
        labels: dict[str, str] | None,
    ) -> tuple[Volume, bool]:
        """Like `create`, without the event; also tells whether the volume is new."""
        self._check(name, driver, options or {})
        if name not in self._all:
            own = driver not in ("", "local") or bool(options)
            self._restrictions.refuse(own, "a volume with a driver's options")
            self._restrictions.limit("volumes", len(self._all))
        async with self._lock:
            if name in self._all:
                return self._all[name], False
            made = await asyncio.to_thread(self._make, name, labels)
            self._all[name] = made
        return made, True

    async def promise(self, point: MountPoint) -> Promise:
        """The volume for a container in the making, created where missing. It is kept at least
        until `keep` or `take_back`."""
        name = point.name or secrets.token_hex(32)
        self._promised[name] += 1
        labels = {ANONYMOUS: "", **(point.labels or {})} if not point.name else point.labels
        try:
            return Promise(*await self._create(name, point.driver, point.driver_options, labels))
        except BaseException:
            self._promised -= Counter([name])
            raise

    def keep(self, promises: list[Promise]) -> None:
        """The container exists, and counts as a user of its volumes from now on."""
        for each in promises:
            if each.new:
                self.emit("create", each.volume)
        self._promised -= Counter(each.volume.name for each in promises)

    async def take_back(self, promises: list[Promise]) -> None:
        """The creation of the container has failed: remove the volumes made for it, of which nobody
        has been told, unless another container has found them meanwhile."""
        self._promised -= Counter(each.volume.name for each in promises)
        for each in promises:
            if each.new:
                try:
                    await self._remove(each.volume)
                except (errors.Conflict, OSError) as error:
                    log.warning("the volume %s stays: %s", each.volume.name, error)
                    self.emit("create", each.volume)

    @staticmethod
    def _check(name: str, driver: str, options: dict[str, str]) -> None:
        if driver not in ("", "local"):
            raise errors.NotFound(
                f"create {name}: error looking up volume plugin {driver}: "
                f'plugin "{driver}" not found'
            )
        if len(name) < 2:
            raise errors.BadRequest(
                f"create {name}: volume name is too short, "
                "names should be at least two alphanumeric characters"
            )
        if not NAME.fullmatch(name):
            raise errors.BadRequest(
                f'create {name}: "{name}" includes invalid characters for a local volume name, '
                'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host '
                "directory, use absolute path"
            )
        if len(name) > LONGEST_NAME:
            raise errors.BadRequest(
                f"create {name[:40]}…: a volume's name has at most {LONGEST_NAME} characters"
            )
        for option in options:
            if option not in LOCAL_OPTIONS:
                raise errors.BadRequest(f'create {name}: invalid option: "{option}"')
            raise errors.BadRequest(
                f'create {name}: the option "{option}" is not supported: the volumes of this '
                "engine are plain folders; use a bind mount or a tmpfs instead"
            )

    def _make(self, name: str, labels: dict[str, str] | None) -> Volume:
        """Create the volume whole or not at all: made aside, then renamed into place."""
        made = Volume(name, int(time.time()), self._folder / name, labels)
        unfinished = Path(tempfile.mkdtemp(dir=self._temporary, prefix="volume-"))
        try:
            unfinished.chmod(0o711)
            (unfinished / "_data").mkdir(mode=0o755)
            (unfinished / "_data").chmod(0o755)
            value = {"name": name, "created": made.created, "labels": labels}
            atomic_files.write_json(unfinished / "volume.json", value)
            unfinished.rename(made.folder)
            atomic_files.sync_folder(self._folder)
        except BaseException:
            directory_trees.remove(unfinished)
            directory_trees.remove(made.folder)
            raise
        return made

    # Removing

    async def remove(self, volume: Volume) -> None:
        """Remove a volume. Raises Conflict where a container uses it, OSError."""
        await self._remove(volume)
        self.emit("destroy", volume)

    async def _remove(self, volume: Volume) -> None:
        async with self._lock:
            users = self.users(volume)
            if users or self._promised[volume.name]:
                listed = ", ".join(each.id for each in users)
                raise errors.Conflict(f"remove {volume.name}: volume is in use - [{listed}]")
            if self._all.get(volume.name) is not volume:
                raise errors.NotFound(f"get {volume.name}: no such volume")
            gone = await asyncio.to_thread(self._hide, volume)
            del self._all[volume.name]
        await asyncio.to_thread(_clear, gone)

    def _hide(self, volume: Volume) -> Path:
        """Move the folder out of sight, in one step; returns its new place."""
        gone = self._temporary / f"volume-{secrets.token_hex(8)}"
        volume.folder.rename(gone)
        atomic_files.sync_folder(self._folder)
        return gone

    async def release(self, name: str) -> None:
        """Remove an anonymous volume after its container, unless it is still in use."""
        with contextlib.suppress(errors.NotFound, errors.Conflict):  # others may use it
            await self.remove(self.get(name))

    async def prune(self, wanted: filters.Filters, every: bool) -> tuple[list[str], int]:
        """Remove the unused volumes that pass the filters, named ones only with `every`; returns
        their names and bytes. Raises BadRequest."""
        passes = filters.prunable(wanted, ("all", "label", "label!"))
        used = self.used()
        removed, freed = [], 0
        for volume in self.all():
            if volume.name in used or not (every or volume.anonymous):
                continue
            if not passes(volume.labels or {}, volume.created * timestamps.NANO):
                continue
            size = await asyncio.to_thread(directory_trees.size, volume.path)
            try:
                await self.remove(volume)
            except (errors.Conflict, errors.NotFound):  # used or removed meanwhile
                continue
            removed.append(volume.name)
            freed += size
        return removed, freed

    # Contents

    async def fill(self, name: str, root: Path, destination: str) -> None:
        """Copy the image's files at `destination` into a volume that is still empty; `root` is the
        container's file system."""
        volume = self._all.get(name)
        if volume is None:
            return
        async with self._lock:
            await asyncio.to_thread(_copy_up, root, destination, volume.path)

    def mounted(self, container: Container) -> None:
        """Emit the mount events of a starting container."""
        self._mounted.add(container.id)
        for volume, point in self._of(container):
            self.emit(
                "mount",
                volume,
                container=container.id,
                destination=point.destination,
                propagation=point.propagation,
                **{"read/write": str(point.writable).lower()},
            )

    def unmounted(self, container: Container) -> None:
        """Emit the unmount events of an ended container."""
        if container.id in self._mounted:
            self._mounted.discard(container.id)
            for volume, _ in self._of(container):
                self.emit("unmount", volume, container=container.id)

    def _of(self, container: Container) -> Iterable[tuple[Volume, MountPoint]]:
        for point in container.record.mounts:
            if point.type == "volume" and point.name in self._all:
                yield self._all[point.name], point

    def emit(self, action: str, volume: Volume, **more: str) -> None:
        attributes = {**more, "driver": volume.driver}
        self._events.emit("volume", action, volume.name, attributes)


def _clear(gone: Path) -> None:
    """Remove the files of a removed volume. The next start finishes what is cut short."""
    try:
        directory_trees.remove(gone)
    except OSError as error:
        log.warning("what is left of a volume cannot be removed: %s", error)


def _copy_up(root: Path, destination: str, target: Path) -> None:
    if any(target.iterdir()):
        return
    try:
        folder = safe_path.open_in(root, destination, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            return
        raise
    source = Path(f"/proc/self/fd/{folder}")
    try:
        directory_trees.Copier().copy(source, target)
    except BaseException:
        # Half a copy would count as content: the next start would not copy the rest.
        for entry in source.iterdir():
            directory_trees.remove(target / entry.name)
        raise
    finally:
        os.close(folder)
