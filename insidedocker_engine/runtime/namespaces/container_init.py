"""The steps of a new process from the launcher's child to a program in its container.

Runs in the child itself, which never returns from here. All modules are imported before: their
files cannot be reached once the root has changed.
"""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from typing import NoReturn

from ...host import cgroups, linux
from .. import exec
from ..contract import ProcessSpec, SandboxSpec
from . import netlink, network_namespace, rootfs

_TTY_GROUP = 5


@dataclass
class Child:
    sandbox: SandboxSpec
    process: ProcessSpec
    channel: socket.socket
    """Socket that carries errors, a terminal and name sockets to the engine."""
    pipes: list[int]
    """Standard input, output and error; empty with a terminal."""
    several_users: bool
    groups: tuple[str, ...]
    """Folders of control groups; this process enters them before the host's root is gone."""

    def start(self, joined: list[int], neighbour: int | None, plugged: int | None) -> NoReturn:
        """Become a container's first process. `joined` are namespaces of other containers to
        enter; `neighbour` is the mount namespace with the shared memory to share; a byte can be
        read from `plugged` once the network interfaces exist."""
        try:
            exec.reset_signals()
            os.setsid()
            if self.groups:
                cgroups.enter(self.groups)
                linux.unshare(linux.CLONE_NEWCGROUP)  # its root is the group just entered
            for namespace in joined:
                linux.setns(namespace)
            self._set_names()
            group = _TTY_GROUP if self.several_users else None
            rootfs.enter(self.sandbox, group, neighbour)
            self._set_network(plugged)
            terminal = self._take_standard_streams()
            if terminal is not None:
                rootfs.bind_console(terminal)
            exec.make_folder(self.process.cwd)
            rootfs.finish(self.sandbox)
            self._go_on()
            if self.sandbox.init:
                self._stay_in_front()
            exec.run(self.process, exec.find(self.process, exec.open_path))
        except BaseException as error:
            self._fail(error)

    def exec(self, namespaces: list[int]) -> NoReturn:
        """Become an additional process, in the namespaces of a running container."""
        try:
            exec.reset_signals()
            os.setsid()
            cgroups.enter(self.groups)
            for namespace in namespaces:
                linux.setns(namespace)
            self._take_standard_streams()
            self._go_on()
            exec.run(self.process, exec.find(self.process, exec.open_path))
        except BaseException as error:
            self._fail(error)

    def _set_names(self) -> None:
        if self.sandbox.uts == "private":
            linux.sethostname(self.sandbox.hostname)
            linux.setdomainname(self.sandbox.domainname)

    def _set_network(self, plugged: int | None) -> None:
        if self.sandbox.network != "private":
            return
        netlink.loopback_up()
        if plugged is not None:
            if not os.read(plugged, 1):
                os._exit(1)  # the launcher has reported the reason
            network_namespace.configure(self.sandbox.endpoints)
        if self.sandbox.name_server:
            sockets = network_namespace.open_name_sockets()
            exec.send(self.channel, {"names": True}, [each.fileno() for each in sockets])

    def _take_standard_streams(self) -> str | None:
        """Set up standard input, output and error; returns the terminal's name, if any."""
        owner = self.process.user.uid if self.several_users else None
        if self.process.tty:
            return exec.open_terminal(self.process, self.channel, owner)
        exec.take_pipes(self.pipes, owner)
        return None

    def _go_on(self) -> None:
        exec.set_limits(self.sandbox)
        exec.enter_folder(self.process.cwd)
        exec.become(self.process, self.sandbox, self.several_users)

    def _stay_in_front(self) -> None:
        """Continue in a child; this process stays as process 1 in front of the child."""
        linux.set_process_name("docker-init")
        signal.pthread_sigmask(signal.SIG_BLOCK, exec.FORWARDED)  # no signal is lost
        child = linux.clone()
        if child:
            linux.close_from(3)
            exec.reap_until_it_ends(child)
        os.setpgid(0, 0)
        if self.process.tty:  # this sends SIGTTOU, which would stop the process if not blocked
            os.tcsetpgrp(0, os.getpid())
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _fail(self, error: BaseException) -> NoReturn:
        try:
            text = exec.words(error) if isinstance(error, EXPECTED) else repr(error)
            exec.send(self.channel, {"error": text}, [])
        finally:
            os._exit(1)


EXPECTED = (exec.NotStarted, rootfs.MountFailed, OSError)
