"""A newcomer's machine: a fresh copy of this checkout, set up by its first `make lab`, an empty
HOME and a bare environment, all owned by an ordinary user; and a terminal to type in.

Knows processes and terminals, nothing of browsers or lessons.
"""

import contextlib
import fcntl
import functools
import os
import re
import select
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from insidedocker_engine.files import directory_trees
from tests.support import patience
from tests.support.missing import Missing
from tests.support.ordinary import as_ordinary_user, give_away, lasting_folder

REPOSITORY = Path(__file__).parents[2]
URL = re.compile(r"JupyterLab: (http://\S+)")
# Variables kept from this machine: package indexes, certificates and proxies.
KEPT = re.compile(r"PIP_(INDEX_URL|CERT)|UV_DEFAULT_INDEX|SSL_CERT_FILE|(HTTPS?|NO)_PROXY", re.I)


@dataclass(frozen=True)
class Newcomer:
    """A person with a copy of the course and an empty HOME."""

    course: Path
    home: Path

    def environment(self) -> dict[str, str]:
        """Return a bare environment."""
        kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        # A separate runtime folder: by default all newcomers of the account share the engine's
        # socket.
        own = {"HOME": str(self.home), "XDG_RUNTIME_DIR": f"{self.home}/run", "LANG": "C.UTF-8"}
        return {**kept, "PATH": "/usr/bin:/bin", "TERM": "xterm", **own}

    def run(self, *words: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command in the course's folder, or another one, to its end."""
        return subprocess.run(
            [*as_ordinary_user(), *words],
            cwd=folder or self.course,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def write(self, path: Path, text: str) -> None:
        """Write a file owned by the newcomer, and make its missing folders."""
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for each in (*missing, path):
            give_away(each)

    @contextlib.contextmanager
    def terminal(self, *words: str, folder: Path | None = None) -> Iterator["Terminal"]:
        """Run a command in a terminal; kills the processes that it leaves behind."""
        command = [*as_ordinary_user(), *words]
        with Terminal(command, folder or self.course, self.environment()) as it:
            try:
                yield it
            finally:
                self.clear()

    def processes(self, *words: str) -> list[int]:
        """Return the pids of the newcomer's processes whose command line has all these words."""
        mark = f"HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().split(b"\0")
                    if all(word.encode() in command for word in words):
                        found.append(int(folder.name))
        return sorted(found)

    def kill_all(self) -> None:
        """Kill the newcomer's remaining processes, by id, and wait for their end."""
        while running := self.processes():
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert end_of(running) == []

    def clear(self) -> None:
        """Kill the remaining processes, and remove the folders that a killed lab leaves in /tmp."""
        self.kill_all()
        for folder in Path("/tmp").glob("inside-docker-*"):
            link = folder / "engine.sock"  # a dangling link, which glob would not find
            if link.is_symlink() and link.readlink().is_relative_to(self.home):
                directory_trees.remove(folder)


class Terminal:
    """One command in its own terminal, as a person starts it."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.text = ""  # all output so far
        self._screen, other = os.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 (no thread is running)
        )
        os.close(other)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)

    def shows(self, pattern: str | re.Pattern[str], seconds: float) -> re.Match[str]:
        """Wait until the output matches the pattern. Raises AssertionError if the command ends or
        takes too long."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert self._read(until), f"{pattern!r} was not shown:\n{self.text}"
        return found

    def url(self, seconds: float = patience.START) -> str:
        """Return JupyterLab's address, once its whole line and the next one are shown."""
        self.shows("Press Ctrl-C", seconds)
        return self.shows(URL, 0)[1]

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C: the terminal sends SIGINT to all foreground processes."""
        os.write(self._screen, b"\x03")

    def ends(self, seconds: float = patience.EVENT) -> int:
        """Read on until the command has ended; returns its exit code."""
        until = time.monotonic() + seconds
        while self._read(until):
            pass
        return self.process.wait(max(0.1, until - time.monotonic()))

    def _read(self, until: float) -> bool:
        """Read more output; returns False if there is none or the time is over."""
        ready, _, _ = select.select([self._screen], [], [], max(0.0, until - time.monotonic()))
        try:
            data = os.read(self._screen, 65536) if ready else b""
        except OSError:  # EIO on Linux: no process has the other end open
            return False
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def end_of(pids: list[int], seconds: float = patience.EVENT) -> list[int]:
    """Wait until these processes have ended; returns the pids that have not in time."""
    until = time.monotonic() + seconds
    left = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            watched = os.pidfd_open(pid)
            if not select.select([watched], [], [], max(0.0, until - time.monotonic()))[0]:
                left.append(pid)
            os.close(watched)
    return left


@dataclass(frozen=True)
class Course:
    """A course that was set up by `make lab`, with the terminal's transcript and the duration."""

    folder: Path
    transcript: str
    seconds: float


@functools.cache
def set_up_course() -> Course:
    """Copy this checkout to a path with a space and set the copy up by its first `make lab`."""
    need_system_python()
    place = lasting_folder("idt-new-")
    course = place / "my course"
    copy_checkout(course)
    home = place / "first home"
    make_home(home)
    began = time.monotonic()
    with Newcomer(course, home).terminal("make", "lab", "OPEN=no") as terminal:
        terminal.url(patience.SETUP)
        seconds = time.monotonic() - began
        terminal.press_ctrl_c()
        terminal.ends()
    return Course(course, terminal.text, seconds)


@contextlib.contextmanager
def newcomer() -> Iterator[Newcomer]:
    """Make a newcomer with an empty HOME and the course that is already set up."""
    course = set_up_course()
    home = lasting_folder("idt-new-") / "home"
    make_home(home)
    somebody = Newcomer(course.folder, home)
    try:
        yield somebody
    finally:
        somebody.clear()
        directory_trees.remove(home.parent)


def need_system_python() -> None:
    """Raise Missing if the bare environment has no Python for the course."""
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None or subprocess.run([python, "-c", probe], check=False).returncode:
        raise Missing("python3 of Python 3.11 or newer is missing in /usr/bin: apt install python3")


def copy_checkout(target: Path) -> None:
    """Copy the files that a clone of this checkout would have, and the uncommitted ones."""
    git = ["git", "-c", "safe.directory=*", "-C", str(REPOSITORY), "ls-files", "-z"]
    listed = subprocess.run(
        [*git, "--cached", "--others", "--exclude-standard"], check=True, stdout=subprocess.PIPE
    )
    for name in sorted(set(listed.stdout.decode().split("\0"))):
        source = REPOSITORY / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    for path in [target, *target.rglob("*")]:
        give_away(path)


def make_home(home: Path) -> None:
    """Make an empty HOME with a runtime folder in it."""
    (home / "run").mkdir(parents=True)
    for folder in (home, home / "run"):
        folder.chmod(0o700)
        give_away(folder)
