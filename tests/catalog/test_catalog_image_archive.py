"""Archives: what is written is read again, and no damage goes unseen."""

import json
import tarfile
from pathlib import Path

import pytest

from insidedocker.catalog import image_archive
from insidedocker.catalog.errors import Damaged
from insidedocker.catalog.image_archive import Contents
from insidedocker.catalog.layer import Layer


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, Contents]:
    layers = []
    for number in range(2):
        layer = Layer()
        layer.file(f"file{number}", f"content {number}\n")
        path = tmp_path / f"{number}.tar"
        with path.open("wb") as stream:
            layer.write(stream)
        layers.append(image_archive.blob(path))
    config = image_archive.to_json(
        {"os": "linux", "rootfs": {"type": "layers", "diff_ids": [one.digest for one in layers]}}
    )
    archive = tmp_path / "image.tar"
    return archive, image_archive.write(archive, "mine:1", config, layers)


def test_what_is_written_is_read(written: tuple[Path, Contents]) -> None:
    path, contents = written
    assert image_archive.read(path) == contents
    assert contents.reference == "mine:1"
    assert len(contents.layers) == 2


def test_it_is_docker_save_and_oci_layout_in_one(written: tuple[Path, Contents]) -> None:
    path, contents = written
    with tarfile.open(path) as tar:
        names = set(tar.getnames())
        saved = json.load(tar.extractfile("manifest.json") or pytest.fail("no manifest.json"))
        index = json.load(tar.extractfile("index.json") or pytest.fail("no index.json"))
    assert saved[0]["RepoTags"] == ["mine:1"]
    assert {saved[0]["Config"], *saved[0]["Layers"], "oci-layout"} <= names
    assert index["manifests"][0]["digest"] == contents.manifest


def test_nothing_else_is_left_beside_it(written: tuple[Path, Contents]) -> None:
    path, _ = written
    assert {one.name for one in path.parent.iterdir()} == {"0.tar", "1.tar", "image.tar"}


@pytest.mark.parametrize(
    "content", [b"content 1\n", b'"os":"linux"', b'"schemaVersion"', b"mine:1"]
)
def test_a_changed_byte_is_seen(written: tuple[Path, Contents], content: bytes) -> None:
    path, contents = written
    data = path.read_bytes()
    assert content in data
    path.write_bytes(data.replace(content, content.swapcase()))
    try:
        assert image_archive.read(path) != contents
    except Damaged as damage:
        assert str(damage).startswith("image.tar is not a whole image archive")


@pytest.mark.parametrize("kept", [0, 512, 5000, 9000])
def test_a_cut_file_is_seen(written: tuple[Path, Contents], kept: int) -> None:
    path, _ = written
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(Damaged, match="not a whole image archive"):
        image_archive.read(path)


def test_two_descriptions_that_differ_are_refused(written: tuple[Path, Contents]) -> None:
    path, contents = written
    other = path.with_name("other.tar")
    with tarfile.open(path) as source, tarfile.open(other, "w") as target:
        for member in source:
            stream = source.extractfile(member)
            if member.name == "manifest.json" and stream is not None:
                saved = json.load(stream)
                saved[0]["Layers"].reverse()
                draft = path.with_name("manifest.json")
                draft.write_bytes(image_archive.to_json(saved))
                target.add(draft, "manifest.json")
            else:
                target.addfile(member, stream)
    with pytest.raises(Damaged, match="describe different images"):
        image_archive.read(other)
    assert image_archive.read(path) == contents
