"""A hosted session: a server that somebody else starts (Binder, JupyterHub), with the course
around it.

What `make lab` does for a JupyterLab of its own happens here before the host's command takes the
place of this process: the learner's copies, an engine that ends with the server, settings.
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
from insidedocker_engine.base import paths, private


def become(command: list[str], folder: Path, settings: str) -> NoReturn:
    """Run `command` in `folder` in place of this process, with an engine and our settings.

    Where no engine is to be had the server starts all the same: a sentence in a notebook can be
    read, the log behind a host's error page cannot. Raises UserError.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    told: dict[str, str] = {}
    # One for each account, whichever version of the course it has today.
    os.environ.setdefault(paths.ROOT, str(paths.account_root()))
    place = _own_folder()
    try:
        engine = _engine()
    except NoEngine as error:
        print(error)
    else:
        print(discovery.describe(engine))
        told = {**local.telling(engine), **terminals.link_in(place, engine.url)}
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
    """For what belongs to a session, beside the engine's socket: only this account can look in."""
    try:
        root = paths.own_root()
        paths.make_root(root)
        socket = paths.own_socket(root)
        return private.folder(socket.with_name(socket.stem.replace("engine", "session")))
    except (paths.PathError, private.NotPrivate, OSError) as error:
        raise UserError(f"A session cannot begin: {error}.") from None


def _engine() -> Engine:
    """One that is named or runs on this machine, else the account's embedded one, which ends with
    the last of its sessions."""
    local.fetch_tools()
    return discovery.find(_embedded)


def _embedded() -> str:
    joined = embedded.while_used(f"a session's server (process {os.getpid()})")
    joined.use.outlive_exec()  # this process becomes the server
    return joined.running.urls[0]


def _write_settings(place: Path, terminal: dict[str, str]) -> None:
    """What cannot be said in an environment; the command line is the host's."""
    settings = {"ServerApp": {"terminado_settings": jupyter_lab.shell(terminal)}}
    with private.new_file(place / "jupyter_server_config.json") as file:
        json.dump(settings, file)
