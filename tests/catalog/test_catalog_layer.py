"""A layer's tar depends on its files alone."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from insidedocker.catalog.errors import CatalogError
from insidedocker.catalog.layer import Layer


def filled(order: int) -> Layer:
    layer = Layer()
    steps = [
        lambda: layer.file("usr/bin/tool", b"\x00\x01", 0o755),
        lambda: layer.file("etc/motd", "grüß dich\n"),
        lambda: layer.link("bin", "usr/bin"),
        lambda: layer.folder("tmp", 0o1777),
        lambda: layer.whiteout("etc/old.conf"),
    ]
    for step in steps[::order]:
        step()
    return layer


def written(layer: Layer) -> bytes:
    stream = io.BytesIO()
    layer.write(stream)
    return stream.getvalue()


def test_the_order_of_adding_does_not_show() -> None:
    assert written(filled(1)) == written(filled(-1))


def test_bytes_are_the_same_on_every_python() -> None:
    digest = hashlib.sha256(written(filled(1))).hexdigest()
    assert digest == "2c480cd937d80e1f67984afabab8f81ce4c006f35dd058c855bb5a95cf1ffe36"


def test_folders_come_before_what_is_in_them_and_all_is_roots() -> None:
    with tarfile.open(fileobj=io.BytesIO(written(filled(1)))) as tar:
        members = {member.name: member for member in tar}
    names = list(members)
    assert names == sorted(names)
    assert {"etc", "usr", "usr/bin"} <= members.keys()
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {
        (0, 0, 1767225600)
    }
    assert members["tmp"].mode == 0o1777
    assert members["usr/bin/tool"].mode == 0o755
    assert members["bin"].linkname == "usr/bin"
    assert "etc/.wh.old.conf" in members


def test_a_packages_folders_are_merged_below_usr() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind in (
            ("./", tarfile.DIRTYPE),
            ("./bin/", tarfile.DIRTYPE),
            ("./bin/sh", tarfile.REGTYPE),
            ("./bin/bash", tarfile.LNKTYPE),
            ("./usr/share/doc/x", tarfile.REGTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o4755
            if kind == tarfile.REGTYPE:
                member.size = 2
            if kind == tarfile.LNKTYPE:
                member.linkname = "./bin/sh"
            tar.addfile(member, io.BytesIO(b"ab") if member.size else None)
    stream.seek(0)
    layer = Layer()
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        layer.package(tar, lambda path: "share" not in path)
    assert set(layer.entries) == {"usr/bin/sh", "usr/bin/bash"}
    assert layer.file_data("usr/bin/bash") == b"ab"
    assert layer.entries["usr/bin/sh"].mode == 0o755, "no program gets its owner's rights"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no usr/bin/busybox"):
        Layer().file_data("usr/bin/busybox")
