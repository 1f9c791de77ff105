"""Trials of the host's abilities, in a child process.

The findings are the reasons for the choice of a runtime, with advice for the user.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..host import linux
from . import tinyinit
from .contract import Unavailable

PROOT_SECONDS = 60.0


@dataclass(frozen=True)
class Finding:
    """The result of a trial. `why` is a sentence; `advice` says how to make it work."""

    subject: str
    works: bool
    why: str
    advice: str = ""

    def sentence(self) -> str:
        return f"{self.why}; {self.advice}" if self.advice else self.why


@dataclass(frozen=True)
class Choice:
    name: str
    """namespaces or proot."""
    why: str


@dataclass(frozen=True)
class PRootFound:
    """A PRoot that works here: its program, and variables to add to its environment."""

    program: str
    environment: dict[str, str]


def choose(wanted: str, trial: Trial | None = None) -> Choice:
    """Choose a runtime: `wanted` is namespaces, proot or auto; `trial` may be a running one.
    Raises Unavailable, whose text says what to do."""
    if wanted == "proot":
        return _insist(proot())
    better = (trial or Trial()).finding()
    if wanted == "namespaces" or better.works:
        return _insist(better)
    fallback = proot()
    if not fallback.works:
        raise Unavailable(
            f"containers cannot run here: {better.sentence()}. "
            f"Without namespaces, PRoot is needed: {fallback.sentence()}."
        )
    return Choice("proot", f"{better.sentence()}; {fallback.why}")


def _insist(finding: Finding) -> Choice:
    if not finding.works:
        raise Unavailable(f"the runtime {finding.subject} cannot work here: {finding.sentence()}")
    return Choice(finding.subject, finding.why)


# Namespaces


def namespaces() -> Finding:
    """Try all steps that a container needs, in a child process."""
    return Trial().finding()


class InChild:
    """A child process that runs `work`, which may change the process for good. It starts at once;
    the caller can do other work meanwhile. Only for a process with a single thread, since it
    forks."""

    def __init__(self, work: Callable[[], str]) -> None:
        self._reader, writer = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                os.close(self._reader)
                os.write(writer, work().encode())
            finally:
                os._exit(0)
        os.close(writer)

    def answer(self) -> str:
        """Wait for the child's end and return the result of its work, "" where it failed; call
        once."""
        with os.fdopen(self._reader) as pipe:
            said = pipe.read()
        os.waitpid(self._child, 0)
        return said


class Trial(InChild):
    """The trial of namespaces."""

    def __init__(self) -> None:
        super().__init__(_try_steps)

    def finding(self) -> Finding:
        """Wait for the child's end and return its finding; call once."""
        said = self.answer()
        if said == "ok":
            return Finding("namespaces", True, "user namespaces work on this host")
        step, _, number = said.partition(" ")
        if not number:
            return Finding("namespaces", False, "trying user namespaces ended unexpectedly")
        return _explain(step, int(number))


def _try_steps() -> str:
    """Try the steps; returns "ok", or the failed step and its error number ("mount 1")."""
    uid, gid = os.geteuid(), os.getegid()
    steps: list[tuple[str, Callable[[], object]]] = [
        ("user", lambda: linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS)),
        ("maps", lambda: linux.map_own_ids(uid, gid)),
        ("mount", lambda: linux.mount("tmpfs", "/", "tmpfs")),
        ("kernel", _try_mount_descriptors),
        ("network", lambda: linux.unshare(linux.CLONE_NEWNET)),
        ("others", lambda: linux.unshare(linux.CLONE_NEWUTS | linux.CLONE_NEWIPC)),
        ("groups", lambda: linux.unshare(linux.CLONE_NEWCGROUP)),
        ("processes", lambda: linux.unshare(linux.CLONE_NEWPID)),
        ("proc", _try_proc),
    ]
    for name, step in steps:
        try:
            step()
        except OSError as error:
            return f"{name} {error.errno}"
    return "ok"


def _try_mount_descriptors() -> None:
    tree = linux.new_mount("tmpfs")
    linux.set_mount_attributes(tree, linux.MOUNT_ATTR_RDONLY)
    os.close(tree)
    pidfd = linux.pidfd_open(os.getpid())
    linux.pidfd_send_signal(pidfd, 0)
    os.close(pidfd)


def _try_proc() -> None:
    """Make a new /proc as process 1 of a new pid namespace. Raises OSError."""
    child = os.fork()
    if child == 0:
        try:
            linux.new_mount("proc")
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or errno.EIO)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        raise OSError(code, "mounting /proc")


def _explain(step: str, number: int) -> Finding:
    """Explain why a step fails, as far as the host's settings show."""

    def no(why: str, advice: str = "") -> Finding:
        return Finding("namespaces", False, why, advice)

    if step == "user" and (number == errno.ENOSPC or _setting("user/max_user_namespaces") == "0"):
        return no(
            "this host allows no (more) user namespaces",
            "an administrator can allow them: sysctl -w user.max_user_namespaces=15000",
        )
    if step == "user" and _setting("kernel/unprivileged_userns_clone") == "0":
        return no(
            "this host allows user namespaces to root only",
            "an administrator can change that: sysctl -w kernel.unprivileged_userns_clone=1",
        )
    if step in ("user", "maps", "mount", "network") and (
        _setting("kernel/apparmor_restrict_unprivileged_userns") == "1"
    ):
        return no(
            "AppArmor takes the rights away in user namespaces on this host",
            "an administrator can allow them: "
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        )
    if number == errno.ENOSYS or (step == "kernel" and not _filtered()):
        return no("this kernel is too old for it", "Linux 5.12 or newer is needed")
    if step == "proc":
        return no(
            "parts of /proc are hidden here, so that no container can have its own",
            "inside Docker this needs --security-opt systempaths=unconfined",
        )
    if _filtered():
        return no(
            "a filter of system calls refuses user namespaces, as in most containers",
            "inside Docker this needs --security-opt seccomp=unconfined",
        )
    what = {"user": "user namespaces", "mount": "mounts", "maps": "user id maps"}
    return no(f"this host refuses {what.get(step, step)} ({os.strerror(number)})")


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _filtered() -> bool:
    with suppress(OSError):
        return "\nSeccomp:\t2" in Path("/proc/self/status").read_text()
    return False


def users() -> Finding:
    """Check if containers can have more than one user id (with namespaces)."""
    tools = [name for name in ("newuidmap", "newgidmap") if shutil.which(name) is None]
    uid = os.getuid()
    if uid == 0:
        return Finding("users", True, "root can map every user id")
    if tools:
        return Finding(
            "users",
            False,
            f"containers have one user id only: {' and '.join(tools)} not found",
            "on Debian and Ubuntu the package uidmap has them",
        )
    for kind in ("uid", "gid"):
        if not linux.granted_ids(kind, uid):
            return Finding(
                "users",
                False,
                f"containers have one user id only: /etc/sub{kind} grants you no others",
                f"an administrator can: usermod --add-sub{kind}s 100000-165535 YOU",
            )
    return Finding("users", True, "newuidmap can map the user ids granted to you")


# PRoot


def proot() -> Finding:
    found = find_proot()
    if isinstance(found, PRootFound):
        return Finding("proot", True, f"PRoot works here ({found.program})")
    return found


def find_proot() -> PRootFound | Finding:
    """Find a PRoot that works on this host; else a Finding with the reason."""
    machine = os.uname().machine
    if machine not in tinyinit.CODE:
        return Finding("proot", False, f"this engine does not know the machine {machine}")
    program = shutil.which(os.environ.get("INSIDEDOCKER_PROOT", "proot"))
    true = shutil.which("true")
    if program is None or true is None:
        return Finding(
            "proot",
            False,
            "PRoot is not installed",
            "install the package proot (apt-get, or conda-forge), or name the program in "
            "INSIDEDOCKER_PROOT",
        )
    said = ""
    for environment in ({}, {"PROOT_NO_SECCOMP": "1"}):
        try:
            done = subprocess.run(
                [program, "-0", "-r", "/", "-w", "/", true],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROOT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        if done.returncode == 0:
            return PRootFound(program, environment)
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    advice = "ptrace must be allowed: see kernel.yama.ptrace_scope, or the container's seccomp"
    return Finding("proot", False, f"PRoot is there but does not run ({said})", advice)
