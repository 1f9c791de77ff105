"""A hosted session: the course on a server that Binder or JupyterHub starts.

Prepares what `make lab` prepares for a JupyterLab of its own (the learner's copies, an engine that
ends with the server, settings); then the host's command takes the place of this process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from insidedocker.errors import UserError
from insidedocker.lab import terminals
from insidedocker.lab.engines import discovery, embedded
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import NoEngine
from insidedocker.launch import jupyter_lab, local
from insidedocker_engine import ROOT_VARIABLE, PathError, account_root, own_root, own_socket
from insidedocker_engine.host import private

LOGS = {"max-size": "10m", "max-file": "2"}
"""Options of containers' logs: a class shares the host's disk, and one `yes` would fill it."""


def become(command: list[str], folder: Path, settings: str) -> NoReturn:
    """Run `command` in `folder` in place of this process, with an engine and the course's settings.

    Without an engine the server starts all the same: a learner can read a sentence in a notebook,
    but not the log behind a host's error page. Raises UserError.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    told: dict[str, str] = {}
    # One root for each account, whichever version of the course the account has today.
    os.environ.setdefault(ROOT_VARIABLE, str(account_root()))
    place = _own_folder()
    try:
        engine = _engine()
    except NoEngine as error:
        print(error)
    else:
        print(discovery.describe(engine))
        told = {**local.telling(engine), **terminals.link_in(place, engine.place)}
    _write_settings(place, terminals.environment(told))
    environment = jupyter_lab.environment_with(settings, told)
    environment["JUPYTER_CONFIG_PATH"] = f"{place}{os.pathsep}{environment['JUPYTER_CONFIG_PATH']}"
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        os.execvpe(command[0], command, environment)
    except OSError as error:
        raise UserError(f"{command[0]} cannot be started: {error.strerror}.") from None


def _own_folder() -> Path:
    """The folder for a session's files, beside the engine's socket; only this account can enter."""
    try:
        socket = own_socket(own_root())
        return private.folder(socket.with_name(socket.stem.replace("engine", "session")))
    except (PathError, private.NotPrivate, OSError) as error:
        raise UserError(f"A session cannot begin: {error}.") from None


def _engine() -> Engine:
    """The engine that is named or runs on this machine, else the account's embedded engine, which
    ends with the last of its sessions."""
    local.fetch_tools()
    return discovery.find(_embedded)


def _embedded() -> str:
    joined = embedded.while_used(f"a session's server (process {os.getpid()})", LOGS)
    joined.use.outlive_exec()  # this process becomes the server
    return joined.running.urls[0]


def _write_settings(place: Path, terminal: dict[str, str]) -> None:
    """Write the settings that no environment variable can carry; the command line is the host's."""
    settings = {"ServerApp": {"terminado_settings": jupyter_lab.shell(terminal)}}
    with private.new_file(place / "jupyter_server_config.json") as file:
        json.dump(settings, file)
