"""`insidedocker engine start|stop|status`: an engine in the background, one for each root."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from insidedocker.errors import UserError

from . import paths


def add_to(subparsers: Any) -> None:
    """Register `engine` with its subcommands; each sets `run`, which gives the exit code."""
    parser = subparsers.add_parser("engine", help="the embedded engine: start, stop, status")
    commands = parser.add_subparsers(dest="engine_command", metavar="COMMAND", required=True)

    started = commands.add_parser("start", help="start it in the background")
    _add_root(started)
    started.add_argument(
        "--host",
        action="append",
        metavar="URL",
        help=f"unix:///PATH or tcp://127.0.0.1:PORT; may be given again ({paths.default_url()})",
    )
    started.add_argument("--runtime", choices=("auto", "namespaces", "proot"), default="auto")
    started.add_argument(
        "--insecure-tcp", action="store_true", help="allow tcp:// addresses that others can reach"
    )
    started.set_defaults(run=_start)

    stopped = commands.add_parser("stop", help="end it and its containers")
    _add_root(stopped)
    stopped.set_defaults(run=_stop)

    status = commands.add_parser("status", help="whether it runs, where, and how")
    _add_root(status)
    status.set_defaults(run=_status)


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        default=paths.default_root(),
        metavar="DIR",
        help="the folder where it keeps everything (%(default)s)",
    )


def _start(options: argparse.Namespace) -> int:
    from .process import StartFailed, find, start

    running = find(options.root)
    if running and running.urls and set(options.host or running.urls) <= set(running.urls):
        print(f"It runs already (process {running.pid}).", file=sys.stderr)
        print(f"export DOCKER_HOST={running.urls[0]}")
        return 0
    hosts = options.host or [paths.default_url()]
    try:
        handle = start(options.root, hosts, options.runtime, insecure_tcp=options.insecure_tcp)
    except StartFailed as error:
        raise UserError(str(error)) from None
    print(f"export DOCKER_HOST={handle.url}")
    return 0


def _stop(options: argparse.Namespace) -> int:
    from .process import stop

    try:
        pid = stop(options.root)
    except (TimeoutError, PermissionError) as error:
        raise UserError(str(error)) from None
    if pid is None:
        print(f"No engine runs on {options.root}.")
    else:
        print(f"The engine (process {pid}) has ended.")
    return 0


def _status(options: argparse.Namespace) -> int:
    """Exit code 0 where it runs and answers, 3 where it does not run (as of service scripts)."""
    from .process import find

    found = find(options.root)
    if found is None:
        print(f"No engine runs on {options.root}. Start one with: insidedocker engine start")
        return 3
    print(f"running      process {found.pid}, root {options.root.absolute()}")
    print(f"listening    {', '.join(found.urls)}")
    try:
        info = found.info()
    except (OSError, IndexError):
        raise UserError("It does not answer: look at engine.log in its root folder.") from None
    runtime = info["DefaultRuntime"]
    print(f"version      {info['ServerVersion']} (storage driver {info['Driver']})")
    print(f"runtime      {runtime}: {info['Runtimes'][runtime]['status']['insidedocker.why']}")
    print(f"containers   {info['Containers']} ({info['ContainersRunning']} running)")
    print(f"images       {info['Images']}")
    for warning in info["Warnings"]:
        print(warning)
    return 0
