"""An image in one tar file: written, and read back with every digest computed anew.

The file is both a `docker save` archive (manifest.json) and an OCI image layout (index.json,
oci-layout, blobs/), as Docker's own archives are since version 25: Docker, Podman and the
embedded engine all load the file. Layers are uncompressed tars, so a blob's digest is also its
diff id. Knows nothing of the sources of images.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from insidedocker.catalog.errors import Damaged
from insidedocker.catalog.layer import MOMENT

_BLOCK = 1 << 20
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Blob:
    """A file that is addressed by its content: `digest` is ``sha256:HEX``, `size` in bytes."""

    path: Path
    digest: str
    size: int


@dataclass(frozen=True)
class Contents:
    """The contents of an archive. An engine names the image by its `config` digest or, with the
    containerd image store, by its `manifest` digest."""

    reference: str
    config: str
    manifest: str
    layers: tuple[str, ...]


def blob(path: Path) -> Blob:
    """The blob in the file at `path`."""
    with path.open("rb") as stream:
        digest, size = _digest(stream)
    return Blob(path, digest, size)


def digest_of(data: bytes) -> str:
    """``sha256:HEX`` of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def to_json(value: Any) -> bytes:
    """Canonical JSON, so that equal values have equal digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def write(path: Path, reference: str, config: bytes, layers: Sequence[Blob]) -> Contents:
    """Write the archive of one image to `path`, which appears whole or not at all.

    `reference` is the short name and tag ("busybox:latest"). `config` is the image's
    configuration as JSON; its diff ids must be the digests of `layers`, lowest first.
    """
    manifest = to_json(_manifest(config, layers))
    contents = Contents(
        reference,
        digest_of(config),
        digest_of(manifest),
        tuple(layer.digest for layer in layers),
    )
    small = {
        _blob_name(contents.config): config,
        _blob_name(contents.manifest): manifest,
        "index.json": to_json(_index(reference, contents.manifest, len(manifest))),
        "manifest.json": to_json(_docker_manifest(contents)),
        "oci-layout": to_json({"imageLayoutVersion": "1.0.0"}),
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as stream:
            _write_tar(stream, small, layers)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return contents


def read(path: Path) -> Contents:
    """Check every digest in the archive at `path` and return its contents.

    Raises `Damaged`, with the damaged part, and `FileNotFoundError`.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            return _read(tar)
    except (tarfile.TarError, KeyError, IndexError, TypeError, ValueError) as error:
        raise Damaged(f"{path.name} is not a whole image archive ({error}).") from None


def _read(tar: tarfile.TarFile) -> Contents:
    index = json.loads(_file(tar, "index.json").read())
    described = index["manifests"][0]
    manifest = json.loads(_checked(tar, described["digest"], described["size"]))
    config_digest = manifest["config"]["digest"]
    config = json.loads(_checked(tar, config_digest, manifest["config"]["size"]))
    layers = tuple(layer["digest"] for layer in manifest["layers"])
    if list(layers) != config["rootfs"]["diff_ids"]:
        raise ValueError("its layers are not those its configuration names")
    for layer in manifest["layers"]:
        digest, size = _digest(_file(tar, _blob_name(layer["digest"])))
        if (digest, size) != (layer["digest"], layer["size"]):
            raise ValueError(f"layer {layer['digest']} has digest {digest}")
    saved = json.loads(_file(tar, "manifest.json").read())[0]
    contents = Contents(saved["RepoTags"][0], config_digest, described["digest"], layers)
    if saved != _docker_manifest(contents)[0]:
        raise ValueError("manifest.json and index.json describe different images")
    return contents


def _checked(tar: tarfile.TarFile, digest: str, size: int) -> bytes:
    data = _file(tar, _blob_name(digest)).read()
    if (digest_of(data), len(data)) != (digest, size):
        raise ValueError(f"blob {digest} has digest {digest_of(data)}")
    return data


def _file(tar: tarfile.TarFile, name: str) -> BinaryIO:
    stream = tar.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} is not a file")
    return stream  # type: ignore[return-value]


def _digest(stream: BinaryIO) -> tuple[str, int]:
    running, size = hashlib.sha256(), 0
    while block := stream.read(_BLOCK):
        running.update(block)
        size += len(block)
    return f"sha256:{running.hexdigest()}", size


def _write_tar(stream: BinaryIO, small: Mapping[str, bytes], layers: Sequence[Blob]) -> None:
    large = {_blob_name(layer.digest): layer for layer in layers}
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in ("blobs", "blobs/sha256"):
            member = _member(folder, 0o755)
            member.type = tarfile.DIRTYPE
            tar.addfile(member)
        for name in sorted(small.keys() | large.keys()):
            member = _member(name, 0o644)
            if name in small:
                member.size = len(small[name])
                tar.addfile(member, io.BytesIO(small[name]))
            else:
                member.size = large[name].size
                with large[name].path.open("rb") as source:
                    tar.addfile(member, source)


def _member(name: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = mode, MOMENT
    return member


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _manifest(config: bytes, layers: Sequence[Blob]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "digest": digest_of(config), "size": len(config)},
        "layers": [
            {"mediaType": _LAYER_TYPE, "digest": layer.digest, "size": layer.size}
            for layer in layers
        ],
    }


def _index(reference: str, manifest: str, size: int) -> dict[str, Any]:
    # containerd reads the first annotation; Podman names the image by the second.
    full = f"docker.io/library/{reference}"
    annotations = {
        "io.containerd.image.name": full,
        "org.opencontainers.image.ref.name": full,
    }
    described = {
        "mediaType": _MANIFEST_TYPE,
        "digest": manifest,
        "size": size,
        "annotations": annotations,
    }
    return {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": [described]}


def _docker_manifest(contents: Contents) -> list[dict[str, Any]]:
    return [
        {
            "Config": _blob_name(contents.config),
            "RepoTags": [contents.reference],
            "Layers": [_blob_name(layer) for layer in contents.layers],
        }
    ]
