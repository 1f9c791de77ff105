"""Small images for tests, with any layers and settings, as a docker-archive or an OCI layout.

Follows the specifications of the two archive formats; knows nothing of the engine.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CREATED = "2024-01-02T03:04:05Z"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def tar(files: dict[str, bytes], owner: tuple[int, int] = (0, 0)) -> bytes:
    """Make a tar archive of plain files; a name that ends in a slash is a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            if name.endswith("/"):
                entry.type = tarfile.DIRTYPE
            entry.mode, entry.size = 0o755, len(data)
            entry.uid, entry.gid = owner
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@dataclass
class Made:
    """An image: layers are uncompressed tars, lowest first."""

    layers: list[bytes]
    settings: dict[str, Any] = field(default_factory=dict)
    created: str = CREATED
    architecture: str = "amd64"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> bytes:
        history = [
            {"created": self.created, "created_by": f"ADD {n}"} for n in range(len(self.layers))
        ]
        value = {
            "architecture": self.architecture,
            "os": "linux",
            "created": self.created,
            "config": self.settings,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in self.layers]},
            "history": [
                *history,
                {"created": self.created, "created_by": "CMD", "empty_layer": True},
            ],
            **self.extra,
        }
        return json.dumps(value).encode()

    @property
    def id(self) -> str:
        return digest(self.config)

    def docker_archive(self, path: Path, *tags: str, **changed: bytes) -> Path:
        """Write the image as `docker save` before 25.0 does; `changed` replaces entries' bytes."""
        names = [f"{digest(layer)[7:19]}-{n}/layer.tar" for n, layer in enumerate(self.layers)]
        entry = {"Config": f"{self.id[7:]}.json", "RepoTags": list(tags), "Layers": names}
        files = {f"{self.id[7:]}.json": self.config, "manifest.json": json.dumps([entry]).encode()}
        files |= dict(zip(names, self.layers, strict=True))
        path.write_bytes(tar(files | changed))
        return path

    def oci_layout(self, path: Path, name: str, compress: bool = True) -> Path:
        """Write the image as an OCI image layout in a tar."""
        blobs = [gzip.compress(layer, mtime=0) if compress else layer for layer in self.layers]
        suffix = "+gzip" if compress else ""
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": describe(self.config, "application/vnd.oci.image.config.v1+json"),
                "layers": [
                    describe(blob, f"application/vnd.oci.image.layer.v1.tar{suffix}")
                    for blob in blobs
                ],
            }
        ).encode()
        top = describe(manifest, "application/vnd.oci.image.manifest.v1+json")
        top["annotations"] = {"org.opencontainers.image.ref.name": name}
        files = {"blobs/": b"", "blobs/sha256/": b""}
        files |= {
            f"blobs/sha256/{digest(data)[7:]}": data for data in [*blobs, self.config, manifest]
        }
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()
        files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
        # Owned by this user: skopeo gives unpacked files to their owner in the tar, and only root
        # may give files to others.
        path.write_bytes(tar(files, (os.getuid(), os.getgid())))
        return path


def describe(data: bytes, media_type: str) -> dict[str, Any]:
    """Return the OCI descriptor of `data`."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def small(text: str = "hello", **settings: Any) -> Made:
    """Make an image of one file, `greeting`, that contains `text`."""
    return Made([tar({"greeting": text.encode()})], settings)
