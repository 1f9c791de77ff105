"""/containers/{id}/archive and export: files of a container as tar archives."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from ..base import errors
from ..containers import archives
from ..files import tar_extract
from ..images.compression import CompressionError, Decompressor
from ..server.http import Answer, Request, Response, Stream
from .containers import container_of
from .routing import route

if TYPE_CHECKING:
    from ..container.record import Container
    from ..daemon import Daemon

TAR = "application/x-tar"
STAT = "X-Docker-Container-Path-Stat"


def _path_of(request: Request) -> str:
    path = request.get("path")
    if not path:
        raise errors.BadRequest("bad parameter: path cannot be empty")
    if "\0" in path:
        raise errors.BadRequest("bad parameter: path cannot contain a zero byte")
    return path


def _missing(request: Request) -> errors.NotFound:
    return errors.NotFound(
        f"Could not find the file {request.get('path')} in container {request.params['id']}"
    )


@route("HEAD", "/containers/{id}/archive")
async def stat(daemon: Daemon, request: Request) -> Answer:
    container, path = container_of(daemon, request), _path_of(request)
    async with daemon.file_systems.mounted(container) as root:

        def describe() -> str:
            view = archives.view(daemon.store, daemon.runtime, container, root, path)
            return archives.describe(view, path)

        try:
            header = await asyncio.to_thread(describe)
        except OSError:
            raise _missing(request) from None
    return Response(200, headers={STAT: header})


@route("GET", "/containers/{id}/archive")
async def download(daemon: Daemon, request: Request) -> Answer:
    container, path = container_of(daemon, request), _path_of(request)
    root = await daemon.file_systems.hold(container)
    try:

        def begin() -> tuple[str, Iterator[bytes], bytes]:
            place = archives.view(daemon.store, daemon.runtime, container, root, path)
            header = archives.describe(place, path)
            pieces = archives.pack(place, path)
            return header, pieces, next(pieces, b"")

        header, pieces, first = await asyncio.to_thread(begin)
    except OSError:
        await daemon.file_systems.release(container)
        raise _missing(request) from None
    except BaseException:
        await daemon.file_systems.release(container)
        raise
    daemon.store.emit(container, "archive-path")
    return Stream(_send(daemon, container, first, pieces), TAR, headers={STAT: header})


@route("GET", "/containers/{id}/export")
async def export(daemon: Daemon, request: Request) -> Answer:
    container = container_of(daemon, request)
    root = await daemon.file_systems.hold(container)
    try:
        pieces = tar_extract.pack(root, "/", "")
        first = await asyncio.to_thread(next, pieces, b"")
    except BaseException as error:
        await daemon.file_systems.release(container)
        if isinstance(error, OSError):
            daemon.store.still_there(container.id)
        raise
    daemon.store.emit(container, "export")
    return Stream(_send(daemon, container, first, pieces), "application/octet-stream")


async def _send(
    daemon: Daemon, container: Container, first: bytes, pieces: Iterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces joined into batches: each piece alone would cost a trip to a thread."""
    gathering: asyncio.Future[bytes] | None = None
    try:
        yield first
        while True:
            gathering = asyncio.ensure_future(asyncio.to_thread(_gather, pieces))
            batch = await asyncio.shield(gathering)
            if not batch:
                return
            yield batch
    finally:
        if gathering is not None:  # the thread goes on after the client has left
            await asyncio.wait([gathering])
        close: Callable[[], None] | None = getattr(pieces, "close", None)
        if close is not None:
            await asyncio.to_thread(close)
        await daemon.file_systems.release(container)


def _gather(pieces: Iterator[bytes]) -> bytes:
    batch = bytearray()
    for piece in pieces:
        batch += piece
        if len(batch) >= 256 << 10:
            break
    return bytes(batch)


@route("PUT", "/containers/{id}/archive")
async def upload(daemon: Daemon, request: Request) -> Answer:
    container, path = container_of(daemon, request), _path_of(request)
    keep_kinds = request.flag("noOverwriteDirNonDir")
    with tempfile.TemporaryFile(dir=daemon.temporary) as archive:
        await _receive(request, archive)
        archive.seek(0)
        async with daemon.file_systems.mounted(container) as root:

            def unpack() -> None:
                place = archives.view(daemon.store, daemon.runtime, container, root, path)
                archives.unpack(place, path, archive, keep_kinds)

            try:
                await asyncio.to_thread(unpack)
            except errors.NotFound:
                raise _missing(request) from None
    daemon.store.emit(container, "extract-to-dir")
    return Response(200)


async def _receive(request: Request, archive: BinaryIO) -> None:
    """Write the body, decompressed, into a file, which a thread reads later."""
    plain = Decompressor(archive)
    try:
        async for data in request.stream():
            await asyncio.to_thread(plain.write, data)
        await asyncio.to_thread(plain.close)
    except BaseException as error:
        with contextlib.suppress(Exception):
            plain.abort()
        if isinstance(error, CompressionError):
            raise errors.BadRequest(f"the archive cannot be read: {error}") from None
        raise
