"""Archives of images, as `docker save` writes and `docker load` reads them.

Written: the docker-archive form and an OCI layout in one tar, as the Engine does from 25.0 on.
Read: that, the docker-archive form alone (Docker before 25, Podman), an OCI layout alone; each
plain or compressed. All of it blocks.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ..base import errors
from ..files.tar_reader import FILE, FOLDER, LINK, SYMLINK, Corrupt, Entry, TarReader
from . import manifests, platforms, references
from .blobs import Blobs, WrongDigest, digest_of
from .compression import CompressionError, Decompressor, Source, decompress
from .manifests import Descriptor, Index, Manifest
from .platforms import Platform
from .references import Reference

CHUNK = 256 << 10
ENTRIES_LIMIT = 100_000
LINKS_LIMIT = 32
NAME_NOTE = "io.containerd.image.name"
REF_NOTE = "org.opencontainers.image.ref.name"

Progress = Callable[[str, int, int], object]
"""(diff id of a layer, bytes done, bytes to do) -> ignored."""


@dataclass(frozen=True)
class Loaded:
    """An image read from an archive: its config and layers are in the blobs."""

    config: str
    names: list[Reference]


@dataclass
class Export:
    """An image to write, under the requested names."""

    id: str
    diff_ids: list[str]
    created: int
    """Seconds since 1970; used for all times in the archive, so that the same image gives the same
    archive."""
    names: list[Reference] = field(default_factory=list)


# Reading


class Archive:
    """An archive in one plain file, and the place of each entry in it. Nothing is unpacked, so the
    archive cannot reach other files."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the index of entries. Raises BadRequest where the file is not a tar, or has entries
        other than files, folders and links."""
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            for count, entry in enumerate(TarReader(file)):
                if count == ENTRIES_LIMIT:
                    raise errors.BadRequest(f"the archive has more than {ENTRIES_LIMIT} entries")
                self._note(entry)
        except Corrupt as error:
            raise errors.BadRequest(f"this is no archive of images: {error}") from None

    def _note(self, entry: Entry) -> None:
        name = posixpath.normpath(entry.name.lstrip("/"))
        if name.startswith("../"):
            raise errors.BadRequest(f"the archive's entry {entry.name!r} leaves it")
        if entry.kind == FILE and entry.regions is None:
            self._places[name] = (self._file.tell(), entry.size)
        elif entry.kind == SYMLINK:
            self._links[name] = posixpath.join(posixpath.dirname(name), entry.link)
        elif entry.kind == LINK:
            self._links[name] = entry.link
        elif entry.kind != FOLDER:
            raise errors.BadRequest(f"the archive's entry {entry.name!r} is not a plain file")

    def has(self, name: str) -> bool:
        return self._place(name) is not None

    def _place(self, name: str) -> tuple[int, int] | None:
        """(offset, size) of a file, links followed within the archive; None where missing."""
        for _ in range(LINKS_LIMIT):
            name = posixpath.normpath(name.lstrip("/"))
            if name in self._places:
                return self._places[name]
            if name not in self._links:
                return None
            name = self._links[name]
        return None

    def size(self, name: str) -> int:
        """Bytes of a file. Raises BadRequest where it is missing."""
        place = self._place(name)
        if place is None:
            raise errors.BadRequest(f"the archive names {name!r}, but does not hold it")
        return place[1]

    def pieces(self, name: str) -> Iterator[bytes]:
        left = self.size(name)
        place = self._place(name)
        assert place is not None
        self._file.seek(place[0])
        while left:
            data = self._file.read(min(CHUNK, left))
            left -= len(data)
            yield data

    def document(self, name: str) -> bytes:
        """The contents of a small file. Raises BadRequest where it is missing or too large."""
        if self.size(name) > manifests.MANIFEST_LIMIT:
            raise errors.BadRequest(f"the archive's {name!r} is too large for what it should be")
        return b"".join(self.pieces(name))

    def blob(self, blob: Descriptor) -> bytes:
        """A small blob of an OCI layout, checked against digest and size. Raises BadRequest."""
        data = self.document(_blob_name(blob.digest))
        if digest_of(data) != blob.digest or len(data) != blob.size:
            raise errors.BadRequest(f"the archive's blob {blob.digest} is not what its name says")
        return data


def load(
    stream: Source,
    blobs: Blobs,
    temporary: Path,
    progress: Progress = lambda _diff, _done, _total: None,
    platform: Platform | None = None,
) -> Iterator[Loaded]:
    """Read the images of an archive into `blobs`, one by one. `temporary` is a folder for the
    decompressed archive. Raises BadRequest."""
    try:
        with tempfile.TemporaryFile(dir=temporary) as file:
            decompress(stream, file)
            file.seek(0)
            archive = Archive(file)
            if archive.has("manifest.json"):
                yield from _load_docker(archive, blobs, progress, platform)
            elif archive.has("index.json"):
                yield from _load_oci(archive, blobs, progress, platform or Platform.host())
            else:
                raise errors.BadRequest(
                    "this is no archive of images: it has neither manifest.json nor index.json"
                )
    except (manifests.Malformed, CompressionError) as error:
        raise errors.BadRequest(f"the archive is no good: {error}") from None


def _load_docker(
    archive: Archive, blobs: Blobs, progress: Progress, platform: Platform | None
) -> Iterator[Loaded]:
    for item in _list(archive.document("manifest.json"), "manifest.json"):
        names, layers, config = (item.get(key) for key in ("RepoTags", "Layers", "Config"))
        if not isinstance(config, str) or not _texts(layers or []) or not _texts(names or []):
            raise errors.BadRequest("the archive's manifest.json is not as docker save writes it")
        data = archive.document(config)
        value = manifests.parse_config(data)
        diffs = manifests.diff_ids(value)
        if len(diffs) != len(layers or []):
            raise errors.BadRequest(
                "invalid manifest, layers length mismatch: "
                f"expected {len(diffs)}, got {len(layers or [])}"
            )
        if platform is not None and not platforms.of(value).suits(platform):
            raise errors.NotFound(f"the archive has no image for {platform}")
        with blobs.holding([*diffs, digest_of(data)]):
            for diff, name in zip(diffs, layers or [], strict=True):
                _keep_layer(archive, name, diff, blobs, progress)
            yield Loaded(blobs.put(data), [_tag(name) for name in names or []])


def _load_oci(
    archive: Archive, blobs: Blobs, progress: Progress, platform: Platform
) -> Iterator[Loaded]:
    named: dict[str, list[Reference]] = {}
    found: dict[str, Manifest] = {}
    index = _object(archive.document("index.json"), "index.json")
    for item in index.get("manifests") or []:
        top = manifests.descriptor(item)
        manifest = _choose(archive, top, platform)
        if manifest is None:
            continue
        found[manifest.config.digest] = manifest
        names = named.setdefault(manifest.config.digest, [])
        names += _noted_name(item.get("annotations"))
    if not found:
        raise errors.NotFound(f"the archive has no image for {platform}")
    for identity, manifest in found.items():
        data = archive.blob(manifest.config)
        diffs = manifests.diff_ids(manifests.parse_config(data, len(manifest.layers)))
        with blobs.holding([*diffs, identity]):
            for diff, layer in zip(diffs, manifest.layers, strict=True):
                _keep_layer(archive, _blob_name(layer.digest), diff, blobs, progress)
            yield Loaded(blobs.put(data), named[identity])


def _choose(archive: Archive, top: Descriptor, platform: Platform) -> Manifest | None:
    """The image of an entry of index.json; None where it has no image for the platform."""
    if not archive.has(_blob_name(top.digest)):
        return None
    parsed = manifests.parse(archive.blob(top), top.media_type)
    if isinstance(parsed, Manifest):
        return parsed
    here = [pair for pair in parsed.entries if archive.has(_blob_name(pair[1].digest))]
    chosen = platforms.choose(here, platform)
    if chosen is None:
        return None
    parsed = manifests.parse(archive.blob(chosen), chosen.media_type)
    return None if isinstance(parsed, Index) else parsed


def _noted_name(notes: Any) -> list[Reference]:
    """The name of an image in index.json, as a list of at most one. `ref.name` alone may be just a
    tag."""
    if not isinstance(notes, dict):
        return []
    for note in (NAME_NOTE, REF_NOTE):
        text = notes.get(note)
        if isinstance(text, str) and (note == NAME_NOTE or "/" in text or ":" in text):
            with contextlib.suppress(errors.BadRequest):
                return [references.parse(text).tagged()]
    return []


def _keep_layer(archive: Archive, name: str, diff: str, blobs: Blobs, progress: Progress) -> None:
    """Store a layer, decompressed and checked against its diff id. Raises BadRequest."""
    total, done = archive.size(name), 0
    if blobs.has(diff):
        return
    with blobs.writing() as writer:
        plain = Decompressor(writer)
        try:
            for data in archive.pieces(name):
                plain.write(data)
                done += len(data)
                progress(diff, done, total)
            plain.close()
            writer.keep(diff)
        except WrongDigest as wrong:
            raise errors.BadRequest(
                f"invalid diffID for a layer: expected {wrong.wanted}, got {wrong.got}"
            ) from None
        except BaseException:
            plain.abort()
            raise


def _tag(text: str) -> Reference:
    name = references.parse(text)
    if not name.tag:
        raise errors.BadRequest(f'invalid tag "{text}"')
    return name


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _list(data: bytes, what: str) -> list[dict[str, Any]]:
    value = _json(data, what)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise errors.BadRequest(f"the archive's {what} is no list of objects")
    return value


def _object(data: bytes, what: str) -> dict[str, Any]:
    value = _json(data, what)
    if not isinstance(value, dict):
        raise errors.BadRequest(f"the archive's {what} is no object")
    return value


def _json(data: bytes, what: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise errors.BadRequest(f"the archive's {what} is not JSON") from None


def _blob_name(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


# Writing


def save(exports: list[Export], blobs: Blobs) -> Iterator[bytes]:
    """Yield the archive of some images, piece by piece. The blobs must stay meanwhile."""
    documents: dict[str, bytes] = {}
    described: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for export in exports:
        manifest, layers = _manifest(export, blobs)
        documents[_blob_name(digest_of(manifest))] = manifest
        described.append(_docker_entry(export, layers))
        entries += _index_entries(export, manifest)
    tops: dict[str, dict[str, str]] = {}
    for export in exports:
        for name in export.names:
            top = export.diff_ids[-1].removeprefix("sha256:") if export.diff_ids else ""
            tops.setdefault(name.familiar_name, {})[name.tag] = top
    index = {"schemaVersion": 2, "mediaType": manifests.OCI_INDEX, "manifests": entries}
    documents |= {
        "index.json": manifests.compact(index),
        "manifest.json": manifests.compact(described),
        "oci-layout": manifests.compact({"imageLayoutVersion": "1.0.0"}),
    }
    if tops:
        documents["repositories"] = manifests.compact(tops) + b"\n"
    created = max((export.created for export in exports), default=0)
    yield from _archive(exports, documents, blobs, created)


def _archive(
    exports: list[Export], documents: dict[str, bytes], blobs: Blobs, created: int
) -> Iterator[bytes]:
    for folder in ("blobs/", "blobs/sha256/"):
        yield _header(folder, 0, created, tarfile.DIRTYPE)
    written: set[str] = set()
    for export in exports:
        for digest in [*export.diff_ids, export.id]:
            if digest not in written:
                written.add(digest)
                yield _header(_blob_name(digest), blobs.size(digest), export.created)
                yield from _padded(blobs.path(digest))
    for name, data in documents.items():
        yield _header(name, len(data), created)
        yield data + b"\0" * (-len(data) % tarfile.BLOCKSIZE)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _manifest(export: Export, blobs: Blobs) -> tuple[bytes, list[Descriptor]]:
    layers = [Descriptor(manifests.OCI_LAYER, diff, blobs.size(diff)) for diff in export.diff_ids]
    config = Descriptor(manifests.OCI_CONFIG, export.id, blobs.size(export.id))
    return manifests.write(config, layers, manifests.OCI_MANIFEST), layers


def _docker_entry(export: Export, layers: list[Descriptor]) -> dict[str, Any]:
    return {
        "Config": _blob_name(export.id),
        "RepoTags": [name.familiar for name in export.names] or None,
        "Layers": [_blob_name(diff) for diff in export.diff_ids],
        "LayerSources": {layer.digest: layer.json() for layer in layers},
    }


def _index_entries(export: Export, manifest: bytes) -> list[dict[str, Any]]:
    """Index entries of an image: one per name, as containerd writes them; one without a name if it
    has none."""
    entry = Descriptor(manifests.OCI_MANIFEST, digest_of(manifest), len(manifest)).json()
    if not export.names:
        return [entry]
    return [
        {**entry, "annotations": {NAME_NOTE: str(name), REF_NOTE: name.tag}}
        for name in export.names
    ]


def _header(name: str, size: int, created: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.mtime = size, kind, max(0, created)
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return info.tobuf(tarfile.GNU_FORMAT)


def _padded(path: Path) -> Iterator[bytes]:
    length = 0
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            length += len(data)
            yield data
    yield b"\0" * (-length % tarfile.BLOCKSIZE)
