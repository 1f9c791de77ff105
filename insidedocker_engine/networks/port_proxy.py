"""Relays from a bound socket of the host to a container: TCP by connections, UDP by senders.

They know addresses and how to get a socket that reaches them, but no container.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Address = tuple[str, int]
Opener = Callable[[int], Awaitable[socket.socket]]
"""Gives a new non-blocking socket of a kind (SOCK_STREAM, SOCK_DGRAM) that reaches containers."""

CHUNK = 64 << 10
CONNECT_SECONDS = 10.0
LAST_WORDS_SECONDS = 1.0
"""How long connections go on after the container has ended, and how long its network waits for
what it has sent last."""
IDLE_SECONDS = 90.0
"""How long a sender of UDP that gets no answers keeps its place."""
SENDERS = 1024
"""How many senders of UDP a port serves at a time; then the one that was quiet longest goes."""


class TCPRelay:
    """Serves a listening socket until it is closed. What one side ends, the other sees end."""

    def __init__(self, listener: socket.socket, target: Address, opener: Opener) -> None:
        self.listener, self.target, self._opener = listener, target, opener
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()
        self._answers: set[asyncio.Future[None]] = set()
        """Of each connection what comes from the container; done when that has ended it."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self.listener, limit=CHUNK)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError, TimeoutError):
            writer.transport.abort()  # the client sees that nobody took the connection
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
        """Once the container has ended: take no more connections; the result is done when all
        that it sent has been taken up."""
        if self._server is not None:
            self._server.close()
        return set(self._answers)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.listener.close()
        # What the container's last words are may still be under way.
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
    """Serves a bound socket; each sender has a socket of its own towards the container, so that
    answers find their way back."""

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
        self._senders[sender] = known  # now the last one heard
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
        """Start the wait for silence anew."""
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
    """Somebody who sent to a published UDP port."""

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
