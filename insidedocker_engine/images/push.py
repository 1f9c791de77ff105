"""Pushing images from the store to registries, told of line by line."""

from __future__ import annotations

from ..base import errors
from ..server.http import Stream
from ..server.jobs import Work
from . import registry
from .manifests import Descriptor
from .references import Reference
from .registry_client import Credentials
from .store import Image, Images


async def push(images: Images, name: Reference, auth: Credentials) -> Stream:
    """Push `name`, or every tag of its repository where it has none. Raises NotFound."""

    def job(work: Work) -> None:
        work.report.status(f"The push refers to repository [{name.repository()}]")
        tags = work.in_loop(images.names.in_repository, name)
        if not tags:
            raise errors.NotFound(
                f"An image does not exist locally with the tag: {name.familiar_name}"
            )
        if name.tag:
            if name.tag not in tags:
                raise errors.NotFound(f"tag does not exist: {name.familiar}")
            tags = {name.tag: tags[name.tag]}
        with registry.Target(name, auth, images.registries, work.cancel) as target:
            for tag, identity in tags.items():
                _push_one(images, work, target, name.with_tag(tag), images.get(identity))

    return await Work(job).stream()


def _push_one(
    images: Images, work: Work, target: registry.Target, name: Reference, image: Image
) -> None:
    layers = [registry.Outgoing(diff, images.forms(diff)) for diff in image.diff_ids]
    with images.blobs.holding([image.id, *image.diff_ids]):
        sent = target.push(name.tag, image.id, layers, images.blobs, work.report)
        forms = [(layer.diff_id, layer.sent) for layer in layers if layer.sent is not None]
        work.in_loop(_remember, images, name, image, sent, forms)
    work.report.status(f"{name.tag}: digest: {sent.digest} size: {sent.size}")
    work.report.aux({"Tag": name.tag, "Digest": sent.digest, "Size": sent.size})


def _remember(
    images: Images,
    name: Reference,
    image: Image,
    sent: Descriptor,
    forms: list[tuple[str, Descriptor]],
) -> None:
    images.remember_forms(name, forms)
    images.tag(image, name.with_digest(sent.digest))
    images.emit("push", image, name.familiar, name.familiar_name)
