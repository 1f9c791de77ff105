"""The runtime that isolates containers by the kernel's namespaces, without privilege.

The engine has become root of its own user namespace; a launcher starts the processes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from ...base import uncancelled
from ...host import cgroups, linux
from .. import launcher_messages
from ..client import Client, Failed, Gone, RunningProcess
from ..contract import (
    ContainerGone,
    Endpoint,
    Isolation,
    Limits,
    NetworkError,
    ProcessSpec,
    SandboxSpec,
    StartError,
)
from ..launch import close, launch

_SPARE_SOCKETS = 16
_ROUNDS = 3


class Namespaces:
    name = "namespaces"

    def __init__(self, why: str) -> None:
        self.why = why
        self.isolation = Isolation(
            filesystem=True,
            processes=True,
            network=True,
            hostname=True,
            users=linux.several_users(),
        )
        self._groups = cgroups.find()
        self.limits = self._groups.limits if self._groups else frozenset[str]()
        self.groups = self._groups.version if self._groups else None
        self._client = Client(f"{__package__}.launcher")
        self._first: dict[str, tuple[SandboxSpec, RunningProcess, int]] = {}
        """Container id -> (sandbox, first process, inode of the namespace that identifies its
        processes)."""
        self._ending: dict[str, asyncio.Task[None]] = {}
        """Container id -> the end of processes that its first one has left behind."""
        self._spare: dict[tuple[int, int], list[int]] = {}
        """(kind, pid of the launcher) -> unused sockets in that launcher's network room."""
        self._bridges: dict[str, int] = {}
        """Bridge name -> number of the launcher (`Client.spawned`) that made the bridge."""

    async def open(self) -> None:
        self._client.spawn()

    async def close(self) -> None:
        self._drop_spare_sockets()
        await self._client.close()
        if self._groups:
            self._groups.close()

    async def start(self, sandbox: SandboxSpec, process: ProcessSpec) -> RunningProcess:
        running = self._client.new_process(RunningProcess)
        entered = self._make_groups(sandbox)
        request = launcher_messages.Start(running.ticket, sandbox, process, entered)
        await launch(self._client, request, running)
        kind = "pid" if sandbox.pid == "private" else "mnt"
        self._first[sandbox.id] = (sandbox, running, _namespace(running.pid, kind))
        if sandbox.pid != "private":
            running.ended.add_done_callback(lambda _: self._begin_end_of_others(sandbox.id))
        return running

    async def exec(self, container: str, process: ProcessSpec) -> RunningProcess:
        running = self._client.new_process(RunningProcess)
        entered = self._groups.of(container) if self._groups else ()
        request = launcher_messages.Exec(running.ticket, container, process, entered)
        await launch(self._client, request, running)
        return running

    async def pause(self, container: str) -> None:
        await asyncio.to_thread(self._pause, container)

    def _pause(self, container: str) -> None:
        """Suspend all processes, and those that they started meanwhile."""
        stopped: set[int] = set()
        while new := set(self.processes(container)) - stopped:
            for pid in new:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            stopped |= new

    async def unpause(self, container: str) -> None:
        await asyncio.to_thread(self._unpause, container)

    def _unpause(self, container: str) -> None:
        for pid in reversed(self.processes(container)):  # children first: no shell sees a stop
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def processes(self, container: str) -> list[int]:
        if container not in self._first:
            return []
        sandbox, first, inode = self._first[container]
        if inode == 0:  # the process had ended before its namespace could be read
            return []
        kind = "pid" if sandbox.pid == "private" else "mnt"
        found = [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _namespace(int(entry.name), kind) == inode
        ]
        return sorted(found, key=lambda pid: (pid != first.pid, pid))

    def limit(self, container: str, limits: Limits) -> None:
        if not self._groups or container not in self._first:
            return
        if self._groups.of(container):
            self._groups.limit(container, limits)
        else:
            self._groups.make(container, limits)
            self._groups.adopt(container, self.processes(container))

    def out_of_memory(self, container: str) -> bool:
        return bool(self._groups and self._groups.out_of_memory(container))

    async def forget(self, container: str) -> None:
        if ending := self._ending.pop(container, None):
            await asyncio.wait([ending])
        sandbox = self._first.pop(container, (None,))[0]
        if (sandbox is None or sandbox.network == "private") and self._client.alive:
            await self._change(launcher_messages.Forget(container))
        if self._groups:
            self._groups.remove(container)

    def _make_groups(self, sandbox: SandboxSpec) -> tuple[str, ...]:
        try:
            return self._groups.make(sandbox.id, sandbox.limits) if self._groups else ()
        except OSError as error:
            raise StartError(f"the limits cannot be set: {error.strerror}") from error

    def _begin_end_of_others(self, container: str) -> None:
        ending = uncancelled.begin(asyncio.to_thread(self._end_others, container))
        self._ending[container] = ending  # `forget` waits for it

    def _end_others(self, container: str) -> None:
        """Kill the processes that remain after a container's first process. In a private pid
        namespace the kernel does so; this is for the others."""
        for _ in range(_ROUNDS):  # killed processes may have started children just before
            for pid in self.processes(container):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    # Networks

    async def create_bridge(self, name: str, *gateways: str) -> None:
        """Make a bridge; called before every start, does something only once per launcher."""
        if self._client.alive and self._bridges.get(name) == self._client.spawned:
            return
        await self._change(launcher_messages.AddBridge(name, gateways))
        self._bridges[name] = self._client.spawned

    async def delete_bridge(self, name: str) -> None:
        self._bridges.pop(name, None)
        await self._change(launcher_messages.DeleteBridge(name))

    async def attach(self, container: str, endpoint: Endpoint) -> None:
        await self._change(launcher_messages.Attach(container, endpoint))

    async def detach(self, container: str, interface: str) -> None:
        await self._change(launcher_messages.Detach(container, interface))

    async def open_socket(self, container: str | None, kind: int) -> socket.socket:
        if container is not None:
            return _socket(*(await self._sockets(container, kind, 1)))
        spare = self._spare.setdefault((kind, self._client.launcher), [])
        if not spare:
            spare += await self._sockets(None, kind, _SPARE_SOCKETS)
        return _socket(spare.pop())

    async def open_name_sockets(self, container: str) -> list[int]:
        try:
            answer = await self._client.ask(launcher_messages.OpenNameSockets(container), [])
        except Failed as error:
            raise NetworkError(str(error)) from None
        return answer.descriptors()

    async def _sockets(self, container: str | None, kind: int, count: int) -> list[int]:
        try:
            answer = await self._client.ask(
                launcher_messages.OpenSockets(container, kind, count), []
            )
        except Failed as error:
            raise NetworkError(str(error)) from None
        return answer.descriptors()

    async def _change(self, request: launcher_messages.Request) -> None:
        try:
            await self._client.ask(request, [])
        except Gone as error:
            raise ContainerGone(str(error)) from None
        except Failed as error:
            raise NetworkError(str(error)) from None

    def _drop_spare_sockets(self) -> None:
        for spare in self._spare.values():
            close(*spare)
        self._spare.clear()


def _namespace(pid: int, kind: str) -> int:
    """The inode of a process' namespace; 0 where it cannot be read."""
    try:
        return Path(f"/proc/{pid}/ns/{kind}").stat().st_ino
    except OSError:
        return 0


def _socket(descriptor: int) -> socket.socket:
    made = socket.socket(fileno=descriptor)
    made.setblocking(False)
    return made
