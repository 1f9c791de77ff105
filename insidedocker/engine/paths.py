"""Where an engine lives when nobody says otherwise: its root folder and its socket.

Used by the engine's own command and by whoever looks for a running engine.
"""

from __future__ import annotations

import os
from pathlib import Path

from . import private

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path that the kernel takes (sun_path without its ending zero)."""


class PathError(Exception):
    """A place cannot be used; the text is one sentence that says what to do."""


def default_root() -> Path:
    """`$XDG_DATA_HOME/insidedocker/engine`, where XDG_DATA_HOME is ~/.local/share if unset."""
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local/share"
    return base / "insidedocker/engine"


def default_socket() -> Path:
    """`$XDG_RUNTIME_DIR/insidedocker/engine.sock`; /tmp/insidedocker-<uid>/engine.sock without
    a runtime folder. Makes nothing: see `make_folder`."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and os.access(runtime, os.W_OK | os.X_OK):
        return Path(runtime) / "insidedocker/engine.sock"
    return Path(f"/tmp/insidedocker-{os.getuid()}/engine.sock")


def default_url() -> str:
    """The default socket as DOCKER_HOST names it."""
    return f"unix://{default_socket()}"


def socket_path(url: str) -> Path:
    """The path in `unix:///path`; raises PathError where it is none, or too long."""
    path = Path(url.removeprefix("unix://"))
    if not url.startswith("unix://") or not path.is_absolute():
        raise PathError(f"{url!r} is no socket address: write unix:///absolute/path")
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise PathError(
            f"the socket path {path} is longer than {SOCKET_PATH_LIMIT} bytes: "
            "choose a shorter one with --host unix:///path"
        )
    return path


def make_folder(socket: Path) -> None:
    """Make the folder of `socket`, mode 0700, if it is missing. The default one, which anybody
    could have made before us in /tmp, must be ours alone. Raises PathError."""
    ours = socket == default_socket()
    _make(socket.parent, ours, "socket with --host unix:///path", mend=False)


def make_root(root: Path) -> None:
    """Make an engine's root folder, mode 0700, if it is missing. In the default place it is ours
    alone in any case, with all else of ours there. Raises PathError."""
    ours = root == default_root()
    if ours:
        _make(root.parent, ours, "folder with --root")
    _make(root, ours, "folder with --root")


def _make(folder: Path, ours: bool, other: str, *, mend: bool = True) -> None:
    """A folder that somebody else has named, and that is there, stays as it is."""
    try:
        if ours or not folder.is_dir():
            private.folder(folder, mend=mend)
    except (private.NotPrivate, OSError) as error:
        raise PathError(f"{error}, or choose another {other}") from None
