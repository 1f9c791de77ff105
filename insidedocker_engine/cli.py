"""`insidedocker engine start|stop|status|remove`: a background engine, one for each root."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .base import paths


class CommandError(Exception):
    """A command failed; the text is one sentence for the user."""


def add_to(subparsers: Any) -> None:
    """Register `engine` with its subcommands; each sets `run`, which gives the exit code."""
    parser = _add(subparsers, "engine", "start, stop or remove the embedded engine", "status")
    commands = parser.add_subparsers(dest="engine_command", metavar="COMMAND", required=True)

    started = _add(commands, "start", "start the engine in the background", "start")
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

    stopped = _add(commands, "stop", "end the engine and its containers", "stop")
    _add_root(stopped)
    stopped.set_defaults(run=_stop)

    status = _add(commands, "status", "say if the engine runs, where, and how", "status")
    _add_root(status)
    status.set_defaults(run=_status)

    removed = _add(
        commands,
        "remove",
        "remove the engine's folder with its images, containers and volumes, for good",
        "remove --stop",
    )
    _add_root(removed)
    removed.add_argument("--stop", action="store_true", help="end the engine first if it runs")
    removed.set_defaults(run=_remove)


def _add(subparsers: Any, name: str, does: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=f"Example: insidedocker engine {example}",
    )
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        help=f"the folder where it keeps everything ({paths.default_root()})",
    )


def _start(options: argparse.Namespace) -> int:
    from . import lock
    from .process import StartFailed, find, start
    from .sharing import Use

    try:
        root = options.root or paths.own_root()
        paths.make_root(root)
        use = Use(root, "insidedocker engine start")  # keeps a running engine from ending meanwhile
        running = find(root)
        if running and running.urls and set(options.host or running.urls) <= set(running.urls):
            lock.keep(root)
            print(f"It runs already (process {running.pid}).", file=sys.stderr)
            print(f"export DOCKER_HOST={running.urls[0]}")
        else:
            hosts = options.host or [f"unix://{paths.own_socket(root)}"]
            handle = start(root, hosts, options.runtime, insecure_tcp=options.insecure_tcp)
            print(f"export DOCKER_HOST={handle.url}")
        use.end()
    except (StartFailed, TimeoutError, paths.PathError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"The folder {root} cannot be used: {error.strerror}.") from None
    return 0


def _stop(options: argparse.Namespace) -> int:
    from .process import stop
    from .sharing import users

    root = options.root or paths.default_root()
    using = users(root)
    try:
        pid = stop(root, tell=lambda text: print(text, file=sys.stderr, flush=True))
    except (TimeoutError, PermissionError) as error:
        raise CommandError(str(error)) from None
    if pid is None:
        print(f"No engine runs on {root}.")
    else:
        used = f" It was used by {', '.join(using)}." if using else ""
        print(f"The engine (process {pid}) has ended.{used}")
    return 0


def _status(options: argparse.Namespace) -> int:
    """Show the engine's status. Exit code 0 where it runs and answers, 3 where it does not run, as
    in service scripts."""
    from .process import find
    from .sharing import users

    root = options.root or paths.default_root()
    found = find(root)
    if found is None:
        print(f"No engine runs on {root}. Start one with: insidedocker engine start")
        return 3
    print(f"running      process {found.pid}, root {root.absolute()}")
    if place := paths.owner(root):
        print(f"belongs to   {place}")
    print(f"used by      {', '.join(users(root)) or 'nobody'}")
    print(f"ends         {'when it is stopped' if found.stays else 'with the last of its users'}")
    print(f"listening    {', '.join(found.urls)}")
    try:
        info = found.info()
    except (OSError, IndexError):
        raise CommandError("It does not answer: look at engine.log in its root folder.") from None
    runtime = info["DefaultRuntime"]
    print(f"version      {info['ServerVersion']} (storage driver {info['Driver']})")
    print(f"runtime      {runtime}: {info['Runtimes'][runtime]['status']['insidedocker.why']}")
    print(f"containers   {info['Containers']} ({info['ContainersRunning']} running)")
    print(f"images       {info['Images']}")
    for warning in info["Warnings"]:
        print(warning)
    return 0


def _remove(options: argparse.Namespace) -> int:
    from . import removal
    from .process import stop
    from .sharing import users

    root = options.root or paths.default_root()
    try:
        if options.stop:
            stop(root)
        left = removal.remove(root)
    except removal.Running as running:
        used = f", used by {', '.join(users(root))}" if users(root) else ""
        raise CommandError(
            f"An engine ({running}) runs on {root}{used}. Nothing was removed: "
            "end it first, or add --stop."
        ) from None
    except (removal.NotAnEngines, TimeoutError) as error:
        raise CommandError(f"{error}. Nothing was removed.") from None
    except OSError as error:
        raise CommandError(f"{root} could not be removed: {error}.") from None
    if left:
        print(f"Removed what was the engine's in {root}; not the engine's, and left: {left}")
    else:
        print(f"Removed {root}.")
    return 0
