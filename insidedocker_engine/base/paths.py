"""Default places of an engine: its root folder and its socket.

The root folder identifies the engine: two checkouts, two homes and two data folders have
different roots, and each root has its own socket. A running engine is found by the lock of its
root (`process.find`), which holds its address; an address alone may belong to another engine.

Used by the engine's own command and by programs that look for a running engine.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..host import linux, locks, private, whole_files

ROOT_VARIABLE = "INSIDEDOCKER_ROOT"
"""The environment variable that names the root folder: set by hand to choose one, and by
`make lab` for the programs it starts."""
OWNER = "checkout"
"""The file in a root folder that names its owner: the checkout's path and inode."""
TURN = ".turn"
"""The lock file of a folder with roots or sockets: one program at a time gives out a number."""
_NUMBERED = re.compile(r"engine(-[1-9]\d*)?")


class PathError(Exception):
    """A place cannot be used; the text is one sentence that says what to do."""


def default_root() -> Path:
    """The root folder of this checkout's engine: the folder that INSIDEDOCKER_ROOT names, else
    one in `$XDG_DATA_HOME/insidedocker`, where XDG_DATA_HOME is ~/.local/share if unset.

    The first checkout has `engine`, further checkouts have `engine-2` and so on: engines of two
    checkouts share nothing. Creates nothing: see `own_root`.
    """
    named = os.environ.get(ROOT_VARIABLE, "")
    return Path(named) if named.startswith("/") else root_of(checkout())


def own_root(place: Path | None = None) -> Path:
    """Create the root folder of `place` (this checkout if not given) and note `place` as owner;
    or create the folder that INSIDEDOCKER_ROOT names.

    Raises PathError.
    """
    if named := os.environ.get(ROOT_VARIABLE):
        if not named.startswith("/"):
            raise PathError(f"{ROOT_VARIABLE} is {named!r}: name a folder by its whole path")
        root = Path(named)
        make_root(root)
        return root
    place = place or checkout()
    base = _data_folder()
    try:
        private.folder(base)
        with locks.held(base / TURN):
            root = root_of(place)
            root.mkdir(mode=0o700, exist_ok=True)
            note = place and f"{place}\n{place.stat().st_ino}\n"
            if note and _read(root / OWNER) != note:
                _write(root / OWNER, note)
    except private.NotPrivate as error:
        raise PathError(str(error)) from None
    except OSError as error:
        raise PathError(f"there can be no engine in {base}: {error.strerror}") from None
    return root


def root_of(place: Path | None) -> Path:
    """The root folder of the checkout `place`: the one that notes it as owner, even if the
    checkout was moved since, else the first without an owner. Without a place `account_root`."""
    if place is None:
        return account_root()
    roots = every_root()
    for belongs in (_is_of, _is_of_moved):
        for root in roots:
            if belongs(root, place):
                return root
    return next(root for root in _numbered(account_root()) if not owner(root))


def account_root() -> Path:
    """The root folder for an installation without a checkout, and for the first checkout."""
    return _data_folder() / "engine"


def every_root() -> list[Path]:
    """The existing root folders, in order of their number."""
    try:
        found = [each for each in _data_folder().iterdir() if _NUMBERED.fullmatch(each.name)]
    except OSError:
        return []
    return sorted(found, key=lambda each: (len(each.name), each.name))


def owner(root: Path) -> Path | None:
    """The checkout that a root folder belongs to, or None."""
    place = _read(root / OWNER).partition("\n")[0]
    return Path(place) if place else None


def checkout() -> Path | None:
    """The checkout that this program is part of; None where it is installed elsewhere."""
    place = Path(__file__).resolve().parents[2]
    return place if (place / "pyproject.toml").is_file() else None


def socket_of(root: Path) -> Path:
    """The socket for the engine on `root`: engine.sock in `$XDG_RUNTIME_DIR/insidedocker`, or in
    /tmp/insidedocker-<uid> without a runtime folder, for the first root that asks;
    engine-2.sock and so on for others. Creates nothing: see `own_socket`."""
    for path in _numbered(_socket_folder() / "engine.sock"):
        had_by = _read(path.with_suffix(".root")).strip()
        if had_by == str(root.resolve()) or not had_by or not os.path.isdir(had_by):  # noqa: PTH112
            return path
    raise AssertionError("numbers have no end")


def own_socket(root: Path) -> Path:
    """Reserve the socket of `socket_of` for the existing root folder `root` (a note beside the
    socket). Raises PathError."""
    path = socket_of(root)
    make_folder(path)
    try:
        with locks.held(path.parent / TURN):
            path = socket_of(root)
            _write(path.with_suffix(".root"), f"{root.resolve()}\n")
    except OSError as error:
        raise PathError(f"the folder {path.parent} cannot be used: {error.strerror}") from None
    return path


def check_root(root: Path) -> None:
    """Raise PathError for a folder with foreign files: an engine treats its root as its own and
    removes unknown files there."""
    marks = ("engine.lock", "engine-id")
    if root.is_dir() and not any((root / mark).exists() for mark in marks):
        ours = {"engine.log", "engine.sock", OWNER, "users", "users.lock"}
        others = {path.name for path in root.iterdir()} - ours
        if others:
            raise PathError(
                f"{root} holds something else ({min(others)}): choose a new or empty folder "
                "with --root"
            )


def default_socket() -> Path:
    """The socket of the default root. Creates nothing."""
    return socket_of(default_root())


def default_url() -> str:
    """The default socket as DOCKER_HOST names it."""
    return f"unix://{default_socket()}"


def _data_folder() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local/share"
    return base / "insidedocker"


def _socket_folder() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and os.access(runtime, os.W_OK | os.X_OK):
        folder = Path(runtime) / "insidedocker"
        if len(os.fsencode(folder)) + len("/engine-999.sock") <= linux.SOCKET_PATH_LIMIT:
            return folder
    return Path(f"/tmp/insidedocker-{os.getuid()}")


def _is_of(root: Path, place: Path) -> bool:
    """True where `root` notes `place` as owner, also by another path (a link, another mount)."""
    noted = owner(root)
    try:
        return noted is not None and (noted == place or noted.samefile(place))
    except OSError:
        return False


def _is_of_moved(root: Path, place: Path) -> bool:
    """True where `root` notes the inode of `place` and the noted path is gone: a folder that was
    moved keeps its inode, a copy has another."""
    noted, _, inode = _read(root / OWNER).strip().partition("\n")
    try:
        return bool(noted) and not Path(noted).exists() and inode == str(place.stat().st_ino)
    except OSError:
        return False


def _numbered(path: Path) -> Iterator[Path]:
    """Yield the path itself, then the path with -2, -3 and so on before its suffix."""
    yield path
    for number in itertools.count(2):
        yield path.with_stem(f"{path.stem}-{number}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _write(path: Path, text: str) -> None:
    whole_files.replace(path, text.encode(errors="surrogateescape"), lasting=False)


def socket_path(url: str) -> Path:
    """The path in `unix:///path`. Raises PathError for any other URL and for a path that is too
    long."""
    path = Path(url.removeprefix("unix://"))
    if not url.startswith("unix://") or not path.is_absolute():
        raise PathError(f"{url!r} is not a socket address: write unix:///absolute/path")
    if len(os.fsencode(path)) > linux.SOCKET_PATH_LIMIT:
        raise PathError(
            f"the socket path {path} is longer than {linux.SOCKET_PATH_LIMIT} bytes: "
            "choose a shorter one with --host unix:///path"
        )
    return path


def make_folder(socket: Path) -> None:
    """Make the folder of `socket`, mode 0700, if it is missing. The default folder must be
    private to this account: in /tmp another account could have made it. Raises PathError."""
    ours = socket.parent == _socket_folder()
    _make(socket.parent, ours, "socket with --host unix:///path", mend=False)


def make_root(root: Path) -> None:
    """Make an engine's root folder, mode 0700, if it is missing. In the default place the root
    and the data folder around it are made private in any case. Raises PathError."""
    check_root(root)
    ours = root.parent == _data_folder()
    if ours:
        _make(root.parent, ours, "folder with --root")
    _make(root, ours, "folder with --root")


def _make(folder: Path, ours: bool, other: str, *, mend: bool = True) -> None:
    """Make `folder` private; an existing folder that is not `ours` (the user named it) stays as
    it is. Raises PathError, whose text suggests to choose another `other`."""
    try:
        if ours or not folder.is_dir():
            private.folder(folder, mend=mend)
    except (private.NotPrivate, OSError) as error:
        raise PathError(f"{error}, or choose another {other}") from None
