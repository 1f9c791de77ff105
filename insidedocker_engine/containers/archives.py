"""Files in and out of containers as tar archives: `docker cp` and `docker export`.

Works on running, stopped and only created containers. Paths are the container's own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..base import errors, timestamps
from ..files import safe_path, tar_extract
from . import etc_files

if TYPE_CHECKING:
    from ..container.record import Container
    from ..container.store import ContainerStore
    from ..runtime.contract import Runtime

GO_FOLDER, GO_LINK, GO_DEVICE = 1 << 31, 1 << 27, 1 << 26
GO_FIFO, GO_SOCKET, GO_CHARACTER = 1 << 25, 1 << 24, 1 << 21
GO_SETUID, GO_SETGID, GO_STICKY = 1 << 23, 1 << 22, 1 << 20
_KINDS = {
    stat.S_IFDIR: GO_FOLDER,
    stat.S_IFLNK: GO_LINK,
    stat.S_IFBLK: GO_DEVICE,
    stat.S_IFCHR: GO_DEVICE | GO_CHARACTER,
    stat.S_IFIFO: GO_FIFO,
    stat.S_IFSOCK: GO_SOCKET,
}


@dataclass(frozen=True)
class View:
    """One path of a container as seen from the host: a folder and the path inside it."""

    root: Path
    inside: str
    read_only: bool = False


def view(
    containers: ContainerStore, runtime: Runtime, container: Container, root: Path, path: str
) -> View:
    """The real place of `path`: in the container's own file system, mounted at `root`, or in a
    mount that covers the path. Blocking."""
    path = "/" + path.lstrip("/")
    trailing = "/." if path.endswith("/.") else "/" if path.endswith("/") else ""
    try:
        real = safe_path.resolve_in(root, path, follow=False)
    except OSError:
        real = posixpath.normpath(path)
    for destination, source, writable in _mounted(containers, runtime, container):
        if real != destination and not real.startswith(destination + "/"):
            continue
        rest = real[len(destination) :]
        if source is None:
            return View(Path(f"/proc/{container.state.pid}/root"), path, not writable)
        if source.is_dir():
            return View(source, (rest or "/") + trailing, not writable)
        return View(source.parent, f"/{source.name}{rest}{trailing}", not writable)
    return View(root, path, bool(container.host_config["ReadonlyRootfs"]))


def _mounted(
    containers: ContainerStore, runtime: Runtime, container: Container
) -> list[tuple[str, Path | None, bool]]:
    """(destination, source, writable) of each mount, innermost first. A mount without a source is
    visible only through the container's process."""
    found: list[tuple[str, Path | None, bool]] = []
    for point in container.record.mounts:
        if point.source:
            found.append((point.destination, Path(point.source), point.writable))
        elif point.type == "tmpfs" and container.run and runtime.name == "namespaces":
            found.append((point.destination, None, point.writable))
    folder = etc_files.folder_of(containers, container)
    for name in ("hosts", "hostname", "resolv.conf"):
        if (folder / name).exists():
            found.append((f"/etc/{name}", folder / name, True))
    return sorted(found, key=lambda each: -len(each[0]))


def describe(place: View, path: str) -> str:
    """The X-Docker-Container-Path-Stat header for `path` (as requested), in base64.

    Raises FileNotFoundError, NotADirectoryError.
    """
    target = ""
    with safe_path.find(place.root, place.inside, follow=False) as found:
        facts = found.lstat()
        if stat.S_ISLNK(facts.st_mode):
            with contextlib.suppress(OSError):
                target = safe_path.resolve_in(place.root, place.inside)
    name = posixpath.basename(path.rstrip("/")) or "/"
    value: dict[str, Any] = {
        "name": name,
        "size": facts.st_size,
        "mode": go_mode(facts.st_mode),
        "mtime": timestamps.text(facts.st_mtime_ns),
        "linkTarget": target,
    }
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(text.encode(errors="replace")).decode()


def go_mode(mode: int) -> int:
    """The bits of Go's os.FileMode, for the header."""
    found = stat.S_IMODE(mode) & 0o777 | _KINDS.get(stat.S_IFMT(mode), 0)
    for bit, go in (
        (stat.S_ISUID, GO_SETUID),
        (stat.S_ISGID, GO_SETGID),
        (stat.S_ISVTX, GO_STICKY),
    ):
        if mode & bit:
            found |= go
    return found


def pack(place: View, path: str) -> Iterator[bytes]:
    """A tar archive of `path`; its entries begin with the path's last component. Blocking at
    every step."""
    name = posixpath.basename(path.rstrip("/")) or "/"
    return tar_extract.pack(place.root, place.inside, name)


def unpack(place: View, path: str, archive: BinaryIO, keep_kinds: bool) -> None:
    """Unpack an archive into the folder `path`. Blocking.

    Raises NotFound, BadRequest, Forbidden.
    """
    if place.read_only:
        raise errors.Forbidden("container rootfs is marked read-only")
    try:
        found = safe_path.lstat_in(place.root, place.inside, follow=True)
    except OSError:
        raise errors.NotFound(f"Could not find the file {path} in container") from None
    if not stat.S_ISDIR(found.st_mode):
        raise errors.BadRequest("extraction point is not a directory")
    rules = tar_extract.Rules(keep_kinds=keep_kinds)
    tar_extract.extract(archive, place.root, place.inside, rules)
