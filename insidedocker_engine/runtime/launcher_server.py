"""The common part of both launchers: serve the engine's requests and report ends of processes.

A launcher is a small process with a single thread, and must stay so, since it forks.
"""

from __future__ import annotations

import array
import gc
import json
import os
import pickle
import select
import signal
import socket
from contextlib import suppress

from ..host import linux
from . import exec, launcher_messages

_MOST_DESCRIPTORS = 16
_SIGNAL_SIZE = 128
"""Bytes that a signal descriptor gives for each signal; the first byte is its number."""


class Refused(Exception):
    """The request cannot be met; the text goes back to the engine."""


class Gone(Refused):
    """The container of the request has ended."""


class Service:
    shares_pids = False
    """True where the engine sees the launcher's children under the same process ids."""

    def __init__(self, engine: socket.socket) -> None:
        self.engine = engine
        self.tickets: dict[int, int] = {}
        """pid -> ticket, of children that the engine knows."""
        gc.freeze()  # objects so far are never collected: their pages stay shared with children
        heard = [signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)
        self.signals = linux.signal_descriptor([int(number) for number in heard])

    def meet(
        self, request: launcher_messages.Request, channel: socket.socket, descriptors: list[int]
    ) -> None:
        """Meet a request; answers go to `channel`. Raises Refused, NotDone, OSError."""
        raise NotImplementedError

    def ended(self, child: int) -> None:
        """Handle the end of a child; called for every child."""

    def serve(self) -> None:
        """Serve until the engine is gone or a signal asks to end."""
        waiting = select.poll()
        waiting.register(self.engine, select.POLLIN)
        waiting.register(self.signals, select.POLLIN)
        while True:
            for descriptor, _ in waiting.poll():
                if descriptor == self.signals:
                    if not self._hear():
                        return
                elif not self._receive():
                    return

    def _hear(self) -> bool:
        """Read pending signals and reap children; False where a signal asks to end."""
        came = os.read(self.signals, 16 * _SIGNAL_SIZE)
        numbers = [came[start] for start in range(0, len(came), _SIGNAL_SIZE)]
        self._reap()
        return all(number == signal.SIGCHLD for number in numbers)

    def tell_process(self, pid: int, ticket: int, channel: socket.socket) -> None:
        """Send a child's pid to the engine, with a pidfd where the pid means nothing there, and
        note its ticket for the report of its end."""
        self.tickets[pid] = ticket
        if self.shares_pids:
            exec.send(channel, {"process": pid}, [])
            return
        pidfd = linux.pidfd_open(pid)
        try:
            exec.send(channel, {"process": pid}, [pidfd])
        finally:
            os.close(pidfd)

    def _receive(self) -> bool:
        """Receive and meet one request; False where the engine is gone."""
        space = socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS)
        try:
            data, ancillary, _, _ = self.engine.recvmsg(16, space, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            return False
        if not data:
            return False
        descriptors = [number for _, _, raw in ancillary for number in array.array("i", raw)]
        if len(descriptors) < 2:  # the limit of open files: the engine sees no answer
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        channel = socket.socket(fileno=descriptors[1])
        try:
            with os.fdopen(descriptors[0], "rb") as file:
                request: launcher_messages.Request = pickle.load(file)
            if isinstance(request, launcher_messages.End):
                self._end(request.ticket)
            else:
                self.meet(request, channel, descriptors[2:])
            exec.send(channel, {"done": True}, [])
        except (Refused, launcher_messages.NotDone, OSError) as error:
            with suppress(OSError):
                said = {"error": exec.words(error), "gone": isinstance(error, Gone)}
                exec.send(channel, said, [])
        finally:
            channel.close()
            for descriptor in descriptors[2:]:
                os.close(descriptor)
        return True

    def _end(self, ticket: int) -> None:
        for pid, theirs in self.tickets.items():
            if theirs == ticket:
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Reap every child that has ended, orphans too; report those that the engine knows."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.ended(pid)
            ticket = self.tickets.pop(pid, None)
            if ticket is not None:
                code = os.waitstatus_to_exitcode(status)
                report = {"ticket": ticket, "code": code if code >= 0 else 128 - code}
                with suppress(ConnectionError):
                    self.engine.send(json.dumps(report).encode())


def forget_descriptors() -> None:
    """Close descriptors that the engine inherited from its parent: containers must not get them."""
    linux.close_from(launcher_messages.ENGINE + 1)
