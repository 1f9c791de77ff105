"""The embedded engine: the Docker Engine API over real, unprivileged containers.

It knows nothing of the course, of notebooks or of grading. Programs around it use the names below,
`recording` (the traffic between a client and an engine) and `host` (Linux itself); the rest is the
engine's own.

    with insidedocker_engine.start() as engine:
        client = docker.DockerClient(engine.url)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .base.paths import (
    ROOT_VARIABLE,
    PathError,
    account_root,
    default_root,
    default_socket,
    every_root,
    own_root,
    own_socket,
    owner,
)
from .images.platforms import Platform
from .process import Handle, Joined, Running, StartFailed, find, join, start, stop

if TYPE_CHECKING:
    from .images.download import Downloaded, Progress
    from .probing import Probe

__all__ = [
    "ROOT_VARIABLE",
    "Handle",
    "Joined",
    "PathError",
    "Platform",
    "Running",
    "StartFailed",
    "account_root",
    "default_root",
    "default_socket",
    "every_root",
    "find",
    "join",
    "own_root",
    "own_socket",
    "owner",
    "probe",
    "pull",
    "start",
    "stop",
]


def probe() -> Probe:
    """Try out what this host offers an engine; see `Probe`. Changes nothing and starts no
    engine."""
    from .probing import Probe

    return Probe.now()


def pull(
    reference: str,
    folder: Path,
    platform: Platform | None = None,
    *,
    mirrors: Sequence[str] = (),
    progress: Progress | None = None,
) -> Downloaded:
    """Pull the image `reference` ("busybox:latest") for `platform` (this host's if not given) into
    `folder`, without an engine. Every digest is checked. `mirrors` are URLs asked before Docker
    Hub.

    Raises ConnectionError with the registry's words.
    """
    from .images import download

    return download.pull(reference, folder, platform, mirrors=mirrors, progress=progress)
