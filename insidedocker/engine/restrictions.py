"""What a restricted engine refuses: whatever leads from a container to the host, and use without
end. For engines whose clients nobody knows; it is the same API, and 403 where it says no.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import errors
from .containers.defaults import HOST_CONFIG
from .runtime import Mount, SandboxSpec

if TYPE_CHECKING:
    from .containers.creating import Wish
    from .containers.model import MountPoint
    from .daemon import Engine

IN_MEMORY = 512 << 20
"""Bytes that all containers together may keep in file systems in memory, shared memory too."""
TMPFS, SHARED_MEMORY = 16 << 20, 4 << 20
"""What one gets where nobody says how much."""
BYTES_OF_A_FILE = 4096
"""A file system in memory holds a file for each so many bytes: an empty one takes memory, too."""
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

MOST = {"containers": 64, "images": 256, "networks": 32, "volumes": 64, "execs": 512}
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


def container(engine: Engine, wish: Wish, points: Iterable[MountPoint]) -> None:
    """Raises Forbidden for a container that a restricted engine does not make."""
    if not engine.restricted:
        return
    _most("containers", len(engine.containers.known()))
    _check_host(wish.host_config)
    if "host" in wish.networks:
        raise _refused("the network host")
    points = list(points)
    if any(point.type == "bind" for point in points):
        raise _refused("a folder of the host as a mount")
    promised = sum(
        _in_memory(each.host_config, each.record.mounts) for each in engine.containers.known()
    )
    if promised + _in_memory(wish.host_config, points) > IN_MEMORY:
        raise errors.Forbidden(
            "this engine is restricted: tmpfs mounts and shared memory of all its containers have "
            f"at most {IN_MEMORY >> 20} MiB together"
        )


def sandbox(engine: Engine, asked: SandboxSpec) -> SandboxSpec:
    """A container as a restricted engine runs it: what it keeps in memory has the size that was
    counted when it was made."""
    if not engine.restricted:
        return asked
    mounts = [_bounded(mount) if mount.kind == "tmpfs" else mount for mount in asked.mounts]
    return replace(asked, mounts=mounts, shm_size=_shared_memory(asked.shm_size), counted=True)


def _in_memory(host: dict[str, Any], points: Iterable[MountPoint]) -> int:
    """The bytes that a container may keep in memory as files. Raises Forbidden."""
    sizes = [_size(point.options) for point in points if point.type == "tmpfs"]
    return _shared_memory(host["ShmSize"]) + sum(sizes)


def _shared_memory(asked: int) -> int:
    return SHARED_MEMORY if asked == HOST_CONFIG["ShmSize"] else asked


def _size(options: str) -> int:
    """The size that a tmpfs is to have; the last one counts. Raises Forbidden."""
    asked = [each for each in options.lower().split(",") if each.startswith("size=")]
    if not asked:
        return TMPFS
    found = re.fullmatch(r"size=(0*[1-9][0-9]{0,15})([kmg]?)", asked[-1])
    if not found:
        raise _refused(f"a tmpfs with {asked[-1][:40]}")
    return int(found[1]) * _UNITS[found[2]]


def _bounded(mount: Mount) -> Mount:
    size = _size(mount.options)
    bounds = f"size={size},nr_inodes={max(64, size // BYTES_OF_A_FILE)}"
    return replace(mount, options=f"{mount.options},{bounds}")  # of two, the last one counts


def _check_host(host: dict[str, Any]) -> None:
    asked = [f"{field} host" for field in MODES if host.get(field) == "host"]
    asked += [field for field in POWERS if host.get(field)]
    asked += [field for field in PROTECTED if set(HOST_CONFIG[field]) - set(host[field] or ())]
    asked += [text for text in host["SecurityOpt"] or [] if "unconfined" in text]
    asked += [
        f"the capability {name}"
        for name in host["CapAdd"] or []
        if name.upper().removeprefix("CAP_") in NEVER_ADDED
    ]
    if (host["PortBindings"] or host["PublishAllPorts"]) and not _alone():
        asked.append("publishing ports on this host")
    if asked:
        raise _refused(asked[0])


def volume(engine: Engine, driver: str, options: dict[str, str]) -> None:
    """Raises Forbidden for one with a driver or options of its own."""
    if engine.restricted:
        if driver not in ("", "local") or options:
            raise _refused("a volume with a driver's options")
        _most("volumes", len(engine.volumes.all()))


def network(engine: Engine, body: dict[str, Any]) -> None:
    """Raises Forbidden for one that is no bridge."""
    if engine.restricted:
        if body.get("Driver") not in (None, "", "bridge", "default"):
            raise _refused(f"a network with the driver {body.get('Driver')}")
        _most("networks", len(engine.networks.all()))


def execution(engine: Engine, privileged: bool, count: int) -> None:
    """Raises Forbidden for a privileged one."""
    if engine.restricted:
        if privileged:
            raise _refused("a privileged exec")
        _most("execs", count)


def image(engine: Engine, count: int) -> None:
    """Raises Forbidden where there are enough."""
    if engine.restricted:
        _most("images", count)


def _refused(what: str) -> errors.Forbidden:
    return errors.Forbidden(f"this engine is restricted: it refuses {what}")


def _most(what: str, count: int) -> None:
    if count >= MOST[what]:
        raise errors.Forbidden(f"this engine is restricted: it has at most {MOST[what]} {what}")


def _alone() -> bool:
    """Whether the network here is nobody's but ours: it has no interface but the loopback."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]
