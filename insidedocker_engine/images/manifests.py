"""Manifests and configs of images: checked when read, written as the Engine writes them.

Handles their form only, not their source. Invalid data raises `Malformed` with one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import platforms, references
from .platforms import Platform

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"

MANIFESTS = (DOCKER_MANIFEST, OCI_MANIFEST)
INDEXES = (DOCKER_LIST, OCI_INDEX)
_CONFIGS = (DOCKER_CONFIG, OCI_CONFIG)
_LAYERS = (
    DOCKER_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar",
    OCI_LAYER,
    OCI_LAYER + "+gzip",
    OCI_LAYER + "+zstd",
)
MANIFEST_LIMIT = 4 << 20
"""Bytes of a manifest or config; the Engine's limit."""
LAYERS_LIMIT = 1000


class Malformed(Exception):
    """An invalid manifest or config."""


@dataclass(frozen=True)
class Descriptor:
    """A manifest's description of a blob. `size` in bytes."""

    media_type: str
    digest: str
    size: int

    def json(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "size": self.size, "digest": self.digest}


@dataclass(frozen=True)
class Manifest:
    """A manifest: the config and the layers of one image, lowest first."""

    config: Descriptor
    layers: list[Descriptor]


@dataclass(frozen=True)
class Index:
    """An index: manifests of one image for several platforms, and attachments such as
    attestations."""

    entries: list[tuple[Platform, Descriptor]] = field(default_factory=list)


def parse(data: bytes, media_type: str) -> Manifest | Index:
    """Parse a manifest or an index of the given `media_type`. Raises Malformed."""
    value = _object(data, "the manifest")
    said = value.get("mediaType") or media_type
    if said != media_type:
        raise Malformed(f"the manifest calls itself {said}, but was sent as {media_type}")
    if value.get("schemaVersion") != 2:
        raise Malformed("the manifest is not of schema version 2, the only one in use today")
    if media_type in INDEXES:
        if "layers" in value or "config" in value:
            raise Malformed("the index also has layers: it is neither an index nor a manifest")
        return Index([_entry(item) for item in _list(value, "manifests")])
    if media_type not in MANIFESTS:
        raise Malformed(f"unsupported media type {media_type} of a manifest")
    if "manifests" in value:
        raise Malformed("the manifest also has manifests: it is neither an index nor a manifest")
    return _manifest(value)


def _manifest(value: dict[str, Any]) -> Manifest:
    config = descriptor(value.get("config"))
    if config.media_type not in _CONFIGS:
        raise Malformed(f"this is no image: the config's media type is {config.media_type}")
    if config.size > MANIFEST_LIMIT:
        raise Malformed(f"the image config is larger than {MANIFEST_LIMIT} bytes")
    layers = [descriptor(item) for item in _list(value, "layers")]
    for layer in layers:
        if layer.media_type not in _LAYERS:
            raise Malformed(f"unsupported media type {layer.media_type} of a layer")
    if len(layers) > LAYERS_LIMIT:
        raise Malformed(f"the image has more than {LAYERS_LIMIT} layers")
    return Manifest(config, layers)


def _entry(item: Any) -> tuple[Platform, Descriptor]:
    found = descriptor(item)
    platform = item.get("platform")
    if platform is None:  # allowed; the platform is unknown
        return Platform("unknown"), found
    if not isinstance(platform, dict):
        raise Malformed("the platform of an index's entry is no object")
    return platforms.of({"os": "unknown", **platform}), found


def descriptor(item: Any) -> Descriptor:
    if not isinstance(item, dict):
        raise Malformed("a descriptor in the manifest is no object")
    media_type, digest, size = (item.get(name) for name in ("mediaType", "digest", "size"))
    if not isinstance(media_type, str) or not isinstance(digest, str):
        raise Malformed("a descriptor in the manifest lacks its media type or digest")
    if not references.is_digest(digest):
        raise Malformed(f"the digest {digest[:100]!r} in the manifest is none of SHA-256")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Malformed(f"the size of {digest} in the manifest is no number of bytes")
    return Descriptor(media_type, digest, size)


def parse_config(data: bytes, layers: int | None = None) -> dict[str, Any]:
    """Parse an image's config; it must have as many diff ids as the manifest has `layers`. Raises
    Malformed."""
    value = _object(data, "the image config")
    diffs = diff_ids(value)
    if layers is not None and len(diffs) != layers:
        raise Malformed("layers from manifest don't match image configuration")
    if (value.get("os") or "linux") != "linux":
        raise Malformed(f"operating system {value['os']!r} is not supported: only linux is")
    check_settings(value.get("config"))
    history = value.get("history")
    if history is not None and not (
        isinstance(history, list) and all(isinstance(item, dict) for item in history)
    ):
        raise Malformed("the image config's history is no list of objects")
    return value


_TEXTS = ("User", "WorkingDir", "StopSignal", "Hostname", "Domainname", "Image")
_LISTS = ("Env", "Cmd", "Entrypoint", "OnBuild", "Shell")
_MAPS = ("Labels", "ExposedPorts", "Volumes", "Healthcheck")


def check_settings(settings: Any) -> None:
    """Check the types of an image's settings, which containers start from. Raises Malformed."""
    if settings is None:
        return
    if not isinstance(settings, dict):
        raise Malformed("the image config's settings are no object")
    for name, value in settings.items():
        if value is None:
            continue
        wrong = (
            (name in _TEXTS and not isinstance(value, str))
            or (name in _LISTS and not (isinstance(value, list) and _all_texts(value)))
            or (name in _MAPS and not isinstance(value, dict))
            or (name == "Labels" and not _all_texts(value.values()))
        )
        if wrong:
            raise Malformed(f"the image config's {name} is not of the type it should be")


def _all_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def diff_ids(config: dict[str, Any]) -> list[str]:
    """The digests of an image's uncompressed layers, lowest first. Raises Malformed."""
    rootfs = config.get("rootfs")
    diffs = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if diffs is None and isinstance(rootfs, dict):
        return []
    if not isinstance(diffs, list) or not all(
        isinstance(diff, str) and references.is_digest(diff) for diff in diffs
    ):
        raise Malformed("invalid rootfs in image configuration")
    return list(diffs)


def write(config: Descriptor, layers: list[Descriptor], media_type: str) -> bytes:
    """A manifest, byte for byte as the Engine pushes it: the same image has the same digest."""
    value = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config.json(),
        "layers": [layer.json() for layer in layers],
    }
    return json.dumps(value, indent=3).encode()


def compact(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not a JSON object")
    return value


def _list(value: dict[str, Any], name: str) -> list[Any]:
    items = value.get(name)
    if not isinstance(items, list):
        raise Malformed(f"the manifest has no list of {name}")
    return items
