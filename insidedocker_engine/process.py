"""An engine as a process of its own: starts it, waits until it answers, finds and ends it.

Used by the command line, and by programs that bring an engine along.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from . import lock
from .base import paths
from .files import directory_trees
from .host import linux, private
from .lock import whereabouts
from .sharing import Use, users

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 120.0  # a start takes one second; a machine may be busy
END_SECONDS = 30.0
"""The engine's own end, without the time that it gives its containers."""


class StartFailed(Exception):
    """The engine did not start; the text is its output."""


@dataclass
class Handle:
    """A running engine that this process has started. Use it in a `with` statement, or call
    `close`."""

    url: str
    """The first of `urls`, for DOCKER_HOST: unix:///…"""
    urls: list[str]
    root: Path
    pid: int
    log: Path
    """The file with the engine's stdout and stderr."""
    _process: subprocess.Popen[bytes]
    _temporary: bool
    """True where `root` was made for this engine alone."""
    _options: list[str]
    fault_control: str = ""
    """URL of the socket for faults (server/faults.py); empty for an engine without them."""

    @property
    def socket(self) -> Path:
        """The socket's path in `url`. Raises PathError where the engine listens on TCP."""
        return paths.socket_path(self.url)

    def close(self) -> None:
        """End the engine and its containers; remove a root folder made for it alone. Each container
        has its stop timeout, unless its state is discarded; a KeyboardInterrupt ends them at
        once."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            ended = self._ends_within(END_SECONDS if self._temporary else None)
        except KeyboardInterrupt:
            self._process.terminate()  # once more: at once
            if not self._ends_within(END_SECONDS):
                self.kill()
            raise
        if not ended:
            self.kill()
        if self._temporary:  # the engine removes it, unless it was killed
            directory_trees.remove(self.root)

    def _ends_within(self, seconds: float | None) -> bool:
        import subprocess

        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    def kill(self) -> None:
        """Kill the engine, as a crash does: its containers end, its state and its socket stay."""
        self._process.kill()
        self._process.wait()

    def start_again(self, seconds: float = START_SECONDS) -> None:
        """Start the engine after `kill`, at the same addresses and with its state. Raises
        StartFailed."""
        self._process, urls, said = _spawn(self._options, self.log, seconds)
        self.pid = self._process.pid
        if not urls:
            self.kill()
            raise StartFailed(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def start(
    root: Path | str | None = None,
    host: str | list[str] | None = None,
    runtime: str = "auto",
    *,
    ephemeral: bool = False,
    insecure_tcp: bool = False,
    faults: bool = False,
    restricted: bool = False,
    logs: Mapping[str, str] | None = None,
    while_used: bool = False,
    seconds: float = START_SECONDS,
) -> Handle:
    """Start an engine and return once it answers.

    `root` is its folder; None for a temporary one, removed at the end. `host` is the URL, or the
    URLs, that it listens on; None for a socket in its folder. An `ephemeral` engine ends with the
    thread that started it, however that ends; a `while_used` engine ends with the last of its users
    (see `join`); any other runs on in a session of its own. With `faults` it takes faults on
    request at a private socket in its folder. A `restricted` engine refuses access from containers
    to this host. `logs` are default options of containers' logs, such as max-size. Raises
    StartFailed with the engine's words.
    """
    place = Path(root or tempfile.mkdtemp(prefix="insidedocker-", dir=linux.short_temporary()))
    place = place.absolute()
    hosts = [host] if isinstance(host, str) else host or [f"unix://{place}/engine.sock"]
    control = f"unix://{place}/faults.sock" if faults else ""
    options = [
        *("--root", str(place), "--runtime", runtime),
        *(word for url in hosts for word in ("--host", url)),
        *(["--with-parent"] if ephemeral else []),
        *(["--discard"] if root is None else []),
        *(["--insecure-tcp"] if insecure_tcp else []),
        *(["--fault-control", control] if faults else []),
        *(["--restricted"] if restricted else []),
        *(
            word
            for name, value in (logs or {}).items()
            for word in ("--log-opt", f"{name}={value}")
        ),
        *(["--while-used"] if while_used else []),
    ]
    log = place / "engine.log"
    try:
        paths.make_root(place)
        process, urls, said = _spawn(options, log, seconds)
    except paths.PathError as error:
        raise StartFailed(str(error)) from None
    except OSError as error:
        raise StartFailed(f"the engine cannot use {place}: {error.strerror}") from None
    if not urls:
        process.kill()
        process.wait()
        if root is None:
            directory_trees.remove(place)
        raise StartFailed(said)
    return Handle(urls[0], urls, place, process.pid, log, process, root is None, options, control)


def _spawn(
    options: list[str], log: Path, seconds: float
) -> tuple[subprocess.Popen[bytes], list[str], str]:
    """Start the process; returns it, its addresses (none where it failed), and its output."""
    import subprocess

    reader, writer = os.pipe()
    # -P: modules of the engine must not be shadowed by files of the current folder.
    command = [sys.executable, "-P", "-m", "insidedocker_engine", "--ready-fd", str(writer)]
    try:
        with open(log, "ab", opener=private.opener) as output:
            before = output.tell()
            process = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[writer],
                start_new_session=True,
            )
        os.close(writer)
        writer = -1
        urls = _await_ready(reader, seconds)
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
    said = b"" if urls or not log.exists() else log.read_bytes()[before:]
    text = said.decode(errors="replace").strip().removeprefix("insidedocker engine: ")
    return process, urls, text or f"the engine did not answer within {seconds:.0f} s"


def _await_ready(reader: int, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    told = b""
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        data = os.read(reader, 4096)
        told += data
        # The addresses come in one write. The end of the pipe would come too late: processes forked
        # by the engine hold it too.
        if not data or told.endswith(b"\n"):
            break
    prefix = "listening on "
    return [line.removeprefix(prefix) for line in told.decode().splitlines()]


@dataclass(frozen=True)
class Running:
    """A running engine, started by any process."""

    root: Path
    pid: int
    urls: list[str]
    """Addresses it listens on; none while it is starting."""
    stays: bool
    """True where the engine stays without users."""
    SILENT: ClassVar = 2.0
    """Seconds; a longer wait for the end says what for (`WAITS`)."""
    WAITS: ClassVar = "gives its containers their time to end; Ctrl-C ends them at once"

    def answers(self) -> bool:
        """True where the engine can be reached from here."""
        try:
            return bool(self.info())
        except (OSError, ValueError, IndexError):
            return False

    def users(self) -> list[str]:
        """Names of the programs that use the engine."""
        return users(self.root)

    def hurry(self) -> None:
        """Ask an engine that is ending to end its containers at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def await_end(self, seconds: float | None = END_SECONDS) -> bool:
        """True where the engine has ended, or ends within `seconds` (None: however long it
        takes)."""
        try:
            with _Pinned(self.pid) as process:
                return process.await_end(seconds)
        except ProcessLookupError:
            return True

    def info(self) -> dict[str, Any]:
        """The engine's answer to GET /info. Raises OSError where it does not answer."""
        import http.client
        import json
        import socket

        url = self.urls[0]
        connection = http.client.HTTPConnection("localhost", timeout=10)
        if url.startswith("unix://"):
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(10)
            connection.sock.connect(url.removeprefix("unix://"))
        else:
            host, _, port = url.removeprefix("tcp://").rpartition(":")
            connection.sock = socket.create_connection((host.strip("[]"), int(port)), 10)
        try:
            connection.request("GET", "/info")
            value: dict[str, Any] = json.load(connection.getresponse())
            return value
        finally:
            connection.close()


def find(root: Path) -> Running | None:
    """The engine that runs on `root`, or None."""
    pid = lock.holder(root)
    return None if pid is None else Running(root, pid, lock.told(root), not lock.while_used(root))


@dataclass(frozen=True)
class Joined:
    """An engine, and this process's use of it."""

    running: Running
    use: Use
    started: bool
    """True where `join` started the engine."""


def join(
    root: Path,
    what: str,
    runtime: str = "auto",
    *,
    stays: bool | None = None,
    logs: Mapping[str, str] | None = None,
) -> Joined:
    """Use the engine on `root`; start one if none runs. `what` names this user to other users. An
    engine started here ends with its last user, unless it `stays`; None: stays where no other
    program uses it. `logs` are default options of its containers' logs.

    Raises StartFailed.
    """
    stays = not users(root) if stays is None else stays
    try:
        paths.make_root(root)
        use = Use(root, what)  # from now on the engine has a user and does not end
    except (TimeoutError, paths.PathError) as error:
        raise StartFailed(str(error)) from None
    except OSError as error:
        raise StartFailed(f"the engine cannot use {root}: {error.strerror}") from None
    started = False
    try:
        for _ in range(3):  # a running engine may be stopped by hand at any moment
            started = lock.holder(root) is None and _start_first(root, runtime, stays, logs)
            if running := _await_answer(root):
                return Joined(running, use, started)
        raise StartFailed(f"the engine on {root} ends as soon as it runs: see engine.log there")
    except BaseException:
        use.end()
        raise


def _start_first(root: Path, runtime: str, stays: bool, logs: Mapping[str, str] | None) -> bool:
    """Start an engine; False where another process was quicker. Raises StartFailed."""
    try:
        start(root, f"unix://{paths.own_socket(root)}", runtime, while_used=not stays, logs=logs)
    except (StartFailed, paths.PathError) as error:
        if lock.holder(root) is None:
            raise StartFailed(str(error)) from None
        return False
    return True


def _await_answer(root: Path, seconds: float = START_SECONDS) -> Running | None:
    """The engine that runs on `root`, once it answers; None where it ends instead. Raises
    StartFailed."""
    until = time.monotonic() + seconds
    while running := find(root):
        if running.urls and running.answers():
            return running
        if time.monotonic() > until or (running.urls and not running.pid):
            raise StartFailed(
                f"the engine that runs on {root} ({whereabouts(running.pid)}) does not answer "
                "here: end it there, or choose another folder with XDG_DATA_HOME"
            )
        time.sleep(0.02)
    return None


def stop(root: Path, tell: Callable[[str], object] = lambda _: None) -> int | None:
    """End the engine that runs on `root`; returns its process id, or None where none runs.

    Waits as long as containers use their stop timeouts, and tells so; a KeyboardInterrupt ends
    them at once.

    The process is the lock's holder, checked again once it is pinned: a reused process id cannot
    be hit. Raises TimeoutError where the engine does not end, PermissionError where it is not
    visible here.
    """
    pid = lock.holder(root)
    if pid is None:
        return None
    if pid == 0:
        raise PermissionError(f"the engine runs {whereabouts(pid)}: stop it there")
    try:
        with _Pinned(pid) as process:
            if lock.holder(root) != pid:
                return None
            process.terminate()
            try:
                if not process.await_end(Running.SILENT):
                    tell(f"The engine (process {pid}) {Running.WAITS}.")
                    process.await_end(None)
            except KeyboardInterrupt:
                process.terminate()  # once more: at once
                if not process.await_end(END_SECONDS):
                    what = f"the engine (process {pid})"
                    raise TimeoutError(f"{what} has not ended after {END_SECONDS:.0f} s") from None
    except ProcessLookupError:
        return None
    return pid


class _Pinned:
    """A process, held by a pidfd: its process id, used again, is not taken for it. Where the kernel
    or a filter of system calls has no pidfds, only the id is held."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError where it has ended."""
        self._pid = pid
        self._pidfd: int | None = None
        try:
            self._pidfd = linux.pidfd_open(pid)
        except ProcessLookupError:
            raise
        except OSError:
            if not _runs(pid):
                raise ProcessLookupError(f"process {pid} has ended") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)

    def terminate(self) -> None:
        if self._pidfd is None:
            os.kill(self._pid, signal.SIGTERM)
        else:
            linux.pidfd_send_signal(self._pidfd, signal.SIGTERM)

    def await_end(self, seconds: float | None) -> bool:
        """True where the process ends within `seconds` (None: however long it takes)."""
        if self._pidfd is not None:
            return bool(select.select([self._pidfd], [], [], seconds)[0])
        until = math.inf if seconds is None else time.monotonic() + seconds
        while _runs(self._pid):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True


def _runs(pid: int) -> bool:
    """True where a process is there and is more than an unread exit code."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")
