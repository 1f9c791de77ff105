"""A folder of immutable files named by the SHA-256 of their contents: configs of images, and layers
as uncompressed tars.

Other modules decide which blobs are needed. All calls block, and are safe from several threads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..base import disk
from ..files import atomic_files

CHUNK = 1 << 20


class WrongDigest(Exception):
    """Data does not match the digest it was named by."""

    def __init__(self, wanted: str, got: str) -> None:
        super().__init__(f"expected {wanted}, got {got}")
        self.wanted = wanted
        self.got = got


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Blobs:
    """The blobs in `folder`/sha256/<hex>. Creates `folder` if missing."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "sha256"
        self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._unfinished = folder / "unfinished"
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def path(self, digest: str) -> Path:
        """The path of a blob, present or not. `digest` must be valid (`references.is_digest`)."""
        return self._files / digest.removeprefix("sha256:")

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def size(self, digest: str) -> int:
        return self.path(digest).stat().st_size

    def read(self, digest: str) -> bytes:
        return self.path(digest).read_bytes()

    def put(self, data: bytes) -> str:
        """Store `data`; returns its digest."""
        with self.writing() as writer:
            writer.write(data)
            return writer.keep()

    def put_file(self, source: BinaryIO) -> str:
        """Store the contents of `source`, in bounded memory; returns the digest."""
        with self.writing() as writer:
            shutil.copyfileobj(source, writer, CHUNK)
            return writer.keep()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """A new blob; discarded at the end unless `Writer.keep` was called."""
        handle, name = tempfile.mkstemp(dir=self._unfinished)
        path = Path(name)
        try:
            with os.fdopen(handle, "w+b", buffering=CHUNK) as file:
                yield Writer(self, file, path)
        finally:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def holding(self, digests: Iterable[str]) -> Iterator[None]:
        """Protect `digests` from removal meanwhile, present or not: a pull counts on layers that it
        has found."""
        held = Counter(set(digests))
        with self._lock:
            self._held += held
        try:
            yield
        finally:
            with self._lock:
                self._held -= held

    def remove(self, digest: str) -> bool:
        """Remove a blob; False where it is held."""
        with self._lock:
            if self._held[digest]:
                return False
            self.path(digest).unlink(missing_ok=True)
            return True

    def __iter__(self) -> Iterator[str]:
        """The digest of every blob."""
        for entry in os.scandir(self._files):
            yield f"sha256:{entry.name}"

    def _keep(self, file: BinaryIO, unfinished: Path, digest: str) -> None:
        file.flush()
        os.fsync(file.fileno())
        unfinished.rename(self.path(digest))
        atomic_files.sync_folder(self._files)


class Writer:
    """Takes the bytes of one blob and hashes them as they come."""

    def __init__(self, blobs: Blobs, file: BinaryIO, path: Path) -> None:
        self._blobs = blobs
        self.file = file
        self._path = path
        self._hash = hashlib.sha256()
        self.written = 0

    def write(self, data: bytes) -> int:
        disk.need_room()
        self._hash.update(data)
        self.written += len(data)
        return self.file.write(data)

    @property
    def digest(self) -> str:
        """Digest of the data written so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def keep(self, wanted: str = "") -> str:
        """Make the blob visible under its digest. Raises WrongDigest, and keeps nothing, where the
        digest is not `wanted`."""
        if wanted and self.digest != wanted:
            raise WrongDigest(wanted, self.digest)
        self._blobs._keep(self.file, self._path, self.digest)
        return self.digest
