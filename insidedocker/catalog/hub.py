"""Docker Hub as a source: one image pulled by the engine's own registry client, every digest
checked, and written as an archive. Knows nothing of the course's images.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from insidedocker.catalog import image_archive
from insidedocker.catalog.errors import OutOfReach
from insidedocker.progress import Progress
from insidedocker_engine.base import errors
from insidedocker_engine.images import references, registry
from insidedocker_engine.images.blobs import Blobs
from insidedocker_engine.images.platforms import Platform
from insidedocker_engine.images.registry_client import Options

_ANONYMOUS = Options()


def save(
    reference: str,
    path: Path,
    platform: Platform,
    *,
    options: Options = _ANONYMOUS,
    progress: Progress | None = None,
) -> tuple[image_archive.Contents, str]:
    """Pull `reference` ("busybox:latest") for `platform` and write it to the archive `path`.

    Also returns the digest that the name has at the registry, usually that of an index.
    `options` may name mirrors of Docker Hub. Raises `OutOfReach`.
    """
    shown = _Download(reference, progress or Progress())
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        blobs = Blobs(Path(scratch))
        try:
            pulled = registry.pull(
                references.parse(reference), blobs, shown, platform=platform, options=options
            )
        except errors.APIError as error:
            raise OutOfReach(
                f"Docker Hub does not give {reference}: {error.message.rstrip('.')}."
            ) from None
        layers = [
            image_archive.Blob(blobs.path(layer.diff_id), layer.diff_id, blobs.size(layer.diff_id))
            for layer in pulled.layers
        ]
        contents = image_archive.write(path, reference, blobs.read(pulled.config), layers)
        return contents, pulled.digest


class _Download:
    """Adds up the amounts that the registry client reports for single layers."""

    def __init__(self, reference: str, progress: Progress) -> None:
        self._step = f"Pulling {reference}"
        self._progress = progress
        self._layers: dict[str, tuple[int, int]] = {}

    def __call__(self, identity: str, text: str, current: int = 0, total: int = 0) -> None:
        if total:
            self._layers[identity] = current, total
            done, whole = (sum(numbers) for numbers in zip(*self._layers.values(), strict=True))
            self._progress.amount(self._step, done, whole)
