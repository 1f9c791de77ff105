"""Archives of strangers: what is honest is unpacked whole, what is hostile is refused, and in
neither case anything outside the folder is touched."""

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.files import directory_trees, tar_extract, tar_reader
from insidedocker_engine.files.tar_extract import Limits, Rules
from tests.support import patience

Member = tuple[str, bytes | str | None]
"""Name, and data of a file, or target of a link (str), or None for a folder."""


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def archive(*members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            info, data = member if isinstance(member, tuple) else (member, b"")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    buffer.seek(0)
    return buffer


def folder(name: str, mode: int = 0o755) -> tarfile.TarInfo:
    return entry(name, tarfile.DIRTYPE, mode=mode)


def symlink(name: str, target: str) -> tarfile.TarInfo:
    return entry(name, tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tarfile.TarInfo:
    return entry(name, tarfile.LNKTYPE, linkname=target)


def file(name: str, data: bytes = b"new", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, **fields), data


def listing(top: Path) -> dict[str, tuple[int, object]]:
    """Everything below `top`: kind and mode, and content or target."""
    found: dict[str, tuple[int, object]] = {}
    for path in sorted(top.rglob("*")):
        mode = path.lstat().st_mode
        content: object = None
        if stat.S_ISREG(mode):
            content = path.read_bytes()
        elif stat.S_ISLNK(mode):
            content = str(path.readlink())
        found[str(path.relative_to(top))] = (mode, content)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A container's root, beside it a file and a folder of the host."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious").write_text("precious")
    top = tmp_path / "root"
    (top / "data").mkdir(parents=True)
    return top


@pytest.fixture
def untouched(tmp_path: Path, root: Path) -> Callable[[], None]:
    """Call it to see that nothing outside the root has changed."""
    outside = tmp_path / "outside"
    os.chown(outside / "precious", os.getuid(), os.getgid())
    before = listing(outside)
    beside = {path.name for path in tmp_path.iterdir()}

    def check() -> None:
        assert listing(outside) == before
        assert {path.name for path in tmp_path.iterdir()} == beside

    return check


def test_an_honest_archive_is_unpacked_whole(root: Path) -> None:
    tar = archive(
        folder("app", 0o750),
        file("app/run", b"#!/bin/sh\n", mode=0o4755, mtime=1_000_000_000.25),
        file("app/empty", b""),
        symlink("app/link", "../../../etc/passwd"),
        hardlink("app/same", "app/run"),
        entry("app/pipe", tarfile.FIFOTYPE, mode=0o600),
        file("made/on/the/way", b"x"),
        file("name\udcff", b"bytes"),
        file("n" * 200 + "/" + "m" * 200, b"long"),
    )
    tar_extract.extract(tar, root)
    run = (root / "app/run").lstat()
    assert stat.S_IMODE(run.st_mode) == 0o4755
    assert run.st_mtime_ns == 1_000_000_000_250_000_000
    assert (root / "app/same").lstat().st_ino == run.st_ino
    assert stat.S_IMODE((root / "app").stat().st_mode) == 0o750
    assert str((root / "app/link").readlink()) == "../../../etc/passwd"
    assert stat.S_ISFIFO((root / "app/pipe").lstat().st_mode)
    assert (root / "made/on/the/way").read_text() == "x"
    assert Path(os.fsdecode(os.fsencode(root) + b"/name\xff")).read_bytes() == b"bytes"
    assert (root / ("n" * 200) / ("m" * 200)).read_bytes() == b"long"


def test_an_empty_body_is_an_archive_without_entries(root: Path) -> None:
    tar_extract.extract(io.BytesIO(b""), root)
    tar_extract.extract(archive(), root)
    assert listing(root) == {"data": listing(root)["data"]}


@pytest.mark.parametrize("form", ["ustar", "gnu", "pax", "v7", "oldgnu"])
def test_every_form_that_gnu_tar_writes(root: Path, tmp_path: Path, form: str) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub/file").write_bytes(os.urandom(70_000))
    (source / "sub/hard").hardlink_to(source / "sub/file")
    (source / "sub/soft").symlink_to("file")
    if form not in ("ustar", "v7"):
        (source / "sub" / ("l" * 150)).write_text("long name")
    tar = subprocess.run(
        ["tar", f"--format={form}", "-C", source, "-c", "."], check=True, capture_output=True
    )
    tar_extract.extract(io.BytesIO(tar.stdout), root, "/data")
    assert listing(root / "data") == listing(source)
    assert (root / "data/sub/file").stat().st_nlink == 2


@pytest.mark.parametrize("form", ["gnu", "posix --sparse-version=0.0", "posix --sparse-version=0.1",
                                  "posix --sparse-version=1.0"])  # fmt: skip
def test_holes_stay_holes(root: Path, tmp_path: Path, form: str) -> None:
    source = tmp_path / "sparse"
    with source.open("wb") as out:
        for number in range(40):  # more than fit into one header
            out.seek(number * (1 << 20))
            out.write(b"data%d" % number)
        out.truncate(64 << 20)
    options = f"--format={form}".split()
    tar = subprocess.run(
        ["tar", *options, "--sparse", "-C", tmp_path, "-c", "sparse"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert len(tar.stdout) < 1 << 20
    tar_extract.extract(io.BytesIO(tar.stdout), root)
    assert (root / "sparse").read_bytes() == source.read_bytes()
    assert (root / "sparse").stat().st_blocks * 512 < 2 << 20


def test_the_last_of_two_entries_with_one_name_wins(root: Path) -> None:
    tar = archive(
        file("a", b"one"), file("a", b"two"),
        folder("b"), file("b/x"), file("b", b"file now"),
        file("c"), folder("c"), file("c/x", b"deep"),
        symlink("d", "/outside"), folder("d"), file("d/x", b"mine"),
    )  # fmt: skip
    tar_extract.extract(tar, root)
    assert (root / "a").read_text() == "two"
    assert (root / "b").read_text() == "file now"
    assert (root / "c/x").read_text() == "deep"
    assert not (root / "d").is_symlink()
    assert (root / "d/x").read_text() == "mine"


def test_links_on_the_way_are_followed_inside_the_root(root: Path) -> None:
    (root / "data/link").symlink_to("/real")
    (root / "real").mkdir()
    tar_extract.extract(archive(file("link/new", b"x")), root, "/data")
    assert (root / "real/new").read_text() == "x"


HOSTILE: dict[str, list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]]] = {
    "dots": [file("../outside/precious")],
    "dots inside": [file("data/../../outside/precious")],
    "only dots": [file("..")],
    "absolute": [file("/etc/precious")],
    "link to absolute": [hardlink("x", "/outside/precious")],
    "link to dots": [hardlink("x", "../outside/precious")],
    "link to nothing": [hardlink("x", "missing")],
    "link to folder": [folder("f"), hardlink("x", "f")],
    "device": [entry("sda", tarfile.BLKTYPE, devmajor=8, devminor=0)],
    "character device": [entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "unknown type": [entry("x", b"Z")],
    "file as folder": [file("f"), file("f/x")],
    "nested too deep": [file("d/" * 300 + "f")],
    "long component": [file("x" * 300)],
    "zero byte": [entry("x", pax_headers={"path": "a\0b"})],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives_are_refused(root: Path, untouched: Callable[[], None], kind: str) -> None:
    with pytest.raises(errors.BadRequest):
        tar_extract.extract(archive(*HOSTILE[kind]), root, "/data")
    untouched()


CHAINS: dict[str, list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]]] = {
    "link up": [symlink("l", ".."), file("l/outside/precious")],
    "links up": [symlink("l", "../.."), symlink("m", "l/.."), file("m/outside/precious")],
    "link to the host": [symlink("l", "{outside}"), file("l/precious")],
    "link replaced by file": [symlink("precious", "{outside}/precious"), file("precious")],
    "hard link through a link": [symlink("l", "{outside}"), hardlink("x", "l/precious"),
                                 file("x", b"overwritten")],
    "hard link to a link": [symlink("l", "{outside}/precious"), hardlink("x", "l"), file("x")],
    "folder over a link": [symlink("l", "{outside}"), folder("l", 0o777), file("l/precious")],
    "folder mode through a link": [folder("l"), symlink("l", "{outside}"), folder("l/.", 0o777)],
    "folder turned into a link": [folder("d", 0o777), symlink("d", "{outside}")],
    "whiteout through a link": [symlink("l", "{outside}"), file("l/.wh.precious", b"")],
    "loop": [symlink("l", "l"), file("l/x")],
}  # fmt: skip


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("layer", [False, True], ids=["client", "layer"])
def test_links_lead_nowhere_outside(
    root: Path, tmp_path: Path, untouched: Callable[[], None], kind: str, layer: bool
) -> None:
    members = []
    for member in CHAINS[kind]:
        info, data = member if isinstance(member, tuple) else (member, b"")
        info.linkname = info.linkname.format(outside=tmp_path / "outside")
        members.append((info, data))
    whiteouts = Marks() if layer else None
    try:
        tar_extract.extract(archive(*members), root, "/data", Rules(layer=layer), whiteouts)
    except errors.BadRequest:
        pass
    else:
        assert kind not in ("hard link through a link", "loop")
    untouched()


class Marks:
    """Whiteouts as files, as vfs keeps them."""

    def hide(self, folder: int, name: str) -> None:
        os.close(os.open(f"hidden-{name}", os.O_CREAT | os.O_WRONLY, dir_fd=folder))

    def hide_all(self, folder: int) -> None:
        self.hide(folder, "all")


def test_layers_take_absolute_names_and_leave_devices_out(root: Path) -> None:
    tar = archive(
        file("/etc/name", b"x"), entry("dev/sda", tarfile.BLKTYPE, devmajor=8),
        entry("dev/whiteout", tarfile.CHRTYPE), hardlink("other", "/etc/name"),
    )  # fmt: skip
    tar_extract.extract(tar, root, "/", Rules(layer=True))
    assert (root / "etc/name").read_text() == (root / "other").read_text() == "x"
    assert not (root / "dev").exists() or not any((root / "dev").iterdir())


def test_whiteouts_of_layers(root: Path) -> None:
    tar = archive(
        file("data/.wh.gone", b""), file("all/.wh..wh..opq", b""), file(".wh..wh.plnk", b"")
    )
    tar_extract.extract(tar, root, "/", Rules(layer=True), Marks())
    found = {str(path.relative_to(root)) for path in root.rglob("*")}
    assert found == {"data", "data/hidden-gone", "all", "all/hidden-all"}


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh..."])
def test_whiteouts_that_hide_what_cannot_be(
    root: Path, untouched: Callable[[], None], name: str
) -> None:
    with pytest.raises(errors.BadRequest):
        tar_extract.extract(archive(file(name, b"")), root, "/", Rules(layer=True), Marks())
    untouched()


def test_names_of_whiteouts_are_plain_names_to_clients(root: Path) -> None:
    tar_extract.extract(archive(file(".wh.x", b"x")), root)
    assert (root / ".wh.x").read_text() == "x"


def test_attributes_of_overlayfs_are_not_taken_from_archives(root: Path) -> None:
    xattrs = {
        "SCHILY.xattr.user.overlay.redirect": "/outside",
        "SCHILY.xattr.user.overlay.opaque": "y",
        "SCHILY.xattr.trusted.overlay.redirect": "/outside",
        "SCHILY.xattr.user.mine": "kept",
    }
    tar_extract.extract(archive(file("f", b"", pax_headers=xattrs), folder("d")), root)
    assert os.listxattr(root / "f") == ["user.mine"]


def test_kinds_are_kept_where_that_is_asked_for(root: Path) -> None:
    (root / "data/file").write_text("old")
    (root / "data/folder").mkdir()
    keep = Rules(keep_kinds=True)
    with pytest.raises(errors.BadRequest, match="non-directory"):
        tar_extract.extract(archive(file("folder")), root, "/data", keep)
    with pytest.raises(errors.BadRequest, match="non-directory"):
        tar_extract.extract(archive(folder("file")), root, "/data", keep)
    tar_extract.extract(archive(folder("folder", 0o700), file("file")), root, "/data", keep)
    assert (root / "data/file").read_text() == "new"


@pytest.mark.parametrize("inside", ["/missing", "/data/file", "/data/out"])
def test_a_place_that_is_no_folder(root: Path, tmp_path: Path, inside: str) -> None:
    (root / "data/file").touch()
    (root / "data/out").symlink_to(tmp_path / "outside")
    with pytest.raises(errors.NotFound):
        tar_extract.extract(archive(file("x")), root, inside)


class Endless(io.RawIOBase):
    """One file of a terabyte that never comes to its end; counts what is read of it."""

    def __init__(self) -> None:
        self.head = entry("bomb", size=1 << 40).tobuf(tarfile.GNU_FORMAT)
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        piece = self.head[self.given : self.given + size] or bytes(size)
        self.given += len(piece)
        return piece


def test_bombs_are_refused_as_soon_as_they_show(root: Path) -> None:
    bomb = Endless()
    with pytest.raises(errors.BadRequest, match="too large"):
        tar_extract.extract(bomb, root, rules=Rules(Limits(size=1 << 20)))  # type: ignore[arg-type]
    assert bomb.given < 1 << 20
    many = archive(*(file(f"f{number}", b"") for number in range(50)))
    with pytest.raises(errors.BadRequest, match="too large"):
        tar_extract.extract(many, root, rules=Rules(Limits(entries=49)))


def raw(kind: bytes = b"0", size: int | bytes = 0, name: bytes = b"x", **more: bytes) -> bytes:
    """A header written by hand, its sum right."""
    block = bytearray(512)
    block[0 : len(name)] = name
    block[100:108] = b"0000644\0"
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[257:265] = b"ustar  \0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


BROKEN = {
    "no archive": b"this is no archive at all" * 100,
    "half a header": raw()[:300],
    "half a file": raw(size=1000) + b"x" * 100,
    "wrong sum": raw()[:200] + b"!" + raw()[201:],
    "negative size": raw(size=b"\xff" * 12),
    "huge size": raw(size=b"\x80" + b"\xff" * 11),
    "size is no number": raw(size=b"99999999999\0"),
    "broken after a good entry": raw() + b"garbage" * 100,
    "huge extended header": raw(b"x", 1 << 30) + bytes(1 << 20),
    "huge long name": raw(b"L", 1 << 30) + bytes(1 << 20),
    "extended header alone": raw(b"x", 12) + b"12 path=abc\n".ljust(512, b"\0") + bytes(1024),
    "record without end": raw(b"x", 12) + b"99 path=abc\n".ljust(512, b"\0") + raw(),
    "record of digits": raw(b"x", 1 << 20) + b"1" * (1 << 20) + raw(),
    "negative size in pax": raw(b"x", 12) + b"12 size=-10\n".ljust(512, b"\0") + raw(),
    "sparse map out of order": raw(b"S"),
}


@pytest.mark.parametrize("kind", [name for name in BROKEN if name != "sparse map out of order"])
@pytest.mark.timeout(patience.EVENT)  # one that is read without end is not refused
def test_broken_archives_are_refused(root: Path, kind: str) -> None:
    with pytest.raises(errors.BadRequest, match="tar archive"):
        tar_extract.extract(io.BytesIO(BROKEN[kind]), root)


def test_a_lying_sparse_map_is_refused(root: Path) -> None:
    def pax(*records: str) -> dict[str, str]:
        return dict(record.split("=") for record in records)

    maps = ["10,5,3,5", "0,9999999", "0,5,3", "x,y", f"{1 << 62},{1 << 62}"]
    for text in maps:
        headers = pax("GNU.sparse.major=0", "GNU.sparse.size=100", f"GNU.sparse.map={text}")
        with pytest.raises(errors.BadRequest, match="tar archive"):
            tar_extract.extract(archive(file("s", b"0123456789", pax_headers=headers)), root)


def test_a_file_of_mostly_hole_counts_whole(root: Path) -> None:
    headers = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,3"}
    with pytest.raises(errors.BadRequest, match="too large"):
        tar_extract.extract(archive(file("s", b"abc", pax_headers=headers)), root)


def test_the_last_padding_and_the_end_marks_may_be_missing(root: Path) -> None:
    tar_extract.extract(io.BytesIO(raw(size=3) + b"abc"), root)
    assert (root / "x").read_text() == "abc"


def test_the_reader_agrees_with_pythons(tmp_path: Path) -> None:
    buffer = archive(folder("d"), file("d/ä" * 60, b"x" * 1000), symlink("l", "ö" * 120),
                     hardlink("h", "d"))  # fmt: skip
    with tarfile.open(fileobj=buffer) as tar:
        theirs = [(each.name, each.linkname, each.size, each.mode) for each in tar]
    buffer.seek(0)
    ours = [
        (each.name.rstrip("/"), each.link, each.size, each.mode)
        for each in tar_reader.TarReader(buffer)
    ]
    assert ours == theirs


def unpacked(pieces: list[bytes], target: Path) -> Path:
    target.mkdir()
    subprocess.run(["tar", "-C", target, "-xp"], input=b"".join(pieces), check=True)
    return target


def test_what_is_packed_gnu_tar_unpacks(root: Path, tmp_path: Path) -> None:
    (root / "data/sub").mkdir()
    (root / "data/sub/file").write_bytes(os.urandom(3 << 20))
    (root / "data/sub/hard").hardlink_to(root / "data/sub/file")
    (root / "data/link").symlink_to("/nowhere")
    (root / "data" / ("n" * 200)).write_text("long")
    Path(os.fsdecode(os.fsencode(root) + b"/data/\xff")).write_text("bytes")
    target = unpacked(list(tar_extract.pack(root, "/data")), tmp_path / "target")
    assert listing(target / "data") == listing(root / "data")
    assert (target / "data/sub/file").stat().st_nlink == 2


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/data/file", ["file"]),
        ("/data/link", ["link"]),
        ("/data", ["data", "data/file", "data/link"]),
        ("/data/", ["data", "data/file", "data/link"]),
        ("/data/.", [".", "./file", "./link"]),
    ],
)
def test_names_in_a_packed_archive(root: Path, path: str, names: list[str]) -> None:
    (root / "data/file").touch()
    (root / "data/link").symlink_to("file")
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar_extract.pack(root, path)))) as tar:
        assert tar.getnames() == names


def test_packing_never_reads_outside(root: Path, tmp_path: Path) -> None:
    (root / "data/out").symlink_to(tmp_path / "outside")
    data = b"".join(tar_extract.pack(root, "/data"))
    assert b"precious" not in data.replace(os.fsencode(tmp_path / "outside"), b"")
    with pytest.raises(FileNotFoundError):
        list(tar_extract.pack(root, "/data/out/precious"))


@pytest.mark.timeout(120)  # work that grows with the square of them takes longer
def test_ten_thousand_files(root: Path) -> None:
    members = [file(f"d{number // 100}/f{number}", b"x" * 100) for number in range(10_000)]
    tar = archive(*members)
    tar_extract.extract(tar, root)
    assert sum(1 for _ in root.glob("d*/f*")) == 10_000
    directory_trees.remove(root)
    assert not root.exists()


def test_removing_what_resists(tmp_path: Path) -> None:
    """A tree deeper than any path may be, and folders without rights."""
    top = tmp_path / "top"
    (top / "locked/inner").mkdir(parents=True)
    (top / "locked/inner/file").touch()
    (top / "locked/inner").chmod(0)
    (top / "locked").chmod(0o500)
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.symlink(tmp_path, "up", dir_fd=here)
    os.close(here)
    directory_trees.remove(top)
    directory_trees.remove(top)
    assert [path.name for path in tmp_path.iterdir()] == []
