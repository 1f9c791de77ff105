"""The runtime's description of a container, from its Config and HostConfig."""

from __future__ import annotations

import contextlib
import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import safe_path
from ..host.cgroups import Limits
from ..runtime.capabilities import ALL, DEFAULT
from ..runtime.contract import Endpoint, ProcessSpec, SandboxSpec
from . import mounts, users

if TYPE_CHECKING:
    from ..container.record import Container

CPU_PERIOD = 100_000
"""Microseconds; the Engine's default period for CPU quotas."""
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Place:
    """A container's networks, for the runtime and for the container's /etc files."""

    mode: str
    """private, host or container:<id>."""
    endpoints: list[Endpoint] = field(default_factory=list)
    name_server: bool = False
    """True where the resolver is the engine's own name server."""
    shares_host: bool = False
    """True where the network is the host's own."""
    files: Path | None = None
    """The folder of another container whose hosts, hostname and resolv.conf are used; None for its
    own."""


class WorkingDirError(Exception):
    """An invalid working directory; the text gives the reason."""


def process(container: Container, root: Path, linked: list[str]) -> ProcessSpec:
    """The first process. `linked` are variables about links. Raises users.UnknownUser,
    WorkingDirError. Blocking: reads the container's file system."""
    config, host = container.config, container.host_config
    account = users.find(root, config["User"], map(str, host["GroupAdd"] or []))
    cwd = config["WorkingDir"] or "/"
    make_working_dir(root, cwd)
    rows, columns = (host["ConsoleSize"] or [0, 0])[:2]
    return ProcessSpec(
        args=[container.record.path, *container.record.args],
        env=environment(container, [*linked, *(config["Env"] or [])], account.home, container.tty),
        cwd=cwd,
        user=account.user,
        tty=container.tty,
        stdin=bool(config["OpenStdin"]),
        size=(rows, columns),
        capabilities=capabilities(host),
        no_new_privileges=no_new_privileges(host),
    )


def environment(container: Container, given: list[str], home: str, tty: bool) -> list[str]:
    """PATH, HOSTNAME, TERM and HOME, overridden by `given`. A name without a value removes the
    variable."""
    found: dict[str, str] = {}
    hostname = f"HOSTNAME={container.config['Hostname']}"
    for text in [PATH, hostname, *(["TERM=xterm"] if tty else []), *given]:
        name, equals, _ = text.partition("=")
        found.pop(name, None) if not equals else found.__setitem__(name, text)
    found.setdefault("HOME", f"HOME={home}")
    return list(found.values())


def make_working_dir(root: Path, path: str) -> None:
    """Make the working directory where it is missing. Raises WorkingDirError."""
    if posixpath.normpath(path) == "/":
        return
    try:
        with safe_path.find(root, path) as place:
            if place.exists():
                os.close(place.open(os.O_PATH | os.O_DIRECTORY))
                return
    except NotADirectoryError:
        raise WorkingDirError(f"Cannot mkdir: {path} is not a directory") from None
    except OSError:
        pass  # parent folders are missing too
    try:
        safe_path.make_folders_in(root, path)
    except OSError as error:
        raise WorkingDirError(f"Cannot mkdir: {path}: {error.strerror}") from None


def capabilities(host: dict[str, Any]) -> frozenset[str] | None:
    """The capabilities of HostConfig; None for the default set."""
    added, dropped = _names(host["CapAdd"]), _names(host["CapDrop"])
    if host["Privileged"]:
        return frozenset(ALL)
    if not added and not dropped:
        return None
    found = frozenset(ALL) if "CAP_ALL" in added else frozenset(DEFAULT)
    if "CAP_ALL" in dropped:
        found = frozenset()
    return (found | (added & frozenset(ALL))) - dropped


def _names(given: list[str] | None) -> frozenset[str]:
    return frozenset("CAP_" + name.upper().removeprefix("CAP_") for name in given or [])


def no_new_privileges(host: dict[str, Any]) -> bool:
    return "no-new-privileges" in _security(host)


def _security(host: dict[str, Any]) -> dict[str, str]:
    """SecurityOpt as name -> value, from `no-new-privileges` or `seccomp=unconfined`."""
    found = {}
    for text in host["SecurityOpt"] or []:
        name, _, value = text.partition("=" if "=" in text else ":")
        if value != "false":
            found[name] = value
    return found


def sandbox(container: Container, root: Path, place: Place, joined: dict[str, str]) -> SandboxSpec:
    """The sandbox of a container: everything but its process. `joined` maps the names of containers
    whose namespaces are shared to their ids."""
    config, host = container.config, container.host_config
    security = _security(host)

    def shared(mode: str) -> str:
        if mode.startswith("container:"):
            return f"container:{joined[mode.removeprefix('container:')]}"
        return "host" if mode == "host" else "private"

    return SandboxSpec(
        id=container.id,
        rootfs=root,
        hostname=config["Hostname"],
        domainname=config["Domainname"],
        read_only=bool(host["ReadonlyRootfs"]),
        mounts=mounts.for_runtime(container, place.files or container.folder),
        network=place.mode,
        endpoints=place.endpoints,
        name_server=place.name_server,
        pid=shared(host["PidMode"]),
        ipc=shared(host["IpcMode"]),
        uts="host" if host["UTSMode"] == "host" else "private",
        init=bool(host.get("Init")),
        privileged=bool(host["Privileged"]),
        shm_size=host["ShmSize"],
        sysctls={name: str(value) for name, value in (host.get("Sysctls") or {}).items()},
        ulimits=[
            (str(limit.get("Name")), int(limit.get("Soft") or 0), int(limit.get("Hard") or 0))
            for limit in host["Ulimits"] or []
        ],
        devices=[
            ":".join(
                (
                    device.get("PathOnHost") or "",
                    device.get("PathInContainer") or device.get("PathOnHost") or "",
                    device.get("CgroupPermissions") or "rwm",
                )
            )
            for device in host["Devices"] or []
        ],
        seccomp=security.get("seccomp") != "unconfined" and not host["Privileged"],
        masked_paths=_paths(host["MaskedPaths"]),
        read_only_paths=_paths(host["ReadonlyPaths"]),
        oom_score_adjust=host["OomScoreAdj"],
        limits=limits(host),
    )


def limits(host: dict[str, Any]) -> Limits:
    """The resource limits in HostConfig."""
    cpu = None
    if host["NanoCpus"]:
        cpu = (host["NanoCpus"] * CPU_PERIOD // 10**9, CPU_PERIOD)
    elif host["CpuQuota"] > 0:
        cpu = (host["CpuQuota"], host["CpuPeriod"] or CPU_PERIOD)
    return Limits(
        memory=host["Memory"] or None,
        memory_and_swap=host["MemorySwap"] or None,
        pids=host["PidsLimit"],
        cpu=cpu,
        cpu_shares=host["CpuShares"] or None,
    )


def _paths(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


def prepare_output(container: Container) -> None:
    """End the last line of a log that a kill has cut, so that new lines are whole."""
    with contextlib.suppress(FileNotFoundError), container.log.path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")
