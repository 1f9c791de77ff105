"""Create, change and remove containers.

Processes are run in `lifecycle`; answers are built in `inspect` and `listing`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import volumes
from ..base import errors, filters, timestamps, uncancelled
from ..base.restrictions import Restrictions
from ..container import log_options, names
from ..container.record import Container, MountPoint, Record
from ..container.store import ContainerStore
from ..files import atomic_files, directory_trees
from ..runtime.contract import not_isolated
from . import create_request, etc_files, inspect, mounts, restricted, spec
from .execs import Execs
from .file_systems import FileSystems
from .lifecycle import Lifecycle

if TYPE_CHECKING:
    from ..images.store import Image, Images
    from ..networks.networks import Networks
    from ..runtime.contract import Runtime
    from ..storage.contract import Driver
    from ..volumes import Volumes

log = logging.getLogger(__name__)

LOST = 137
"""Exit code of a container whose process ended with the engine."""
CLOSING = 5.0
"""Seconds that changes still under way may take once every container has ended."""
LIMITS = {
    "Memory": "memory",
    "NanoCpus": "cpu",
    "CpuShares": "cpu",
    "CpuQuota": "cpu",
    "CpusetCpus": "",
    "PidsLimit": "pids",
}
"""Field of HostConfig -> the runtime limit that it needs; no runtime has the limit ""."""


class Containers:
    """Creates, changes and removes the containers of one engine."""

    def __init__(
        self,
        root: Path,
        *,
        host_name: str,
        runtime: Runtime,
        driver: Driver,
        containers: ContainerStore,
        images: Images,
        volumes: Volumes,
        networks: Networks,
        restrictions: Restrictions,
    ) -> None:
        self._temporary = root / "tmp"
        self._base_layer = root / "base-layer"
        self._host_name = host_name
        self._runtime = runtime
        self._driver = driver
        self._containers = containers
        self._images = images
        self._volumes = volumes
        self._networks = networks
        self._restrictions = restrictions
        self.file_systems = FileSystems(driver, containers)
        self.execs = Execs(runtime, containers, self.file_systems, restrictions)
        self.life = Lifecycle(
            runtime=runtime,
            containers=containers,
            file_systems=self.file_systems,
            volumes=volumes,
            networks=networks,
            execs=self.execs,
            restrictions=restrictions,
            remove=self.remove_ended,
        )
        self._clearing: dict[asyncio.Future[None], Container] = {}

    # From disk, and the end

    def load(self) -> None:
        """Read every container, record the end of those that ran, and restart those whose restart
        policy asks for it."""
        etc_files.make_base_layer(self._base_layer)
        unreadable = self._containers.load()
        for container in self._containers.all():
            self._mend(container)
            if container.state.status in ("running", "paused", "restarting", "removing"):
                container.state.status, container.state.pid = "exited", 0
                container.state.exit_code = LOST
                container.state.finished = timestamps.now()
                self._note(container)
                self._settle(container)
            elif container.record.started_before and self.life.wants_restart(
                container, container.state.exit_code
            ):
                self.life.revive(container)
        for identity in self._driver.containers():
            if identity not in self._containers and identity not in unreadable:
                self._driver.remove(identity)

    @staticmethod
    def _note(container: Container) -> None:
        """Save an end found at the engine's start. A full disk must not keep an engine from
        starting, or nobody could make room: the next start finds the same."""
        try:
            container.write(container.encoded())
        except OSError as error:
            log.warning("the state of container %s cannot be written: %s", container.name, error)

    def _mend(self, container: Container) -> None:
        """Make again what a power failure may have taken of the container's file system."""
        try:
            self._driver.mend(container.id, self._layers(self._images.base(container.record.image)))
        except (errors.APIError, OSError) as error:  # its start will say so
            log.warning("the files of container %s cannot be checked: %s", container.id, error)

    def _layers(self, image: Image) -> list[Path]:
        return [*self._images.layer_folders(image), self._base_layer]

    def _settle(self, container: Container) -> None:
        if self.life.wants_restart(container, container.state.exit_code):
            self.life.revive(container)
        elif container.host_config["AutoRemove"]:
            self.life.spawn(self.remove_ended(container))

    async def close(self, hurry: asyncio.Event) -> None:
        """End every container, at once when `hurry` is set."""
        await self.life.close(hurry)
        await uncancelled.finished(CLOSING)
        for container in self._clearing.values():
            container.unused.set()
        await asyncio.gather(*self._clearing)

    # Making

    async def create(
        self, name: str, body: Any, version: tuple[int, int], image: Image | None = None
    ) -> tuple[Container, list[str]]:
        """Create a container; returns it with warnings. `image` is given for an image in the
        making, which has no name. Raises BadRequest, NotFound (the image), Conflict (the name)."""
        if name:
            name = names.check(name)
        request = create_request.read(body, version)
        restricted.settle_log(self._restrictions, request.host_config["LogConfig"])
        if image is None:
            if not request.config["Image"]:
                raise errors.BadRequest("no command specified")
            image = self._images.get(request.config["Image"])
        runtime = request.host_config["Runtime"]
        if runtime not in ("", "runc", self._runtime.name):
            raise errors.BadRequest(f"unknown or invalid runtime name: {runtime}")
        create_request.merge(request, image.settings)
        identity = secrets.token_hex(32)
        request.config["Hostname"] = self._hostname(request, identity)
        request.networks = self._networks.check(
            request.config, request.host_config, request.networks, version
        )
        points = mounts.plan(request.config, request.host_config, self._inherited(request))
        restricted.check(self._restrictions, request, points, self._containers.known())
        for text in request.host_config["ExtraHosts"] or []:
            etc_files.split_extra_host(text)
        name = self._containers.reserve(name, identity)
        command = request.command
        record = Record(
            identity,
            name,
            time.time_ns(),
            image.id,
            command[0],
            command[1:],
            request.config,
            request.host_config,
            points,
            request.networks,
        )
        unfinished = Container(record, self._containers.folder / identity)
        self._containers.begin(unfinished)
        try:
            container = await self._make(record, image)
        except BaseException:
            self._containers.give_up(unfinished)
            self._images.forget_unused()
            raise
        self._containers.add(container)
        return container, self._warnings(record)

    def _hostname(self, request: create_request.CreateRequest, identity: str) -> str:
        if request.config["Hostname"]:
            return str(request.config["Hostname"])
        mode = request.host_config["NetworkMode"]
        if mode == "host" or request.host_config["UTSMode"] == "host":
            return self._host_name
        return identity[:12]

    def _inherited(self, request: create_request.CreateRequest) -> list[MountPoint]:
        """The mounts taken from other containers by VolumesFrom."""
        found = []
        for text in request.host_config["VolumesFrom"] or []:
            name, _, mode = text.partition(":")
            if mode not in ("", "ro", "rw", "z", "Z"):
                raise errors.BadRequest(f"invalid mode: {mode}")
            try:
                other = self._containers.get(name)
            except errors.NotFound as error:
                raise errors.BadRequest(error.message) from None
            for point in other.record.mounts:
                writable = point.writable and mode != "ro"
                found.append(
                    dataclasses.replace(
                        point, mode="", writable=writable, anonymous=False, copy=False
                    )
                )
        return found

    async def _make(self, record: Record, image: Any) -> Container:
        """Create the container's volumes, file system and folder, and fill the volumes that are
        empty; leaves nothing behind on failure."""

        def build() -> Container:
            layers = self._layers(image)
            folder = self._containers.folder / record.id
            unfinished = Path(tempfile.mkdtemp(dir=self._temporary, prefix="container-"))
            to_fill: list[MountPoint] = []
            try:
                to_fill += volumes.to_fill(record.mounts)
                self._driver.create(record.id, layers)
                if to_fill:
                    self._copy_up(record, to_fill)
                Container(record, unfinished).save_first()
                volumes.pour(to_fill)
                unfinished.rename(folder)
                atomic_files.sync_folder(self._containers.folder)
            except BaseException:
                volumes.give_up(to_fill)
                directory_trees.remove(unfinished)
                directory_trees.remove(folder)
                self._driver.remove(record.id)
                raise
            return Container(record, folder)

        async with self._volumes.promised(record.mounts):
            return await asyncio.to_thread(build)

    def _copy_up(self, record: Record, points: list[MountPoint]) -> None:
        """Copy the image's files for the empty volumes at `points`. Raises APIError."""
        root = self._driver.mount(record.id)
        try:
            spec.make_working_dir(root, record.config["WorkingDir"] or "/")
            volumes.stage(points, root)
        except spec.WorkingDirError as error:
            raise errors.APIError(str(error)) from None
        finally:
            self._driver.unmount(record.id)

    def _warnings(self, record: Record) -> list[str]:
        """Warnings about requested features that this engine lacks."""
        # Clients print "WARNING: " before each text.
        missing = self._runtime.isolation.missing()
        found = not_isolated(create_request.noticed(missing, record))
        if unmet := self._unmet(record.host_config):
            found.append(
                "this host gives the engine no control groups to limit with; "
                f"these are kept but do nothing: {', '.join(unmet)}"
            )
        options = record.host_config["LogConfig"]["Config"]
        if unused := [name for name in options if name in log_options.KEPT_ONLY]:
            found.append(
                f"these options of the log are kept but do nothing: {', '.join(sorted(unused))}"
            )
        if record.host_config["NetworkMode"] == "host" and record.host_config["PortBindings"]:
            found.append("Published ports are discarded when using host network mode")
        return found

    # Changing

    async def rename(self, container: Container, name: str) -> None:
        """Give a container a new name. Raises BadRequest, Conflict."""
        await container.turn(self._rename(container, name))

    async def _rename(self, container: Container, name: str) -> None:
        if not name:
            raise errors.BadRequest("Neither old nor new names may be empty")
        if name.removeprefix("/") == container.name:
            raise errors.BadRequest("Renaming a container with the same name as its current name")
        try:
            new = names.check(name, f"/{name.removeprefix('/')}")
            self._containers.reserve(new, container.id)
        except errors.APIError as error:
            raise type(error)(f"Error when allocating new name: {error.message}") from None
        old = container.name
        told = ("rename", {"oldName": f"/{old}"})
        try:
            await self._containers.change(container, told, name=new)
        except BaseException:
            self._containers.release(new)
            raise
        self._containers.release(old)
        await self._networks.membership.renamed(container)

    async def update(self, container: Container, body: Any) -> list[str]:
        """Change resources and restart policy; returns warnings. Raises Conflict for a container
        that is being removed."""
        if not isinstance(body, dict):
            raise errors.BadRequest("invalid JSON: an object is needed")
        await container.turn(self._update(container, body))
        unmet = self._unmet(body)
        return [f"kept, but without effect on this engine: {', '.join(unmet)}"] if unmet else []

    async def _update(self, container: Container, body: dict[str, Any]) -> None:
        if container.removing:
            raise errors.Conflict(
                f"Cannot update container {container.id}: "
                'Container is marked for removal and cannot be "update".'
            )
        before = container.host_config
        changed = create_request.check_update(before, body)
        policy = body.get("RestartPolicy")
        if policy and policy not in ({"Name": ""}, {"Name": "", "MaximumRetryCount": 0}):
            changed["RestartPolicy"] = create_request.check_restart_policy(before, policy)
        await self._limit(container, before, changed)
        try:
            await self._containers.change(container, ("update", {}), host_config=changed)
        except BaseException:
            await self._limit(container, changed, before)
            raise

    async def _limit(
        self, container: Container, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """Change the limits of a running container."""
        limits = spec.limits(after)
        if limits != spec.limits(before):
            try:
                await asyncio.to_thread(self._runtime.limit, container.id, limits)
            except OSError as error:
                what = f"Cannot update container {container.id}"
                raise errors.APIError(f"{what}: {error.strerror}") from error

    def _unmet(self, asked: dict[str, Any]) -> list[str]:
        """The requested limits that this host does not support."""
        has = self._runtime.limits
        return [name for name, need in LIMITS.items() if asked.get(name) and need not in has]

    # Removing

    async def remove(self, container: Container, force: bool, volumes: bool) -> None:
        """Remove a container. Raises Conflict where it runs and `force` is not given, or where it
        is already being removed."""
        if container.removing:
            raise errors.Conflict(f"removal of container {container.name} is already in progress")
        _check_removable(container, force)
        container.removing = True
        await uncancelled.whole(self._remove(container, force, volumes))

    async def _remove(self, container: Container, force: bool, volumes: bool) -> None:
        try:
            while not await container.turn(self._removed(container, force, volumes)):
                with contextlib.suppress(errors.Conflict):
                    await self.life.kill(container, 9, container.name)
        except BaseException:
            container.removing = False
            raise

    async def prune(self, wanted: filters.Filters) -> tuple[list[str], int]:
        """Remove every stopped container that passes the filters; returns their ids and the bytes
        of their writable layers. Raises BadRequest."""
        passes = filters.prunable(wanted)
        removed, freed = [], 0
        for container in self._containers.all():
            if container.state.running:
                continue
            if not passes(container.config["Labels"], container.record.created):
                continue
            try:
                size = await asyncio.to_thread(inspect.written, container, self._driver)
                await self.remove(container, force=False, volumes=False)
            except errors.Conflict:  # started or removed meanwhile
                continue
            removed.append(container.id)
            freed += size
        return removed, freed

    async def remove_link(self, name: str) -> None:
        """Remove a link (`parent/alias`). Raises NotFound, Conflict."""
        parent_name, slash, alias = name.strip("/").partition("/")
        parent = self._containers.get(parent_name)
        if not slash:
            raise errors.Conflict("Conflict, cannot remove the default link name of the container")
        await parent.turn(self._remove_link(parent, alias))

    async def _remove_link(self, parent: Container, alias: str) -> None:
        links = parent.host_config["Links"] or []
        kept = [link for link in links if link.rpartition(":")[2].rpartition("/")[2] != alias]
        if len(kept) == len(links):
            raise errors.NotFound(f"Could not get entry for /{parent.name}/{alias}")
        changed = {**parent.host_config, "Links": kept or None}
        await self._containers.change(parent, host_config=changed)

    async def remove_ended(self, container: Container) -> None:
        """Remove an ended container, as AutoRemove asks."""
        with contextlib.suppress(errors.Conflict):
            await self.remove(container, force=True, volumes=True)

    async def _removed(self, container: Container, force: bool, volumes: bool) -> bool:
        """Remove the container where it does not run; False where it has to be killed first."""
        _check_removable(container, force)  # a start may have come first
        if container.state.running:
            return False
        gone = self._temporary / f"removed-{container.id}"

        def hide() -> None:
            """Move the folder out of sight, in one step."""
            container.folder.rename(gone)
            atomic_files.sync_folder(self._containers.folder)

        await asyncio.to_thread(hide)
        self._containers.drop(container)
        await self.execs.container_removed(container)
        await self._release_volumes(container, volumes)
        self._images.forget_unused()
        self._containers.emit(container, "destroy")
        container.tell_removed()
        clearing = asyncio.ensure_future(self._clear(container, gone))
        self._clearing[clearing] = container
        clearing.add_done_callback(self._clearing.pop)
        return True

    async def _clear(self, container: Container, gone: Path) -> None:
        """Free the disk space of a removed container, after the answer and once no copy reads it. A
        kill may cut this short; the next start of the engine finishes it."""
        try:
            await self.file_systems.remove(container, gone)
        except OSError as error:
            log.warning("what is left of container %s cannot be removed: %s", container.id, error)

    async def _release_volumes(self, container: Container, remove: bool) -> None:
        for point in container.record.mounts:
            if point.type == "volume" and point.anonymous and remove:
                try:
                    await self._volumes.release(point.name)
                except OSError as error:  # the container is gone: `volume prune` can try again
                    log.warning("volume %s cannot be removed: %s", point.name, error)


def _check_removable(container: Container, force: bool) -> None:
    if force or not container.state.running:
        return
    what = f'cannot remove container "{container.name}": container is'
    if container.state.status == "paused":
        raise errors.Conflict(f"{what} paused and must be unpaused first")
    raise errors.Conflict(
        f"{what} {container.state.status}: stop the container before removing or force remove"
    )
