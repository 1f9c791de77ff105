"""The runtime for hosts without user namespaces: PRoot shows each container its own file system.

PRoot isolates only the file system: process ids, the network and the host name are the host's,
read-only mounts can be written, and user ids are simulated. `isolation` reports this.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...base import uncancelled
from .. import launcher_messages, probe
from ..client import Client, RunningProcess
from ..contract import (
    Endpoint,
    Isolation,
    Limits,
    NetworkError,
    ProcessSpec,
    SandboxSpec,
    Unavailable,
)
from ..launch import launch, start_error
from . import processes as traced

_NO_NETWORK = "networks are not isolated on this host: containers share the host's own"
_NOT_EXECUTED = {errno.ENOENT: 127, errno.EACCES: 126}
_EXEC_FORMAT_EXIT = 255
_ROUNDS = 100


class TracedProcess(RunningProcess):
    """A program, and the PRoot that traces the program and its children."""

    def __init__(self, ticket: int) -> None:
        super().__init__(ticket)
        self.tracer = 0
        self.running = asyncio.Event()
        """Set once the program's process id is known, or the program has ended before."""
        self.before_end: Callable[[], None] | None = None
        self._program = 0
        self._error = 0
        self._listening = False
        self._tracer_code: int | None = None
        self._finishing = False

    def take(self, message: dict[str, Any], descriptors: list[int]) -> None:
        super().take(message, descriptors)
        self.tracer = message.get("process", self.tracer)
        self.pid = self._program or self.pid  # the first program may have reported before

    def kill(self, number: int) -> None:
        if self.ended.done():
            raise ProcessLookupError("the process has ended")
        target = self._program or self.tracer
        if target == 0:
            raise ProcessLookupError("the process has not been started")
        os.kill(target, number)

    def listen(self, status: int) -> None:
        """Read the reports of `tinyinit` from the pipe `status`; close the pipe at its end."""
        loop = asyncio.get_running_loop()
        self._listening = True

        def read() -> None:
            data = os.read(status, 4096)  # never a part of a number: each is one write
            self._hear(struct.unpack(f"={len(data) // 4}i", data))
            if not data:
                loop.remove_reader(status)
                os.close(status)
                self._listening = False
                if self._tracer_code is not None:
                    self._finish(self._tracer_code)

        loop.add_reader(status, read)

    def end(self, code: int) -> None:
        """Handle the tracer's end. Its code counts only where `tinyinit` did not report another."""
        self._tracer_code = code
        if not self._listening:
            self._finish(code)

    def _hear(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            if number < 0:
                self._error = -number
            elif self._program == 0:
                self._program = self.pid = number
                self.running.set()
            else:
                self._finish(self._code(number))

    def _finish(self, code: int) -> None:
        if not self._finishing:
            self._finishing = True
            uncancelled.begin(self._finish_after(self.before_end, code))

    async def _finish_after(self, before_end: Callable[[], None] | None, code: int) -> None:
        if before_end is not None:
            with suppress(OSError):  # the limit of open files; `forget` tries again
                await asyncio.to_thread(before_end)
        super().end(code)
        self.running.set()

    def _code(self, status: int) -> int:
        if self._error:
            return _NOT_EXECUTED.get(self._error, _EXEC_FORMAT_EXIT)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


class PRoot:
    name = "proot"

    def __init__(self, why: str) -> None:
        found = probe.find_proot()
        if isinstance(found, probe.Finding):
            raise Unavailable(found.sentence())
        self.why = why
        self.isolation = Isolation(
            filesystem=True,
            processes=False,
            network=False,
            hostname=False,
            users=False,
            read_only_mounts=False,
        )
        self.limits = frozenset[str]()
        self.groups: str | None = None
        settings = {"INSIDEDOCKER_PROOT": found.program} | found.environment
        self._client = Client(f"{__package__}.launcher", settings)
        self._running: dict[str, list[TracedProcess]] = {}
        """Container id -> its processes with a PRoot each, the first process first."""

    async def open(self) -> None:
        self._client.spawn()

    async def close(self) -> None:
        for container in list(self._running):
            await asyncio.to_thread(self._end_all, container)
        await self._client.close()

    async def start(self, sandbox: SandboxSpec, process: ProcessSpec) -> TracedProcess:
        running = self._client.new_process(TracedProcess)
        running.before_end = lambda: self._end_all(sandbox.id)
        self._running[sandbox.id] = [running]
        try:
            await self._launch(launcher_messages.Start(running.ticket, sandbox, process), running)
        except BaseException:
            self._running.pop(sandbox.id, None)
            raise
        return running

    async def exec(self, container: str, process: ProcessSpec) -> TracedProcess:
        running = self._client.new_process(TracedProcess)
        await self._launch(launcher_messages.Exec(running.ticket, container, process), running)
        self._running.setdefault(container, []).append(running)
        return running

    async def _launch(
        self, request: launcher_messages.Start | launcher_messages.Exec, running: TracedProcess
    ) -> None:
        """Start PRoot and wait until its program runs. Raises StartError."""
        try:
            ours, theirs = os.pipe()
        except OSError as error:
            self._client.give_up(running)
            raise start_error(request, error) from None
        running.listen(ours)  # before the start: PRoot may end before the launcher answers
        try:
            await launch(self._client, request, running, [theirs])
        finally:
            os.close(theirs)
        await running.running.wait()

    async def pause(self, container: str) -> None:
        await asyncio.to_thread(self._pause, container)

    def _pause(self, container: str) -> None:
        """Suspend the tracers; any signal then suspends a traced process until its tracer runs."""
        tracers = self._tracers(container)
        _send(tracers, signal.SIGSTOP)
        _send(traced.tracees(tracers), signal.SIGCONT)

    async def unpause(self, container: str) -> None:
        _send(self._tracers(container), signal.SIGCONT)

    def processes(self, container: str) -> list[int]:
        tracers = self._tracers(container)
        if not tracers:
            return []
        first = self._running[container][0].pid
        found = traced.programs(tracers)
        return sorted(found, key=lambda pid: (pid != first, pid))

    def limit(self, container: str, limits: Limits) -> None:
        """Do nothing: this runtime has no limits."""

    def out_of_memory(self, container: str) -> bool:
        return False

    async def forget(self, container: str) -> None:
        await asyncio.to_thread(self._end_all, container)
        self._running.pop(container, None)

    def _tracers(self, container: str) -> list[int]:
        return [each.tracer for each in list(self._running.get(container, ())) if each.tracer]

    def _end_all(self, container: str) -> None:
        """Kill all remaining processes of a container, which ends with its first process."""
        tracers = self._tracers(container)
        _send(tracers, signal.SIGCONT)  # the container may be paused
        for _ in range(_ROUNDS):  # killed processes may have started children just before
            left = traced.programs(tracers)
            if not left:
                return
            _send(left, signal.SIGKILL)

    # Networks: not isolated

    async def create_bridge(self, name: str, *gateways: str) -> None:
        raise NetworkError(_NO_NETWORK)

    async def delete_bridge(self, name: str) -> None:
        raise NetworkError(_NO_NETWORK)

    async def attach(self, container: str, endpoint: Endpoint) -> None:
        raise NetworkError(_NO_NETWORK)

    async def detach(self, container: str, interface: str) -> None:
        raise NetworkError(_NO_NETWORK)

    async def open_name_sockets(self, container: str) -> list[int]:
        raise NetworkError(_NO_NETWORK)

    async def open_socket(self, container: str | None, kind: int) -> socket.socket:
        """Open a socket in the host's network, which the containers share."""
        made = socket.socket(socket.AF_INET, kind)
        made.setblocking(False)
        return made


def _send(processes: list[int], number: int) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
