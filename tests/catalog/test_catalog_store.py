"""The store: kept, verified, made again, shared by builders. hello-world needs no network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker import catalog
from insidedocker.catalog import image_archive, store
from insidedocker.catalog.errors import CatalogError
from insidedocker.progress import Progress

HELLO = "hello-world:latest"


class Heard(Progress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, text: str) -> None:
        self.sentences.append(text)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "insidedocker", "catalog", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def build_hello() -> Path:
    [entry] = store.ensure(["hello-world"], "debian")
    return store.path_of(entry)


def test_names_are_the_courses_images() -> None:
    assert catalog.names() == [
        "hello-world:latest",
        "busybox:latest",
        "nginx:latest",
        "python:3-slim",
        "registry:2",
    ]


def test_a_name_may_do_without_its_tag(cache: Path) -> None:
    path = build_hello()
    assert path.parent == cache
    assert catalog.archive("hello-world") == catalog.archive(HELLO) == path
    assert image_archive.read(path).reference == HELLO


def test_what_is_there_is_not_made_again(cache: Path) -> None:
    before = build_hello().stat()
    heard = Heard()
    store.ensure([HELLO], "auto", progress=heard)
    assert build_hello().stat().st_ino == before.st_ino
    assert heard.sentences == []


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_archive_is_told_and_made_again(cache: Path, damage: str) -> None:
    path = build_hello()
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if damage == "cut" else whole.replace(b"Hello", b"Hallo"))
    heard = Heard()
    store.ensure([HELLO], "debian", progress=heard)
    assert path.read_bytes() == whole
    told = " ".join(heard.sentences)
    assert str(path) in told
    assert ("is gone" if damage == "gone" else "is damaged") in told


@pytest.mark.parametrize("content", ["", "{", "[]", '{"images": [{"reference": 1}]}'])
def test_a_broken_index_only_costs_a_build(cache: Path, content: str) -> None:
    path = build_hello()
    (cache / "index.json").write_text(content)
    assert store.stored() == {}
    assert build_hello() == path
    assert store.stored()[HELLO].file == path.name


def test_a_new_edition_of_the_recipes_makes_it_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_hello()
    monkeypatch.setattr("insidedocker.catalog.texts.edition", lambda: "next")
    build_hello()
    assert store.stored()[HELLO].edition == "next"


def test_builders_at_the_same_time_share_one_build(cache: Path) -> None:
    line = [sys.executable, "-m", "insidedocker", "catalog", "build", HELLO, "--from", "debian"]
    builders = [
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [builder.communicate() for builder in builders]
    assert [builder.returncode for builder in builders] == [0] * 4, ends
    assert sum("Building hello-world" in said for _, said in ends) == 1
    assert {output.strip() for output, _ in ends} == {str(cache / "hello-world_latest.tar")}
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_index_names_digest_size_and_origin(cache: Path) -> None:
    path = build_hello()
    [entry] = json.loads((cache / "index.json").read_text())["images"]
    blob = image_archive.blob(path)
    assert (entry["digest"], entry["size"], entry["origin"]) == (blob.digest, blob.size, "debian")
    assert entry["config"] == image_archive.read(path).config


def test_a_cache_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(CatalogError, match="set XDG_CACHE_HOME"):
        build_hello()


def test_the_command_builds_and_lists(cache: Path) -> None:
    built = command("build", "hello-world", "--from", "debian")
    assert (built.returncode, built.stdout.strip()) == (0, str(cache / "hello-world_latest.tar"))
    assert "Building hello-world:latest" in built.stderr
    listed = command("list").stdout.splitlines()
    assert listed[0].split() == ["IMAGE", "SIZE", "FROM", "IMAGE", "ID", "PLATFORM"]
    assert listed[1].split()[0] == HELLO
    assert "debian" in listed[1]
    assert "not built" in listed[2]


def test_the_command_names_an_unknown_image(cache: Path) -> None:
    refused = command("build", "alpine")
    assert refused.returncode == 2
    assert refused.stderr.strip() == (
        "'alpine' is not an image of the course; these are: hello-world:latest, busybox:latest, "
        "nginx:latest, python:3-slim, registry:2."
    )


def test_a_store_can_be_carried_to_another_account(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_hello()
    store.copy_to(tmp_path / "stick", ["hello-world"], Progress())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert store.stored() == {}
    store.take_from(tmp_path / "stick", Progress())
    assert store.ensure(["hello-world"], "debian") == list(store.stored().values())
    store.take_from(tmp_path / "stick", heard := Heard())
    assert heard.sentences == []


def test_a_damaged_archive_is_not_taken(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_hello()
    store.copy_to(tmp_path / "stick", ["hello-world"], Progress())
    (archive,) = (tmp_path / "stick").glob("*.tar")
    archive.write_bytes(archive.read_bytes()[:-1])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    with pytest.raises(CatalogError, match="damaged"):
        store.take_from(tmp_path / "stick", Progress())
    assert store.stored() == {}
