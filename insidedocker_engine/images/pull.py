"""Pulling images from registries into the store, told of line by line."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..server.jobs import Work
from . import registry
from .platforms import Platform
from .references import Reference
from .registry_client import Credentials
from .store import Images


async def pull(
    images: Images, name: Reference, auth: Credentials | None, platform: Platform | None
) -> AsyncGenerator[bytes, None]:
    """Pull `name`, every tag of it where it has none.

    Raises APIError where that fails before there is something to tell; later it is the last line.
    """
    known = auth or Credentials()

    def job(work: Work) -> None:
        wanted = [name]
        if not name.tag and not name.digest:
            with registry.Source(name, known, images.registries, work.cancel) as source:
                wanted = [name.with_tag(tag) for tag in source.tags()]
        with images.coming():
            newer = [_pull_one(images, work, one, known, platform) for one in wanted]
        news = "Downloaded newer image" if any(newer) else "Image is up to date"
        work.report.status(f"Status: {news} for {name.familiar}")

    return (await Work(job).stream()).chunks


def _pull_one(
    images: Images, work: Work, name: Reference, auth: Credentials, platform: Platform | None
) -> bool:
    """Pull one image, in the work's thread; False where it was here by that name already."""
    report = work.report
    pulled = registry.pull(
        name,
        images.blobs,
        report,
        auth,
        platform=platform,
        options=images.registries,
        cancel=work.cancel,
        found=lambda _found: report.status(f"Pulling from {name.path}", name.tag or str(name)),
    )
    diffs = [layer.diff_id for layer in pulled.layers]
    with images.blobs.holding([*diffs, pulled.config]):
        sizes = []
        for layer in pulled.layers:
            sizes.append(images.measure(layer.diff_id))
            if layer.diff_id in pulled.fetched:
                identity = registry.short(layer.blob.digest)
                report(identity, "Extracting", layer.blob.size, layer.blob.size)
                report(identity, "Pull complete")
        newer = work.in_loop(_keep, images, name, pulled, sizes)
    report.status(f"Digest: {pulled.digest}")
    return newer


def _keep(images: Images, name: Reference, pulled: registry.Pulled, sizes: list[int]) -> bool:
    """Make the image visible; False where that name stood for it already."""
    newer = images.names.get(name) != pulled.config
    names = [*([name] if newer else []), name.with_digest(pulled.digest)]
    image = images.add(pulled.config, sizes, names=names)
    images.remember_forms(name, [(layer.diff_id, layer.blob) for layer in pulled.layers])
    images.emit("pull", image, name.familiar, name.familiar_name)
    return newer
