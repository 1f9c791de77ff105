"""An image pulled into a plain folder, for programs that have no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base import errors
from . import references, registry
from .blobs import Blobs
from .platforms import Platform
from .registry import Progress
from .registry_client import Options


@dataclass(frozen=True)
class Layer:
    """A layer: the file of its uncompressed tar."""

    path: Path
    diff_id: str
    """Digest of the uncompressed tar."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Downloaded:
    """An image in a folder."""

    digest: str
    """Digest that the name has at the registry, usually that of an index."""
    config: bytes
    """The image's configuration, JSON."""
    layers: list[Layer]
    """The lowest layer first."""


def pull(
    reference: str,
    folder: Path,
    platform: Platform | None = None,
    *,
    mirrors: Sequence[str] = (),
    progress: Progress | None = None,
) -> Downloaded:
    """Pull the image `reference` ("busybox:latest") for `platform` (this host's if not given) into
    `folder`, without an engine. Every digest is checked. `mirrors` are URLs asked before Docker
    Hub.

    Raises ConnectionError with the registry's words.
    """
    blobs = Blobs(folder)
    try:
        pulled = registry.pull(
            references.parse(reference),
            blobs,
            progress or _silent,
            platform=platform or Platform.host(),
            options=Options(mirrors=tuple(mirrors)),
        )
    except errors.APIError as error:
        raise ConnectionError(error.message) from None
    layers = [
        Layer(blobs.path(each.diff_id), each.diff_id, blobs.size(each.diff_id))
        for each in pulled.layers
    ]
    return Downloaded(pulled.digest, blobs.read(pulled.config), layers)


def _silent(identity: str, text: str, current: int = 0, total: int = 0) -> None:
    pass
