"""Docker Hub as a source: one image pulled by the engine's own registry client, every digest
checked, and written as an archive. Knows nothing of the course's images.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from insidedocker.catalog import image_archive
from insidedocker.catalog.errors import OutOfReach
from insidedocker.progress import Progress
from insidedocker_engine import Platform, pull


def save(
    reference: str,
    path: Path,
    platform: Platform,
    *,
    mirrors: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[image_archive.Contents, str]:
    """Pull `reference` ("busybox:latest") for `platform` and write it to the archive `path`.

    Also returns the digest that the name has at the registry, usually that of an index.
    `mirrors` are URLs asked before Docker Hub. Raises `OutOfReach`.
    """
    shown = _Download(reference, progress or Progress())
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        try:
            pulled = pull(reference, Path(scratch), platform, mirrors=mirrors, progress=shown)
        except ConnectionError as error:
            raise OutOfReach(
                f"Docker Hub does not give {reference}: {str(error).rstrip('.')}."
            ) from None
        layers = [
            image_archive.Blob(layer.path, layer.diff_id, layer.size) for layer in pulled.layers
        ]
        contents = image_archive.write(path, reference, pulled.config, layers)
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
