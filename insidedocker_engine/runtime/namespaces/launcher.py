"""The launcher: a small process with a single thread that starts containers' processes.

The launcher is process 1 of its own pid namespace, so that the kernel ends every container when
the launcher ends, and it ends with the engine. The launcher gets requests over a socket, answers
each request on the request's own channel, and reports the end of every process it started. It
keeps nothing on disk.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from ...host import linux, seccomp
from .. import capabilities, exec, launcher_messages
from ..contract import Endpoint, SandboxSpec
from ..launcher_server import Gone, Refused, Service, forget_descriptors
from . import network_namespace
from .container_init import Child

_NAMESPACES = {
    "cgroup": linux.CLONE_NEWCGROUP,
    "uts": linux.CLONE_NEWUTS,
    "ipc": linux.CLONE_NEWIPC,
    "net": linux.CLONE_NEWNET,
    "mnt": linux.CLONE_NEWNS,
}
"""Namespaces except pid, in the order of entering: mnt last, since it hides the host's files."""


@dataclass
class Running:
    """A running container. `pid` is its first process, in the launcher's pid namespace."""

    sandbox: SandboxSpec
    pid: int
    network: int | None = None
    """A descriptor of the container's own network namespace. The namespace outlives the processes,
    since their last data may still be in transit."""
    forgotten: bool = False


class Launcher(Service):
    def __init__(self, engine: socket.socket) -> None:
        super().__init__(engine)
        self.proc = linux.new_mount("proc")
        self.own_pids = self._namespace("self", "pid")
        self.several_users = linux.several_users()
        # Fills the cache, which children inherit: otherwise every child builds the program.
        seccomp.program(True, capabilities.DEFAULT, pretend_owners=not self.several_users)
        self.running: dict[str, Running] = {}
        self.first: dict[int, str] = {}
        """pid of a container's first process -> container id."""
        self.ended_ones: dict[str, Running] = {}
        """Container id -> ended container, whose network is kept until `Forget`."""
        self._room: network_namespace.Room | None = None

    def meet(
        self, request: launcher_messages.Request, channel: socket.socket, descriptors: list[int]
    ) -> None:
        match request:
            case launcher_messages.Start():
                self._start(request, channel, descriptors)
            case launcher_messages.Exec():
                self._exec(request, channel, descriptors)
            case launcher_messages.AddBridge():
                self.room.add_bridge(request.name, request.gateways)
            case launcher_messages.DeleteBridge():
                if self._room is not None:
                    self._room.remove_bridge(request.name)
            case launcher_messages.Attach():
                self._attach(request.container, request.endpoint)
            case launcher_messages.Detach():
                delete = partial(network_namespace.remove_interface, request.interface)
                self._inside_network(request.container, delete)
            case launcher_messages.OpenSockets():
                self._open_sockets(request, channel)
            case launcher_messages.OpenNameSockets():
                self._open_name_sockets(request.container, channel)
            case launcher_messages.Forget():
                self._forget(request.container)
            case launcher_messages.Bind():
                linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)

    def ended(self, child: int) -> None:
        container = self.first.pop(child, "")
        running = self.running.pop(container, None)
        if running is None:
            return
        self.ended_ones[container] = running
        if running.forgotten:
            self._forget(container)

    def _forget(self, container: str) -> None:
        running = self.ended_ones.pop(container, None)
        if running is None:
            if container in self.running:  # its end has not been noticed yet
                self.running[container].forgotten = True
            return
        if self._room:
            self._room.unplug(running.pid)
        if running.network is not None:
            os.close(running.network)

    # Processes

    def _start(
        self, request: launcher_messages.Start, channel: socket.socket, pipes: list[int]
    ) -> None:
        sandbox = request.sandbox
        flags, joined, pids = self._namespaces(sandbox)
        neighbour = None
        if sandbox.ipc.startswith("container:"):
            neighbour = self._of_container(sandbox.ipc, "mnt")
        plugged, plug = os.pipe() if sandbox.endpoints else (None, None)
        child = self._child(request, sandbox, channel, pipes)
        try:
            if sandbox.endpoints:
                _ = self.room  # made before the clone: else the child would hold its socket
            pid = self._clone(flags, pids)
            if pid == 0:
                if plug is not None:
                    os.close(plug)
                child.start(joined, neighbour, plugged)
            self.first[pid] = sandbox.id
            network = self._namespace(pid, "net") if sandbox.endpoints else None
            self.running[sandbox.id] = Running(sandbox, pid, network)
            self.tell_process(pid, request.ticket, channel)
            for endpoint in sandbox.endpoints:
                self.room.plug(endpoint, pid)
            if plug is not None:
                os.write(plug, b"x")
        finally:
            for descriptor in (plugged, plug, pids, neighbour, *joined):
                if descriptor is not None:
                    os.close(descriptor)

    def _exec(
        self, request: launcher_messages.Exec, channel: socket.socket, pipes: list[int]
    ) -> None:
        running = self._running(request.container)
        entered = [
            self._namespace(running.pid, kind)
            for kind in _NAMESPACES
            if not self._shared(running.pid, kind)
        ]
        pids = self._namespace(running.pid, "pid")
        try:
            pid = self._clone(0, pids)
            if pid == 0:
                self._child(request, running.sandbox, channel, pipes).exec(entered)
            self.tell_process(pid, request.ticket, channel)
        finally:
            for descriptor in (pids, *entered):
                os.close(descriptor)

    def _child(
        self,
        request: launcher_messages.Start | launcher_messages.Exec,
        sandbox: SandboxSpec,
        channel: socket.socket,
        pipes: list[int],
    ) -> Child:
        users = self.several_users
        return Child(sandbox, request.process, channel, pipes, users, request.groups)

    def _clone(self, flags: int, pids: int | None) -> int:
        """Fork, with the child in the pid namespace `pids`, or in new namespaces as `flags` say.
        Raises Refused where the namespace's first process has ended."""
        if pids is None:
            return linux.clone(flags)
        linux.setns(pids, linux.CLONE_NEWPID)
        try:
            child = linux.clone(flags)
        except OSError:
            child = -1
        if child != 0:
            linux.setns(self.own_pids, linux.CLONE_NEWPID)
        if child < 0:
            raise Refused("the container is not running")
        return child

    def _namespaces(self, sandbox: SandboxSpec) -> tuple[int, list[int], int | None]:
        """Namespaces of a new container: (flags of new ones, descriptors of other containers'
        namespaces to join, descriptor of another container's pid namespace or None)."""
        flags = linux.CLONE_NEWNS | linux.CLONE_NEWCGROUP
        wanted = {"net": sandbox.network, "ipc": sandbox.ipc, "uts": sandbox.uts}
        joined: list[int] = []
        for kind, mode in wanted.items():
            if mode == "private":
                flags |= _NAMESPACES[kind]
            elif mode.startswith("container:"):
                joined.append(self._of_container(mode, kind))
        if sandbox.pid.startswith("container:"):
            return flags, joined, self._of_container(sandbox.pid, "pid")
        if sandbox.pid == "private":
            flags |= linux.CLONE_NEWPID
        return flags, joined, None

    def _of_container(self, mode: str, kind: str) -> int:
        return self._namespace(self._running(mode.removeprefix("container:")).pid, kind)

    def _running(self, container: str) -> Running:
        if container not in self.running:
            raise Gone(f"cannot join a container that is not running: {container}")
        return self.running[container]

    def _namespace(self, process: int | str, kind: str) -> int:
        flags = os.O_RDONLY | os.O_CLOEXEC
        return os.open(f"{process}/ns/{kind}", flags, dir_fd=self.proc)

    def _shared(self, process: int, kind: str) -> bool:
        """True where a process is in the launcher's own namespace of that kind."""
        theirs = os.stat(f"{process}/ns/{kind}", dir_fd=self.proc)
        ours = os.stat(f"self/ns/{kind}", dir_fd=self.proc)
        return theirs.st_ino == ours.st_ino

    # Networks

    @property
    def room(self) -> network_namespace.Room:
        """The network room, made at first use."""
        if self._room is None:
            self._room = network_namespace.Room(self.proc)
        return self._room

    def _attach(self, container: str, endpoint: Endpoint) -> None:
        try:
            self.room.plug(endpoint, self._running(container).pid)
            self._inside_network(container, partial(network_namespace.configure, [endpoint]))
        except (ProcessLookupError, FileNotFoundError):  # its end has not been noticed yet
            raise Gone(f"the container has ended: {container}") from None

    def _open_sockets(self, request: launcher_messages.OpenSockets, channel: socket.socket) -> None:
        def send() -> None:
            sockets = network_namespace.open_sockets(request.kind, request.count)
            exec.send(channel, {"sockets": True}, [each.fileno() for each in sockets])

        if request.container is None:
            network_namespace.inside(self.room.namespace, send)
        else:
            self._inside_network(request.container, send)

    def _open_name_sockets(self, container: str, channel: socket.socket) -> None:
        def send() -> None:
            sockets = network_namespace.open_name_sockets()
            exec.send(channel, {"names": True}, [each.fileno() for each in sockets])

        self._inside_network(container, send)

    def _inside_network(self, container: str, action: Callable[[], None]) -> None:
        namespace = self._namespace(self._running(container).pid, "net")
        try:
            network_namespace.inside(namespace, action)
        finally:
            os.close(namespace)


def main() -> None:
    """Become process 1 of a new pid namespace and serve the engine at descriptor 3."""
    engine = socket.socket(fileno=launcher_messages.ENGINE)
    engine.set_inheritable(False)
    forget_descriptors()
    linux.unshare(linux.CLONE_NEWPID)
    launcher = os.fork()
    if launcher:
        with suppress(BrokenPipeError):  # the engine has already ended
            engine.send(json.dumps({"launcher": launcher}).encode())
        os._exit(0)
    Launcher(engine).serve()
    os._exit(0)
