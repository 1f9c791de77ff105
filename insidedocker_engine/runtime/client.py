"""The engine's side of a launcher: it is started, asked, and tells when processes end.

It knows requests and descriptors, but not what a runtime does with them.
"""

from __future__ import annotations

import array
import asyncio
import errno
import fcntl
import json
import logging
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import termios
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..base import linux
from . import launcher_messages as messages
from .contract import Ended

log = logging.getLogger(__name__)

_PACKAGES = str(Path(__file__).parents[2])
_MOST_DESCRIPTORS = 64
_NOT_STARTED = 128
_LOST = 137
"""How processes have ended when the launcher was killed: with it, by SIGKILL."""


class Failed(Exception):
    """The launcher could not do what it was asked; the text says why."""


class Gone(Failed):
    """The container that it was asked about has ended."""


class RunningProcess:
    """A process in a container; see the contract, `Process`."""

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.pid = 0
        self.stdin: int | None = None
        self.stdout = -1
        self.stderr: int | None = None
        self.name_sockets: list[int] = []
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._pidfd: int | None = None
        self._terminal: int | None = None

    async def wait(self) -> Ended:
        return await asyncio.shield(self.ended)

    def kill(self, number: int) -> None:
        if self._pidfd is None:
            raise ProcessLookupError("the process has ended")
        signal.pidfd_send_signal(self._pidfd, number)

    def resize(self, rows: int, columns: int) -> None:
        if self._terminal is not None:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def take(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """Keep what comes from the launcher while the process is started."""
        if "process" in message:
            self.pid = _pid_of(descriptors[0])
            if self.ended.done():  # so short that the report of its end came first
                os.close(descriptors[0])
            else:
                self._pidfd = descriptors[0]
        elif "terminal" in message:
            self.stdout = descriptors[0]
            if not self.ended.done():
                self._terminal = os.dup(self.stdout)
        elif "names" in message:
            self.name_sockets = descriptors

    def end(self, code: int) -> None:
        for descriptor in (self._pidfd, self._terminal):
            if descriptor is not None:
                os.close(descriptor)
        self._pidfd = self._terminal = None
        if not self.ended.done():
            self.ended.set_result(Ended(code))


@dataclass
class Answer:
    """What came back over the channel of a request."""

    messages: list[tuple[dict[str, Any], list[int]]] = field(default_factory=list)

    def error(self) -> Failed | None:
        for message, _ in self.messages:
            if "error" in message:
                return (Gone if message.get("gone") else Failed)(message["error"])
        return None

    def descriptors(self) -> list[int]:
        return [descriptor for _, found in self.messages for descriptor in found]


P = TypeVar("P", bound=RunningProcess)


class Client:
    """Starts the launcher at the first request, and again should it ever be killed.

    `module` is the launcher's, below this package; its main() serves a socket at descriptor 3.
    """

    def __init__(self, module: str, settings: dict[str, str] | None = None) -> None:
        self.module = module
        self.settings = settings or {}
        """Its environment, beside PATH."""
        self.processes: dict[int, RunningProcess] = {}
        self.launcher = 0
        """The launcher's process id, once it has told."""
        self.spawned = 0
        """How many launchers there have been."""
        self._socket: socket.socket | None = None
        self._last_ticket = 0
        self._sending = asyncio.Lock()
        self._background: set[asyncio.Future[None]] = set()
        self._gone = asyncio.Event()

    @property
    def alive(self) -> bool:
        return self._socket is not None

    def new_process(self, kind: type[P]) -> P:
        """One that is going to be started, with a ticket for it."""
        self._last_ticket += 1
        process = kind(self._last_ticket)
        self.processes[process.ticket] = process
        return process

    def give_up(self, process: RunningProcess) -> None:
        """It has not been started after all; should it have been, it is ended."""
        self.processes.pop(process.ticket, None)
        process.end(_NOT_STARTED)
        self._in_background(messages.End(process.ticket))

    def _in_background(self, request: messages.Request) -> None:
        async def ask() -> None:
            with suppress(Failed):
                await self.ask(request, [])

        task = asyncio.ensure_future(ask())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def spawn(self) -> None:
        """Start the launcher; it need not be waited for, requests queue up."""
        self.spawned += 1
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # it is left to us by its short-lived parent
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # what containers start with
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = (
            f"import sys; sys.path.insert(0, {_PACKAGES!r})\nfrom {self.module} import main; main()"
        )
        null = os.open(os.devnull, os.O_RDWR)
        # A duplicate at 3 or above can be closed on exec; the one at 3 must not be.
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-c", code],
            {
                "PATH": os.environ.get("PATH", os.defpath),
                "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # the engine's own
            }
            | self.settings,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), messages.ENGINE),
            ],
            setsid=True,
        )
        os.close(null)
        theirs.close()
        ours.setblocking(False)
        self._socket = ours
        self._gone.clear()
        asyncio.get_running_loop().add_reader(ours.fileno(), self._read, ours, pid)

    async def close(self) -> None:
        """Let the launcher end, and with it every process it started; until all have."""
        if self._socket is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        for process in list(self.processes.values()):
            with suppress(ProcessLookupError):
                process.kill(signal.SIGKILL)
        await asyncio.gather(*(each.wait() for each in list(self.processes.values())))
        await self._gone.wait()

    async def ask(self, request: messages.Request, descriptors: list[int]) -> Answer:
        """Send a request and wait for all of its answer. Raises Failed."""
        if self._socket is None:
            self.spawn()
        try:
            return await self._ask(request, descriptors)
        except OSError as error:  # the limit of open files, mostly
            raise Failed(str(error.strerror)) from error

    async def _ask(self, request: messages.Request, descriptors: list[int]) -> Answer:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        body = os.memfd_create("request")
        try:
            ours.setblocking(False)
            os.write(body, pickle.dumps(request))
            os.lseek(body, 0, os.SEEK_SET)
            await self._send([body, theirs.fileno(), *descriptors])
            theirs.close()
            answer = await _read_all(ours)
        finally:
            os.close(body)
            theirs.close()
            ours.close()
        error = answer.error()
        if not answer.messages:
            error = Failed(
                "the launcher gave no answer; more files may be open than its limit allows"
            )
        if error is not None:
            for descriptor in answer.descriptors():
                os.close(descriptor)
            raise error
        return answer

    async def _send(self, descriptors: list[int]) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        async with self._sending:
            while True:
                if self._socket is None:
                    raise Failed("the launcher has ended")
                try:
                    self._socket.sendmsg([b"request"], rights)
                    return
                except BlockingIOError:
                    await _writable(self._socket)
                except OSError as error:
                    raise Failed(f"the launcher does not answer: {error.strerror}") from error

    def _read(self, ours: socket.socket, spawned: int) -> None:
        """Something came from the launcher."""
        while True:
            try:
                data = ours.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lost(ours, spawned)
                return
            report = json.loads(data)
            if "launcher" in report:
                self._adopt(report["launcher"], spawned)
            else:
                process = self.processes.pop(report["ticket"], None)
                if process is not None:
                    process.end(report["code"])

    def _adopt(self, launcher: int, spawned: int) -> None:
        """The launcher's first process hands over to its child, which becomes ours."""
        self.launcher = launcher
        if launcher != spawned:
            os.waitpid(spawned, 0)  # it has nothing left to do but end
        self._in_background(messages.Bind())

    def _lost(self, ours: socket.socket, spawned: int) -> None:
        """The launcher has ended: so has, by the kernel, every process it started."""
        asyncio.get_running_loop().remove_reader(ours.fileno())
        ours.close()
        self._socket = None
        with suppress(ChildProcessError):
            os.waitpid(self.launcher or spawned, 0)
        self.launcher = 0
        self._gone.set()
        for process in list(self.processes.values()):
            process.end(_LOST)
        self.processes.clear()


async def _read_all(channel: socket.socket) -> Answer:
    """Everything until the other side has closed the channel."""
    loop = asyncio.get_running_loop()
    answer = Answer()
    done: asyncio.Future[None] = loop.create_future()

    def read() -> None:
        while not done.done():
            try:
                data, descriptors, flags, _ = socket.recv_fds(channel, 1 << 16, _MOST_DESCRIPTORS)
            except BlockingIOError:
                return
            except OSError:
                data, descriptors, flags = b"", [], 0
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            if data:
                answer.messages.append((json.loads(data), list(descriptors)))
                if flags & socket.MSG_CTRUNC:
                    answer.messages.append(({"error": os.strerror(errno.EMFILE)}, []))
            else:
                done.set_result(None)

    loop.add_reader(channel.fileno(), read)
    try:
        await done
    finally:
        loop.remove_reader(channel.fileno())
    return answer


async def _writable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(connection.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(connection.fileno())


def _pid_of(pidfd: int) -> int:
    """The process id as this host counts; 0 where it has ended already."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return max(int(line.split()[1]), 0)
    return 0
