"""One image layer as a set of files, and as a tar whose bytes depend on these files alone.

A layer holds what an image adds or changes: files, folders, symbolic links, and whiteouts
(`.wh.NAME`), which hide a file of the layers below.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from insidedocker.catalog.errors import CatalogError

MOMENT = 1767225600
"""The time of every file, 2026-01-01 00:00 UTC, in seconds: a digest must not depend on the clock.
"""

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True)
class Entry:
    """A file (with `data`), a symbolic link (with `target`) or a folder (with neither), owned by
    root."""

    mode: int
    data: bytes | None = None
    target: str | None = None


class Layer:
    """Files by their path in the image, without a leading slash."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def folder(self, path: str, mode: int = 0o755) -> None:
        self._put(path, Entry(mode))

    def file(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        self._put(path, Entry(mode, data=data.encode() if isinstance(data, str) else data))

    def link(self, path: str, target: str) -> None:
        self._put(path, Entry(0o777, target=target))

    def whiteout(self, path: str) -> None:
        """Hide the file at `path` of a lower layer."""
        hidden = PurePosixPath(path)
        self.file(str(hidden.with_name(f".wh.{hidden.name}")), b"")

    def package(self, stream: tarfile.TarFile, wanted: Callable[[str], bool]) -> None:
        """Add the files of a Debian package for which `wanted(path)` is true.

        /bin, /lib and their like move below /usr, as on every Debian system.
        """
        for member in stream:
            path = _merged(member.name)
            if path and wanted(path):
                self._put_member(path, member, stream)

    def file_data(self, path: str) -> bytes:
        """The bytes of the file at `path`; raises `CatalogError` where no file is there."""
        entry = self.entries.get(path)
        if entry is None or entry.data is None:
            raise CatalogError(f"Debian's packages hold no {path} where it is looked for.")
        return entry.data

    def remove(self, wanted: Callable[[str], bool]) -> None:
        """Remove every entry for which `wanted(path)` is false."""
        self.entries = {path: entry for path, entry in self.entries.items() if wanted(path)}

    def unpack(self, folder: Path) -> None:
        """Unpack the layer into `folder`, so that a program in the layer can run at build time."""
        for path, entry in sorted(self.entries.items()):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if entry.target is not None:
                place.symlink_to(entry.target)
            elif entry.data is not None:
                place.write_bytes(entry.data)
                place.chmod(entry.mode & 0o777)
            else:
                place.mkdir(exist_ok=True)

    def write(self, stream: BinaryIO) -> None:
        """Write the layer as an uncompressed tar: parents first, then in byte order of names."""
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, entry in sorted(self._with_parents()):
                member = _member(path, entry)
                tar.addfile(member, io.BytesIO(entry.data) if entry.data else None)

    def _with_parents(self) -> Iterable[tuple[str, Entry]]:
        missing = {
            str(parent)
            for path in self.entries
            for parent in PurePosixPath(path).parents
            if str(parent) != "."
        } - self.entries.keys()
        return [*self.entries.items(), *((path, Entry(0o755)) for path in missing)]

    def _put_member(self, path: str, member: tarfile.TarInfo, stream: tarfile.TarFile) -> None:
        mode = member.mode & 0o1777
        if member.isdir():
            self.entries.setdefault(path, Entry(mode))
        elif member.issym():
            self.link(path, member.linkname)
        elif member.islnk():
            original = self.entries[_merged(member.linkname)]
            self._put(path, original)
        elif member.isreg():
            source = stream.extractfile(member)
            assert source is not None
            self.file(path, source.read(), mode)

    def _put(self, path: str, entry: Entry) -> None:
        self.entries[path] = entry


def _merged(name: str) -> str:
    """The path of a package's file in the image; empty for the root and for /bin itself."""
    path = PurePosixPath(name.removeprefix("./"))
    if not path.parts or str(path) in _MERGED:
        return ""
    return str(PurePosixPath("usr") / path) if path.parts[0] in _MERGED else str(path)


def _member(path: str, entry: Entry) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.mtime = MOMENT
    member.mode = entry.mode
    if entry.target is not None:
        member.type, member.linkname = tarfile.SYMTYPE, entry.target
    elif entry.data is not None:
        member.size = len(entry.data)
    else:
        member.type = tarfile.DIRTYPE
    return member
