"""The file system of a container: its root, /proc, /sys and /dev, and its mounts.

Everything here runs in the container's first process, in the container's own mount namespace,
before the program. Mounts are made as descriptors first (sources are looked up on the host's
side), then attached inside the new root, where no link of an image can lead out.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ...host import linux
from ..contract import MASKED_PATHS, READ_ONLY_PATHS, Mount, SandboxSpec

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
PRIVILEGED_DEVICES = ("fuse", "kvm", "net/tun")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
    "ptmx": "pts/ptmx",
}

_MOST_FILES = ",nr_inodes=4096"
"""Limit of the number of files in a tmpfs: empty files take memory, too."""
_NO_PROGRAMS = linux.MOUNT_ATTR_NOSUID | linux.MOUNT_ATTR_NODEV | linux.MOUNT_ATTR_NOEXEC
_ATTRIBUTES = {
    # Option of mount(8) for tmpfs: (attributes added, attributes removed).
    "ro": (linux.MOUNT_ATTR_RDONLY, 0),
    "rw": (0, linux.MOUNT_ATTR_RDONLY),
    "nosuid": (linux.MOUNT_ATTR_NOSUID, 0),
    "suid": (0, linux.MOUNT_ATTR_NOSUID),
    "nodev": (linux.MOUNT_ATTR_NODEV, 0),
    "dev": (0, linux.MOUNT_ATTR_NODEV),
    "noexec": (linux.MOUNT_ATTR_NOEXEC, 0),
    "exec": (0, linux.MOUNT_ATTR_NOEXEC),
}


class MountFailed(Exception):
    """Part of the file system could not be made; the text says which part and why."""


def enter(sandbox: SandboxSpec, tty_group: int | None, neighbour: int | None) -> None:
    """Change this process' root to the container's file system, all of it still writable.

    `neighbour` is the mount namespace of the container whose shared memory is shared.
    Raises MountFailed, OSError.
    """
    shared = _shared_memory(sandbox, neighbour)
    devices = _devices(sandbox)
    mounts = [(mount, _tree(mount)) for mount in sorted(sandbox.mounts, key=_depth)]
    # Made before pivot_root: the kernel refuses both where no complete /proc and /sys is visible.
    processes, system = linux.new_mount("proc", "", _NO_PROGRAMS), _sysfs()
    root = linux.open_tree(sandbox.rootfs)
    linux.attach(os.dup(root), os.open(sandbox.rootfs, os.O_PATH | os.O_CLOEXEC))
    os.fchdir(root)
    linux.pivot_root(".", ".")
    linux.umount2(".", linux.MNT_DETACH)  # the host's root, now mounted over the new one
    os.chdir("/")
    _place(root, processes, "/proc")
    _place(root, system, "/sys")
    with suppress(OSError):  # hosts without version 2, or without a folder for it
        groups = linux.new_mount("cgroup2", "", _NO_PROGRAMS | linux.MOUNT_ATTR_RDONLY)
        linux.attach(groups, linux.open_in_root(root, "/sys/fs/cgroup", os.O_PATH))
    _fill_dev(root, devices, tty_group)
    _place(root, shared, "/dev/shm")
    for mount, tree in mounts:
        try:
            _place(root, tree, mount.target)
        except OSError as error:
            raise MountFailed(f"mounting to {mount.target}: {_reason(error)}") from error
    os.close(root)


def bind_console(terminal: str) -> None:
    """Make the container's first terminal its /dev/console."""
    root = _root()
    _place(root, linux.open_tree(terminal, recursive=False), "/dev/console")
    os.close(root)


def finish(sandbox: SandboxSpec) -> None:
    """Set kernel parameters, then mask and write-protect paths. Raises MountFailed."""
    _set_sysctls(sandbox)
    root = _root()
    if not sandbox.privileged:
        _protect(root, sandbox)
    if sandbox.read_only:
        linux.set_mount_attributes(root, linux.MOUNT_ATTR_RDONLY)
    os.close(root)


def _root() -> int:
    return os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _depth(mount: Mount) -> int:
    return len(Path(mount.target).parts)


def _tree(mount: Mount) -> int:
    """Make the mount for `mount`, not yet attached. Raises MountFailed."""
    try:
        if mount.kind == "tmpfs":
            return _tmpfs(mount)
        assert mount.source is not None
        tree = linux.open_tree(mount.source)
        if mount.read_only:
            linux.set_mount_attributes(tree, linux.MOUNT_ATTR_RDONLY, recursive=True)
        return tree
    except OSError as error:
        what = mount.source if mount.kind == "bind" else "tmpfs"
        raise MountFailed(f"mounting {what} to {mount.target}: {_reason(error)}") from error


def _tmpfs(mount: Mount) -> int:
    attributes, settings = _NO_PROGRAMS, []
    for option in filter(None, mount.options.split(",")):
        if option in _ATTRIBUTES:
            adds, takes = _ATTRIBUTES[option]
            attributes = (attributes | adds) & ~takes
        else:
            settings.append(option)
    if mount.read_only:
        attributes |= linux.MOUNT_ATTR_RDONLY
    return linux.new_mount("tmpfs", ",".join(settings), attributes)


def _sysfs() -> int:
    """Make /sys for this process' network; a view of the host's /sys where that is shared."""
    attributes = _NO_PROGRAMS | linux.MOUNT_ATTR_RDONLY
    try:
        return linux.new_mount("sysfs", "", attributes)
    except OSError:
        tree = linux.open_tree("/sys")
        linux.set_mount_attributes(tree, attributes, recursive=True)
        return tree


def _devices(sandbox: SandboxSpec) -> list[tuple[str, int]]:
    """Mounts of the host's devices that the container gets: (name below /dev, mount). Raises
    MountFailed."""
    wanted = {name: f"/dev/{name}" for name in DEVICES}
    if sandbox.privileged:
        wanted |= {name: f"/dev/{name}" for name in PRIVILEGED_DEVICES if _exists(f"/dev/{name}")}
    for text in sandbox.devices:
        source, _, rest = text.partition(":")
        target = rest.partition(":")[0] or source
        wanted[target.removeprefix("/dev/")] = source
    found = []
    for name, source in wanted.items():
        try:
            found.append((name, linux.open_tree(source, recursive=False)))
        except OSError as error:
            raise MountFailed(f"adding the device {source}: {_reason(error)}") from error
    return found


def _exists(path: str) -> bool:
    return Path(path).exists()


def _shared_memory(sandbox: SandboxSpec, neighbour: int | None) -> int:
    """Make the mount for /dev/shm: a new one, the host's, or another container's."""
    if sandbox.ipc == "host":
        return linux.open_tree("/dev/shm", recursive=False)
    if neighbour is None:
        options = f"mode=1777,size={sandbox.shm_size}{_MOST_FILES if sandbox.counted else ''}"
        return linux.new_mount("tmpfs", options, _NO_PROGRAMS)
    home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    linux.setns(neighbour, linux.CLONE_NEWNS)
    tree = linux.open_tree("/dev/shm", recursive=False)
    linux.setns(home, linux.CLONE_NEWNS)
    os.close(home)
    return tree


def _fill_dev(root: int, devices: list[tuple[str, int]], tty_group: int | None) -> None:
    dev = linux.new_mount("tmpfs", f"mode=755,size=64k{_MOST_FILES}", linux.MOUNT_ATTR_NOSUID)
    _place(root, os.dup(dev), "/dev")
    for folder in ("pts", "shm", "mqueue"):
        os.mkdir(folder, dir_fd=dev)
    for name, goal in LINKS.items():
        os.symlink(goal, name, dir_fd=dev)
    os.close(dev)
    for name, tree in devices:
        _place(root, tree, f"/dev/{name}")
    group = "" if tty_group is None else f",gid={tty_group}"
    terminals = linux.new_mount(
        "devpts",
        f"newinstance,ptmxmode=0666,mode=0620{group}",
        linux.MOUNT_ATTR_NOSUID | linux.MOUNT_ATTR_NOEXEC,
    )
    _place(root, terminals, "/dev/pts")
    with suppress(OSError):  # refused in the host's or another container's ipc namespace
        _place(root, linux.new_mount("mqueue", "", _NO_PROGRAMS), "/dev/mqueue")


def _place(root: int, tree: int, path: str) -> None:
    """Attach the mount `tree` at `path` in the container; a missing mount point is made."""
    folder = stat.S_ISDIR(os.fstat(tree).st_mode)
    linux.attach(tree, _target(root, path, folder))


def _target(root: int, path: str, folder: bool) -> int:
    try:
        return linux.open_in_root(root, path, os.O_PATH)
    except FileNotFoundError:
        pass
    whole = Path("/", path)
    parent = _target(root, str(whole.parent), folder=True)
    try:
        if folder:
            os.mkdir(whole.name, 0o755, dir_fd=parent)
        else:
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(whole.name, flags, 0o644, dir_fd=parent))
    finally:
        os.close(parent)
    return linux.open_in_root(root, path, os.O_PATH)


def _set_sysctls(sandbox: SandboxSpec) -> None:
    """Set the requested parameters and, in a private network, the Engine's defaults. Raises
    MountFailed for a requested parameter."""
    defaults = {}
    if sandbox.network == "private":
        defaults = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 0"}
    for name, value in (defaults | sandbox.sysctls).items():
        file = "/proc/sys/" + name.replace(".", "/")
        try:
            Path(file).write_text(value)
        except OSError as error:
            if name in sandbox.sysctls:
                raise MountFailed(f"setting sysctl {name}: {_reason(error)}") from error


def _protect(root: int, sandbox: SandboxSpec) -> None:
    """Make READ_ONLY_PATHS read-only and hide MASKED_PATHS, or the container's own lists."""
    read_only = READ_ONLY_PATHS if sandbox.read_only_paths is None else sandbox.read_only_paths
    for path in read_only:
        with suppress(FileNotFoundError, NotADirectoryError):
            target = linux.open_in_root(root, path, os.O_PATH)
            tree = linux.open_tree(path)
            linux.set_mount_attributes(tree, linux.MOUNT_ATTR_RDONLY, recursive=True)
            linux.attach(tree, target)
    masked = MASKED_PATHS if sandbox.masked_paths is None else sandbox.masked_paths
    for path in masked:
        with suppress(FileNotFoundError, NotADirectoryError):
            target = linux.open_in_root(root, path, os.O_PATH)
            if stat.S_ISDIR(os.fstat(target).st_mode):
                tree = linux.new_mount("tmpfs", "size=4k", linux.MOUNT_ATTR_RDONLY)
            else:
                tree = linux.open_tree("/dev/null", recursive=False)
            linux.attach(tree, target)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0)
