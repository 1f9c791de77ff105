"""The catalogue's images in the form in which Docker Hub has its own: an index with an attestation
beside the image, compressed layers, bases that have nothing in common, and without the commands
that the official images lack.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from insidedocker import catalog
from tests.support.made_images import describe, digest, tar

TYPES = "application/vnd.oci.image"
NOT_IN_DEBIAN = (
    *("free", "httpd", "ifconfig", "ip", "killall", "nc", "netstat", "nslookup", "pgrep", "ping"),
    *("pkill", "ps", "pstree", "route", "telnet", "top", "traceroute", "unzip", "vi", "wget"),
)
WITHOUT = {"python": NOT_IN_DEBIAN, "nginx": NOT_IN_DEBIAN}
"""Repository -> commands of the catalogue's image that Docker Hub's has not."""


def archive(name: str, folder: Path) -> Path:
    """Write the catalogue's image `name` (`python:3-slim`) as an OCI image layout in a tar."""
    repository = name.partition(":")[0]
    with tarfile.open(catalog.archive(name)) as source:
        (top,) = _read(source, "index.json")["manifests"]
        manifest = _read(source, _path(top["digest"]))
        config = _read(source, _path(manifest["config"]["digest"]))
        layers = [
            _apart(_bytes(source, _path(each["digest"])), repository) for each in manifest["layers"]
        ]
    config["rootfs"]["diff_ids"] = list(map(digest, layers))
    packed = [gzip.compress(each, 1, mtime=0) for each in layers]
    blobs = [json.dumps(config).encode(), *packed]
    image = _manifest(blobs, "layer.v1.tar+gzip")
    statement = [b"{}", json.dumps({"predicateType": "https://slsa.dev/provenance/v1"}).encode()]
    attestation = _manifest(statement, "layer.v1.in-toto+json")
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{TYPES}.index.v1+json",
            "manifests": [
                {**_described(image), "platform": {"architecture": "amd64", "os": "linux"}},
                {
                    **_described(attestation),
                    "platform": {"architecture": "unknown", "os": "unknown"},
                    "annotations": {
                        "vnd.docker.reference.digest": digest(image),
                        "vnd.docker.reference.type": "attestation-manifest",
                    },
                },
            ],
        }
    ).encode()
    named = describe(index, f"{TYPES}.index.v1+json")
    named["annotations"] = {
        "io.containerd.image.name": f"docker.io/library/{name}",
        "org.opencontainers.image.ref.name": name.partition(":")[2],
    }
    files = {_path(digest(each)): each for each in (*blobs, *statement, image, attestation, index)}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [named]}).encode()
    files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    path = folder / f"{repository}.tar"
    path.write_bytes(tar(files))
    return path


def _path(of: str) -> str:
    return f"blobs/sha256/{of.removeprefix('sha256:')}"


def _bytes(source: tarfile.TarFile, path: str) -> bytes:
    stream = source.extractfile(path)
    assert stream is not None, path
    return stream.read()


def _read(source: tarfile.TarFile, path: str) -> Any:
    return json.loads(_bytes(source, path))


def _apart(layer: bytes, repository: str) -> bytes:
    """The layer with a file of its own repository, and without the commands that are not there."""
    written = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(layer)) as source,
        tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as changed,
    ):
        for entry in source:
            folder, _, file = entry.name.rpartition("/")
            if folder.endswith("bin") and file in WITHOUT.get(repository, ()):
                continue
            changed.addfile(entry, source.extractfile(entry) if entry.isreg() else None)
        if repository != "hello-world":  # of one file
            own = tarfile.TarInfo(f"usr/share/doc/{repository}/README")
            changed.addfile(own, io.BytesIO())
    return written.getvalue()


def _manifest(blobs: list[bytes], kind: str) -> bytes:
    config, *others = blobs
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{TYPES}.manifest.v1+json",
            "config": describe(config, f"{TYPES}.config.v1+json"),
            "layers": [describe(each, f"{TYPES}.{kind}") for each in others],
        }
    ).encode()


def _described(manifest: bytes) -> dict[str, Any]:
    return describe(manifest, f"{TYPES}.manifest.v1+json")
