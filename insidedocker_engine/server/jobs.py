"""Blocking work (a pull, a load) in its own thread, answered as a stream of lines.

The work ends when it is done or soon after the client goes away.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from typing import ParamSpec, TypeVar

from ..base import errors, progress
from .http import Request, Stream

BATCH = 1 << 20
"""Bytes of a request's body that are collected before they pass to the work's thread."""

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Cancelled(Exception):
    """The client has gone away."""


class Work:
    """One piece of work. `job` runs in the thread and gets the Work, to report progress and to
    call into the event loop.

    The thread is a daemon: an engine that ends need not wait for a registry.
    """

    def __init__(self, job: Callable[[Work], object]) -> None:
        self.cancel = threading.Event()
        self.report = progress.Reporter(self.send)
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()

    def send(self, line: bytes | BaseException | None) -> None:
        """Send the next line of the answer; called from the thread."""
        self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    def in_loop(
        self, function: Callable[Given, Result], *args: Given.args, **named: Given.kwargs
    ) -> Result:
        """Call `function` in the event loop's thread, where the engine's state may be changed;
        called from the work's thread. Raises Cancelled where the client has gone away."""

        async def call() -> Result:
            if self.cancel.is_set():
                raise Cancelled
            return function(*args, **named)

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    async def stream(self) -> Stream:
        """Start the work and answer once it sends its first line. An error before that is raised
        and sets the HTTP status; a later error is the stream's last line."""
        threading.Thread(target=self._run, daemon=True).start()
        try:
            first = await self._lines.get()
        except BaseException:
            self.cancel.set()
            raise
        if isinstance(first, BaseException):
            raise first
        return Stream(self._chunks(first))

    def _run(self) -> None:
        try:
            self._job(self)
            self.send(None)
        except OSError as error:  # most likely a full disk, not a defect of the engine
            where = f" ({error.filename})" if error.filename else ""
            self.send(errors.APIError(f"{(error.strerror or str(error)).lower()}{where}"))
        except BaseException as error:
            self.send(error)

    async def _chunks(self, line: bytes | BaseException | None) -> AsyncGenerator[bytes, None]:
        try:
            while isinstance(line, bytes):
                yield line
                line = await self._lines.get()
            if isinstance(line, errors.APIError):
                yield progress.failure(line.message)
            elif isinstance(line, Exception):
                log.error("work for an answer failed", exc_info=line)
                yield progress.failure(f"{type(line).__name__}: {line}")
        finally:
            self.cancel.set()


class Body:
    """A request's body as a file to read from the work's thread."""

    def __init__(self, request: Request) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces = request.stream().__aiter__()
        self._batch = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Read at most `size` bytes; b"" at the end."""
        if not self._batch:
            batch = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            self._batch = memoryview(batch)
        data, self._batch = self._batch[:size], self._batch[size:]
        return bytes(data)

    async def _next(self) -> bytes:
        """Read about BATCH bytes at once: each call is a switch between two threads."""
        batch = bytearray()
        async for data in self._pieces:
            batch += data
            if len(batch) >= BATCH:
                break
        return bytes(batch)
