"""The reading part of COPY and ADD: files found in the context, in another stage or image, or
behind a URL. Each has a digest, which the cache compares."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from ..base import errors
from ..files import directory_trees, safe_path
from ..images import compression
from . import ignore

_WILD = re.compile(r"[*?\[]")
CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file or folder: `path` without links inside `root`."""

    root: Path
    path: str
    digest: str
    """file:<hex> or dir:<hex>"""
    is_folder: bool
    name: str
    unpack: bool = False
    """True for a tar archive that ADD unpacks."""


class NotFoundInContext(errors.APIError):
    """A source is missing. Has the Engine's status."""


def find(root: Path, wanted: str, unpack: bool) -> list[Source]:
    """The sources in `root` that match `wanted` (a path or a pattern). Raises BadRequest,
    NotFoundInContext. Blocking."""
    clean = posixpath.normpath("/" + wanted)
    if posixpath.normpath(wanted).startswith(".."):
        raise errors.BadRequest(f"forbidden path outside the build context: {wanted} ()")
    relative = clean.lstrip("/")
    if not _WILD.search(relative):
        return [_source(root, relative, wanted, unpack)]
    pattern = relative
    with directory_trees.opened(root) as top:
        paths = [found.path for found in directory_trees.walk(top)]
    names = [path for path in paths if ignore.matches(pattern, path)]
    return [_source(root, name, name, unpack) for name in names]


def _source(root: Path, relative: str, wanted: str, unpack: bool) -> Source:
    try:
        path = safe_path.resolve_in(root, "/" + relative)
        found = safe_path.lstat_in(root, path)
    except OSError:
        raise NotFoundInContext(
            f"file not found in build context or excluded by .dockerignore: stat {wanted}: "
            "file does not exist"
        ) from None
    is_folder = stat.S_ISDIR(found.st_mode)
    digest = _digest_of_folder(root, path) if is_folder else _digest_of_file(root, path)
    archive = unpack and stat.S_ISREG(found.st_mode) and _is_archive(root, path)
    kind = "dir" if is_folder else "file"
    return Source(root, path, f"{kind}:{digest}", is_folder, posixpath.basename(relative), archive)


def of_download(file: Path, name: str) -> Source:
    """The source for a downloaded file: never unpacked."""
    digest = _digest_of_file(file.parent, file.name)
    return Source(file.parent, f"/{file.name}", f"file:{digest}", False, name)


def name_of_url(url: str) -> str:
    """The file name at the end of a URL, or ""."""
    return posixpath.basename(urllib.parse.unquote(urllib.parse.urlsplit(url).path))


def digest_of(sources: list[Source]) -> str:
    """One digest for all sources of an instruction."""
    if len(sources) == 1:
        return sources[0].digest
    together = ",".join(source.digest for source in sources)
    return f"multi:{hashlib.sha256(together.encode()).hexdigest()}"


def _digest_of_file(root: Path, path: str) -> str:
    digest = hashlib.sha256()
    with safe_path.find(root, path) as place:
        _add(digest, "", place.folder, place.name, place.lstat())
    return digest.hexdigest()


def _digest_of_folder(root: Path, path: str) -> str:
    digest = hashlib.sha256()
    with safe_path.find(root, path + "/.") as place:
        folder = place.open(os.O_RDONLY | os.O_DIRECTORY)
    try:
        for found in directory_trees.walk(folder):
            _add(digest, found.path, found.parent, found.name, found.stat)
    finally:
        os.close(folder)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, path: str, folder: int, name: str, found: os.stat_result) -> None:
    """Add name, kind, mode and content to a digest. Times are left out, so that a new checkout
    gives the same digest."""
    size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    digest.update(f"{path}\0{found.st_mode:o}\0{size}\0".encode("utf-8", "surrogateescape"))
    if stat.S_ISLNK(found.st_mode):
        digest.update(os.fsencode(os.readlink(name, dir_fd=folder)))
    elif stat.S_ISREG(found.st_mode):
        with directory_trees.readable(folder, name) as file:
            while data := os.read(file, CHUNK):
                digest.update(data)


def _is_archive(root: Path, path: str) -> bool:
    """True for a tar archive, compressed or not, by its first bytes."""
    head = _Head()
    file = safe_path.open_in(root, path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(file, "rb") as source:
        plain = compression.Decompressor(head)
        try:
            while len(head.data) < 512 and (data := source.read(4096)):
                plain.write(data)
            if len(head.data) < 512:
                plain.close()
        except compression.CompressionError:
            plain.abort()
            return False
        if len(head.data) >= 512:
            plain.abort()
    return bytes(head.data[257:262]) == b"ustar"


class _Head:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        if len(self.data) < 512:
            self.data += data
