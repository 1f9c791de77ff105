"""A whole build: all stages, and the output for the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, progress
from ..files import directory_trees
from ..images.references import Reference
from ..images.store import Image, Images
from . import dockerfile, settings
from .arguments import Arguments
from .cache import Cache
from .dockerfile import Dockerfile, Instruction, Stage
from .settings import Draft, arguments_of
from .stage import CommandFailed, StageBuild, Surroundings, in_thread

if TYPE_CHECKING:
    from ..container.store import ContainerStore
    from ..containers.containers import Containers
    from ..storage.contract import Driver

log = logging.getLogger(__name__)
RED, PLAIN = "\x1b[91m", "\x1b[0m"
"""Colour around the standard error of a step, as with the Engine."""
FROWNED_UPON = "Empty continuation lines will become errors in a future release."


@dataclass(frozen=True)
class Options:
    """The options of a build request."""

    tags: list[Reference] = field(default_factory=list)
    arguments: dict[str, str | None] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    target: str = ""
    host_config: dict[str, Any] = field(default_factory=dict)
    quiet: bool = False
    use_cache: bool = True
    cache_from: list[str] = field(default_factory=list)
    remove: bool = True
    force_remove: bool = False
    platform: str = ""


Pull = Callable[[str, str, "Output"], Awaitable[Image]]
"""(name, platform) -> image; progress goes to the output."""


class Output:
    """The lines of the answer. A quiet build shows them only if it fails."""

    def __init__(self, quiet: bool) -> None:
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._kept: list[bytes] | None = [] if quiet else None

    def send(self, line: bytes) -> None:
        if self._kept is None:
            self.lines.put_nowait(line)
        else:
            self._kept.append(line)

    def say(self, text: str) -> None:
        self.send(progress.line({"stream": text}))

    def say_error(self, text: str) -> None:
        self.say(f"{RED}{text}{PLAIN}")

    def aux(self, image: Image) -> None:
        self.send(progress.line({"aux": {"ID": image.id}}))

    def fail(self, error: errors.APIError) -> None:
        for line in self._kept or []:
            self.lines.put_nowait(line)
        detail: dict[str, Any] = {"message": error.message}
        if isinstance(error, CommandFailed):
            detail = {"code": error.code, **detail}
        self.lines.put_nowait(progress.line({"errorDetail": detail, "error": error.message}))

    def succeed(self, image: Image) -> None:
        if self._kept is not None:
            self.lines.put_nowait(progress.line({"stream": f"{image.id}\n"}))


class Build:
    """One build of one Dockerfile. Owns `context`, and removes it at the end."""

    def __init__(
        self,
        options: Options,
        file: Dockerfile,
        context: Path,
        pull: Pull,
        *,
        store: ContainerStore,
        containers: Containers,
        images: Images,
        driver: Driver,
    ) -> None:
        """Raises BadRequest for an invalid instruction or an unknown target."""
        settings.check(file)
        self._store = store
        self._containers = containers
        self._images = images
        self._driver = driver
        self._options = options
        self._file = file
        self._stages = dockerfile.cut_at(file, options.target)
        for name, value in sorted(options.labels.items()):
            self._stages[-1].instructions.append(dockerfile.label_instruction(name, value))
        self._context = context
        self._pull = pull
        self._output = Output(options.quiet)
        self._number = 0
        self._total = len(file.arguments) + sum(1 + len(s.instructions) for s in self._stages)

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """Build, and yield the lines of the answer. Closing the generator (the client left) ends
        the build."""
        work = asyncio.ensure_future(self._work())
        try:
            while (line := await self._output.lines.get()) is not None:
                yield line
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _work(self) -> None:
        try:
            await self._build()
        except errors.APIError as error:
            self._output.fail(error)
        except asyncio.CancelledError:
            raise
        except OSError as error:  # most likely the disk is full
            self._output.fail(errors.APIError(str(error.strerror or error).lower()))
        except Exception as error:
            log.exception("a build failed")
            self._output.fail(errors.APIError(f"{type(error).__name__}: {error}"))
        finally:
            await in_thread(directory_trees.remove, self._context)
            self._output.lines.put_nowait(None)

    async def _build(self) -> None:
        around = self._surroundings()
        with self._images.coming(), around.held:
            await self._build_stages(around)

    async def _build_stages(self, around: Surroundings) -> None:
        for source in self._file.gaps:
            around.say_error(f"[WARNING]: Empty continuation line found in: {source}\n")
        if self._file.gaps:
            around.say_error(f"[WARNING]: {FROWNED_UPON}\n")
        for each in self._file.arguments:
            self._announce(each)
            draft = Draft({}, around.arguments, self._file.escape)
            values = around.arguments.for_bases()
            draft.config["Env"] = [f"{name}={value}" for name, value in values.items()]
            for name, default in arguments_of(draft, each):
                around.arguments.declare_before_stages(name, default)
        image = None
        for number, stage in enumerate(self._stages):
            image = await self._build_stage(around, stage)
            around.done[str(number)] = image
            if stage.name:
                around.done[stage.name] = image
        unused = around.arguments.unused()
        if unused:
            around.say(f"[Warning] One or more build-args [{' '.join(unused)}] were not consumed\n")
        if image is None:
            raise errors.BadRequest("No image was generated. Is your Dockerfile empty?")
        self._finish(image)

    def _surroundings(self) -> Surroundings:
        options, output = self._options, self._output

        async def image_of(name: str, platform: str) -> Image:
            return await self._pull(name, platform or options.platform, output)

        return Surroundings(
            store=self._store,
            containers=self._containers,
            images=self._images,
            driver=self._driver,
            context=self._context,
            host_config=options.host_config,
            arguments=Arguments(options.arguments),
            cache=Cache(self._images, options.use_cache, options.cache_from),
            remove=options.remove,
            force_remove=options.force_remove,
            say=output.say,
            say_error=output.say_error,
            image_of=image_of,
            escape=self._file.escape,
        )

    async def _build_stage(self, around: Surroundings, stage: Stage) -> Image | None:
        if stage.name in around.done:
            raise errors.BadRequest(f"{stage.name} stage name already used")
        self._announce(stage)
        building = StageBuild(around)
        await building.begin(stage)
        self._tell_image(building.image)
        for each in stage.instructions:
            self._announce(each)
            await building.do(each)
            self._tell_image(building.image)
        if building.image is not None:
            self._output.aux(building.image)
        return building.image

    def _announce(self, what: Instruction | Stage) -> None:
        self._number += 1
        self._output.say(f"Step {self._number}/{self._total} : {what.source}")
        self._output.say("\n")

    def _tell_image(self, image: Image | None) -> None:
        self._output.say(f" ---> {image.short if image is not None else ''}\n")

    def _finish(self, image: Image) -> None:
        self._output.say(f"Successfully built {image.short}\n")
        self._images.tag(image, *self._options.tags)
        for name in self._options.tags:
            self._images.emit("tag", image, name=name.familiar)
            self._output.say(f"Successfully tagged {name.familiar}\n")
        self._output.succeed(image)
