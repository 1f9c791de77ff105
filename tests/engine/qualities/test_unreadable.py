"""Records that an engine cannot read: nothing that they may need is removed, and they are named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.slow]


def ended(engine: Engine) -> None:
    engine.process.terminate()
    assert engine.process.wait(60) == 0


def only(folder: Path) -> Path:
    (found,) = folder.glob("*.json")
    return found


@pytest.fixture
def root(engine_folder: Path, embedded: Callable[..., Engine], busybox: Path) -> Path:
    """The root folder of an engine that has ended: an image, a network, a volume, a container."""
    engine = embedded(images=(busybox,), folder=engine_folder)
    api = Caller(engine)
    api.network("own")
    api.good("POST", "/volumes/create", {"Name": "kept"})
    api.create("true", name="made")
    found = Path(api.good("GET", "/info")["DockerRootDir"])
    ended(engine)
    return found


DAMAGE = {
    "the record of an image": lambda root: only(root / "images"),
    "the names of images": lambda root: root / "repositories.json",
    "the compressed forms of layers": lambda root: root / "distribution.json",
    "the format of the folder": lambda root: root / "format.json",
    "a network": lambda root: next(
        each for each in (root / "networks").glob("*.json") if '"own"' in each.read_text()
    ),
    "a volume": lambda root: root / "volumes/kept/volume.json",
    "a container": lambda root: next((root / "containers").glob("*/config.json")),
}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}'])
@pytest.mark.parametrize("what", DAMAGE)
def test_doubt_removes_nothing(
    root: Path, engine_folder: Path, embedded: Callable[..., Engine], what: str, text: str
) -> None:
    file = DAMAGE[what](root)
    before = file.read_text() if file.exists() else "{}"
    blobs = sorted((root / "blobs").rglob("*"))
    file.write_text(text)
    engine = embedded(folder=engine_folder)
    warnings = Caller(engine).good("GET", "/info")["Warnings"]
    assert any("cannot be read and is kept" in each for each in warnings), warnings
    ended(engine)
    assert sorted((root / "blobs").rglob("*")) == blobs
    aside = [file, *file.parent.glob(f"{file.name}.unreadable-*")]
    assert [each for each in aside if each.is_file() and each.read_text() == text]
    file.write_text(before)  # repaired: all of it is there
    api = Caller(embedded(folder=engine_folder))
    assert api.good("GET", "/images/busybox/json")["RepoTags"] == ["busybox:latest"]
    assert api.good("GET", "/networks/own")["Name"] == "own"
    assert api.good("GET", "/volumes/kept")["Name"] == "kept"
    assert api.good("GET", "/containers/made/json")["Name"] == "/made"
    assert api.output("echo", "hi") == "hi\n"


@pytest.mark.parametrize("what", ["the record of an image", "a network", "a container"])
def test_fields_of_a_newer_version_survive_an_older_one(
    root: Path, engine_folder: Path, embedded: Callable[..., Engine], what: str
) -> None:
    file = DAMAGE[what](root)
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "newer_field": {"a": 1}}))
    engine = embedded(folder=engine_folder)
    api = Caller(engine)
    assert api.good("GET", "/info")["Warnings"] is not None
    api.good("POST", "/images/busybox/tag?repo=other")  # writes the image's record
    api.good("POST", "/containers/made/rename?name=renamed")
    assert api.good("GET", "/networks/own")["Name"] == "own"
    ended(engine)
    assert json.loads(file.read_text())["newer_field"] == {"a": 1}
