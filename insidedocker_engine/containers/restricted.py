"""Limits of a restricted engine: the HostConfig it refuses, and the size of its containers' file
systems in memory."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from ..base import errors
from ..base.restrictions import Restrictions
from ..container import log_options
from ..container.record import Container, MountPoint
from ..runtime.contract import Mount, SandboxSpec
from .create_request import CreateRequest
from .defaults import HOST_CONFIG

IN_MEMORY = 512 << 20
"""Bytes of all containers' file systems in memory together, shared memory included."""
LOGS = {"max-size": "1m", "max-file": "2"}
"""Default options of a log."""
LOG_SIZE = 8_000_000
"""Most bytes of a container's log, all files together."""
TMPFS, SHARED_MEMORY = 16 << 20, 4 << 20
"""Default sizes, in bytes."""
BYTES_OF_A_FILE = 4096
"""Bytes of a file system in memory for each file it may hold: an empty file takes memory too."""
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

MODES = ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode")
PROTECTED = ("MaskedPaths", "ReadonlyPaths")
POWERS = ("Privileged", "Devices", "DeviceRequests", "DeviceCgroupRules")
NEVER_ADDED = {
    "ALL",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
    "BPF",
}


def settle_log(restrictions: Restrictions, config: dict[str, Any]) -> None:
    """Complete a LogConfig with the engine's default options. Raises BadRequest; Forbidden for a
    log that a restricted engine refuses."""
    if config["Type"] not in log_options.DRIVERS:
        return
    defaults = {**(LOGS if restrictions.on else {}), **restrictions.logs}
    config["Config"] = {**defaults, **config["Config"]}
    log_options.check(config)
    size, files = log_options.limits(config)
    too_large = size is None or size * files > LOG_SIZE
    restrictions.refuse(too_large, f"a log of more than {LOG_SIZE} bytes")


def check(
    restrictions: Restrictions,
    request: CreateRequest,
    points: Iterable[MountPoint],
    known: Collection[Container],
) -> None:
    """Raise Forbidden for a container that a restricted engine refuses; `known` are the existing
    containers."""
    if not restrictions.on:
        return
    restrictions.limit("containers", len(known))
    points = list(points)
    for what in _refused(request, points):
        restrictions.refuse(True, what)
    promised = sum(_in_memory(each.host_config, each.record.mounts) for each in known)
    if promised + _in_memory(request.host_config, points) > IN_MEMORY:
        raise errors.Forbidden(
            "this engine is restricted: tmpfs mounts and shared memory of all its containers have "
            f"at most {IN_MEMORY >> 20} MiB together"
        )


def sandbox(restrictions: Restrictions, asked: SandboxSpec) -> SandboxSpec:
    """The sandbox with its file systems in memory bounded to the sizes that `check` counted."""
    if not restrictions.on:
        return asked
    mounts = [_bounded(mount) if mount.kind == "tmpfs" else mount for mount in asked.mounts]
    return replace(asked, mounts=mounts, shm_size=_shared_memory(asked.shm_size), counted=True)


def _in_memory(host: dict[str, Any], points: Iterable[MountPoint]) -> int:
    """Bytes that a container may hold in file systems in memory. Raises Forbidden."""
    sizes = [_size(point.options) for point in points if point.type == "tmpfs"]
    return _shared_memory(host["ShmSize"]) + sum(sizes)


def _shared_memory(asked: int) -> int:
    return SHARED_MEMORY if asked == HOST_CONFIG["ShmSize"] else asked


def _size(options: str) -> int:
    """The size of a tmpfs in bytes; the last `size=` wins. Raises Forbidden."""
    asked = [each for each in options.lower().split(",") if each.startswith("size=")]
    if not asked:
        return TMPFS
    found = re.fullmatch(r"size=(0*[1-9][0-9]{0,15})([kmg]?)", asked[-1])
    if not found:
        raise errors.Forbidden(
            f"this engine is restricted: it refuses a tmpfs with {asked[-1][:40]}"
        )
    return int(found[1]) * _UNITS[found[2]]


def _bounded(mount: Mount) -> Mount:
    size = _size(mount.options)
    bounds = f"size={size},nr_inodes={max(64, size // BYTES_OF_A_FILE)}"
    return replace(mount, options=f"{mount.options},{bounds}")  # the last of two equal options wins


def _refused(request: CreateRequest, points: Iterable[MountPoint]) -> Iterable[str]:
    """The requested settings that lead to the host or to more rights."""
    host = request.host_config
    yield from (f"{field} host" for field in MODES if host.get(field) == "host")
    yield from (field for field in POWERS if host.get(field))
    yield from (f for f in PROTECTED if set(HOST_CONFIG[f]) - set(host[f] or ()))
    yield from (text for text in host["SecurityOpt"] or [] if "unconfined" in text)
    for name in host["CapAdd"] or []:
        if name.upper().removeprefix("CAP_") in NEVER_ADDED:
            yield f"the capability {name}"
    if (host["PortBindings"] or host["PublishAllPorts"]) and not _alone():
        yield "publishing ports on this host"
    if "host" in request.networks:
        yield "the network host"
    if any(point.type == "bind" for point in points):
        yield "a folder of the host as a mount"


def _alone() -> bool:
    """True where this network namespace is the engine's own: its only interface is the loopback."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]
