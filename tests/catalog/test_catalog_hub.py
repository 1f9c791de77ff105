"""Images pulled from a real registry, which stands in for Docker Hub as its mirror."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from insidedocker.catalog import hub, image_archive, store
from insidedocker.catalog.errors import OutOfReach
from insidedocker.catalog.layer import Layer
from insidedocker.progress import Progress
from insidedocker_engine.images.platforms import Platform
from tests.catalog.parts import Registry
from tests.support import patience

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")
NOWHERE = "http://127.0.0.1:9"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Publisher:
    """Puts images into a registry with plain requests."""

    def __init__(self, registry: Registry, repository: str) -> None:
        self.base = f"{registry.url}/v2/{repository}"

    def blob(self, kind: str, data: bytes) -> dict[str, Any]:
        begun = requests.post(f"{self.base}/blobs/uploads/", timeout=patience.EVENT)
        done = requests.put(
            begun.headers["Location"],
            params={"digest": digest(data)},
            data=data,
            timeout=patience.EVENT,
        )
        done.raise_for_status()
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    def manifest(self, tag: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        data = image_archive.to_json({"schemaVersion": 2, "mediaType": kind, **content})
        done = requests.put(
            f"{self.base}/manifests/{tag or digest(data)}",
            data=data,
            headers={"Content-Type": kind},
            timeout=patience.EVENT,
        )
        done.raise_for_status()
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    def image(self, tag: str, platform: Platform, path: Path) -> tuple[dict[str, Any], list[str]]:
        """An image of two layers; also gives their diff ids."""
        plain = []
        for number in range(2):
            layer = Layer()
            layer.file(f"file{number}", f"for {platform}\n" * 1000)
            with path.open("wb") as stream:
                layer.write(stream)
            plain.append(path.read_bytes())
        diff_ids = [digest(data) for data in plain]
        config = {
            "os": platform.os,
            "architecture": platform.architecture,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "config": {"Cmd": ["/file0"]},
        }
        content = {
            "config": self.blob(
                "application/vnd.oci.image.config.v1+json", image_archive.to_json(config)
            ),
            "layers": [
                self.blob("application/vnd.oci.image.layer.v1.tar+gzip", gzip.compress(data))
                for data in plain
            ],
        }
        return self.manifest(tag, MANIFEST, content), diff_ids


@pytest.fixture
def pull(registry: Registry, tmp_path: Path) -> Callable[..., tuple[Any, str]]:
    """Pulls busybox:latest by way of the registry into tmp_path/image.tar."""

    def run(
        platform: Platform = AMD, reference: str = "busybox:latest", **options: Any
    ) -> tuple[Any, str]:
        archive = tmp_path / "image.tar"
        return hub.save(reference, archive, platform, mirrors=[registry.url], **options)

    return run


@pytest.fixture
def published(registry: Registry, tmp_path: Path) -> dict[str, Any]:
    """busybox:latest for two platforms, below one index, as on Docker Hub."""
    publisher = Publisher(registry, "library/busybox")
    entries, diff_ids = [], {}
    for platform in (ARM, AMD):
        described, diff_ids[platform] = publisher.image("", platform, tmp_path / "layer.tar")
        offered = {"os": platform.os, "architecture": platform.architecture}
        if platform.variant:
            offered["variant"] = platform.variant
        entries.append({**described, "platform": offered})
    index = publisher.manifest("latest", INDEX, {"manifests": entries})
    return {"index": index["digest"], "diff_ids": diff_ids}


class Amounts(Progress):
    """Keeps what is told of the last step."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int | None]] = []

    def amount(self, step: str, done: int, total: int | None, note: str = "") -> None:
        self.told.append((step, done, total))


@pytest.mark.parametrize("platform", [AMD, ARM], ids=str)
def test_the_image_of_the_platform_arrives_uncompressed(
    pull: Any, published: dict[str, Any], tmp_path: Path, platform: Platform
) -> None:
    amounts = Amounts()
    contents, found = pull(platform, progress=amounts)
    assert found == published["index"]
    assert list(contents.layers) == published["diff_ids"][platform]
    assert image_archive.read(tmp_path / "image.tar") == contents
    assert contents.reference == "busybox:latest"
    step, done, total = amounts.told[-1]
    assert (step, done) == ("Pulling busybox:latest", total)


def test_a_platform_that_is_not_offered_is_told(pull: Any, published: dict[str, Any]) -> None:
    with pytest.raises(OutOfReach, match=r"does not give busybox:latest: .*linux/s390x"):
        pull(Platform("linux", "s390x"))


@pytest.mark.parametrize("part", ["layer", "config"])
def test_a_blob_that_is_not_what_its_digest_says_is_refused(
    pull: Any, published: dict[str, Any], registry: Registry, tmp_path: Path, part: str
) -> None:
    for path in registry.blobs.rglob("data"):
        data = path.read_bytes()
        if part == "layer" and data.startswith(b"\x1f\x8b"):
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        elif part == "config" and b"rootfs" in data:
            path.write_bytes(data.replace(b"/file0", b"/file1"))
    with pytest.raises(OutOfReach, match=r"digest|data is broken"):
        pull()
    assert not (tmp_path / "image.tar").exists()


def test_a_hub_out_of_reach_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    with pytest.raises(OutOfReach, match=r"^Docker Hub does not give busybox:latest: .*\.$"):
        hub.save("busybox:latest", tmp_path / "image.tar", AMD)


def test_auto_falls_back_to_debian_and_asks_the_hub_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    said: list[str] = []
    heard = Progress()
    monkeypatch.setattr(heard, "say", said.append)
    [entry] = store.ensure(["hello-world"], "auto", progress=heard)
    assert entry.origin == "debian"
    assert sum("Debian's packages are used instead." in sentence for sentence in said) == 1


def test_only_the_hub_means_only_the_hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    with pytest.raises(OutOfReach):
        store.ensure(["hello-world"], "hub")
    assert store.stored() == {}
