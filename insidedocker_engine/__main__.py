"""`python -m insidedocker_engine`: one engine in the foreground, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from .runtime import probe


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m insidedocker_engine",
        description="Inside Docker's embedded engine: the Docker Engine API, without root.",
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help="where it keeps everything")
    parser.add_argument(
        "--host",
        action="append",
        metavar="URL",
        help="unix:///path or tcp://127.0.0.1:port (0: any free one); may be given again",
    )
    parser.add_argument("--runtime", choices=("auto", "namespaces", "proot"), default="auto")
    parser.add_argument(
        "--insecure-tcp",
        action="store_true",
        help="allow tcp:// addresses that others can reach: whoever reaches them is you",
    )
    parser.add_argument(
        "--registry-mirror",
        action="append",
        default=[],
        metavar="URL",
        help="a registry to ask before Docker Hub; may be given again",
    )
    parser.add_argument(
        "--insecure-registry",
        action="append",
        default=[],
        metavar="HOST",
        help="a registry without TLS, besides those on this machine; may be given again",
    )
    parser.add_argument(
        "--log-opt",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of containers' logs where a request has none, such as max-size=10m",
    )
    parser.add_argument(
        "--fault-control",
        metavar="URL",
        help="take faults on request at this private socket, unix:///path (for tests)",
    )
    parser.add_argument("--ready-fd", type=int, metavar="N", help="tell the addresses here, too")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started it ends"
    )
    parser.add_argument(
        "--while-used", action="store_true", help="end with the last of those who use it"
    )
    parser.add_argument("--discard", action="store_true", help="remove the root folder at the end")
    parser.add_argument(
        "--restricted",
        action="store_true",
        help="refuse what leads to this host: its folders, devices, networks and ports",
    )
    parser.add_argument("--debug", action="store_true", help="log more")
    return parser.parse_args(arguments)


def main() -> None:
    options = parse(sys.argv[1:])
    parent = os.getppid()
    # What this host allows is tried in a child process while the rest of the engine is read in:
    # the two take about as long, and somebody waits.
    trial = None if options.runtime == "proot" else probe.Trial()
    gc.disable()  # nothing that is read in now will ever be garbage; serving turns it on again
    # asyncio can do without TLS, which costs more time than all else in it, and the engine never
    # has TLS in an event loop: a registry is spoken to in threads, which import it when they must.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    import asyncio  # noqa: F401

    del sys.modules["ssl"]
    from . import service

    service.main(options, parent, trial)


if __name__ == "__main__":
    main()
