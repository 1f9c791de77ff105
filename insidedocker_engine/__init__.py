"""The embedded engine: the Docker Engine API over real, unprivileged containers.

It knows nothing of the course, of notebooks or of grading. Programs around it use the names below,
`recording` (the traffic between a client and an engine) and `host` (Linux itself); the rest is the
engine's own.

    with insidedocker_engine.start() as engine:
        client = docker.DockerClient(engine.url)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    from .images.download import pull
    from .probing import probe

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


_WHEN_ASKED = {"probe": ".probing", "pull": ".images.download"}
"""Name -> module that is read in with its first use: most programs need neither."""


def __getattr__(name: str) -> Any:
    if name not in _WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHEN_ASKED[name], __name__), name)
