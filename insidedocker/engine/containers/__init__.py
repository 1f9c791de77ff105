"""Containers: every one the engine has, found by name or id, made, changed and removed.

What a container is stands in `model`, how its process lives in `lifecycle`, what an answer
shows of it in `inspect` and `listing`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import errors, names, restrictions, state, timestamps, trees
from . import creating, files, launching, mounts, network
from .lifecycle import Lifecycle
from .model import Container, MountPoint, Record

if TYPE_CHECKING:
    from ..daemon import Engine
    from ..images import Image

__all__ = ["Container", "Containers"]

log = logging.getLogger(__name__)

LOST = 137
"""Exit code of a container whose process went with the engine."""
LIMITS = {
    "Memory": "memory",
    "NanoCpus": "cpu",
    "CpuShares": "cpu",
    "CpuQuota": "cpu",
    "CpusetCpus": "",
    "PidsLimit": "pids",
}
"""Fields of HostConfig, and which of the runtime's limits each needs; none does for the empty."""


class Containers:
    """All containers of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.life = Lifecycle(self)
        self._folder = engine.root / "containers"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._base_layer = engine.root / "base-layer"
        self._all: dict[str, Container] = {}
        self._making: dict[str, Container] = {}
        """Not known to clients yet, but their images may not lose their layers."""
        self._names: dict[str, str] = {}
        """Name to id. A name is taken from the first step of a create on."""
        self._clearing: dict[asyncio.Future[None], Container] = {}

    # From disk, and the end

    def load(self) -> None:
        """Read every container, settle what the engine's last end left open, and start again
        what a restart policy wants up."""
        files.make_base_layer(self._base_layer)
        unreadable = set()
        for folder in sorted(self._folder.iterdir()):
            try:
                container = Container.read(folder)
            except (OSError, ValueError, TypeError, KeyError) as error:
                # Whole when it was made: another version's, or damaged. Not ours to throw away.
                log.warning("the container in %s cannot be read: %s", folder, error)
                unreadable.add(folder.name)
                continue
            self._all[container.id] = container
            self._names[container.name] = container.id
            if container.state.status in ("running", "paused", "restarting", "removing"):
                container.state.status, container.state.pid = "exited", 0
                container.state.exit_code = LOST
                container.state.finished = timestamps.now()
                container.save()
                self._settle(container)
            elif container.record.started_before and self.life.wants_restart(
                container, container.state.exit_code
            ):
                self.life.spawn(self.life.revive(container))
        for identity in self.engine.driver.containers():
            if identity not in self._all and identity not in unreadable:
                self.engine.driver.remove(identity)

    def _settle(self, container: Container) -> None:
        if self.life.wants_restart(container, container.state.exit_code):
            self.life.spawn(self.life.revive(container))
        elif container.host_config["AutoRemove"]:
            self.life.spawn(self.remove_ended(container))

    async def close(self) -> None:
        await self.life.close()
        for container in self._clearing.values():
            container.unused.set()
        await asyncio.gather(*self._clearing)

    # Finding

    def get(self, name: str) -> Container:
        """By id, name (with or without a slash) or the first digits of an id. NotFound."""
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

    def still_there(self, name: str) -> None:
        """NotFound where another client has removed it, or is about to."""
        if self.get(name).removing:
            raise errors.NotFound(f"No such container: {name}")

    def all(self) -> list[Container]:
        """The newest first."""
        return sorted(self._all.values(), key=lambda each: each.record.created, reverse=True)

    def known(self) -> list[Container]:
        """All, and those in the making."""
        return [*self._all.values(), *self._making.values()]

    def using_image(self, image_id: str) -> list[Container]:
        """Those in the making, too."""
        return [each for each in self.known() if each.record.image == image_id]

    # Making

    async def create(
        self, name: str, body: Any, version: tuple[int, int], image: Image | None = None
    ) -> tuple[Container, list[str]]:
        """A new container and the warnings that go with it. `image` is given where no name leads
        to it: an image in the making. Raises BadRequest, NotFound (the image), Conflict (the
        name)."""
        if name:
            name = names.check(name)
        wish = creating.read(body, version)
        if image is None:
            if not wish.config["Image"]:
                raise errors.BadRequest("no command specified")
            image = self.engine.images.get(wish.config["Image"])
        runtime = wish.host_config["Runtime"]
        if runtime not in ("", "runc", self.engine.runtime.name):
            raise errors.BadRequest(f"unknown or invalid runtime name: {runtime}")
        creating.merge(wish, image.settings)
        identity = secrets.token_hex(32)
        wish.config["Hostname"] = self._hostname(wish, identity)
        network.check(self.engine, wish, version)
        points = mounts.plan(wish, self._inherited(wish))
        restrictions.container(self.engine, wish, points)
        for text in wish.host_config["ExtraHosts"] or []:
            files.split_extra_host(text)
        name = self._reserve(name, identity)
        command = wish.command
        record = Record(
            identity,
            name,
            time.time_ns(),
            image.id,
            command[0],
            command[1:],
            wish.config,
            wish.host_config,
            points,
            wish.networks,
        )
        self._making[identity] = Container(record, self._folder / identity)
        try:
            container = await self._make(record, image)
        except BaseException:
            self._names.pop(name, None)
            del self._making[identity]
            self.engine.images.forget_unused()
            raise
        del self._making[identity]
        self._all[identity] = container
        self.emit(container, "create")
        return container, self._warnings(wish)

    def _hostname(self, wish: creating.Wish, identity: str) -> str:
        if wish.config["Hostname"]:
            return str(wish.config["Hostname"])
        mode = wish.host_config["NetworkMode"]
        if mode == "host" or wish.host_config["UTSMode"] == "host":
            return self.engine.name
        return identity[:12]

    def _inherited(self, wish: creating.Wish) -> list[MountPoint]:
        """The mounts of other containers, by VolumesFrom."""
        found = []
        for text in wish.host_config["VolumesFrom"] or []:
            name, _, mode = text.partition(":")
            if mode not in ("", "ro", "rw", "z", "Z"):
                raise errors.BadRequest(f"invalid mode: {mode}")
            try:
                other = self.get(name)
            except errors.NotFound as error:
                raise errors.BadRequest(error.message) from None
            for point in other.record.mounts:
                writable = point.writable and mode != "ro"
                found.append(
                    dataclasses.replace(point, mode="", writable=writable, anonymous=False)
                )
        return found

    def _reserve(self, name: str, identity: str) -> str:
        name = name or names.invent(lambda each: each in self._names)
        if name in self._names:
            raise errors.Conflict(
                f'Conflict. The container name "/{name}" is already in use by container '
                f'"{self._names[name]}". You have to remove (or rename) that container to be able '
                "to reuse that name."
            )
        self._names[name] = identity
        return name

    async def _make(self, record: Record, image: Any) -> Container:
        """Its file system and folder; nothing is left of it where this fails."""

        def build() -> Container:
            layers = [*self.engine.images.layer_folders(image), self._base_layer]
            folder = self._folder / record.id
            unfinished = Path(tempfile.mkdtemp(dir=self.engine.root / "tmp", prefix="container-"))
            try:
                self.engine.driver.create(record.id, layers)
                Container(record, unfinished).save_first()
                unfinished.rename(folder)
            except BaseException:
                trees.remove(unfinished)
                self.engine.driver.remove(record.id)
                raise
            state.sync_folder(self._folder)
            return Container(record, folder)

        volumes: list[str] = []
        try:
            await self._find_volumes(record, volumes)
            return await asyncio.to_thread(build)
        finally:  # nobody comes between this and the container being known to all
            self.engine.volumes.keep_promise(volumes)

    def _warnings(self, wish: creating.Wish) -> list[str]:
        """What this engine cannot do of what was asked."""
        # Clients print "WARNING: " before each of these; /info's warnings bring their own.
        isolation = self.engine.runtime.isolation.warnings()
        found = [text.removeprefix("WARNING: ") for text in isolation]
        if unmet := self._unmet(wish.host_config):
            found.append(
                "this host gives the engine no control groups to limit with; "
                f"these are kept but do nothing: {', '.join(unmet)}"
            )
        options = wish.host_config["LogConfig"]["Config"]
        if options:
            found.append(
                "logs are kept whole by this engine; these options are kept but do nothing: "
                + ", ".join(options)
            )
        if wish.host_config["NetworkMode"] == "host" and wish.host_config["PortBindings"]:
            found.append("Published ports are discarded when using host network mode")
        return found

    # Volumes: the one seam to the engine's volumes

    async def _find_volumes(self, record: Record, promised: list[str]) -> None:
        """Give each volume mount its folder on the host; their names go to `promised`."""
        for point in record.mounts:
            if point.type == "volume" and not point.source:
                volume = await self.engine.volumes.promise(point)
                promised.append(volume.name)
                point.name, point.source = volume.name, str(volume.path)

    async def fill_volumes(self, container: Container, root: Path) -> None:
        """What the image has at the place of an empty volume is copied into it."""
        for point in container.record.mounts:
            if point.type == "volume" and point.copy:
                await self.engine.volumes.fill(point.name, root, point.destination)
        self.engine.volumes.mounted(container)

    # The file system

    async def hold(self, container: Container) -> Path:
        """Mount the container's file system, or use the mount there is, until `release`."""
        async with container.mounting:
            if container.root is None:
                if container.id not in self._all:  # removed while we waited
                    raise errors.NotFound(f"No such container: {container.id}")
                container.root = await asyncio.to_thread(self.engine.driver.mount, container.id)
            container.uses += 1
            container.unused.clear()
            return container.root

    async def release(self, container: Container) -> None:
        async with container.mounting:
            container.uses = max(0, container.uses - 1)
            if container.uses == 0 and container.root is not None:
                container.root = None
                await asyncio.to_thread(self.engine.driver.unmount, container.id)
            if container.uses == 0:
                container.unused.set()

    @contextlib.asynccontextmanager
    async def mounted(self, container: Container) -> AsyncIterator[Path]:
        """Raises NotFound instead of an OSError that comes of its removal meanwhile."""
        root = await self.hold(container)
        try:
            yield root
        except OSError:
            self.still_there(container.id)
            raise
        finally:
            await self.release(container)

    # Changing

    async def rename(self, container: Container, name: str) -> None:
        async with container.lock:
            if not name:
                raise errors.BadRequest("Neither old nor new names may be empty")
            if name.removeprefix("/") == container.name:
                raise errors.BadRequest(
                    "Renaming a container with the same name as its current name"
                )
            try:
                new = names.check(name, f"/{name.removeprefix('/')}")
                self._reserve(new, container.id)
            except errors.APIError as error:
                raise type(error)(f"Error when allocating new name: {error.message}") from None
            old, container.record.name = container.name, new
            try:
                await self.save(container)
            except BaseException:
                container.record.name = old
                self._names.pop(new, None)
                raise
            self._names.pop(old, None)
            self.emit(container, "rename", oldName=f"/{old}")

    async def update(self, container: Container, body: Any) -> list[str]:
        """New resources and restart policy; returns warnings."""
        if not isinstance(body, dict):
            raise errors.BadRequest("invalid JSON: an object is needed")
        async with container.lock:
            if container.removing:
                raise errors.Conflict(
                    f"Cannot update container {container.id}: "
                    'Container is marked for removal and cannot be "update".'
                )
            changed = creating.check_update(container.host_config, body)
            policy = body.get("RestartPolicy")
            if policy and policy not in ({"Name": ""}, {"Name": "", "MaximumRetryCount": 0}):
                changed["RestartPolicy"] = creating.check_restart_policy(
                    container.host_config, policy
                )
            limits = launching.limits(changed)
            if limits != launching.limits(container.host_config):
                try:
                    await asyncio.to_thread(self.engine.runtime.limit, container.id, limits)
                except OSError as error:
                    what = f"Cannot update container {container.id}"
                    raise errors.APIError(f"{what}: {error.strerror}") from error
            container.record.host_config = changed
            await self.save(container)
            self.emit(container, "update")
        unmet = self._unmet(body)
        return [f"kept, but without effect on this engine: {', '.join(unmet)}"] if unmet else []

    def _unmet(self, asked: dict[str, Any]) -> list[str]:
        """What is asked for and cannot be had from this host."""
        has = self.engine.runtime.limits
        return [name for name, need in LIMITS.items() if asked.get(name) and need not in has]

    # Removing

    async def remove(self, container: Container, force: bool, volumes: bool) -> None:
        """Raises Conflict where it runs and `force` is not given, or it is being removed."""
        if container.removing:
            raise errors.Conflict(f"removal of container {container.name} is already in progress")
        if container.state.running and not force:
            what = f'cannot remove container "{container.name}": container is'
            if container.state.status == "paused":
                raise errors.Conflict(f"{what} paused and must be unpaused first")
            raise errors.Conflict(
                f"{what} {container.state.status}: "
                "stop the container before removing or force remove"
            )
        container.removing = True
        try:
            with contextlib.suppress(errors.Conflict):
                await self.life.kill(container, 9, container.name)
            async with container.lock:
                run = container.run
                if run is not None:  # it was just being started
                    await self.life.kill(container, 9, container.name)
                await self._remove(container, volumes)
        except BaseException:
            container.removing = False
            raise

    async def remove_link(self, name: str) -> None:
        """Take a link (`parent/alias`) away. Raises NotFound, Conflict."""
        parent_name, slash, alias = name.strip("/").partition("/")
        parent = self.get(parent_name)
        if not slash:
            raise errors.Conflict("Conflict, cannot remove the default link name of the container")
        async with parent.lock:
            links = parent.host_config["Links"] or []
            kept = [link for link in links if link.rpartition(":")[2].rpartition("/")[2] != alias]
            if len(kept) == len(links):
                raise errors.NotFound(f"Could not get entry for /{parent.name}/{alias}")
            parent.host_config["Links"] = kept or None
            await self.save(parent)

    async def remove_ended(self, container: Container) -> None:
        """As AutoRemove asks for."""
        with contextlib.suppress(errors.Conflict):
            await self.remove(container, force=True, volumes=True)

    async def _remove(self, container: Container, volumes: bool) -> None:
        gone = self.engine.root / "tmp" / f"removed-{container.id}"

        def hide() -> None:
            """Out of sight, in one step."""
            container.folder.rename(gone)
            state.sync_folder(self._folder)

        await asyncio.to_thread(hide)
        self._all.pop(container.id, None)
        self._names.pop(container.name, None)
        await self.engine.execs.container_removed(container)
        await self._release_volumes(container, volumes)
        self.engine.images.forget_unused()
        self.emit(container, "destroy")
        container.tell_removed()
        clearing = asyncio.ensure_future(self._clear(container, gone))
        self._clearing[clearing] = container
        clearing.add_done_callback(self._clearing.pop)

    async def _clear(self, container: Container, gone: Path) -> None:
        """Behind the answer: free what a removed container took up on disk, once nobody copies
        from it any more. A kill cuts this short; the next start of the engine does the rest."""

        def clear() -> None:
            if container.root is not None:  # the engine closes, and waits for nobody
                self.engine.driver.unmount(container.id)
            self.engine.driver.remove(container.id)
            trees.remove(gone)

        await container.unused.wait()
        try:
            await asyncio.to_thread(clear)
        except OSError as error:
            log.warning("what is left of container %s cannot be removed: %s", container.id, error)

    async def _release_volumes(self, container: Container, remove: bool) -> None:
        for point in container.record.mounts:
            if point.type == "volume" and point.anonymous and remove:
                await self.engine.volumes.release(point.name)

    # What others need

    async def save(self, container: Container) -> None:
        """Raises NotFound where it was removed meanwhile."""
        try:
            await asyncio.to_thread(container.save)
        except FileNotFoundError:
            self.still_there(container.id)
            raise

    def emit(self, container: Container, action: str, **more: str) -> None:
        self.engine.events.emit("container", action, container.id, container.attributes(**more))
