"""Layers as containers see them, and what containers change: in both runtimes, so with mounts
of overlayfs and with copies, from outside through the API."""

import contextlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines, patience
from tests.support.engines import Engine
from tests.support.made_images import Made

SEEN = r"""
cd /; for path in a a/kept a/gone opaque opaque/old opaque/new turned turned/x was link deep \
    same hidden.d hidden.d/x; do
  if [ -L $path ]; then echo "$path -> $(readlink $path)"
  elif [ -d $path ]; then echo "$path/"
  elif [ -e $path ]; then echo "$path $(cat $path)"
  fi
done
stat -c '%n %a' / /bin /suid /locked /locked/file /sticky
stat -c '%h' /hard1
"""


def layer(*members: tuple[str, str | bytes | None, dict[str, Any]]) -> bytes:
    """(name, data, or None for a folder, fields of TarInfo) each."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data, fields in members:
            entry = tarfile.TarInfo(name)
            content = data.encode() if isinstance(data, str) else data or b""
            entry.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            entry.mode, entry.size = 0o755 if data is None else 0o644, len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


LOWER = layer(
    (".", None, {"mode": 0o555}),
    ("a", None, {}), ("a/kept", "lower", {}), ("a/gone", "lower", {}),
    ("opaque", None, {}), ("opaque/old", "lower", {}),
    ("turned", "a file first", {}),
    ("was", None, {}), ("was/x", "lower", {}),
    ("link", "", {"type": tarfile.SYMTYPE, "linkname": "a"}),
    ("suid", "x", {"mode": 0o4755}),
    ("locked", None, {"mode": 0o500}), ("locked/file", "x", {"mode": 0}),
    ("sticky", None, {"mode": 0o1777}),
    ("hard1", "one", {}), ("hard2", "", {"type": tarfile.LNKTYPE, "linkname": "hard1"}),
    ("same", None, {}), ("same/x", "lower", {}),
    ("hidden.d", None, {}), ("hidden.d/x", "lower", {}),
    ("deleted", None, {}), ("deleted/inner", None, {}), ("deleted/inner/file", "x", {}),
    ("deleted/other", "x", {}),
)  # fmt: skip
UPPER = layer(
    ("a/.wh.gone", "", {}),
    ("opaque/new", "upper", {}), ("opaque/.wh..wh..opq", "", {}),
    ("turned", None, {}), ("turned/x", "upper", {}),
    ("was", "a folder first", {}),
    ("link", None, {}), ("link/file", "upper", {}),
    (".wh.same", "", {}), ("same", None, {}),
    ("hidden.d", None, {}), (".wh.hidden.d", "", {}),
    (".wh.never.was", "", {}),
)  # fmt: skip


@pytest.fixture(scope="module", params=["namespaces", "proot"])
def engine(
    request: pytest.FixtureRequest, busybox: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    found: Engine = request.getfixturevalue(f"embedded_{request.param}")
    with tarfile.open(busybox) as archive:
        name = json.load(archive.extractfile("manifest.json"))[0]["Layers"][0]  # type: ignore[arg-type]
        shell = archive.extractfile(name).read()  # type: ignore[union-attr]
    made = Made([LOWER, shell, UPPER], {"Env": ["PATH=/bin"]})
    found.load(made.docker_archive(tmp_path_factory.mktemp("made") / "layers.tar", "layers:1"))
    yield found
    found.clear()
    found.request("DELETE", "/images/layers:1").raise_for_status()


def run(engine: Engine, script: str) -> tuple[str, str]:
    """The id of a container that has run `script`, and what that wrote."""
    body = {"Image": "layers:1", "Cmd": ["sh", "-c", script], "Tty": True}
    identity = engine.request("POST", "/containers/create", json=body).json()["Id"]
    engine.request("POST", f"/containers/{identity}/start").raise_for_status()
    code = engine.request("POST", f"/containers/{identity}/wait").json()["StatusCode"]
    output = engine.request("GET", f"/containers/{identity}/logs?stdout=1").text
    assert code == 0, output
    return identity, output.replace("\r\n", "\n")


def test_layers_hide_and_replace_what_is_below(engine: Engine) -> None:
    _identity, seen = run(engine, SEEN)
    expected = """\
a/
a/kept lower
opaque/
opaque/new upper
turned/
turned/x upper
was a folder first
link/
same/
hidden.d/
/ 755
/bin 755
/suid 4755
/locked 500
/locked/file 0
/sticky 1777
2
"""
    assert seen == expected


def changes(engine: Engine, script: str) -> dict[str, int]:
    identity, _output = run(engine, script)
    answer = engine.request("GET", f"/containers/{identity}/changes").json() or []
    return {change["Path"]: change["Kind"] for change in answer}


CHANGED, ADDED, DELETED = 0, 1, 2


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("true", {}),
        ("cat /a/kept > /dev/null", {}),
        ("echo x > /new", {"/new": ADDED}),
        ("echo x >> /a/kept", {"/a": CHANGED, "/a/kept": CHANGED}),
        ("chmod 600 /suid", {"/suid": CHANGED}),
        ("rm /suid", {"/suid": DELETED}),
        ("rm -r /deleted", {"/deleted": DELETED}),
        ("rm /deleted/other", {"/deleted": CHANGED, "/deleted/other": DELETED}),
        ("mkdir /x /x/y && touch /x/y/z", {"/x": ADDED, "/x/y": ADDED, "/x/y/z": ADDED}),
        ("touch /x && rm /x", {}),
        ("rm -r /deleted && mkdir /deleted && touch /deleted/other",
         {"/deleted": CHANGED, "/deleted/inner": DELETED, "/deleted/other": CHANGED}),
        ("rm -r /deleted && echo x > /deleted", {"/deleted": CHANGED}),
        ("rm /was && mkdir /was && touch /was/x", {"/was": CHANGED, "/was/x": ADDED}),
        ("ln -s /a /new", {"/new": ADDED}),
        ("ln -sfn /b /hard2", {"/hard2": CHANGED}),
    ],
)  # fmt: skip
def test_changes_are_told_as_docker_diff_tells_them(
    engine: Engine, script: str, expected: dict[str, int]
) -> None:
    assert changes(engine, script) == expected


def test_changes_stay_while_the_container_is_there(engine: Engine) -> None:
    identity, _output = run(engine, "echo one >> /kept.txt; cat /kept.txt")
    engine.request("POST", f"/containers/{identity}/start").raise_for_status()
    engine.request("POST", f"/containers/{identity}/wait")
    archive = engine.request("GET", f"/containers/{identity}/archive?path=/kept.txt").content
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.extractfile("kept.txt").read() == b"one\none\n"  # type: ignore[union-attr]


def test_containers_of_one_image_do_not_share(engine: Engine) -> None:
    run(engine, "echo x > /a/kept; rm -r /opaque")
    _identity, seen = run(engine, "cat /a/kept; ls /opaque")
    assert seen == "lowernew\n"


def test_size_of_the_writable_layer(engine: Engine) -> None:
    identity, _output = run(engine, "head -c 100000 /dev/zero > /big; rm /suid; mkdir /x")
    found = engine.request("GET", f"/containers/{identity}/json?size=1").json()
    assert found["SizeRw"] == 100_000
    assert found["SizeRootFs"] > found["SizeRw"]


def test_export_is_the_whole_file_system(engine: Engine) -> None:
    identity, _output = run(engine, "rm /suid; echo x > /new")
    exported = engine.request("GET", f"/containers/{identity}/export").content
    with tarfile.open(fileobj=io.BytesIO(exported)) as tar:
        names = set(tar.getnames())
        assert tar.getmember("locked").mode == 0o500
        assert {tar.getmember("hard1").type, tar.getmember("hard2").type} == {b"0", b"1"}
    assert {"new", "a/kept", "link/file", "bin/busybox"} <= names
    assert not {"suid", "a/gone", "opaque/old", "same/x", "hidden.d/x"} & names
    assert not any(".wh." in name for name in names)


def test_an_export_is_whole_though_the_container_is_removed_meanwhile(engine: Engine) -> None:
    made = "dd if=/dev/zero of=/big bs=1M count=30 2>&1; echo x > /zlast"
    identity, _output = run(engine, made)
    answer = engine.request("GET", f"/containers/{identity}/export", stream=True)
    exported = answer.raw.read(1 << 16)
    assert engine.request("DELETE", f"/containers/{identity}").status_code == 204
    assert engine.request("GET", f"/containers/{identity}/json").status_code == 404
    exported += answer.raw.read()
    with tarfile.open(fileobj=io.BytesIO(exported)) as tar:
        assert tar.getmember("zlast").size == 2
    await_nothing_left(engine, identity)


def test_the_driver_is_described(engine: Engine) -> None:
    identity, _output = run(engine, "true")
    driver = engine.request("GET", f"/containers/{identity}/json").json()["GraphDriver"]
    if engine.runtime == "namespaces":
        assert driver["Name"] == "overlay2"
        assert set(driver["Data"]) == {"LowerDir", "UpperDir", "MergedDir", "WorkDir"}
        assert len(driver["Data"]["LowerDir"].split(":")) >= 3
    else:
        assert driver["Name"] == "vfs"


def test_nothing_is_left_of_a_removed_container(engine: Engine) -> None:
    identity, _output = run(engine, "mkdir -p /x/y; chmod 0 /x/y /x")
    assert list((engine.folder / "state").rglob(f"*{identity}*"))
    engine.request("DELETE", f"/containers/{identity}").raise_for_status()
    await_nothing_left(engine, identity)


def await_nothing_left(engine: Engine, identity: str) -> None:
    """The folders go behind the answer: what takes time there keeps nobody waiting."""
    deadline = time.monotonic() + patience.EVENT
    while files_of(engine, identity):
        assert time.monotonic() < deadline, files_of(engine, identity)
        time.sleep(0.05)


def files_of(engine: Engine, identity: str) -> list[str]:
    """Every path in the engine's folder that has the name in it; the walk meets removals."""
    found = []
    for place, folders, files in os.walk(engine.folder / "state"):
        found += [f"{place}/{name}" for name in [*folders, *files] if identity in name]
    return found


def test_containers_keep_their_driver(busybox: Path) -> None:
    """A root with containers on overlayfs cannot be served where nothing can be mounted."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(engines.own_folder())
        with engines.embedded("namespaces", folder=folder, images=(busybox,)) as first:
            made = first.request("POST", "/containers/create", json={"Image": "busybox"})
            assert made.status_code == 201
        with pytest.raises(RuntimeError, match="need overlayfs"):
            stack.enter_context(engines.embedded("proot", folder=folder))
        with engines.embedded("namespaces", folder=folder) as again:
            assert len(again.request("GET", "/containers/json?all=1").json()) == 1


def test_a_root_begun_with_copies_goes_on_with_them(busybox: Path) -> None:
    with engines.own_folder() as folder:
        with engines.embedded("proot", folder=folder, images=(busybox,)) as first:
            first.request("POST", "/containers/create", json={"Image": "busybox"})
        with engines.embedded("namespaces", folder=folder) as again:
            assert again.request("GET", "/info").json()["Driver"] == "vfs"
            assert len(again.request("GET", "/containers/json?all=1").json()) == 1
