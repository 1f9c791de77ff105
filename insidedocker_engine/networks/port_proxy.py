"""Relays from a bound socket of the host to a container: TCP by connections, UDP by senders.

Relays know addresses and how to open a socket that reaches them, but no container.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Address = tuple[str, int]
Opener = Callable[[int], Awaitable[socket.socket]]
"""Opens a non-blocking socket of a kind (SOCK_STREAM, SOCK_DGRAM) that reaches containers."""

CHUNK = 64 << 10
CONNECT_SECONDS = 10.0
LAST_WORDS_SECONDS = 1.0
"""Seconds that connections stay open after the container has ended, and that its network is kept
for its last data."""
IDLE_SECONDS = 90.0
"""Seconds without datagrams in either direction after which a UDP sender is forgotten."""
SENDERS = 1024
"""UDP senders that a port serves at a time; a new one replaces the one that was silent longest."""


class TCPRelay:
    """Serves a listening socket until `close`. An end of data is passed on to the other side."""

    def __init__(self, listener: socket.socket, target: Address, opener: Opener) -> None:
        self.listener, self.target, self._opener = listener, target, opener
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()
        self._answers: set[asyncio.Future[None]] = set()
        """Copies from the container to clients, one per connection; done at the end of its data."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self.listener, limit=CHUNK)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError, TimeoutError):
            writer.transport.abort()  # a reset: the client sees that the container did not accept
        finally:
            self._open.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made = await self._opener(socket.SOCK_STREAM)
        try:
            loop = asyncio.get_running_loop()
            await asyncio.wait_for(loop.sock_connect(made, self.target), CONNECT_SECONDS)
        except BaseException:
            made.close()
            raise
        there, back = await asyncio.open_connection(sock=made, limit=CHUNK)
        ways = [
            asyncio.ensure_future(_copy(reader, back)),
            asyncio.ensure_future(_copy(there, writer)),
        ]
        self._answers.add(ways[1])
        ways[1].add_done_callback(self._answers.discard)
        try:
            await asyncio.gather(*ways)
        finally:
            for way in ways:
                way.cancel()
            back.close()

    def last_words(self) -> set[asyncio.Future[None]]:
        """Accept no more connections, once the container has ended; the returned futures are done
        when all its data has been passed on."""
        if self._server is not None:
            self._server.close()
        return set(self._answers)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.listener.close()
        # The container's last data may still be in transit.
        for task in self._open:
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, task.cancel)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        with contextlib.suppress(OSError):
            target.write_eof()


class UDPRelay:
    """Serves a bound socket; each sender has its own socket towards the container, so that answers
    go back to the right sender."""

    def __init__(self, listener: socket.socket, target: Address, opener: Opener) -> None:
        self.listener, self.target, self._opener = listener, target, opener
        self._senders: dict[Any, _Sender] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._arrived), sock=self.listener
        )

    def _arrived(self, data: bytes, sender: Any) -> None:
        known = self._senders.pop(sender, None)
        if known is None:
            known = _Sender()
            self._spawn(self._introduce(sender, known))
            while len(self._senders) >= SENDERS:
                self._forget(next(iter(self._senders)))
        self._senders[sender] = known  # moved to the end: the most recent sender
        known.pass_on(data)
        self._expect(sender, known)

    async def _introduce(self, sender: Any, known: _Sender) -> None:
        try:
            made = await self._opener(socket.SOCK_DGRAM)
            made.connect(self.target)
            loop = asyncio.get_running_loop()

            def answered(data: bytes, _from: Any) -> None:
                if self._transport is not None:
                    self._transport.sendto(data, sender)
                self._expect(sender, known)

            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(answered), sock=made
            )
        except OSError:
            self._forget(sender)
            return
        known.begin(transport)

    def _expect(self, sender: Any, known: _Sender) -> None:
        """Restart the sender's idle timer."""
        if known.silence is not None:
            known.silence.cancel()
        loop = asyncio.get_running_loop()
        known.silence = loop.call_later(IDLE_SECONDS, self._forget, sender)

    def _forget(self, sender: Any) -> None:
        known = self._senders.pop(sender, None)
        if known is not None:
            known.end()

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def close(self) -> None:
        for task in list(self._work):
            task.cancel()
        for sender in list(self._senders):
            self._forget(sender)
        if self._transport is not None:
            self._transport.close()
        self.listener.close()


class _Sender:
    """The state of one sender to a published UDP port."""

    def __init__(self) -> None:
        self.silence: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        self._ended = False

    def pass_on(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data)
        else:
            self._waiting.append(data)

    def begin(self, transport: asyncio.DatagramTransport) -> None:
        if self._ended:
            transport.close()
            return
        self._transport = transport
        for data in self._waiting:
            transport.sendto(data)
        self._waiting.clear()

    def end(self) -> None:
        self._ended = True
        if self.silence is not None:
            self.silence.cancel()
        if self._transport is not None:
            self._transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes, Any], None]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._arrived(data, addr)
