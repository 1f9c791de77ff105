"""Where an engine lives when nobody says otherwise: its root folder and its socket.

Used by the engine's own command and by whoever looks for a running engine.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path that the kernel takes (sun_path without its ending zero)."""


class PathError(Exception):
    """A place cannot be used; the text is one sentence that says what to do."""


def default_root() -> Path:
    """`$XDG_DATA_HOME/insidedocker/engine`, where XDG_DATA_HOME is ~/.local/share if unset."""
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local/share"
    return base / "insidedocker/engine"


def check_root(root: Path) -> None:
    """Raise PathError for a folder with something else in it: an engine clears away what it does
    not know in its root, and takes the root for its own."""
    marks = ("engine.lock", "engine-id")
    if root.is_dir() and not any((root / mark).exists() for mark in marks):
        others = {path.name for path in root.iterdir()} - {"engine.log", "engine.sock"}
        if others:
            raise PathError(
                f"{root} holds something else ({min(others)}): choose a new or empty folder "
                "with --root"
            )


def default_socket() -> Path:
    """`$XDG_RUNTIME_DIR/insidedocker/engine.sock`; /tmp/insidedocker-<uid>/engine.sock without
    a runtime folder. Makes nothing: see `private_folder`."""
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
    """Make the folder of `socket`, mode 0700, if it is missing. The default one in /tmp, which
    anybody could have made before us, must be ours alone. Raises PathError."""
    folder = socket.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise PathError(f"the folder {folder} cannot be made: {error.strerror}") from None
    if socket != default_socket():
        return
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
        raise PathError(
            f"{folder} is not a folder that only you can change: remove it, "
            "or choose another socket with --host unix:///path"
        )
