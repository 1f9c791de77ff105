"""Decompression of layers and archives.

The first bytes tell the format, as with the Engine: media types are often wrong.
"""

from __future__ import annotations

import bz2
import contextlib
import lzma
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

CHUNK = 256 << 10
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
}
MAGIC_LENGTH = max(map(len, _MAGIC))


class CompressionError(Exception):
    """Broken data, or a format that cannot be decompressed here."""


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def kind(head: bytes) -> str:
    """gzip, zstd, xz, bzip2, or "" for plain data."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


class Decompressor:
    """Decompresses data as it comes; writes plain bytes to `sink` in pieces of bounded size."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._head = b""
        self._codec: _Codec | None = None

    def write(self, data: bytes) -> None:
        """Add compressed data. Raises CompressionError."""
        if self._codec is None:
            self._head += data
            if len(self._head) < MAGIC_LENGTH:
                return
            self._start()
        else:
            self._codec.feed(data)

    def close(self) -> None:
        """End the data. Raises CompressionError where it is incomplete."""
        if self._codec is None:
            self._start()
        assert self._codec is not None
        self._codec.finish()

    def abort(self) -> None:
        if self._codec is not None:
            self._codec.abort()

    def _start(self) -> None:
        head, self._head = self._head, b""
        self._codec = _CODECS[kind(head)](self._sink)
        self._codec.feed(head)


class _Codec(Protocol):
    def __init__(self, sink: Sink) -> None: ...
    def feed(self, data: bytes) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


class _Plain:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def feed(self, data: bytes) -> None:
        self._sink.write(data)

    def finish(self) -> None:
        pass

    def abort(self) -> None:
        pass


class _Gzip(_Plain):
    """gzip, also with several members in a row."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def feed(self, data: bytes) -> None:
        try:
            while data:
                self._sink.write(self._stream.decompress(data, CHUNK))
                data = self._stream.unconsumed_tail
                if self._stream.eof and (data := self._stream.unused_data.lstrip(b"\0")):
                    self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        except zlib.error as error:
            raise CompressionError(f"the gzip data is broken: {error}") from None

    def finish(self) -> None:
        self._sink.write(self._stream.flush())
        if not self._stream.eof:
            raise CompressionError("the gzip data ends too early")


class _Incremental(_Plain):
    """bzip2 and xz, whose decompressors share an interface; also several streams in a row."""

    name = ""
    make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        self._stream = self.make()

    def feed(self, data: bytes) -> None:
        try:
            while data or not (self._stream.eof or self._stream.needs_input):
                self._sink.write(self._stream.decompress(data, CHUNK))
                data = b""
                if self._stream.eof and (data := self._stream.unused_data.lstrip(b"\0")):
                    self._stream = self.make()
        except (OSError, lzma.LZMAError) as error:
            raise CompressionError(f"the {self.name} data is broken: {error}") from None

    def finish(self) -> None:
        if not self._stream.eof:
            raise CompressionError(f"the {self.name} data ends too early")


class _Bzip2(_Incremental):
    name = "bzip2"
    make = bz2.BZ2Decompressor


class _Xz(_Incremental):
    name = "xz"
    make = lzma.LZMADecompressor


class _Zstd(_Plain):
    """zstd through the program `zstd`: Python has a module for it only from 3.14 on."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        program = shutil.which("zstd")
        if program is None:
            raise CompressionError(
                "the layer is compressed with zstd, which needs the program zstd: install it"
            )
        self._process = subprocess.Popen(
            [program, "-dcq"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._failure: Exception | None = None
        self._reader = threading.Thread(target=self._pump, daemon=True)
        self._reader.start()

    def _pump(self) -> None:
        output = self._process.stdout
        assert output is not None
        try:
            for data in _pieces(output):
                self._sink.write(data)
        except Exception as error:  # raised again by `feed` or `finish`
            self._failure = error
            self._process.kill()

    def feed(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            self._end()
            raise CompressionError("the zstd data is broken") from None

    def finish(self) -> None:
        if self._end() != 0:
            raise CompressionError("the zstd data is broken")

    def abort(self) -> None:
        self._process.kill()
        self._close_input()
        self._process.wait()
        self._reader.join()

    def _end(self) -> int:
        self._close_input()
        self._reader.join()
        code = self._process.wait()
        if self._failure is not None:
            raise self._failure
        return code

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the exit code shows the failure
            self._process.stdin.close()


_CODECS: dict[str, type[_Codec]] = {
    "": _Plain,
    "gzip": _Gzip,
    "bzip2": _Bzip2,
    "xz": _Xz,
    "zstd": _Zstd,
}


def _pieces(source: Source) -> Iterator[bytes]:
    while data := source.read(CHUNK):
        yield data


def decompress(source: Source, sink: Sink) -> None:
    """Copy `source` to `sink`, uncompressed. Raises CompressionError."""
    decompressor = Decompressor(sink)
    try:
        for data in _pieces(source):
            decompressor.write(data)
        decompressor.close()
    except BaseException:
        decompressor.abort()
        raise
