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

from insidedocker.engine import paths, private, process
from insidedocker.errors import UserError
from insidedocker.lab import discovery, embedded, terminals
from insidedocker.lab.failure import NoEngine
from insidedocker.lab.session import Engine
from insidedocker.launch import jupyter_lab, opening


def become(command: list[str], folder: Path, settings: str) -> NoReturn:
    """Run `command` in `folder` in place of this process, with an engine and our settings.

    Where no engine is to be had the server starts all the same: a sentence in a notebook can be
    read, the log behind a host's error page cannot. Raises UserError.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    told: dict[str, str] = {}
    place = _own_folder()
    try:
        engine = _engine()
    except NoEngine as error:
        print(error)
    else:
        print(discovery.describe(engine))
        told = {**opening.telling(engine), **terminals.link_in(place, engine.url)}
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
        paths.make_folder(paths.default_socket())
        return private.folder(paths.default_socket().with_name("session"))
    except (paths.PathError, private.NotPrivate) as error:
        raise UserError(f"A session cannot begin: {error}.") from None


def _engine() -> Engine:
    """One that is named or runs on this machine, else an embedded one that ends with us."""
    opening.fetch_tools()
    if not any(discovery.problem(Engine(each.url)) is None for each in discovery.candidates()):
        _start_embedded()
    return discovery.find()


def _start_embedded() -> None:
    # That of the account's last session may not have ended yet; two cannot share a root.
    process.stop(paths.default_root())
    try:
        process.start(paths.default_root(), paths.default_url(), embedded.runtime(), ephemeral=True)
    except process.StartFailed as error:
        raise NoEngine(f"The embedded engine did not start: {error}") from error


def _write_settings(place: Path, terminal: dict[str, str]) -> None:
    """What cannot be said in an environment; the command line is the host's."""
    settings = {"ServerApp": {"terminado_settings": jupyter_lab.shell(terminal)}}
    with private.new_file(place / "jupyter_server_config.json") as file:
        json.dump(settings, file)
