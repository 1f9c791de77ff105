"""Debian's packages by apt, without root, and the images made of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.catalog import debian, image_archive, store, tools
from insidedocker.catalog.errors import CatalogError, OutOfReach
from tests.support import engines


@pytest.mark.parametrize("missing", ["apt-get", "dpkg-deb"])
def test_a_machine_without_apt_is_told(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for tool in {"apt-get", "dpkg-deb", "dpkg"} - {missing}:
        (tmp_path / tool).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CatalogError, match=f"has no {missing}.*Docker Hub"):
        debian.fetch(["busybox-static"])


@pytest.mark.parametrize("suite", ["../../etc", "", "trixie main"])
def test_a_suite_must_be_a_name(cache: Path, apt: None, suite: str) -> None:
    with pytest.raises(CatalogError, match="not the name of a Debian suite"):
        debian.fetch(["busybox-static"], suite)


@pytest.mark.slow
def test_a_mirror_out_of_reach_is_told(
    cache: Path, apt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    with pytest.raises(OutOfReach, match=r"^Debian's packages cannot be reached: .*\.$"):
        debian.fetch(["busybox-static"])


@pytest.mark.slow
def test_a_package_that_is_not_there_is_named(cache: Path, apt: None) -> None:
    with pytest.raises(CatalogError, match="Unable to locate package no-such-package"):
        debian.fetch(["no-such-package"])


@pytest.mark.slow
def test_small_images_fetch_no_more_than_they_need(cache: Path, apt: None) -> None:
    store.ensure(["hello-world", "busybox"], "debian")
    fetched = [path.name.partition("_")[0] for path in cache.glob("apt/*/cache/archives/*.deb")]
    assert fetched == ["busybox-static"]
    assert not list(cache.glob("apt/*/cache/*.bin"))


@pytest.mark.slow
def test_another_suite_comes_from_the_same_mirror(cache: Path, apt: None) -> None:
    here = debian.closure(["busybox-static"])
    there = debian.closure(["busybox-static"], suite="trixie")
    assert [package.name for package in there] == ["busybox-static"]
    assert there[0].version != here[0].version
    assert there[0].path.is_file()


@pytest.mark.slow
def test_a_tool_runs_without_being_installed(
    cache: Path, apt: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name != "proot":
            (bare / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(bare))
    proot = tools.tool("proot")
    assert cache in proot.parents
    assert proot.name == "proot"
    assert tools.tool("proot") == proot
    said = subprocess.run([proot, "--version"], capture_output=True, text=True, check=False)
    assert said.returncode == 0
    assert "proot" in (said.stdout + said.stderr).lower()


@pytest.mark.slow
def test_an_ordinary_user_builds_every_image_and_always_the_same(
    apt: None, engine_folder: Path
) -> None:
    home = engine_folder
    engines.give_away(home)
    line = [*engines.as_ordinary_user(), sys.executable, "-m", "insidedocker", "catalog", "build"]
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": ""}
    digests = []
    for force in ((), ("--force",)):
        done = subprocess.run(
            [*line, "--from", "debian", *force],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        archives = [Path(path) for path in done.stdout.split()]
        assert [image_archive.read(path).reference for path in archives] == store.names()
        digests.append([image_archive.blob(path).digest for path in archives])
    assert digests[0] == digests[1]
    _, _, *layered = (image_archive.read(path).layers for path in archives)
    assert len({layers[0] for layers in layered}) == 1, "they share their lowest layer"
