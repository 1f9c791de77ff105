"""`insidedocker catalog build|list|load`: the store of images from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from insidedocker import catalog, commands
from insidedocker.catalog import store
from insidedocker.progress import for_stream
from insidedocker_engine import Platform


def add_to(subparsers: Any) -> None:
    """Register `catalog` with its subcommands; each sets `run`, which returns the exit code."""
    parser = commands.add(
        subparsers,
        "catalog",
        "build, list and load the course's images",
        "insidedocker catalog list",
    )
    images = parser.add_subparsers(dest="catalog_command", metavar="COMMAND", required=True)

    build = commands.add(
        images,
        "build",
        "make the images' archives, in your cache folder",
        "insidedocker catalog build busybox",
    )
    _add_names(build)
    build.add_argument(
        "--from",
        dest="source",
        choices=("auto", "hub", "debian"),
        default="auto",
        help="Docker Hub, Debian's packages, or (auto) the first of these that can be reached",
    )
    build.add_argument("--force", action="store_true", help="make them again")
    build.set_defaults(run=_build)

    listed = commands.add(
        images, "list", "list what is in your cache folder", "insidedocker catalog list"
    )
    listed.set_defaults(run=_list)

    loaded = commands.add(
        images, "load", "load the images into an engine", "insidedocker catalog load busybox"
    )
    _add_names(loaded)
    loaded.add_argument(
        "--host",
        default=os.environ.get("DOCKER_HOST"),
        metavar="URL",
        help="the engine: unix:///PATH or tcp://HOST:PORT (default: the one that lessons take)",
    )
    loaded.add_argument(
        "--replace",
        action="store_true",
        help="take the name from another image that bears it on the engine",
    )
    loaded.set_defaults(run=_load)


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names",
        nargs="*",
        metavar="IMAGE",
        help=f"of {', '.join(store.names())}; all if none given",
    )


def _build(arguments: argparse.Namespace) -> int:
    entries = store.ensure(
        arguments.names or store.names(),
        arguments.source,
        force=arguments.force,
        progress=for_stream(sys.stderr),
    )
    for entry in entries:
        print(store.path_of(entry))
    return 0


def _list(_arguments: argparse.Namespace) -> int:
    entries = store.stored()
    rows = [("IMAGE", "SIZE", "FROM", "IMAGE ID", "PLATFORM")]
    for name in store.names():
        entry = entries.get(name)
        if entry is None:
            rows.append((name, "-", "not built", "-", str(Platform.host())))
            continue
        size = f"{entry.size / 1e6:.1f} MB" if entry.size >= 100_000 else f"{entry.size} B"
        short = entry.config.removeprefix("sha256:")[:12]
        rows.append((name, size, entry.origin, short, entry.platform))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def _load(arguments: argparse.Namespace) -> int:
    url = arguments.host
    if url is None:
        from insidedocker.lab import connect  # which itself needs the catalogue

        url = connect().url
    names, progress = arguments.names or None, for_stream(sys.stderr)
    catalog.load(names, url, progress, replace=arguments.replace)
    return 0
