"""A proxy on a Unix socket in front of an engine: bytes pass as they come, in both directions.

A `Watcher` reads a copy. It judges nothing, changes nothing and keeps nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .http_parser import Begin, Watcher

CONNECT_SECONDS = 5.0
READ = 64 * 1024
# docker-py loses stream bytes that arrive together with the head of a hijacked answer, and the
# proxy may read together what the engine sent apart.
HIJACK_PAUSE = 0.02
GONE_CHECK = 0.05
TURNED_AWAY = 1.0  # seconds in which a request is read that nobody will answer

CLIENT_LEFT = "the client left before the answer was complete"
ENGINE_LEFT = "the engine closed the connection before its answer was complete"
CLOSED = "still open when the tap was closed"


@dataclass(frozen=True)
class Target:
    """The address of an engine: a socket's path, or host and port."""

    path: Path | None = None
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection; raises OSError where nobody listens."""
        if self.path is not None:
            return await asyncio.open_unix_connection(self.path)
        opening = asyncio.open_connection(self.host, self.port, ssl=self.tls)
        return await asyncio.wait_for(opening, CONNECT_SECONDS)


Settle = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Nothing has to be settled."""


class Proxy:
    """Passes every connection on to an engine, which need not be there yet."""

    def __init__(
        self,
        target: Target,
        begin: Begin,
        settle: Settle | None = None,
        reason_of: Callable[[BaseException], str] = str,
    ) -> None:
        """`settle` is awaited before anything that was read is passed on; `reason_of` says why no
        engine answered."""
        self._target = target
        self._begin = begin
        self._settle = settle or _at_once
        self._reason_of = reason_of

    async def listen(self, place: Path, mode: int) -> asyncio.Server:
        """Begin to accept connections at a socket with these permissions."""
        server = await asyncio.start_unix_server(self._connected, place)
        place.chmod(mode)
        return server

    async def _connected(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        watcher, why = Watcher(self._begin), CLOSED
        try:
            reader, writer = await self._target.open()
        except OSError as error:  # a TimeoutError is one, too
            await _turn_away(client, watcher, f"no engine answered: {self._reason_of(error)}")
            back.close()
            return
        up = asyncio.create_task(_upwards(client, back, writer, watcher, self._settle))
        try:
            why = await _downwards(reader, back, watcher, self._settle)
            if up.done() and up.result():
                why = CLIENT_LEFT
            elif not watcher.begun:  # the engine went down before the client had asked
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
                await _turn_away(client, watcher, why)
        except asyncio.CancelledError:
            pass  # the proxy stops; asyncio would report it as an error of its own
        finally:
            watcher.ended(why)
            await self._settle()
            up.cancel()
            writer.close()
            back.close()


async def _turn_away(client: asyncio.StreamReader, watcher: Watcher, why: str) -> None:
    """There is no engine: the client sees a connection that ends, as soon as it has asked."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(TURNED_AWAY):
            while not watcher.asked and (data := await client.read(READ)):
                watcher.from_client(data)
    watcher.ended(why)


async def _upwards(
    client: asyncio.StreamReader,
    back: asyncio.StreamWriter,
    engine: asyncio.StreamWriter,
    watcher: Watcher,
    settle: Settle,
) -> bool:
    """Pass on what the client sends; True where it was the client that left."""
    with contextlib.suppress(OSError):
        while data := await client.read(READ):
            watcher.from_client(data)
            await settle()
            engine.write(data)
            await engine.drain()
        if engine.can_write_eof():
            engine.write_eof()
        while not _gone(back):  # the end of input may be half a close (`docker run -i`)
            await asyncio.sleep(GONE_CHECK)
    left = _gone(back)
    engine.close()
    return left


def _gone(client: asyncio.StreamWriter) -> bool:
    """Whether nobody is at the other end; only poll(2) knows, asyncio has no event for it."""
    descriptor = client.get_extra_info("socket").fileno()
    poll = select.poll()
    if descriptor >= 0:
        poll.register(descriptor, 0)
    return descriptor < 0 or bool(poll.poll(0))


async def _downwards(
    engine: asyncio.StreamReader, back: asyncio.StreamWriter, watcher: Watcher, settle: Settle
) -> str:
    """Pass on what the engine sends, and say why there is no more of it."""
    while True:
        try:
            data = await engine.read(READ)
        except OSError:
            return ENGINE_LEFT
        if not data:
            return ENGINE_LEFT
        was_raw = watcher.raw
        head = watcher.from_engine(data)
        await settle()
        try:
            back.write(data[:head])
            if watcher.raw and not was_raw and head < len(data):
                await back.drain()
                await asyncio.sleep(HIJACK_PAUSE)
            back.write(data[head:])
            await back.drain()
        except OSError:
            return CLIENT_LEFT


@contextlib.contextmanager
def loop_in_thread(name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop of its own in a thread of its own; what still runs there at the end is
    cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def listening(
    loop: asyncio.AbstractEventLoop, proxy: Proxy, place: Path, *, mode: int
) -> Iterator[None]:
    """A proxy at work at a socket, which is gone afterwards."""
    server = asyncio.run_coroutine_threadsafe(proxy.listen(place, mode), loop).result()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        place.unlink(missing_ok=True)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
