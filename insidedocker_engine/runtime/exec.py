"""The last steps of a process in a container: input and output, limits, identity, program.

Runs in the new process itself. Failures before the program are reported over `channel`; exec of
the program closes `channel`, which tells the engine that the start succeeded.
"""

from __future__ import annotations

import array
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import stat
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from ..host import linux, seccomp
from . import capabilities
from .contract import ProcessSpec, SandboxSpec, User

_UNLOCK_TERMINAL, _TERMINAL_NUMBER = 0x40045431, 0x80045430  # TIOCSPTLCK, TIOCGPTN
_EXEC_FORMAT_EXIT = 255
"""Exit code of the Engine's own runtime where the kernel refuses a file as a program."""


class NotStarted(Exception):
    """The program could not be started; the text says why, in the Engine's words."""


def send(channel: socket.socket, message: dict[str, object], descriptors: list[int]) -> None:
    passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    channel.sendmsg([json.dumps(message).encode()], passed if descriptors else [])


def words(error: BaseException) -> str:
    """The text about `error` for the engine."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror} ({error.filename})"
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def reset_signals() -> None:
    """Restore the signal handlers and mask that Python, the launcher or the engine's starter
    changed: `nohup` has SIGHUP ignored, and a shell cannot trap what it finds ignored."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def open_terminal(
    process: ProcessSpec, channel: socket.socket, owner: int | None, maker: str = "/dev/pts/ptmx"
) -> str:
    """Open a new terminal from `maker` as this process' controlling terminal and its descriptors
    0, 1, 2; send the terminal's other end to the engine. Returns the terminal's name."""
    master = os.open(maker, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(master, _UNLOCK_TERMINAL, struct.pack("i", 0))
    number = struct.unpack("i", fcntl.ioctl(master, _TERMINAL_NUMBER, bytes(4)))[0]
    name = f"/dev/pts/{number}"
    rows, columns = process.size
    if rows and columns:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    slave = os.open(name, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    if owner is not None:
        os.fchown(slave, owner, -1)
    for standard in (0, 1, 2):
        os.dup2(slave, standard)
    if slave > 2:
        os.close(slave)
    send(channel, {"terminal": True}, [master])
    os.close(master)
    return name


def take_pipes(descriptors: list[int], owner: int | None) -> None:
    """Make `descriptors` this process' standard input, output and error."""
    for standard, descriptor in enumerate(descriptors):
        if owner is not None and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, owner, -1)  # so that the program may open /dev/stdout
        os.dup2(descriptor, standard)


def set_limits(sandbox: SandboxSpec) -> None:
    for name, soft, hard in sandbox.ulimits:
        kind = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if kind is None:
            raise NotStarted(f"invalid ulimit type: {name}")
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError) as error:
            raise NotStarted(
                f"error setting rlimits for ready process: {name} {soft}:{hard}: {error}"
            ) from error
    if sandbox.oom_score_adjust:
        with suppress(OSError):  # only privileged users may lower it
            Path("/proc/self/oom_score_adj").write_text(str(sandbox.oom_score_adjust))


def become(process: ProcessSpec, sandbox: SandboxSpec, several_users: bool) -> None:
    """Set the user, the groups, the capabilities and the system call filter of `process`."""
    granted = process.capabilities
    if granted is None:
        granted = capabilities.ALL if sandbox.privileged else capabilities.DEFAULT
    root = process.user.uid == 0
    nested = not root and not several_users
    if nested:
        _nest(process.user)
    for number, name in enumerate(capabilities.NAMES):
        if name not in granted:
            with suppress(OSError):  # a capability that this kernel does not have
                linux.prctl(linux.PR_CAPBSET_DROP, number)
    profile = sandbox.seccomp and not sandbox.privileged
    pretend = root and not several_users
    rules = seccomp.program(profile, granted, pretend_owners=pretend, counted=sandbox.counted)
    if rules:
        linux.install_seccomp(rules)
    if several_users:
        os.setgroups(process.user.groups)
        os.setresgid(process.user.gid, process.user.gid, process.user.gid)
        os.setresuid(process.user.uid, process.user.uid, process.user.uid)
    if process.no_new_privileges:
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o022)


def _nest(user: User) -> None:
    """Enter a user namespace that maps `user` to this process' only id."""
    linux.unshare(linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{user.gid} 0 1")


def make_folder(path: str) -> None:
    """Make the working folder of a container's first process where it is missing."""
    with suppress(OSError):  # `enter_folder` reports the failure
        Path(path).mkdir(parents=True, exist_ok=True)


def enter_folder(path: str) -> None:
    try:
        os.chdir(path or "/")
    except OSError as error:
        raise no_folder(path, error) from error


def no_folder(path: str, error: OSError) -> NotStarted:
    return NotStarted(f'chdir to cwd ("{path}") set in config.json failed: {_reason(error)}')


Opener = Callable[[str], int]
"""Opens a path in the container as an O_PATH descriptor. Raises OSError."""


def open_path(path: str) -> int:
    """Opener for a process whose root is the container's root."""
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def find(process: ProcessSpec, opener: Opener) -> str:
    """Find the program's path in the container, in PATH as a shell does. Raises NotStarted."""
    name = process.args[0] if process.args else ""
    if not name:
        raise NotStarted('exec: "": executable file not found in $PATH')
    if "/" in name:
        _check_program(name, name, opener)
        return name
    folders = environment(process).get("PATH", "")
    refused = None
    for folder in folders.split(":"):
        candidate = f"{folder or '.'}/{name}"
        try:
            _check_program(candidate, name, opener)
            return candidate
        except NotStarted as error:
            if "permission denied" in str(error):
                refused = error
    raise refused or NotStarted(f'exec: "{name}": executable file not found in $PATH')


def _check_program(path: str, name: str, opener: Opener) -> None:
    try:
        file = opener(path)
    except OSError as error:
        raise NotStarted(f'exec: "{name}": stat {path}: {_reason(error)}') from error
    try:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise NotStarted(f'exec: "{name}": is a directory: permission denied')
        if not os.access(f"/proc/self/fd/{file}", os.X_OK):
            raise NotStarted(f'exec: "{name}": permission denied')
    finally:
        os.close(file)


def environment(process: ProcessSpec) -> dict[str, str]:
    return dict(item.split("=", 1) for item in process.env if "=" in item)


def run(process: ProcessSpec, path: str) -> NoReturn:
    """Exec the program. A file that the kernel refuses is reported on standard error. Raises
    NotStarted."""
    try:
        linux.close_on_exec_from(3)  # no descriptor of the engine may reach a container
        os.execve(path, process.args, environment(process))
    except OSError as error:
        if error.errno == errno.ENOENT:  # the file exists: its interpreter is missing
            raise NotStarted(f'exec: "{path}": no such file or directory') from error
        os.write(2, f"exec {path}: {_reason(error)}\n".encode())
    os._exit(_EXEC_FORMAT_EXIT)


FORWARDED = signal.valid_signals()
"""Signals that process 1 in front of a program waits for; all but SIGCHLD are passed on."""


def reap_until_it_ends(child: int) -> NoReturn:
    """Act as process 1 in front of `child`: pass signals on, reap orphans, exit with the child's
    code. FORWARDED must be blocked."""
    while True:
        received = signal.sigwait(FORWARDED)
        if received != signal.SIGCHLD:
            with suppress(ProcessLookupError):
                os.kill(child, received)
            continue
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
            if ended == 0:
                break


def _reason(error: OSError) -> str:
    """The system's error text, in lower case as in the Engine's messages."""
    return os.strerror(error.errno or 0).lower()
