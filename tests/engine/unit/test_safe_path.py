"""Paths inside a container's root: links are followed as if the root were /, and never out."""

import errno
import os
import threading
from pathlib import Path

import pytest

from insidedocker_engine.files import safe_path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with links of every kind, beside a folder that must not be reached."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    top = tmp_path / "root"
    (top / "usr/lib").mkdir(parents=True)
    (top / "usr/lib/file").write_text("inside")
    (top / "lib").symlink_to("usr/lib")
    (top / "absolute").symlink_to("/usr/lib")
    (top / "escape").symlink_to("../../../../outside")
    (top / "host").symlink_to(tmp_path / "outside")
    (top / "loop").symlink_to("loop")
    (top / "nowhere").symlink_to("/new/place")
    (top / "chain0").symlink_to("/usr/lib/file")
    for number in range(1, 60):
        (top / f"chain{number}").symlink_to(f"chain{number - 1}")
    return top


@pytest.mark.parametrize(
    ("path", "followed", "not_followed"),
    [
        ("/", "/", "/"),
        ("", "/", "/"),
        ("usr//lib/./file", "/usr/lib/file", "/usr/lib/file"),
        ("/lib", "/usr/lib", "/lib"),
        ("/lib/", "/usr/lib", "/usr/lib"),
        ("/lib/.", "/usr/lib", "/usr/lib"),
        ("/lib/file", "/usr/lib/file", "/usr/lib/file"),
        ("/absolute/file", "/usr/lib/file", "/usr/lib/file"),
        ("/usr/lib/../../..", "/", "/"),
        ("/lib/..", "/usr", "/usr"),
        ("/usr/missing", "/usr/missing", "/usr/missing"),
        ("/chain30", "/usr/lib/file", "/chain30"),
    ],
)
def test_where_a_path_leads(root: Path, path: str, followed: str, not_followed: str) -> None:
    assert safe_path.resolve_in(root, path) == followed
    assert safe_path.resolve_in(root, path, follow=False) == not_followed


@pytest.mark.parametrize("path", ["/escape/secret", "/host/secret", "/../outside/secret"])
def test_nothing_outside_is_reached(root: Path, path: str) -> None:
    with pytest.raises(FileNotFoundError):
        os.close(safe_path.open_in(root, path))


@pytest.mark.parametrize(
    ("path", "number"),
    [("/loop", errno.ELOOP), ("/chain59", errno.ELOOP), ("/usr/lib/file/x", errno.ENOTDIR),
     ("/missing/x", errno.ENOENT), ("/a\0b", errno.EINVAL)],
)  # fmt: skip
def test_what_leads_nowhere(root: Path, path: str, number: int) -> None:
    with pytest.raises(OSError, match=r"Errno") as caught:
        safe_path.resolve_in(root, path)
    assert caught.value.errno == number


def test_folders_are_made_where_links_lead_inside(root: Path, tmp_path: Path) -> None:
    safe_path.make_folders_in(root, "/nowhere/deep")
    safe_path.make_folders_in(root, "/host/deep")
    safe_path.make_folders_in(root, "/usr/lib")
    assert (root / "new/place/deep").is_dir()
    assert (root / str(tmp_path).lstrip("/") / "outside/deep").is_dir()
    assert not (tmp_path / "outside/deep").exists()
    with pytest.raises(NotADirectoryError):
        safe_path.make_folders_in(root, "/usr/lib/file")


def test_a_root_that_changes_meanwhile_cannot_be_left(root: Path, tmp_path: Path) -> None:
    """A folder that becomes a link to the host and back, as fast as can be."""
    (root / "swap").mkdir()
    (root / "swap/secret").write_text("inside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "swap").rename(root / "kept")
            (root / "swap").symlink_to(tmp_path / "outside")
            (root / "swap").unlink()
            (root / "kept").rename(root / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        for _ in range(3000):
            try:
                file = safe_path.open_in(root, "/swap/secret")
            except OSError:
                continue
            seen.add(os.read(file, 100))
            os.close(file)
    finally:
        stop.set()
        thread.join()
    assert b"secret" not in seen


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("/lib/file", "/loop", "/missing/x", "/usr/lib/../.."):
        try:
            safe_path.lstat_in(root, path, follow=True)
        except OSError:
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before
