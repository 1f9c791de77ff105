"""The launcher of the runtime proot: it starts PRoot for every process of a container, and ends
all these processes when the engine ends.

As a subreaper the launcher inherits every process that a container leaves behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ...files import safe_path
from ...host import linux
from .. import exec, launcher_messages, tinyinit
from ..contract import Mount, ProcessSpec, SandboxSpec, User
from ..launcher_server import Refused, Service, forget_descriptors
from ..namespaces import rootfs
from . import processes

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")
_SECONDS_TO_TIDY = 2.0
_INIT = "/dev/init"
"""Path in a container of the program that starts the container's own (`tinyinit`)."""


@dataclass
class Running:
    """A container: its mounts as (host's path, path in the container), longest target first."""

    sandbox: SandboxSpec
    mounts: list[tuple[Path, str]]
    folder: Path


class PRootLauncher(Service):
    shares_pids = True

    def __init__(self, engine: socket.socket, proot: str) -> None:
        super().__init__(engine)
        self.proot = proot
        # Newer PRoots keep their files in PROOT_TMP_DIR, Debian's PRoot always in /tmp.
        self.settings = {"PROOT_TMP_DIR": tempfile.gettempdir()}
        self.settings |= {k: v for k, v in os.environ.items() if k == "PROOT_NO_SECCOMP"}
        self.folder = Path(tempfile.mkdtemp(prefix="insidedocker-proot-"))
        self.init = self.folder / "init"
        self.init.write_bytes(tinyinit.program(os.uname().machine))
        self.init.chmod(0o755)
        self.running: dict[str, Running] = {}
        self.first: dict[int, str] = {}
        """pid of a container's first process -> container id."""

    def meet(
        self, request: launcher_messages.Request, channel: socket.socket, descriptors: list[int]
    ) -> None:
        match request:
            case launcher_messages.Start():
                self._start(request, channel, descriptors)
            case launcher_messages.Exec():
                if request.container not in self.running:
                    raise Refused("the container is not running")
                running = self.running[request.container]
                self._launch(running, request.process, request.ticket, channel, descriptors)
            case launcher_messages.Bind():
                pass  # the launcher must clean up: it notices the engine's end at its socket
            case _:
                raise Refused("containers share the host's network on this host")

    def ended(self, child: int) -> None:
        running = self.running.pop(self.first.pop(child, ""), None)
        if running is not None:
            shutil.rmtree(running.folder, ignore_errors=True)

    def clean_up(self) -> None:
        """End all remaining processes, and remove the containers' temporary folders."""
        deadline = time.monotonic() + _SECONDS_TO_TIDY
        while left := processes.descendants(os.getpid()):
            processes.end(processes.tracees(left))  # PRoot then cleans up and ends
            if time.monotonic() > deadline:
                processes.end(left)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(
        self, request: launcher_messages.Start, channel: socket.socket, descriptors: list[int]
    ) -> None:
        sandbox = request.sandbox
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        mounts = [(_source(mount, folder), mount.target) for mount in sandbox.mounts]
        mounts += [(Path("/proc"), "/proc"), (Path("/sys"), "/sys"), *_make_dev(folder)]
        mounts.append((self.init, _INIT))
        running = Running(sandbox, sorted(mounts, key=lambda mount: -len(mount[1])), folder)
        with suppress(OSError):  # `_check` reports the failure
            safe_path.make_folders_in(sandbox.rootfs, request.process.cwd)
        pid = self._launch(running, request.process, request.ticket, channel, descriptors)
        self.running[sandbox.id] = running
        self.first[pid] = sandbox.id

    def _launch(
        self,
        running: Running,
        process: ProcessSpec,
        ticket: int,
        channel: socket.socket,
        descriptors: list[int],
    ) -> int:
        pid = linux.clone()
        if pid == 0:
            self._become(running, process, channel, descriptors)
        self.tell_process(pid, ticket, channel)
        return pid

    def _become(
        self,
        running: Running,
        process: ProcessSpec,
        channel: socket.socket,
        descriptors: list[int],
    ) -> NoReturn:
        """Exec PRoot, in the child. `descriptors` are the status pipe, then 0, 1 and 2."""
        try:
            exec.reset_signals()
            os.setsid()
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGQUIT)  # PRoot then ends all its tracees
            status, *pipes = descriptors
            path = _check(running, process)
            if process.tty:
                exec.open_terminal(process, channel, None, "/dev/ptmx")
            else:
                exec.take_pipes(pipes, None)
            exec.set_limits(running.sandbox)
            if process.no_new_privileges:
                linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
            os.umask(0o022)
            arguments = [*self._arguments(running, process), path, *process.args]
            environment = exec.environment(process) | self.settings
            os.dup2(status, tinyinit.STATUS)
            os.execve(self.proot, arguments, environment)
        except BaseException as error:
            expected = isinstance(error, exec.NotStarted | OSError)
            with suppress(OSError):
                text = exec.words(error) if expected else repr(error)
                exec.send(channel, {"error": text}, [])
        finally:
            os._exit(1)

    def _arguments(self, running: Running, process: ProcessSpec) -> list[str]:
        """PRoot's command line, up to the program."""
        user = (
            ["-0"] if process.user == User() else ["-i", f"{process.user.uid}:{process.user.gid}"]
        )
        arguments = [self.proot, "-v", "-1", *user, "-r", str(running.sandbox.rootfs)]
        for source, target in reversed(running.mounts):
            if source.exists():
                arguments += ["-b", f"{source}:{target}"]
        return [*arguments, "-w", process.cwd or "/", _INIT]


def _make_dev(folder: Path) -> list[tuple[Path, str]]:
    """Make the container's /dev; returns the mounts for it, as (host's path, path inside)."""
    dev = folder / "dev"
    dev.mkdir()
    (dev / "pts").mkdir()
    (dev / "shm").mkdir(0o1777)
    for name, goal in rootfs.LINKS.items():
        if name != "ptmx":
            (dev / name).symlink_to(goal)
    for name in _DEVICES:
        if not (dev / name).exists():
            (dev / name).touch()
    return [(dev, "/dev"), *((Path("/dev", name), f"/dev/{name}") for name in _DEVICES)]


def _source(mount: Mount, folder: Path) -> Path:
    """The host's path for `mount`. A tmpfs becomes an empty folder."""
    if mount.source is not None:
        return mount.source
    return Path(tempfile.mkdtemp(dir=folder))


def _check(running: Running, process: ProcessSpec) -> str:
    """Find the program's path in the container. Raises NotStarted."""
    cwd = process.cwd or "/"

    def opener(path: str) -> int:
        path = os.path.normpath(Path(cwd, path))  # PATH and program may be relative to cwd
        for source, target in running.mounts:
            if path == target or path.startswith(target.rstrip("/") + "/"):
                inside = path.removeprefix(target) or "/"
                if source.is_dir():
                    return safe_path.open_in(source, inside, os.O_PATH)
                return os.open(source, os.O_PATH | os.O_CLOEXEC)
        return safe_path.open_in(running.sandbox.rootfs, path, os.O_PATH)

    try:
        os.close(opener("."))
    except OSError as error:
        raise exec.no_folder(cwd, error) from error
    return exec.find(process, opener)


def main() -> None:
    """Serve the engine at descriptor 3. The path of PRoot is in INSIDEDOCKER_PROOT."""
    forget_descriptors()
    engine = socket.socket(fileno=os.dup(launcher_messages.ENGINE))
    # Reserve the descriptor at which a container's first program reports.
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, tinyinit.STATUS, inheritable=False)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    launcher = PRootLauncher(engine, os.environ["INSIDEDOCKER_PROOT"])
    try:
        engine.send(b'{"launcher": %d}' % os.getpid())
        launcher.serve()
    finally:
        launcher.clean_up()
