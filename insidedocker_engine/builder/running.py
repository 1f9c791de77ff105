"""One RUN: a container's output as text for the client of the build, and its exit code."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..container import streams

if TYPE_CHECKING:
    from ..container.record import Container
    from ..container.store import ContainerStore
    from ..containers.lifecycle import Lifecycle

HEADER = 8
Say = Callable[[str], None]


async def run(
    lifecycle: Lifecycle,
    containers: ContainerStore,
    container: Container,
    say: Say,
    say_error: Say,
) -> int:
    """Start the container, pass its output on, and wait for its exit code."""
    client = container.output.listen({streams.STDOUT, streams.STDERR}, raw=False)
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    container.waiting.append(ended)
    try:
        await lifecycle.start(container)
        containers.emit(container, "attach")
        texts = _Texts({streams.STDOUT: say, streams.STDERR: say_error})
        async for data in client.chunks():
            texts.feed(data)
        return await ended
    finally:
        client.leave()


class _Texts:
    """Splits frames and passes each stream on as text; a character is never cut in two."""

    def __init__(self, sinks: dict[int, Say]) -> None:
        self._sinks = sinks
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stream: decoder("replace") for stream in sinks}

    def feed(self, data: bytes) -> None:
        """Take whole frames only, as `streams.Client` gives them."""
        position = 0
        while position < len(data):
            length = int.from_bytes(data[position + 4 : position + HEADER], "big")
            stream = data[position]
            position += HEADER
            text = self._decoders[stream].decode(data[position : position + length])
            position += length
            if text:
                self._sinks[stream](text)
