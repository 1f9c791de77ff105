"""One stage of a build: from its base, instruction by instruction, each of which makes an image."""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ..base import errors, timestamps, uncancelled
from ..base.version import VERSION
from ..containers import spec
from ..containers.commit import OF_IMAGES, PLATFORM, keep_changes
from ..files import directory_trees, tar_extract
from ..images.platforms import Platform
from ..images.store import Image, Images
from . import copying, running, settings, sources
from .arguments import Arguments
from .cache import Cache
from .dockerfile import Instruction, Stage, instruction
from .download import download
from .settings import Draft
from .sources import Source

if TYPE_CHECKING:
    from ..container.record import Container
    from ..container.store import ContainerStore
    from ..containers.containers import Containers
    from ..storage.contract import Driver

Given = ParamSpec("Given")
Result = TypeVar("Result")
API = (1, 51)
"""The API version whose defaults the containers of steps get."""


class CommandFailed(errors.APIError):
    """A RUN ended with an exit code other than 0."""

    def __init__(self, command: list[str], code: int) -> None:
        super().__init__(f"The command '{' '.join(command)}' returned a non-zero code: {code}")
        self.code = code


@dataclass
class Surroundings:
    """State that all stages of one build share."""

    store: ContainerStore
    containers: Containers
    images: Images
    driver: Driver
    context: Path
    host_config: dict[str, Any]
    arguments: Arguments
    cache: Cache
    remove: bool
    force_remove: bool
    say: Callable[[str], None]
    say_error: Callable[[str], None]
    image_of: Callable[[str, str], Awaitable[Image]]
    """(name, platform) -> image of this engine, pulled where missing."""
    escape: str = "\\"
    done: dict[str, Image | None] = field(default_factory=dict)
    """Stage number or name -> image of that earlier stage; None is scratch."""
    warned: set[str] = field(default_factory=set)
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """Open during the build: protects the images it needs against a prune meanwhile."""


async def in_thread(
    function: Callable[Given, Result], *args: Given.args, **named: Given.kwargs
) -> Result:
    """Like asyncio.to_thread, but a cancelled build waits for the running work, so that its files
    are not removed meanwhile."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **named))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


class StageBuild:
    """The build of one stage. `image` is the result so far; None stands for scratch."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.images = around.images
        self.containers = around.containers
        self.image: Image | None = None
        self.draft = Draft({}, around.arguments, around.escape)
        self._containers: list[Container] = []

    # The base

    async def begin(self, stage: Stage) -> None:
        around = self.around
        around.arguments.begin_stage()
        around.cache.begin_stage()
        before = Draft({}, around.arguments, around.escape)
        before.config["Env"] = [f"{k}={v}" for k, v in around.arguments.for_bases().items()]
        name = before.expand(stage.base)
        if not name:
            raise errors.BadRequest(f"base name ({stage.base}) should not be blank")
        if name.lower() in around.done and not name.isdigit():
            self.image = around.done[name.lower()]
        elif name != "scratch":
            self._use(await around.image_of(name, before.expand(stage.platform)))
        base = self.image.settings if self.image is not None else {}
        self.draft.config = {key: base[key] for key in OF_IMAGES if base.get(key)}
        if "PATH" not in self.draft.environment:
            self.draft.set_variable(*spec.PATH.split("=", 1))
        await self._run_triggers(self.draft.config.pop("OnBuild", None) or [])

    async def _run_triggers(self, triggers: list[str]) -> None:
        if triggers:
            plural = "s" if len(triggers) > 1 else ""
            self.around.say(f"# Executing {len(triggers)} build trigger{plural}\n")
        for text in triggers:
            await self.do(instruction(text))

    # Steps

    async def do(self, found: Instruction) -> None:
        """Do one instruction, then remove its containers as the request asks. Raises APIError."""
        try:
            await self._dispatch(found)
        except BaseException:
            if self.around.force_remove:
                await self._remove_containers()
            raise
        if self.around.remove or self.around.force_remove:
            await self._remove_containers()

    async def _dispatch(self, found: Instruction) -> None:
        if found.name == "RUN":
            await self._run(found)
        elif found.name in ("COPY", "ADD"):
            await self._copy(found)
        else:
            comment = settings.apply(self.draft, found)
            await self._note(comment, makes_folder=found.name == "WORKDIR")

    def _settings(self) -> dict[str, Any]:
        return {**self.draft.config, "Image": ""}

    def _hit(self, step: dict[str, Any]) -> bool:
        found = self.around.cache.look_up(self.image, step)
        if found is None:
            return False
        self.around.say(" ---> Using cache\n")
        self._use(found)
        return True

    def _use(self, image: Image) -> None:
        blobs = self.images.blobs
        self.around.held.enter_context(blobs.holding([image.id, *image.diff_ids]))
        self.image = image

    async def _note(self, comment: str, makes_folder: bool) -> None:
        """A step that changes settings; it changes files only where the working directory is
        missing."""
        told = [f"#(nop) {comment}"] if makes_folder else ["#(nop) ", comment]
        step = {**self._settings(), "Cmd": [*self.draft.shell, *told]}
        if self._hit(step):
            return
        container = await self._container(step)
        diff = ""
        if makes_folder:
            async with self.containers.file_systems.mounted(container) as root:
                try:
                    await in_thread(spec.make_working_dir, root, self.draft.working_dir)
                except spec.WorkingDirError as error:
                    raise errors.BadRequest(str(error)) from None
                diff = await in_thread(self._keep_changes, container.id, root)
        await self._keep(step, diff, container)

    # RUN

    async def _run(self, found: Instruction) -> None:
        settings.refuse_flags(found, ())
        command = self.draft.command(found)
        values = self.around.arguments.values(self.draft.environment)
        shown = [f"{name}={values[name]}" for name in self.around.arguments.shown(values)]
        told = [f"|{len(shown)}", *shown, *command] if shown else command
        step = {**self._settings(), "Cmd": told, "Entrypoint": None}
        if self._hit(step):
            return
        given = [f"{name}={value}" for name, value in values.items()]
        container = await self._container(
            {
                **step,
                "Cmd": command,
                "Env": [*(step.get("Env") or []), *given],
                "Entrypoint": [""],
                "Healthcheck": {"Test": ["NONE"]},
            }
        )
        try:
            code = await running.run(
                self.containers.life,
                self.around.store,
                container,
                self.around.say,
                self.around.say_error,
            )
        except asyncio.CancelledError:
            await self.containers.remove(container, force=True, volumes=True)
            self._containers.remove(container)
            raise
        if code != 0:
            raise CommandFailed(command, code)
        async with self.containers.file_systems.mounted(container) as root:
            diff = await in_thread(self._keep_changes, container.id, root)
        await self._keep(step, diff, container)

    async def _container(self, config: dict[str, Any]) -> Container:
        """Create the container of one step, with the request's HostConfig."""
        scratch = Image("", {}, [], [])
        name = self.image.id if self.image is not None else ""
        body = {**config, "Image": name, "HostConfig": dict(self.around.host_config)}
        creating = uncancelled.begin(self.containers.create("", body, API, self.image or scratch))
        try:
            container, warnings = await asyncio.shield(creating)
        finally:
            await asyncio.wait([creating])
            if creating.exception() is None:  # also where the build is cancelled: to be removed
                self._containers.append(creating.result()[0])
        for warning in warnings:
            if warning not in self.around.warned:  # each warning once per build
                self.around.warned.add(warning)
                self.around.say(f" ---> [Warning] {warning}\n")
        self.around.say(f" ---> Running in {container.id[:12]}\n")
        return container

    async def _remove_containers(self) -> None:
        while self._containers:
            container = self._containers.pop()
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                await self.containers.remove(container, force=True, volumes=True)
                self.around.say(f" ---> Removed intermediate container {container.id[:12]}\n")

    # COPY and ADD

    async def _copy(self, found: Instruction) -> None:
        known = ("chown", "chmod", "from", "link")
        settings.refuse_flags(found, known if found.name == "COPY" else known[:2])
        *wanted, target = [self.draft.expand(each) for each in self._words(found)]
        folder = Path(tempfile.mkdtemp(dir=self.images.temporary, prefix="build-"))
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(in_thread, directory_trees.remove, folder)
            origin = await self._origin(found, stack)
            try:
                taken = await self._sources(found, wanted, origin, folder)
            except errors.APIError as error:
                error.message = f"{found.name} failed: {error.message}"
                raise
            await self._copy_sources(found, taken, target)

    def _words(self, found: Instruction) -> list[str]:
        listed = found.json()
        return self.draft.split(found.text) if listed is None else listed

    async def _origin(self, found: Instruction, stack: contextlib.AsyncExitStack) -> Path:
        """The folder of the sources: the context, or the file system that --from names."""
        if "from" not in found.flags:
            return self.around.context
        name = self.draft.expand(found.flags["from"])
        try:
            image = await self._image_to_copy_from(name)
        except errors.APIError as error:
            error.message = f"invalid from flag value {name}: {error.message}"
            raise
        _, root = await stack.enter_async_context(self._file_system(image))
        return root

    async def _image_to_copy_from(self, name: str) -> Image | None:
        done = self.around.done
        if name.lower() in done:
            return done[name.lower()]
        if name.isdigit():
            here = sum(each.isdigit() for each in done)
            reason = "refers to current build stage" if int(name) == here else "index out of bounds"
            raise errors.BadRequest(reason)
        return await self.around.image_of(name, "")

    @contextlib.asynccontextmanager
    async def _file_system(self, image: Image | None) -> AsyncIterator[tuple[str, Path]]:
        """(id, folder): an image's file system with a writable layer on top."""
        driver, images = self.around.driver, self.images
        identity = secrets.token_hex(32)

        def make() -> Path:
            layers = images.layer_folders(image) if image is not None else []
            driver.create(identity, layers)
            return driver.mount(identity)

        try:
            yield identity, await in_thread(make)
        finally:
            await in_thread(driver.remove, identity)

    async def _sources(
        self, found: Instruction, wanted: list[str], origin: Path, folder: Path
    ) -> list[Source]:
        taken: list[Source] = []
        for each in wanted:
            if found.name == "ADD" and each.startswith(("http://", "https://")):
                file, name = await in_thread(download, each, folder, self.around.say)
                taken.append(sources.of_download(file, name))
            elif found.name == "ADD" and each.startswith(("git://", "git@")):
                raise errors.BadRequest(f"{each}: git repositories need BuildKit")
            else:
                taken += await in_thread(sources.find, origin, each, found.name == "ADD")
        if not taken:
            raise errors.BadRequest("no source files were specified")
        return taken

    def _target(self, text: str) -> str:
        """The absolute target path; a folder keeps the slash at its end."""
        whole = posixpath.join("/", self.draft.working_dir, text)
        is_folder = text.endswith("/") or posixpath.basename(text) in (".", "")
        clean = "/" + posixpath.normpath(whole).lstrip("/")
        return clean.rstrip("/") + "/" if is_folder else clean

    async def _copy_sources(self, found: Instruction, taken: list[Source], text: str) -> None:
        target = self._target(text)
        if len(taken) > 1 and not target.endswith("/"):
            raise errors.BadRequest(
                f"When using {found.name} with more than one source file, the destination must "
                "be a directory and end with a /"
            )
        chown = self.draft.expand(found.flags.get("chown", ""))
        chmod = self.draft.expand(found.flags.get("chmod", ""))
        mode = copying.mode_of(chmod) if chmod else None
        digest = await in_thread(sources.digest_of, taken)
        flags = [f"--{n}={v} " for n, v in (("chown", chown), ("chmod", chmod)) if v]
        comment = f"#(nop) {found.name} {''.join(flags)}{digest} in {text} "
        step = {**self._settings(), "Cmd": [*self.draft.shell, comment]}
        if self._hit(step):
            return
        async with self._file_system(self.image) as (identity, root):

            def copy() -> str:
                owner = copying.owner_of(root, chown) if chown else (0, 0)
                temporary = self.images.temporary
                work = copying.Copy(root, temporary, target, owner, mode)
                work.run(taken)
                return self._keep_changes(identity, root, work.owners)

            diff = await in_thread(copy)
            await self._keep(step, diff, None)

    # The image of a step

    def _keep_changes(
        self, identity: str, root: Path, owners: tar_extract.Owners | None = None
    ) -> str:
        """Keep the changes of a file system as a layer (see commit.keep_changes). Blocking."""
        return keep_changes(self.images.blobs, self.around.driver, identity, root, owners)

    async def _keep(self, step: dict[str, Any], diff: str, container: Container | None) -> None:
        """Make the image of a step: the current settings, and the layer `diff` unless that is
        ""."""
        below = self.image.config if self.image is not None else _of_scratch()
        moment = timestamps.now()
        history: dict[str, Any] = {"created": moment, "created_by": " ".join(step["Cmd"])}
        if self.draft.author:
            history["author"] = self.draft.author
        if not diff:
            history["empty_layer"] = True
        diffs = self.image.diff_ids if self.image is not None else []
        config = {
            **{name: below[name] for name in PLATFORM if name in below},
            "author": self.draft.author,
            "config": self._settings(),
            **({"container": container.id} if container is not None else {}),
            "container_config": step,
            "created": moment,
            "docker_version": VERSION,
            "history": [*(below.get("history") or []), history],
            "rootfs": {"type": "layers", "diff_ids": [*diffs, *filter(None, [diff])]},
        }
        parent = self.image.id if self.image is not None else ""
        with self.images.blobs.holding([diff]):
            image = await self.images.commit(config, parent)
            self._use(image)
        if container is not None:
            self.around.store.emit(container, "commit", comment="", imageID=image.id)


def _of_scratch() -> dict[str, Any]:
    here = Platform.host()
    found = {"architecture": here.architecture, "os": "linux"}
    return found | ({"variant": here.variant} if here.variant else {})
