"""Images out of archives: one file system (`docker import`), or saved images (`docker load`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps
from ..base.version import VERSION
from ..server.http import Stream
from ..server.jobs import Body, Work
from . import archive, manifests
from .compression import CompressionError, Decompressor, decompress
from .platforms import Platform
from .references import Reference
from .store import Image, Images

if TYPE_CHECKING:
    from .blobs import Writer


@dataclass(frozen=True)
class ImportOptions:
    """The parameters of an import."""

    source: str
    """An http address, or "-" for the request's body."""
    name: Reference | None
    platform: Platform
    message: str
    settings: dict[str, Any]


async def import_archive(images: Images, options: ImportOptions, body: Body) -> Stream:
    """Make an image of one layer out of a tar archive, plain or compressed."""

    def job(work: Work) -> None:
        with images.coming():
            keep(work)

    def keep(work: Work) -> None:
        blobs = images.blobs
        with blobs.writing() as writer:
            try:
                if options.source == "-":
                    decompress(body, writer)
                else:
                    _download(work, options.source, writer)
            except CompressionError as error:
                raise errors.BadRequest(f"the archive to import is no good: {error}") from None
            diff = writer.keep()
        with blobs.holding([diff]):
            size = images.measure(diff)
            identity = blobs.put(manifests.compact(_config(options, diff)))
            with blobs.holding([identity]):
                image = work.in_loop(_add, images, identity, size, options.name)
        work.report.status(image.id)

    return await Work(job).stream()


def _config(options: ImportOptions, diff: str) -> dict[str, Any]:
    moment = timestamps.now()
    comment = options.message or f"Imported from {options.source}"
    platform = options.platform
    return {
        "architecture": platform.architecture,
        **({"variant": platform.variant} if platform.variant else {}),
        "os": platform.os,
        "comment": comment,
        "config": options.settings,
        "created": moment,
        "docker_version": VERSION,
        "history": [{"created": moment, "comment": comment}],
        "rootfs": {"type": "layers", "diff_ids": [diff]},
    }


def _add(images: Images, identity: str, size: int, name: Reference | None) -> Image:
    image = images.add(identity, [size], names=[] if name is None else [name])
    if name is not None:
        images.emit("tag", image, name=name.familiar)
    images.emit("import", image)
    return image


def _download(work: Work, source: str, sink: Writer) -> None:
    """Fetch an archive to import from the address that the client names."""
    import requests

    url = source if "://" in source else f"http://{source}"
    if not url.startswith(("http://", "https://")):
        raise errors.BadRequest(f"{source!r} cannot be imported: an http address is needed")
    work.report.status(f"Downloading from {url}")
    plain = Decompressor(sink)
    try:
        with requests.get(url, stream=True, timeout=(10, 60)) as response:
            if not response.ok:
                raise errors.APIError(f"{url} answered {response.status_code} {response.reason}")
            total, done = int(response.headers.get("Content-Length") or 0), 0
            for data in response.iter_content(1 << 18):
                done += len(data)
                work.report("", "Importing", done, total)
                plain.write(data)
        plain.close()
    except (requests.RequestException, ValueError) as error:  # a host name that cannot be one
        raise errors.APIError(f"{url} cannot be fetched: {error}") from None


async def load(images: Images, body: Body, platform: Platform | None, quiet: bool) -> Stream:
    """Take the images of a saved archive into the store."""

    def job(work: Work) -> None:
        def tell(diff: str, done: int, total: int) -> None:
            if work.cancel.is_set():
                raise ConnectionAbortedError("the client went away")
            if not quiet:
                work.report(diff.removeprefix("sha256:")[:12], "Loading layer", done, total)

        try:
            take(work, tell)
        except errors.APIError as error:  # the Engine answers 200 here, whatever is wrong
            work.report.failure(error.message)

    def take(work: Work, tell: archive.Progress) -> None:
        with images.coming():
            for loaded in archive.load(body, images.blobs, images.temporary, tell, platform):
                sizes = [images.measure(diff) for diff in images.layers_of(loaded.config)]
                work.in_loop(_register, images, work, loaded, sizes)

    return await Work(job).stream()


def _register(images: Images, work: Work, loaded: archive.Loaded, sizes: list[int]) -> None:
    others = [(name, images.named(name)) for name in loaded.names]
    image = images.add(loaded.config, sizes, names=loaded.names)
    for name, before in others:
        if before is not None and before.id != image.id:
            work.report.stream(
                f"The image {name.familiar} already exists, renaming the old one "
                f"with ID {before.id} to empty string\n"
            )
        work.report.stream(f"Loaded image: {name.familiar}\n")
    if not loaded.names:
        work.report.stream(f"Loaded image ID: {image.id}\n")
    images.emit("load", image)
