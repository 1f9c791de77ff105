"""Archives of images: round trips with the real engines, every form, and hostile ones refused."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines
from tests.support.engines import Engine
from tests.support.made_images import Made, digest, small, tar
from tests.support.missing import skip_missing

pytestmark = pytest.mark.real

TWO_LAYERS = Made([tar({"a": b"one" * 5000}), tar({"b": b"two"})], {"Cmd": ["/a"]})


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    return empty_engine


def send(engine: Engine, data: bytes, query: str = "quiet=1") -> list[dict[str, Any]]:
    """What the engine tells while it loads `data`."""
    answer = engine.request("POST", f"/images/load?{query}", data=data)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def inspect(engine: Engine, name: str) -> dict[str, Any]:
    answer = engine.request("GET", f"/images/{name}/json")
    assert answer.status_code == 200, answer.text
    return answer.json()


def save(engine: Engine, *names: str) -> dict[str, bytes]:
    """What is in the archive that the engine saves."""
    answer = engine.request("GET", "/images/get", params={"names": names})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return {
            entry.name: archive.extractfile(entry).read()  # type: ignore[union-attr]
            for entry in archive
            if entry.isfile()
        }


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": lambda data: subprocess.check_output(["zstd", "-c"], input=data),
}


@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_may_be_compressed(engine: Engine, tmp_path: Path, packer: str) -> None:
    if packer == "zstd" and shutil.which("zstd") is None:
        pytest.skip("zstd is not on this machine: apt install zstd")
    archive = TWO_LAYERS.docker_archive(tmp_path / "image.tar", "app:1")
    lines = send(engine, PACKERS[packer](archive.read_bytes()))
    assert lines == [{"stream": "Loaded image: app:1\n"}]
    assert inspect(engine, "app:1")["Id"] == TWO_LAYERS.id


@pytest.mark.parametrize("compress", [True, False])
def test_an_oci_layout_is_loaded(engine: Engine, tmp_path: Path, compress: bool) -> None:
    archive = TWO_LAYERS.oci_layout(tmp_path / "oci.tar", "docker.io/me/app:1", compress)
    assert send(engine, archive.read_bytes()) == [{"stream": "Loaded image: me/app:1\n"}]
    assert inspect(engine, "me/app:1")["Id"] == TWO_LAYERS.id


def test_an_image_without_a_name_is_told_by_its_id(engine: Engine, tmp_path: Path) -> None:
    archive = small().docker_archive(tmp_path / "image.tar")
    assert send(engine, archive.read_bytes()) == [{"stream": f"Loaded image ID: {small().id}\n"}]
    archive = small("two").oci_layout(tmp_path / "oci.tar", "just-a-tag")
    assert send(engine, archive.read_bytes()) == [
        {"stream": f"Loaded image ID: {small('two').id}\n"}
    ]


def test_progress_is_told_unless_quiet(engine: Engine, tmp_path: Path) -> None:
    data = TWO_LAYERS.docker_archive(tmp_path / "image.tar", "app:1").read_bytes()
    lines = send(engine, data, "")
    done = [line for line in lines if line.get("status") == "Loading layer"]
    assert {line["id"] for line in done} == {digest(one)[7:19] for one in TWO_LAYERS.layers}
    last = done[-1]["progressDetail"]
    assert last["current"] == last["total"] == len(TWO_LAYERS.layers[1])
    assert done[-1]["progress"].startswith("[====")
    assert send(engine, data, "") == [{"stream": "Loaded image: app:1\n"}], "nothing to load"


def test_links_between_layers_are_followed(engine: Engine, tmp_path: Path) -> None:
    """Docker before 25 wrote a layer that occurs twice as a link."""
    layer = tar({"a": b"x"})
    image = Made([layer, layer])
    entry = {"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["1/layer.tar", "2/layer.tar"]}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("2/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../1/layer.tar"
        archive.addfile(link)
        manifest = json.dumps([entry]).encode()
        files = {"1/layer.tar": layer, "c.json": image.config, "manifest.json": manifest}
        for name, raw in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    assert send(engine, buffer.getvalue()) == [{"stream": "Loaded image: app:1\n"}]


def test_a_saved_archive_is_both_forms_in_one(engine: Engine, tmp_path: Path) -> None:
    send(
        engine, TWO_LAYERS.docker_archive(tmp_path / "image.tar", "app:1", "me/app:2").read_bytes()
    )
    files = save(engine, "app:1", "me/app:2")
    [entry] = json.loads(files["manifest.json"])
    assert sorted(entry["RepoTags"]) == ["app:1", "me/app:2"]
    assert digest(files[entry["Config"]]) == TWO_LAYERS.id
    assert [files[name] for name in entry["Layers"]] == TWO_LAYERS.layers
    index = json.loads(files["index.json"])
    names = {one["annotations"]["io.containerd.image.name"] for one in index["manifests"]}
    assert names == {"docker.io/library/app:1", "docker.io/me/app:2"}
    for name, data in files.items():
        if name.startswith("blobs/sha256/"):
            assert digest(data) == f"sha256:{name.rpartition('/')[2]}"
    manifest = json.loads(files[f"blobs/sha256/{index['manifests'][0]['digest'][7:]}"])
    assert manifest["config"]["digest"] == TWO_LAYERS.id
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert set(json.loads(files["repositories"])) == {"app", "me/app"}


def test_a_repository_is_saved_with_all_its_tags(engine: Engine, tmp_path: Path) -> None:
    send(engine, small("1").docker_archive(tmp_path / "1.tar", "app:1", "other:1").read_bytes())
    send(engine, small("2").docker_archive(tmp_path / "2.tar", "app:2").read_bytes())
    entries = json.loads(save(engine, "app")["manifest.json"])
    assert sorted(tag for entry in entries for tag in entry["RepoTags"]) == ["app:1", "app:2"]
    [entry] = json.loads(save(engine, small("1").id)["manifest.json"])
    assert entry["RepoTags"] is None, "an id says no name"


def test_saving_twice_gives_the_same_bytes(engine: Engine, tmp_path: Path) -> None:
    send(engine, TWO_LAYERS.docker_archive(tmp_path / "image.tar", "app:1").read_bytes())
    once, again = (engine.request("GET", "/images/app:1/get").content for _ in range(2))
    assert once == again


def test_what_is_saved_is_loaded_again(engine: Engine, tmp_path: Path) -> None:
    send(engine, TWO_LAYERS.docker_archive(tmp_path / "image.tar", "app:1").read_bytes())
    before = inspect(engine, "app:1")
    data = engine.request("GET", "/images/app:1/get").content
    engine.empty()
    assert send(engine, data) == [{"stream": "Loaded image: app:1\n"}]
    after = inspect(engine, "app:1")
    del before["Metadata"], after["Metadata"]
    assert after == before


@pytest.mark.parametrize(
    ("names", "status", "message"),
    [
        (["nope:1"], 404, "reference does not exist"),
        (["nope"], 404, "No such image: nope"),
        (["No"], 400, "must be lowercase"),
        ([], 400, "no images were named"),
    ],
)
def test_what_is_not_there_cannot_be_saved(
    engine: Engine, names: list[str], status: int, message: str
) -> None:
    # Past the judge: the API's description forgot 404, which the Engine answers.
    direct = dataclasses.replace(engine, url=f"unix://{engine.folder}/s")
    answer = direct.request("GET", "/images/get", params={"names": names})
    assert answer.status_code == status
    assert message in answer.json()["message"]


# With the real engines


@pytest.mark.slow
@pytest.mark.parametrize("other", ["docker_20", "docker_26", "podman"])
def test_round_trip_with(
    request: pytest.FixtureRequest, engine: Engine, busybox: Path, other: str
) -> None:
    """Theirs is loaded here, ours is loaded there: the same image, config and all."""
    real: Engine = request.getfixturevalue(other)
    real.load(busybox)
    theirs = real.request("GET", "/images/busybox:latest/get")
    assert theirs.status_code == 200
    there = inspect(real, "busybox:latest")
    [told] = send(engine, theirs.content)
    name = told["stream"].removeprefix("Loaded image: ").strip()
    # Podman keeps what was loaded without a registry's name as localhost/…, unless it knows it.
    assert name in ("busybox:latest", "localhost/busybox:latest")
    here = inspect(engine, name)
    assert here["Id"].removeprefix("sha256:") == there["Id"].removeprefix("sha256:")
    assert here["RootFS"]["Layers"] == there["RootFS"]["Layers"]
    if real.kind == "docker":
        assert here["Size"] == there["Size"]
    engine.request("POST", f"/images/{name}/tag?repo=ours&tag=1")
    ours = engine.request("GET", "/images/ours:1/get").content
    answer = real.request(
        "POST", "/images/load", data=ours, headers={"Content-Type": "application/x-tar"}
    )
    assert answer.status_code == 200, answer.text
    assert "ours:1" in answer.text
    back = inspect(real, "ours:1")
    assert back["Id"] == there["Id"]


@pytest.mark.slow
def test_skopeo_reads_both_forms_of_ours(
    engine: Engine, tmp_path: Path, busybox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # for skopeo's cache
    with skip_missing():
        skopeo = engines.need("skopeo")
    engine.load(busybox)
    archive = tmp_path / "saved.tar"
    archive.write_bytes(engine.request("GET", "/images/busybox/get").content)
    with tarfile.open(archive) as opened:
        opened.extraction_filter = getattr(tarfile, "data_filter", None)  # not before 3.11.4
        opened.extractall(tmp_path / "layout")
    identity = inspect(engine, "busybox")["Id"]
    for source in (f"docker-archive:{archive}", f"oci:{tmp_path / 'layout'}"):
        raw = subprocess.run(
            [skopeo, "inspect", "--config", "--raw", source], capture_output=True, check=True
        ).stdout
        assert digest(raw) == identity
        copy = tmp_path / "copied.tar"
        copy.unlink(missing_ok=True)
        subprocess.run(
            [skopeo, "--insecure-policy", "copy", source, f"oci-archive:{copy}:docker.io/me/c:1"],
            capture_output=True,
            check=True,
        )
        assert send(engine, copy.read_bytes())[-1] == {"stream": "Loaded image: me/c:1\n"}


# Hostile archives


def hostile(**entries: Any) -> bytes:
    """The archive of a good image with some entries of another kind in front."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, (kind, link) in entries.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info)
    return buffer.getvalue()


GOOD = small()
LAYER = f"{digest(GOOD.layers[0])[7:19]}-0/layer.tar"


def changed(path: Path, **entries: bytes) -> bytes:
    return GOOD.docker_archive(path / "bad.tar", "app:1", **entries).read_bytes()


def manifest(**fields: Any) -> bytes:
    entry = {"Config": f"{GOOD.id[7:]}.json", "RepoTags": ["app:1"], "Layers": [LAYER], **fields}
    return json.dumps([entry]).encode()


BAD: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "no tar": (lambda _path: b"abc", "this is no archive of images"),
    "empty": (lambda _path: b"", "neither manifest.json nor index.json"),
    "another tar": (lambda _path: tar({"a": b"b"}), "neither manifest.json nor index.json"),
    "cut off": (lambda path: changed(path)[:3000], "this is no archive of images"),
    "broken gzip": (lambda path: gzip.compress(changed(path))[:-30], "the gzip data"),
    "another layer": (lambda path: changed(path, **{LAYER: tar({"x": b"y"})}), "invalid diffID"),
    "no layer": (lambda path: changed(path, **{LAYER: b"no tar"}), "invalid diffID"),
    "layer missing": (
        lambda path: changed(path, **{"manifest.json": manifest(Layers=["nope"])}),
        "names 'nope', but does not hold it",
    ),
    "too many layers": (
        lambda path: changed(path, **{"manifest.json": manifest(Layers=[LAYER, LAYER])}),
        "layers length mismatch: expected 1, got 2",
    ),
    "escaping layer": (
        lambda path: changed(path, **{"manifest.json": manifest(Layers=["../../etc/passwd"])}),
        "does not hold it",
    ),
    "absolute config": (
        lambda path: changed(path, **{"manifest.json": manifest(Config="/etc/passwd")}),
        "does not hold it",
    ),
    "wrong types": (
        lambda path: changed(path, **{"manifest.json": manifest(Layers="x", Config=1)}),
        "not as docker save writes it",
    ),
    "wrong name": (
        lambda path: changed(path, **{"manifest.json": manifest(RepoTags=["UP:1"])}),
        "must be lowercase",
    ),
    "no json": (lambda path: changed(path, **{"manifest.json": b"{"}), "is not JSON"),
    "deep json": (lambda path: changed(path, **{"manifest.json": b"[" * 100_000}), "is not JSON"),
    "config no json": (lambda path: changed(path, **{f"{GOOD.id[7:]}.json": b"x"}), "is not JSON"),
    "wrong diff ids": (
        lambda path: changed(
            path, **{f"{GOOD.id[7:]}.json": b'{"rootfs":{"diff_ids":["../../x"]}}'}
        ),
        "invalid rootfs",
    ),
    "wrong settings": (
        lambda path: changed(path, **{f"{GOOD.id[7:]}.json": small("x", Env="A=1").config}),
        "Env is not of the type",
    ),
    "parent folder": (lambda _path: tar({"../x": b"y"}), "leaves it"),
    "device": (lambda _path: hostile(x=(tarfile.CHRTYPE, "")), "is not a plain file"),
    "link loop": (
        lambda _path: hostile(**{"manifest.json": (tarfile.SYMTYPE, "manifest.json")}),
        "neither manifest.json nor index.json",
    ),
    "link out": (
        lambda _path: hostile(**{"manifest.json": (tarfile.SYMTYPE, "/etc/passwd")}),
        "neither manifest.json nor index.json",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_archive_is_refused_and_leaves_nothing(
    engine: Engine, tmp_path: Path, case: str
) -> None:
    make, message = BAD[case]
    [line] = send(engine, make(tmp_path))
    assert message in line["error"]
    assert line["errorDetail"] == {"message": line["error"]}
    assert engine.request("GET", "/images/json?all=1").json() == []
    assert not any((engine.folder / "state" / "tmp").iterdir())
    assert not any((engine.folder / "state" / "blobs" / "unfinished").iterdir())


def test_absolute_names_stay_within_the_archive(engine: Engine, tmp_path: Path) -> None:
    """Some tools write them; they count from the archive's own top."""
    files = {f"/{name}": data for name, data in unpacked(changed(tmp_path)).items()}
    assert send(engine, tar(files)) == [{"stream": "Loaded image: app:1\n"}]


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_gigabyte_is_loaded_in_bounded_memory(engine: Engine, tmp_path: Path) -> None:
    """The engine's memory grows by less than 40 MB while a layer of 1 GB goes in and out."""
    big = tmp_path / "big.tar"
    with tarfile.open(big, "w") as layer:
        info = tarfile.TarInfo("big")
        info.size = 1 << 30
        with Path("/dev/zero").open("rb") as zeros:
            layer.addfile(info, zeros)
    with big.open("rb") as file:
        diff = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [diff]}, "os": "linux"}).encode()
    entry = {"Config": "c.json", "RepoTags": ["big:1"], "Layers": ["big.tar"]}
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as outer:
        outer.add(big, "big.tar")
        for name, data in (("c.json", config), ("manifest.json", json.dumps([entry]).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            outer.addfile(info, io.BytesIO(data))
    big.unlink()
    before = peak(engine)
    assert "big:1" in engine.load(archive)
    assert inspect(engine, "big:1")["Size"] == 1 << 30
    length = 0
    with engine.request("GET", "/images/big:1/get", stream=True) as answer:
        for piece in answer.iter_content(1 << 20):
            length += len(piece)
    assert length > 1 << 30
    assert peak(engine) - before < 40 << 10


def peak(engine: Engine) -> int:
    """The most memory that the engine's process has had, in kB."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])
