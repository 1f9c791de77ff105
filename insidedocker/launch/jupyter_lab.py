"""JupyterLab as a child process: started with the course's settings, awaited until it answers,
ended with this process. Knows no engine and no lesson."""

from __future__ import annotations

import collections
import contextlib
import errno
import html
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_core.paths import jupyter_runtime_dir

from insidedocker import loopback
from insidedocker.errors import UserError
from insidedocker_engine.host import linux, private

SETTINGS = Path(__file__).parent / "jupyter"
ADDRESS = "127.0.0.1"
START_SECONDS = 120.0  # a start takes a few seconds; a machine may be busy


LEADING = """\
<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={0}">
<title>JupyterLab</title><a href="{0}">JupyterLab</a>
"""


def need_port(port: int) -> None:
    """Raise UserError where no server can listen on this port: sooner than JupyterLab would."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            problem = "is taken" if error.errno == errno.EADDRINUSE else "is not for this account"
            raise UserError(
                f"Port {port} {problem}: choose another one, as in make lab PORT=8890."
            ) from None


class JupyterLab:
    """One running JupyterLab. Its messages go to `log`, its address is `url`."""

    def __init__(
        self,
        root: Path,
        *,
        settings: str,
        page: str,
        port: int | None,
        environment: dict[str, str],
        terminals: dict[str, str],
        log: Path,
    ) -> None:
        """Start serving `root`; returns once JupyterLab answers.

        `settings` names one of the course's folders of settings (learner or teacher), `page` the
        first page, below the server's address; `terminals` is the additional environment of
        terminals. Without `port` JupyterLab takes 8888 or the next free port.
        Raises UserError where JupyterLab does not come up.
        """
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            f"--ServerApp.ip={ADDRESS}",
            f"--ServerApp.root_dir={root}",
            f"--LabApp.default_url={page}",
            f"--ServerApp.terminado_settings={shell(terminals)}",
        ]
        if port is not None:
            command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
        if os.geteuid() == 0:
            command.append("--allow-root")
        # Jupyter would make its runtime folder with whatever rights the umask leaves to others.
        with contextlib.suppress(private.NotPrivate):
            private.folder(Path(jupyter_runtime_dir()))
        self._own = log.parent
        self._page: Path | None = None
        self._messages: collections.deque[str] = collections.deque(maxlen=15)
        # The address in the log holds the token.
        self._log = private.new_file(log)
        # A Ctrl-C during the fork would make Python print a traceback; block it until afterwards.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        started = time.time()
        try:
            self._process = subprocess.Popen(
                command,
                cwd=root,
                env=environment_with(settings, environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # A session of its own: this process handles a terminal's Ctrl-C, in its own order.
                start_new_session=True,
                preexec_fn=_end_with_us if sys.platform == "linux" else None,  # noqa: PLW1509 (no thread runs)
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        self._reader = threading.Thread(target=self._read_messages, daemon=True)
        self._reader.start()
        told = self._await_server(started, port, log)
        token = f"?{urlencode({'token': told['token']})}" if told["token"] else ""
        self.url = f"{told['url'].rstrip('/')}{page}{token}"

    def _await_server(self, started: float, port: int | None, log: Path) -> dict[str, Any]:
        """Wait for the file that Jupyter Server writes about itself once it listens, the one that
        `jupyter server list` reads, and return it: messages depend on the account's settings."""
        file = Path(jupyter_runtime_dir()) / f"jpserver-{self._process.pid}.json"
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            # Not there, not whole, or, for a moment, not yet listening.
            with contextlib.suppress(OSError, ValueError):
                told: dict[str, Any] = json.loads(file.read_text())
                if file.stat().st_mtime > started - 1:  # not of a server killed long ago
                    socket.create_connection((ADDRESS, told["port"])).close()
                    return told
            time.sleep(0.02)
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if port is not None:
            need_port(port)  # another program may have taken the port meanwhile
        said = "\n".join(self._messages)
        raise UserError(f"JupyterLab did not start; it said (all of it in {log}):\n{said}")

    def _read_messages(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # the log is closed at the end
            for line in self._process.stdout:
                self._messages.append(line.rstrip())
                self._log.write(line)
                self._log.flush()

    def open_browser(self) -> None:
        """Show the first page, where this machine has a browser.

        The browser opens a private page that redirects to it: every account on this machine can
        read a browser's command line, and the address holds the token.
        """
        page = self._leading_page()
        if page is None or not webbrowser.open(page.as_uri()):
            print("No browser was found here: open the address above yourself.")

    def _leading_page(self) -> Path | None:
        # A browser from a snap cannot read hidden folders right below HOME.
        for place in (Path(sys.prefix), self._own):
            page = place / f"jupyterlab-{self._process.pid}.html"
            with contextlib.suppress(OSError), private.new_file(page) as file:
                self._page = page
                file.write(LEADING.format(html.escape(self.url)))
                return page
        return None

    def wait(self) -> int:
        """Wait until JupyterLab ends by itself; returns its exit code."""
        return self._process.wait()

    def close(self) -> None:
        """End JupyterLab and its kernels; saved work stays saved."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        if self._page:
            self._page.unlink(missing_ok=True)


def _end_with_us() -> None:
    """Have the kernel send JupyterLab SIGTERM however this process ends."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)


_FIRST = 'PATH="$1:$PATH"; export PATH; exec "$0"'
"""A shell command that puts the course's programs first on PATH, run after the profile: many
profiles set PATH without regard to its former value."""
_POSIX = {"sh", "bash", "dash", "ksh", "zsh"}


def shell(variables: dict[str, str]) -> dict[str, list[str]]:
    """The settings of a terminal's shell with additional `variables`. Like Jupyter Server's own,
    the shell has read the profile; it also finds the programs beside this Python."""
    told = [f"{name}={value}" for name, value in variables.items()]
    program = os.environ.get("SHELL") or "sh"
    after = ["-c", _FIRST, program, str(Path(sys.executable).parent)]
    known = Path(program).name in _POSIX
    return {"shell_command": ["env", *told, program, "-l", *(after if known else [])]}


def environment_with(settings: str, extra: dict[str, str]) -> dict[str, str]:
    """The environment of a server with the course's folder of settings `settings`, and `extra`."""
    environment = {**os.environ, **extra}
    ours = [str(SETTINGS / settings), str(SETTINGS / "everybody")]
    paths = [*ours, environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(path for path in paths if path)
    # Kernels of this environment, not those of the same name in the user's own folders.
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    loopback.keep_direct(environment)  # for terminals
    return environment
