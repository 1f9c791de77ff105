"""System calls of Linux that Python 3.11 lacks, through ctypes, and entering a user namespace.

Every call raises OSError with the call's name in its text. This module knows no containers.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SOCKET_PATH_LIMIT = 107
"""Most bytes in a Unix socket's path (sun_path without the final zero)."""

_SOCKET_ROOM = 40
"""Bytes left for a temporary folder's name and a socket's name in it."""

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_SIGCHLD = 17

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36

OPEN_TREE_CLONE = 1
AT_RECURSIVE = 0x8000
AT_EMPTY_PATH = 0x1000
AT_FDCWD = -100
MOVE_MOUNT_F_EMPTY_PATH = 4
MOVE_MOUNT_T_EMPTY_PATH = 0x40
MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4
MOUNT_ATTR_NOEXEC = 8
RESOLVE_NO_MAGICLINKS = 2
RESOLVE_IN_ROOT = 0x10
_FSCONFIG_SET_FLAG = 0
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_CREATE = 6
_CLOSE_RANGE_CLOEXEC = 4
_SECCOMP_SET_MODE_FILTER = 1
_CAPABILITY_VERSION = 0x20080522

_NUMBERS = {  # system calls that C libraries have no function for
    "x86_64": {"clone": 56, "pivot_root": 155, "seccomp": 317},
    "aarch64": {"clone": 220, "pivot_root": 41, "seccomp": 277},
}
_NUMBERS_EVERYWHERE = {  # the same on every architecture since 5.1
    "pidfd_send_signal": 424,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "pidfd_open": 434,
    "close_range": 436,
    "openat2": 437,
    "mount_setattr": 442,
}

_libc = ctypes.CDLL(None, use_errno=True)
_libc_keeping_the_lock = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc_keeping_the_lock.syscall.restype = ctypes.c_long


def short_temporary(wanted: str | None = None) -> str:
    """The folder for temporary folders with sockets: `wanted`, or that of TMPDIR, or /tmp where a
    socket's path would be too long in it."""
    above = wanted or tempfile.gettempdir()
    fits = len(os.fsencode(above)) + _SOCKET_ROOM <= SOCKET_PATH_LIMIT
    return above if fits else "/tmp"


def _check(result: int, call: str, path: object = None) -> int:
    if result >= 0:
        return result
    number = ctypes.get_errno()
    name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else None
    raise OSError(number, f"{call}: {os.strerror(number)}", name)


def _number(call: str) -> int:
    if call in _NUMBERS_EVERYWHERE:
        return _NUMBERS_EVERYWHERE[call]
    machine = os.uname().machine
    if machine not in _NUMBERS:
        raise OSError(38, f"{call}: its number on {machine} is not known here")
    return _NUMBERS[machine][call]


def _syscall(call: str, *arguments: object, path: object = None) -> int:
    return _check(_libc.syscall(ctypes.c_long(_number(call)), *arguments), call, path)


def _text(value: str | bytes | os.PathLike[str] | None) -> bytes | None:
    return None if value is None else os.fsencode(value)


# Namespaces and processes


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, flags: int = 0) -> None:
    """Enter the namespace that `descriptor` refers to; for a pidfd, the process' namespaces
    that `flags` select."""
    _check(_libc.setns(descriptor, flags), "setns")


def clone(flags: int = 0) -> int:
    """Fork with new namespaces: returns 0 in the child, the child's process id in the parent.
    Only for a process with a single thread, since none of Python's fork hooks runs."""
    number = ctypes.c_long(_number("clone"))
    nothing = ctypes.c_void_p(None)
    result = _libc_keeping_the_lock.syscall(
        number, ctypes.c_ulong(flags | _SIGCHLD), nothing, nothing, nothing, nothing
    )
    return _check(result, "clone")


def prctl(option: int, value: int = 0) -> int:
    nothing = ctypes.c_ulong(0)
    result = _libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing)
    return _check(result, "prctl")


def one_heap() -> None:
    """Limit glibc to one heap for all later threads (M_ARENA_MAX): a heap per thread never
    shrinks."""
    with suppress(AttributeError):  # a C library other than glibc, which has one heap anyway
        _libc.mallopt(-8, 1)


def pidfd_open(pid: int) -> int:
    """A descriptor of a process, readable once that has ended. (`os.pidfd_open` is missing in a
    Python built for older kernels.) Raises ProcessLookupError."""
    return _syscall("pidfd_open", ctypes.c_int(pid), ctypes.c_uint(0))


def pidfd_send_signal(pidfd: int, number: int) -> None:
    """Send a signal; 0 only tries it. Raises ProcessLookupError."""
    nothing = ctypes.c_void_p(None)
    _syscall("pidfd_send_signal", ctypes.c_int(pidfd), ctypes.c_int(number), nothing, 0)


def set_process_name(name: str) -> None:
    text = ctypes.create_string_buffer(name.encode()[:15])
    _check(_libc.prctl(PR_SET_NAME, text, 0, 0, 0), "prctl")


def signal_descriptor(signals: list[int]) -> int:
    """A descriptor that is readable while one of `signals` (which must be blocked) is pending."""
    mask = struct.pack("QQ", sum(1 << (number - 1) for number in signals), 0) + bytes(112)
    return _check(_libc.signalfd(-1, mask, os.O_CLOEXEC | os.O_NONBLOCK), "signalfd")


def close_from(first: int) -> None:
    """Close every descriptor with a number of `first` or more."""
    try:
        _close_range(first, 0)
    except OSError:  # Linux before 5.9
        for descriptor in [int(entry.name) for entry in os.scandir("/proc/self/fd")]:
            if descriptor >= first:
                with suppress(OSError):  # scandir's own descriptor is closed already
                    os.close(descriptor)


def close_on_exec_from(first: int) -> None:
    """Mark every descriptor with a number of `first` or more to be closed at exec."""
    _close_range(first, _CLOSE_RANGE_CLOEXEC)


def _close_range(first: int, flags: int) -> None:
    last = ctypes.c_uint(0xFFFFFFFF)
    _syscall("close_range", ctypes.c_uint(first), last, ctypes.c_uint(flags))


def sethostname(name: str) -> None:
    text = name.encode()
    _check(_libc.sethostname(text, len(text)), "sethostname")


def setdomainname(name: str) -> None:
    text = name.encode()
    _check(_libc.setdomainname(text, len(text)), "setdomainname")


# Capabilities and system call filters


def capget() -> tuple[int, int, int]:
    """Effective, permitted and inheritable capabilities of this process, as bit sets."""
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    data = ctypes.create_string_buffer(24)
    _check(_libc.capget(header, data), "capget")
    low_high = struct.unpack("6I", data.raw)
    effective, permitted, inheritable = (low_high[i] | low_high[i + 3] << 32 for i in range(3))
    return effective, permitted, inheritable


def capset(effective: int, permitted: int, inheritable: int) -> None:
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    sets = (effective, permitted, inheritable)
    low = [value & 0xFFFFFFFF for value in sets]
    high = [value >> 32 for value in sets]
    _check(_libc.capset(header, struct.pack("6I", *low, *high)), "capset")


def install_seccomp(program: bytes) -> None:
    """Filter every system call by `program`, a classic BPF program (8 bytes an instruction).
    Needs no_new_privs or CAP_SYS_ADMIN."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    _syscall("seccomp", ctypes.c_long(_SECCOMP_SET_MODE_FILTER), ctypes.c_long(0), header)


# Mounts, the classic calls


def mount(
    source: str | os.PathLike[str] | None,
    target: str | os.PathLike[str],
    kind: str | None = None,
    flags: int = 0,
    data: str = "",
) -> None:
    result = _libc.mount(
        _text(source), _text(target), _text(kind), ctypes.c_ulong(flags), _text(data) or None
    )
    _check(result, f"mount {kind or source}", target)


def umount2(target: str | os.PathLike[str], flags: int = 0) -> None:
    _check(_libc.umount2(_text(target), flags), "umount2", target)


def syncfs(descriptor: int) -> None:
    """Write the file system of an open file or folder to the disk."""
    _check(_libc.syncfs(descriptor), "syncfs")


def pivot_root(new: str, old: str) -> None:
    _syscall("pivot_root", _text(new), _text(old), path=new)


# Mounts as descriptors (Linux 5.2, mount_setattr 5.12): made first, then attached


def open_tree(path: str | os.PathLike[str], recursive: bool = True) -> int:
    """Copy the mount at `path` (with the mounts below it), not yet attached."""
    flags = OPEN_TREE_CLONE | os.O_CLOEXEC | (AT_RECURSIVE if recursive else 0)
    return _syscall("open_tree", AT_FDCWD, _text(path), ctypes.c_uint(flags), path=path)


def new_mount(kind: str, options: str = "", attributes: int = 0) -> int:
    """Create a mount of a new file system of `kind`, not yet attached. `options` as in mount(8)."""
    context = _syscall("fsopen", _text(kind), ctypes.c_uint(1), path=kind)
    try:
        for option in filter(None, [f"source={kind}", *options.split(",")]):
            name, has_value, value = option.partition("=")
            command = _FSCONFIG_SET_STRING if has_value else _FSCONFIG_SET_FLAG
            _fsconfig(context, command, name, value if has_value else None)
        _fsconfig(context, _FSCONFIG_CMD_CREATE)
        return _syscall("fsmount", context, ctypes.c_uint(1), ctypes.c_uint(attributes), path=kind)
    finally:
        os.close(context)


def _fsconfig(
    context: int, command: int, name: str | None = None, value: str | None = None
) -> None:
    _syscall("fsconfig", context, ctypes.c_uint(command), _text(name), _text(value), 0, path=name)


def attach(tree: int, target: int) -> None:
    """Attach the mount `tree` at the file or folder of the descriptor `target`; close both."""
    try:
        flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
        _syscall("move_mount", tree, b"", target, b"", ctypes.c_uint(flags))
    finally:
        os.close(target)
        os.close(tree)


def set_mount_attributes(tree: int, attributes: int, recursive: bool = False) -> None:
    """Add `attributes` (MOUNT_ATTR_…) to the mount `tree`, and to those below it."""
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    wanted = struct.pack("QQQQ", attributes, 0, 0, 0)
    _syscall("mount_setattr", tree, b"", ctypes.c_uint(flags), wanted, ctypes.c_size_t(32))


def open_in_root(root: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` as if the folder `root` were /: no link leads out of `root`, and the magic
    links of /proc are refused."""
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    return _syscall("openat2", root, _text(path), how, ctypes.c_size_t(24), path=path)


# Becoming root


def become_root_in_user_namespace() -> None:
    """Make this process root of a new user namespace with a new mount namespace.

    The process stays in the host's other namespaces. All ids that the host grants are mapped:
    every id for root, the ranges of /etc/subuid and /etc/subgid where newuidmap may map them,
    else only the process' own user and group. Only for a process with a single thread. Raises
    OSError.
    """
    uid, gid = os.geteuid(), os.getegid()
    go_read, go_write = os.pipe()
    process = os.getpid()
    mapper = os.fork()
    if mapper == 0:  # stays outside of the new namespace, where it may map more than one id
        try:
            os.close(go_write)
            told = os.read(go_read, 1)
            os._exit(0 if told and _map_all_ids(process, uid, gid) else 1)
        except BaseException:
            os._exit(1)
    os.close(go_read)
    try:
        unshare(CLONE_NEWUSER | CLONE_NEWNS)
        os.write(go_write, b"x")
    finally:
        os.close(go_write)
        _, status = os.waitpid(mapper, 0)
    if status != 0:
        map_own_ids(uid, gid)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def several_users() -> bool:
    """True where more than one user id is mapped in this process' user namespace."""
    return sum(count for _, _, count in _extents("uid")) > 1


def map_own_ids(uid: int, gid: int) -> None:
    """Map only `uid` and `gid` to 0, each where its map is still empty."""
    if not list(_extents("uid")):
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    if not list(_extents("gid")):
        with suppress(FileNotFoundError):
            Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def _map_all_ids(process: int, uid: int, gid: int) -> bool:
    """Map several ids in the new user namespace of `process`; False where that is impossible."""
    if uid == 0:
        for kind in ("uid", "gid"):
            lines = [f"{inside} {inside} {count}\n" for inside, _, count in _extents(kind)]
            Path(f"/proc/{process}/{kind}_map").write_text("".join(lines))
        return True
    return _map_granted("uid", process, uid, uid) and _map_granted("gid", process, gid, uid)


def _extents(kind: str) -> Iterator[tuple[int, int, int]]:
    """Yield the lines of this process' own uid_map or gid_map: (inside, outside, count)."""
    for line in Path(f"/proc/self/{kind}_map").read_text().splitlines():
        inside, outside, count = map(int, line.split())
        yield inside, outside, count


def _map_granted(kind: str, process: int, own: int, user: int) -> bool:
    """Map `own` to 0 and the ranges granted to `user` from 1 on, by newuidmap or newgidmap.
    False where the tool, the ranges or the permission is missing."""
    tool = shutil.which(f"new{kind}map")
    ranges = granted_ids(kind, user)
    if tool is None or not ranges:
        return False
    arguments, inside = ["0", str(own), "1"], 1
    for first, count in ranges:
        arguments += [str(inside), str(first), str(count)]
        inside += count
    silent = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(
        tool, [tool, str(process), *arguments], dict(os.environ), file_actions=silent
    )
    return os.waitpid(child, 0)[1] == 0


def granted_ids(kind: str, user: int) -> list[tuple[int, int]]:
    """(first, count) of each range that /etc/subuid or /etc/subgid gives to `user`."""
    import pwd

    names = {str(user)}
    with suppress(KeyError):
        names.add(pwd.getpwuid(user).pw_name)
    try:
        lines = [line.split(":") for line in Path(f"/etc/sub{kind}").read_text().splitlines()]
    except OSError:
        return []
    return [
        (int(line[1]), int(line[2]))
        for line in lines
        if len(line) == 3 and line[0] in names and line[1].isdigit() and line[2].isdigit()
    ]
