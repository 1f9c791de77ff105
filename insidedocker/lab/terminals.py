"""A terminal beside the notebook, with DOCKER_HOST already set.

Terminals of JupyterLab get the address of a symbolic link that stays the same. The link points to
the engine's socket, and to the tap's while a tap is on, also for terminals that are already open.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Protocol

from insidedocker.lab.engines import discovery, session

LINK = "INSIDEDOCKER_TERMINAL"
"""The environment variable with the link's path, for kernels."""

ENGINE = "engine.sock"  # beside the link: always points to the engine

NO_CLI = (
    "There is no docker command on this machine: use curl as above, or install Docker's command "
    "line (on Debian and Ubuntu: apt install docker-cli) and open a new terminal."
)
NEITHER = (
    "There is neither a docker command nor curl on this machine: install one of them "
    "(on Debian and Ubuntu: apt install docker-cli curl) and open a new terminal."
)


class Addressed(Protocol):
    """A session with an engine, or a tap."""

    @property
    def url(self) -> str: ...


class Terminal:
    """A button that opens a terminal, with commands to type there; as text without the button."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def lines(self) -> list[str]:
        """The lines to type: the address, and a first command."""
        return [f"export DOCKER_HOST={shlex.quote(self.url)}", *self._first()]

    def _first(self) -> list[str]:
        if shutil.which("docker"):
            return ["docker version"]
        if not shutil.which("curl"):
            return []
        path = session.socket_of(self.url)
        if path is None:
            return [f"curl {session.base_of(self.url)}/_ping"]
        return [f"curl --unix-socket {shlex.quote(str(path))} http://localhost/_ping"]

    @property
    def advice(self) -> str:
        """Advice for a machine without the docker command; empty where it is installed."""
        if shutil.which("docker"):
            return ""
        return NO_CLI if shutil.which("curl") else NEITHER

    def __repr__(self) -> str:
        typed = "\n".join(f"  {line}" for line in self.lines)
        return f"Open a terminal and type:\n{typed}" + (f"\n{self.advice}" if self.advice else "")

    def _repr_html_(self) -> str:
        typed = escape("\n".join(self.lines))
        advice = f"<p>{escape(self.advice)}</p>" if self.advice else ""
        button = (
            '<button type="button" class="jp-mod-styled" '
            'data-commandlinker-command="terminal:create-new" data-commandlinker-args="{}">'
            "Open a terminal</button>"
        )
        told = "below this notebook. It knows the way to the engine; others need the first line:"
        return f"<p>{button} {told}</p><pre>{typed}</pre>{advice}"


def terminal(engine: Addressed | None = None) -> Terminal:
    """A button for a terminal that talks to `engine` (a session or a tap); without `engine`, to the
    engine with which this JupyterLab was started."""
    link = _link()
    wanted = engine.url if engine is not None else None
    if link and (wanted is None or session.socket_of(wanted) == link.with_name(ENGINE).readlink()):
        return Terminal(f"unix://{link}")
    return Terminal(wanted or discovery.find().url)


@contextlib.contextmanager
def linked(url: str) -> Iterator[dict[str, str]]:
    """Make the link for a server, and yield the environment variables that its kernels need; empty
    where the engine is not at a socket of this machine."""
    with tempfile.TemporaryDirectory(prefix="inside-docker-", dir="/tmp") as name:
        yield link_in(Path(name), url)


def link_in(folder: Path, url: str) -> dict[str, str]:
    """Make the link in an existing folder that has no other use and stays, and return the
    variables as `linked` does. A link that exists is redirected."""
    engine = session.socket_of(url)
    if engine is None:
        return {}
    link = folder / "docker.sock"
    for each in (link.with_name(ENGINE), link):
        _lead(each, engine)
    return {LINK: str(link)}


def environment(link: dict[str, str]) -> dict[str, str]:
    """The environment variables that the server's terminals need; `link` is what `linked` gives."""
    return {"DOCKER_HOST": f"unix://{link[LINK]}"} if link else {}


@contextlib.contextmanager
def led_through(socket: Path) -> Iterator[None]:
    """Redirect the link to another socket for a block."""
    link = _link()
    if link is None:
        yield
        return
    before = link.readlink()
    _lead(link, socket)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the server has ended and removed the link
            if link.readlink() == socket:
                _lead(link, before if before.exists() else link.with_name(ENGINE).readlink())


def behind(url: str) -> str:
    """The link's present target if `url` is the link's address, else `url`: a tap must not be in
    front of itself."""
    link = _link()
    return f"unix://{link.readlink()}" if link and session.socket_of(url) == link else url


def _link() -> Path | None:
    named = os.environ.get(LINK)
    return Path(named) if named and Path(named).is_symlink() else None


def _lead(link: Path, socket: Path) -> None:
    """Redirect the link atomically: a link exists at every moment."""
    new = link.with_name(f"{link.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    new.symlink_to(socket)
    new.replace(link)
