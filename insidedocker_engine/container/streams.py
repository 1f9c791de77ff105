"""The output and input of a process. Output is read with back-pressure and passed to the log and to
every attached client; input from clients is written to the process.

Handles file descriptors and byte queues only, not containers or HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import struct
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Protocol

from ..base import errors
from . import logs

CHUNK = 64 << 10
CLIENT_LIMIT = 1 << 20
"""Bytes that may wait for one client; beyond that the process has to wait."""
STALL_LIMIT = 30.0
"""Seconds that a client may take nothing while a process waits for it. The client is then dropped,
so that a hanging client cannot hang a container."""
CONTROL = {letter: 1 + index for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")} | {
    "@": 0,
    "[": 27,
    "\\": 28,
    "]": 29,
    "^": 30,
    "_": 31,
}
DETACH_KEYS = b"\x10\x11"
"""ctrl-p,ctrl-q"""
STDOUT, STDERR = 1, 2

Taker = Callable[[int, bytes], None]


def frame(stream: int, data: bytes) -> bytes:
    """One frame of the multiplexed stream: kind (1 byte), three zero bytes, length (4 bytes, big
    endian), data."""
    return struct.pack(">BxxxL", stream, len(data)) + data


class Client:
    """A client attached to a process's output, with a queue of bounded size."""

    def __init__(self, output: Output, streams: Iterable[int], raw: bool) -> None:
        self._output = output
        self.streams = frozenset(streams)
        self._raw = raw
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._ended = False
        self._wake = asyncio.Event()
        self.taken = 0
        """Bytes taken so far; shows whether the client still reads."""

    @property
    def full(self) -> bool:
        return self._bytes >= CLIENT_LIMIT and not self._ended

    def give(self, stream: int, data: bytes) -> None:
        if stream in self.streams and not self._ended:
            self._queue.append(data if self._raw else frame(stream, data))
            self._bytes += len(data)
            self._wake.set()

    def end(self) -> None:
        """End the stream; queued data is still handed out."""
        self._ended = True
        self._wake.set()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the queued data until the end; waiting pieces are joined."""
        try:
            while True:
                if self._queue:
                    data = b"".join(self._queue)
                    self._queue.clear()
                    self._bytes = 0
                    self.taken += len(data)
                    self._output.resume()
                    yield data
                elif self._ended:
                    return
                else:
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            self.leave()

    def leave(self) -> None:
        self.end()
        self._queue.clear()
        self._bytes = 0
        self._output.clients.discard(self)
        self._output.resume()


class Output:
    """The output of a process, passed to the log and to clients. Outlives its processes: clients
    may attach before a process starts, and all are detached when it ends."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.log: logs.Log | None = None
        self._pumps: list[_Pump] = []
        self._paused = False
        self._finished: asyncio.Future[None] | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._seen: dict[Client, int] = {}

    def listen(self, streams: Iterable[int], raw: bool) -> Client:
        client = Client(self, streams, raw)
        self.clients.add(client)
        return client

    def start(self, stdout: int, stderr: int | None) -> None:
        """Start reading. Takes over the descriptors."""
        self._finished = asyncio.get_running_loop().create_future()
        self._paused = False
        if self.log is not None:
            self.log.drained = self.resume
            self.log.start()
        self._pumps = [_Pump(self, STDOUT, stdout)]
        if stderr is not None:
            self._pumps.append(_Pump(self, STDERR, stderr))
        for pump in self._pumps:
            pump.resume()

    async def finish(self, patience: float) -> None:
        """Wait for the end of both streams, at most `patience` seconds (a child left behind may
        hold them open), then end the log and detach the clients."""
        if self._finished is not None:
            await asyncio.wait([self._finished], timeout=patience)
        for pump in self._pumps:
            pump.close()
        self._pumps = []
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if self.log is not None:
            await self.log.finish()
        self.leave_all()

    def leave_all(self) -> None:
        """Detach every client; queued data is still handed out."""
        for client in list(self.clients):
            client.end()
            self.clients.discard(client)

    def take(self, stream: int, data: bytes) -> None:
        if self.log is not None:
            self.log.write(stream, data)
        for client in self.clients:
            client.give(stream, data)
        if not self._paused and (self._clients_full() or self._log_full()):
            self._paused = True
            for pump in self._pumps:
                pump.pause()
            self._watch_stall()

    def _clients_full(self) -> bool:
        return any(client.full for client in self.clients)

    def _log_full(self) -> bool:
        return self.log is not None and self.log.full

    def resume(self) -> None:
        """Read on, where the program had to wait and no one holds it up any more."""
        if not self._paused or self._clients_full() or self._log_full():
            return
        self._paused = False
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        for pump in self._pumps:
            pump.resume()

    def pump_ended(self) -> None:
        done = all(pump.ended for pump in self._pumps)
        if done and self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    def _watch_stall(self) -> None:
        self._seen = {client: client.taken for client in self.clients if client.full}
        loop = asyncio.get_running_loop()
        self._stall = loop.call_later(STALL_LIMIT, self._end_stalled)

    def _end_stalled(self) -> None:
        for client, taken in self._seen.items():
            if client.full and client.taken == taken:
                client.leave()
        if self._paused:
            self._watch_stall()


class _Pump:
    """Reads one descriptor whenever it has data."""

    def __init__(self, output: Output, stream: int, handle: int) -> None:
        os.set_blocking(handle, False)
        self._output = output
        self._stream = stream
        self._handle = handle
        self._reading = False
        self.ended = False

    def resume(self) -> None:
        if not self.ended and not self._reading:
            self._reading = True
            asyncio.get_running_loop().add_reader(self._handle, self._ready)

    def pause(self) -> None:
        if self._reading:
            self._reading = False
            asyncio.get_running_loop().remove_reader(self._handle)

    def close(self) -> None:
        if self.ended:
            return
        self.pause()
        with contextlib.suppress(OSError):  # the data there is, without waiting for more
            while data := os.read(self._handle, CHUNK):
                self._output.take(self._stream, data)
        self._end()

    def _ready(self) -> None:
        try:
            data = os.read(self._handle, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last process has closed the terminal
            data = b""
        if data:
            self._output.take(self._stream, data)
        else:
            self._end()

    def _end(self) -> None:
        self.pause()
        self.ended = True
        os.close(self._handle)
        self._output.pump_ended()


class Input:
    """The input of a process. Writers wait until the process starts and while it does not read."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._started = asyncio.Event()
        self._room: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()

    def start(self, handle: int | None) -> None:
        if handle is not None:
            os.set_blocking(handle, False)
        self._handle = handle
        self._started.set()

    async def started(self) -> None:
        await self._started.wait()

    async def write(self, data: bytes) -> None:
        """Write all data. Raises BrokenPipeError where the process reads no more."""
        async with self._writing:
            left = memoryview(data)
            while left:
                if self._handle is None:
                    raise BrokenPipeError
                try:
                    left = left[os.write(self._handle, left) :]
                except BlockingIOError:
                    await self._wait_for_room(self._handle)
                except OSError as error:
                    raise BrokenPipeError from error

    async def _wait_for_room(self, handle: int) -> None:
        loop = asyncio.get_running_loop()
        self._room = loop.create_future()
        loop.add_writer(handle, self._has_room)
        try:
            await self._room
        finally:
            if self._handle == handle:
                loop.remove_writer(handle)
            self._room = None

    def _has_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def close(self) -> None:
        """Close the input: the process reads its end."""
        if self._handle is not None:
            asyncio.get_running_loop().remove_writer(self._handle)
            os.close(self._handle)
            self._handle = None
            self._has_room()

    def finish(self) -> None:
        """Close the input of an ended process; writers wait for the next `start`."""
        self.close()
        self._started.clear()


def detach_keys(text: str) -> bytes:
    """The bytes of `ctrl-p,ctrl-q`, `a`, `ctrl-@,x`; the default where empty. Raises BadRequest."""
    if not text:
        return DETACH_KEYS
    found = bytearray()
    for key in text.split(","):
        if len(key) == 1 and key.isascii():
            found += key.encode()
        elif key.startswith("ctrl-") and key[5:] in CONTROL:
            found.append(CONTROL[key[5:]])
        else:
            raise errors.BadRequest(f"Invalid detach keys ({text}) provided")
    return bytes(found)


class KeyWatch:
    """Finds the detach keys in a terminal's input, also when they arrive one by one."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._held = b""

    def pass_on(self, data: bytes) -> tuple[bytes, bool]:
        """(bytes for the process, True where the keys were pressed)."""
        data = self._held + data
        at = data.find(self._keys)
        if at >= 0:
            return data[:at], True
        held = 0
        for length in range(min(len(self._keys) - 1, len(data)), 0, -1):
            if data.endswith(self._keys[:length]):
                held = length
                break
        self._held = data[len(data) - held :]
        return data[: len(data) - held], False


class Connection(Protocol):
    """A two-way byte stream, such as `http.Duplex`."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...


class Left(enum.Enum):
    """The reason why a client's input ended."""

    DETACHED = "the client pressed the detach keys"
    CLOSED = "the client closed its side, or is gone"
    DEAF = "the process reads no more"


async def serve(
    connection: Connection,
    output: AsyncGenerator[bytes, None] | None,
    stdin: Input | None,
    keys: bytes | None,
    close_stdin: bool,
) -> bool:
    """Connect a client with a process until the output ends, the client leaves, or the client
    presses the detach keys (True only then). With `keys` None no detach keys are recognised. With
    `close_stdin` the end of the client's input closes the process's input. After the end of input,
    output goes on, except after the detach keys."""
    sending = None if output is None else asyncio.ensure_future(_send(connection, output))
    receiving = None
    if stdin is not None:
        receiving = asyncio.ensure_future(_receive(connection, stdin, keys))
    tasks = [task for task in (sending, receiving) if task is not None]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if stdin is None or receiving is None or not receiving.done():
            return False
        left = receiving.result()
        if left is Left.CLOSED and close_stdin:
            stdin.close()
        if left is not Left.DETACHED and sending is not None:
            await sending
        return left is Left.DETACHED
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if output is not None:
            await output.aclose()


async def _send(connection: Connection, output: AsyncGenerator[bytes, None]) -> None:
    with contextlib.suppress(ConnectionError):
        async for data in output:
            await connection.write(data)


async def _receive(connection: Connection, stdin: Input, keys: bytes | None) -> Left:
    await stdin.started()
    watch = KeyWatch(keys) if keys else None
    while True:
        try:
            data = await connection.read()
        except ConnectionError:
            return Left.CLOSED
        if not data:
            return Left.CLOSED
        pressed = False
        if watch is not None:
            data, pressed = watch.pass_on(data)
        try:
            await stdin.write(data)
        except BrokenPipeError:
            return Left.DEAF
        if pressed:
            return Left.DETACHED
