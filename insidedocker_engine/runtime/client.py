"""The engine's side of a launcher: start the launcher, send requests, receive ends of processes.

This module knows requests and descriptors, but not what a runtime does with them.
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

from ..host import linux
from . import launcher_messages as messages
from .contract import Ended

log = logging.getLogger(__name__)

_PACKAGES = str(Path(__file__).parents[2])
_MOST_DESCRIPTORS = 64
_NOT_STARTED = 128
_LOST = 137
"""Exit code of processes whose launcher was killed: the kernel kills them with SIGKILL."""


class Failed(Exception):
    """A request to the launcher failed; the text says why."""


class Gone(Failed):
    """The container of the request has ended."""


class RunningProcess:
    """A process in a container; see `contract.Process`."""

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
        linux.pidfd_send_signal(self._pidfd, number)

    def resize(self, rows: int, columns: int) -> None:
        if self._terminal is not None:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def take(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """Keep a message's process, terminal or name sockets from the launcher's answer."""
        if "process" in message and not descriptors:  # a process id of the engine's own
            self.pid = message["process"]
        elif "process" in message:
            self.pid = _pid_of(descriptors[0])
            if self.ended.done():  # a short process: the report of its end came first
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
    """The messages of a request's answer, each with its descriptors."""

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
    """Starts the launcher at the first request, and again after it was killed.

    `module` is the launcher's full module name; its main() serves a socket at descriptor 3.
    """

    def __init__(self, module: str, settings: dict[str, str] | None = None) -> None:
        self.module = module
        self.settings = settings or {}
        """The launcher's environment, beside PATH and TMPDIR."""
        self.processes: dict[int, RunningProcess] = {}
        self.launcher = 0
        """The launcher's process id; 0 until it has reported."""
        self.spawned = 0
        """Number of launchers started so far."""
        self._socket: socket.socket | None = None
        self._last_ticket = 0
        self._sending = asyncio.Lock()
        self._background: set[asyncio.Future[None]] = set()
        self._gone = asyncio.Event()

    @property
    def alive(self) -> bool:
        return self._socket is not None

    def new_process(self, kind: type[P]) -> P:
        """Make the object, with a new ticket, of a process that is to be started."""
        self._last_ticket += 1
        process = kind(self._last_ticket)
        self.processes[process.ticket] = process
        return process

    def give_up(self, process: RunningProcess) -> None:
        """Drop a process whose start failed; the launcher kills it in case it runs."""
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
        """Start the launcher without waiting: requests queue up."""
        self.spawned += 1
        # The launcher's short-lived parent ends at once: the launcher becomes this process' child.
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # containers inherit the limit
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
                "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # the engine's own folder
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
        """End the launcher and every process it started, and wait for their ends."""
        if self._socket is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        for process in list(self.processes.values()):
            with suppress(ProcessLookupError):
                process.kill(signal.SIGKILL)
        await asyncio.gather(*(each.wait() for each in list(self.processes.values())))
        await self._gone.wait()

    async def ask(self, request: messages.Request, descriptors: list[int]) -> Answer:
        """Send a request and wait for its whole answer. Raises Failed."""
        if self._socket is None:
            self.spawn()
        try:
            return await self._ask(request, descriptors)
        except OSError as error:  # mostly the limit of open files
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
        """Read the launcher's reports; called when its socket is readable."""
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
        """Note the launcher's process id. With namespaces it is the child of the process that was
        spawned, which has ended; the launcher is now a child of the engine."""
        self.launcher = launcher
        if launcher != spawned:
            os.waitpid(spawned, 0)  # returns at once: the process is ending
        self._in_background(messages.Bind())

    def _lost(self, ours: socket.socket, spawned: int) -> None:
        """Handle the launcher's end: the kernel has ended every process it started."""
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
    """Read messages until the other side has closed the channel."""
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
    """The process id in this process' pid namespace; 0 where the process has ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return max(int(line.split()[1]), 0)
    return 0
