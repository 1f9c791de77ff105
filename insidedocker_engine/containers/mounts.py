"""The mounts of a container: binds, tmpfs and volumes, collected from the API's several options
into one list."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors
from ..container.record import MountPoint
from ..runtime.contract import Mount

if TYPE_CHECKING:
    from ..container.record import Container

MODES = {"rw", "ro", "z", "Z", "nocopy", "consistent", "cached", "delegated"}
PROPAGATIONS = {"private", "rprivate", "shared", "rshared", "slave", "rslave"}
DEFAULT_PROPAGATION = "rprivate"


def plan(
    config: dict[str, Any], host_config: dict[str, Any], inherited: Iterable[MountPoint]
) -> list[MountPoint]:
    """All requested mounts, one per destination. Volumes have no source yet.

    `inherited` comes from VolumesFrom. Raises BadRequest.
    """
    points: dict[str, MountPoint] = {point.destination: point for point in inherited}
    asked: set[str] = set()
    for point in _asked(host_config):
        if point.destination in asked:
            raise errors.BadRequest(f"Duplicate mount point: {point.destination}")
        asked.add(point.destination)
        points[point.destination] = point
    for destination in config.get("Volumes") or {}:
        place = _destination(destination, destination, "volume")
        if place not in points:
            points[place] = _volume("", place, anonymous=True)
    return list(points.values())


def _asked(host: dict[str, Any]) -> Iterable[MountPoint]:
    for text in host["Binds"] or []:
        yield _bind(text, str(host["VolumeDriver"]))
    for mount in host.get("Mounts") or []:
        yield _mount(mount)
    for destination, options in (host.get("Tmpfs") or {}).items():
        if not destination.startswith("/"):
            raise errors.BadRequest(
                f"invalid mount path: '{destination}' mount path must be absolute"
            )
        place = _destination(destination, destination, "tmpfs")
        yield MountPoint("tmpfs", "", place, options=options, mode=options)


def _bind(text: str, volume_driver: str) -> MountPoint:
    """Parse `source:destination[:mode,…]`; a source without a leading slash is a volume. Raises
    BadRequest."""
    parts = text.split(":")
    if len(parts) == 1:
        place = _destination(parts[0], text, "volume")
        return _volume("", place, driver=volume_driver, anonymous=True)
    if len(parts) > 3 or not parts[0] or not parts[1]:
        raise errors.BadRequest(f"invalid volume specification: '{text}'")
    source, destination, *rest = parts
    mode = rest[0] if rest else ""
    words = set(filter(None, mode.split(",")))
    if words - MODES - PROPAGATIONS or {"ro", "rw"} <= words:
        raise errors.BadRequest(f"invalid mode: {mode}")
    writable = "ro" not in words
    propagation = next(iter(words & PROPAGATIONS), "")
    if source.startswith("/"):
        place = _destination(destination, text, "bind")
        return MountPoint(
            "bind",
            posixpath.normpath(source),
            place,
            mode,
            writable,
            propagation=propagation or DEFAULT_PROPAGATION,
        )
    place = _destination(destination, text, "volume")
    point = _volume(source, place, driver=volume_driver)
    return dataclasses.replace(
        point, mode=mode or "z", writable=writable, copy="nocopy" not in words
    )


def _mount(mount: Any) -> MountPoint:
    if not isinstance(mount, dict):
        raise errors.BadRequest("invalid JSON: Mounts needs a list of objects")
    kind = mount.get("Type") or ""
    source, target = mount.get("Source") or "", mount.get("Target") or ""
    if not target:
        raise _invalid(kind, "field Target must not be empty")
    place = _destination(target, "", kind)
    writable = not mount.get("ReadOnly")
    if kind == "bind":
        if not source:
            raise _invalid(kind, "field Source must not be empty")
        if not source.startswith("/"):
            raise _invalid(kind, f"invalid mount path: '{source}' mount path must be absolute")
        options = mount.get("BindOptions") or {}
        if not options.get("CreateMountpoint") and not Path(source).exists():
            raise _invalid(kind, f"bind source path does not exist: {source}")
        propagation = options.get("Propagation") or DEFAULT_PROPAGATION
        return MountPoint(
            "bind", posixpath.normpath(source), place, "", writable, propagation=propagation
        )
    if kind == "volume":
        return dataclasses.replace(_volume_mount(mount, source, place), writable=writable)
    if kind == "tmpfs":
        if source:
            raise _invalid(kind, "field Source must not be specified")
        return MountPoint("tmpfs", "", place, "", writable, options=_tmpfs_options(mount))
    raise errors.BadRequest(f'invalid mount config for type "{kind}": mount type unknown')


def _volume_mount(mount: dict[str, Any], source: str, place: str) -> MountPoint:
    options = mount.get("VolumeOptions") or {}
    driver = options.get("DriverConfig") or {}
    if options.get("Subpath"):
        what = "this engine mounts whole volumes only" if source else _NO_SUBPATH
        raise _invalid("volume", what)
    return dataclasses.replace(
        _volume(source, place, driver.get("Name") or "", anonymous=not source),
        mode="z",
        copy=not options.get("NoCopy"),
        labels=options.get("Labels") or None,
        driver_options=driver.get("Options") or None,
    )


_NO_SUBPATH = "must not set Subpath when using anonymous volumes"


def _tmpfs_options(mount: dict[str, Any]) -> str:
    given = mount.get("TmpfsOptions") or {}
    options = []
    if given.get("SizeBytes"):
        options.append(f"size={int(given['SizeBytes'])}")
    if given.get("Mode"):
        options.append(f"mode={int(given['Mode']):o}")
    return ",".join(options)


def _volume(name: str, place: str, driver: str = "", anonymous: bool = False) -> MountPoint:
    mode = "" if anonymous else "z"
    return MountPoint(
        "volume", "", place, mode, name=name, driver=driver or "local", anonymous=anonymous
    )


def _destination(path: str, whole: str, kind: str) -> str:
    if not path.startswith("/"):
        fault = _invalid(kind, f"invalid mount path: '{path}' mount path must be absolute")
        if whole:
            raise errors.BadRequest(f"invalid volume specification: '{whole}': {fault.message}")
        raise fault
    place = posixpath.normpath(path)
    if place in ("/", "//"):
        raise errors.BadRequest(
            f"invalid volume specification: '{whole or path}': "
            "invalid specification: destination can't be '/'"
        )
    return place


def _invalid(kind: str, text: str) -> errors.BadRequest:
    return errors.BadRequest(f'invalid mount config for type "{kind}": {text}')


def prepare_binds(points: Iterable[MountPoint]) -> None:
    """Make the missing host folders of binds, as the Engine does for `-v /path:…`. Raises
    BadRequest where that fails. Blocking."""
    for point in points:
        if point.type != "bind":
            continue
        try:
            if not Path(point.source).exists():
                Path(point.source).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.BadRequest(
                f"error while creating mount source path '{point.source}': {error.strerror}"
            ) from None


def for_runtime(container: Container, files_folder: Path) -> list[Mount]:
    """The mounts for the runtime. A volume without a source stays the image's own folder; hosts,
    hostname and resolv.conf come from `files_folder`."""
    found = [
        _tmpfs(point)
        if point.type == "tmpfs"
        else Mount("bind", point.destination, Path(point.source), not point.writable)
        for point in container.record.mounts
        if point.type == "tmpfs" or point.source
    ]
    taken = {mount.target for mount in found}
    files = {"/etc/resolv.conf": "resolv.conf", "/etc/hostname": "hostname", "/etc/hosts": "hosts"}
    for target, name in files.items():
        if target not in taken:
            found.append(Mount("bind", target, files_folder / name))
    return found


def _tmpfs(point: MountPoint) -> Mount:
    return Mount("tmpfs", point.destination, None, not point.writable, point.options)
