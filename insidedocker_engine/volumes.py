"""Volumes: folders that outlive containers.

On disk, below the engine's root:
  volumes/<name>/_data        the files
  volumes/<name>/_data.…      a copy for a volume that is being filled (see files.filling)
  volumes/<name>/volume.json  name, time of creation, labels

The containers' records tell which containers use a volume.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import tempfile
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .base import bulk, errors, filters, timestamps
from .base.events import Events
from .base.kept_aside import KeptAside
from .base.restrictions import Restrictions
from .container.record import Container, MountPoint
from .container.store import ContainerStore
from .files import atomic_files, directory_trees, filling, safe_path

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
        """Held while a volume is made or removed."""
        self._filling: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )
        """Name -> lock held by the one creation of a container that may fill the volume."""
        self._mounted: set[str] = set()
        """Ids of containers whose volumes are mounted."""
        self._promised: Counter[str] = Counter()
        """Name of a volume -> number of containers in the making that need it."""
        self._provisional: set[str] = set()
        """New volumes of which nobody has been told: they go if the container in the making fails
        for which they were made."""

    def load(self) -> None:
        """Read every volume; a folder without its file is unfinished, or half removed."""
        for folder in sorted(self._folder.iterdir()):
            try:
                value = atomic_files.read_json(folder / "volume.json")
                self._all[folder.name] = Volume(
                    folder.name, int(value["created"]), folder, value["labels"]
                )
                filling.settle(self._all[folder.name].path)
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
        volume = await self._ensure(name, driver, options, labels)
        self._confirm([name])
        return volume

    async def _ensure(
        self,
        name: str,
        driver: str,
        options: dict[str, str] | None,
        labels: dict[str, str] | None,
    ) -> Volume:
        """Like `create`, but a new volume is provisional."""
        self._check(name, driver, options or {})
        if name not in self._all:
            own = driver not in ("", "local") or bool(options)
            self._restrictions.refuse(own, "a volume with a driver's options")
        async with self._lock:
            if name in self._all:
                self._confirm([name])
                return self._all[name]
            self._restrictions.limit("volumes", len(self._all))
            made = await asyncio.to_thread(self._make, name, labels)
            self._all[name] = made
            self._provisional.add(name)
        return made

    def _confirm(self, names: Iterable[str]) -> None:
        """Tell of those volumes that are provisional: they stay."""
        for name in self._provisional.intersection(names):
            self._provisional.discard(name)
            self.emit("create", self._all[name])

    @contextlib.asynccontextmanager
    async def promised(self, points: Iterable[MountPoint]) -> AsyncIterator[None]:
        """Make the missing volumes of a container in the making, and set the volumes' names and
        folders in `points`. Meanwhile the volumes are not removed, and no other creation fills
        them. After an error the volumes made here are removed, of which nobody has been told, but
        not those that others have asked for meanwhile."""
        names: list[str] = []
        try:
            for point in points:
                if point.type == "volume":
                    await self._promise(point, names)
            async with contextlib.AsyncExitStack() as stack:
                for name in sorted(set(names)):  # in one order, so that no two wait for each other
                    lock = self._filling.setdefault(name, asyncio.Lock())
                    await stack.enter_async_context(lock)
                yield
        except BaseException:
            self._promised -= Counter(names)
            await self._take_back(names)
            raise
        # No step of the loop lies between this and the container being a visible user.
        self._promised -= Counter(names)
        self._confirm(names)

    async def _promise(self, point: MountPoint, names: list[str]) -> None:
        """Make the volume of a mount where it is missing; append its name to `names` first. The
        volume of another container (VolumesFrom) is there."""
        name = point.name or secrets.token_hex(32)
        known = name in names
        self._promised[name] += 1
        names.append(name)
        if point.source:
            return
        labels = {ANONYMOUS: "", **(point.labels or {})} if not point.name else point.labels
        volume = (
            self._all[name]
            if known
            else await self._ensure(name, point.driver, point.driver_options, labels)
        )
        point.name, point.source = volume.name, str(volume.path)

    async def _take_back(self, names: Iterable[str]) -> None:
        """Remove those volumes that are provisional, unless another container has found them."""
        for name in self._provisional.intersection(names):
            try:
                await self._remove(self._all[name])
            except (errors.Conflict, OSError) as error:
                log.warning("the volume %s stays: %s", name, error)
                self._confirm([name])

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
            self._provisional.discard(volume.name)
        await bulk.run(_clear, gone)

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


def to_fill(points: Iterable[MountPoint]) -> list[MountPoint]:
    """The mounts of empty volumes that get the image's files. Blocking."""
    return [
        point
        for point in points
        if point.type == "volume" and point.copy and filling.is_empty(Path(point.source))
    ]


def stage(points: Iterable[MountPoint], root: Path) -> None:
    """Copy the image's files at each destination for the empty volume to be mounted there; `root`
    is the container's file system. Raises APIError where that fails. Blocking."""
    filled = set()
    for point in points:
        if point.name in filled:  # mounted at two places: the first one with files fills it
            continue
        try:
            if _stage(root, point.destination, Path(point.source)):
                filled.add(point.name)
        except OSError as error:
            raise errors.APIError(
                f"the volume {point.name} cannot be filled with the image's files at "
                f"{point.destination}: {error.strerror}"
            ) from error


def _stage(root: Path, destination: str, target: Path) -> bool:
    try:
        folder = safe_path.open_in(root, destination, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        try:
            safe_path.lstat_in(root, destination)
        except NotADirectoryError:  # the file is on the way
            raise errors.APIError(f"lstat {destination}: not a directory") from None
        raise errors.APIError(
            f"cannot mount volume over existing file, file exists {destination}"
        ) from None
    try:
        return filling.stage(Path(f"/proc/self/fd/{folder}"), target)
    finally:
        os.close(folder)


def pour(points: Iterable[MountPoint]) -> None:
    """Move what is staged into the volumes. Blocking."""
    for point in points:
        filling.pour(Path(point.source))


def give_up(points: Iterable[MountPoint]) -> None:
    """Remove what is staged for the volumes. Blocking."""
    for point in points:
        filling.give_up(Path(point.source))
