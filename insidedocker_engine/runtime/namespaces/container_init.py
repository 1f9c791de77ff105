"""The way of a new process from the launcher's child to a program in its container.

Runs in the child itself, which never returns from here. All modules are imported before: soon
their files are out of sight.
"""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from typing import NoReturn

from ...base import linux
from .. import cgroups, exec
from ..contract import ProcessSpec, SandboxSpec
from . import netlink, network_namespace, rootfs

_TTY_GROUP = 5


@dataclass
class Child:
    sandbox: SandboxSpec
    process: ProcessSpec
    channel: socket.socket
    """Where errors are told, and a terminal handed over."""
    pipes: list[int]
    """Standard input, output and error; empty with a terminal."""
    several_users: bool
    groups: tuple[str, ...]
    """Folders of control groups; this process becomes their member while it still sees them."""

    def start(self, joined: list[int], neighbour: int | None, plugged: int | None) -> NoReturn:
        """As a container's first process. `joined` are namespaces of others to enter; in the
        mount namespace `neighbour` is the shared memory to share; from `plugged` a byte can be
        read once the network interfaces are there."""
        try:
            exec.reset_signals()
            os.setsid()
            if self.groups:
                cgroups.enter(self.groups)
                linux.unshare(linux.CLONE_NEWCGROUP)  # which begins where we are now
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
        """As one more process, in the namespaces of a running container."""
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
                os._exit(1)  # the launcher has told why
            network_namespace.configure(self.sandbox.endpoints)
        if self.sandbox.name_server:
            sockets = network_namespace.open_name_sockets()
            exec.send(self.channel, {"names": True}, [each.fileno() for each in sockets])

    def _take_standard_streams(self) -> str | None:
        """Returns the terminal's name, if there is one."""
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
        """Go on in a child, with this process as process 1 in front of it."""
        linux.set_process_name("docker-init")
        signal.pthread_sigmask(signal.SIG_BLOCK, exec.FORWARDED)  # none is lost from now on
        child = linux.clone()
        if child:
            linux.close_from(3)
            exec.reap_until_it_ends(child)
        os.setpgid(0, 0)
        if self.process.tty:  # which would stop us now, were SIGTTOU not still blocked
            os.tcsetpgrp(0, os.getpid())
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _fail(self, error: BaseException) -> NoReturn:
        try:
            text = exec.words(error) if isinstance(error, EXPECTED) else repr(error)
            exec.send(self.channel, {"error": text}, [])
        finally:
            os._exit(1)


EXPECTED = (exec.NotStarted, rootfs.MountFailed, OSError)
