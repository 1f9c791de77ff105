"""Limits of a restricted engine, whose clients are not trusted: the engine refuses requests that
give a container access to the host, and limits the number of objects. The API is the same;
refused requests get 403.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import errors

MOST = {"containers": 64, "images": 256, "networks": 32, "volumes": 64, "execs": 512}


@dataclass(frozen=True)
class Restrictions:
    """The checks of one engine; without `on` they allow everything."""

    on: bool = False
    logs: Mapping[str, str] = field(default_factory=dict)
    """Options of the logs of containers whose requests have none: --log-opt."""

    def refuse(self, case: bool, what: str) -> None:
        """Raise Forbidden, naming `what`, where the engine is restricted and `case` is true."""
        if self.on and case:
            raise errors.Forbidden(f"this engine is restricted: it refuses {what}")

    def limit(self, kind: str, count: int) -> None:
        """Raise Forbidden where the engine is restricted and `count` objects of `kind` reach the
        limit (MOST)."""
        if self.on and count >= MOST[kind]:
            raise errors.Forbidden(f"this engine is restricted: it has at most {MOST[kind]} {kind}")
