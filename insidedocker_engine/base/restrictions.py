"""What a restricted engine refuses: whatever leads from a container to the host, and use without
end. For engines whose clients nobody knows; it is the same API, and 403 where it says no.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import errors

MOST = {"containers": 64, "images": 256, "networks": 32, "volumes": 64, "execs": 512}


@dataclass(frozen=True)
class Restrictions:
    """Whether they hold, for every part of an engine to ask."""

    on: bool = False

    def refuse(self, case: bool, what: str) -> None:
        """Raises Forbidden, naming `what`, where it is the case."""
        if self.on and case:
            raise errors.Forbidden(f"this engine is restricted: it refuses {what}")

    def limit(self, kind: str, count: int) -> None:
        """Raises Forbidden where there are `count` of a kind already, and that is enough."""
        if self.on and count >= MOST[kind]:
            raise errors.Forbidden(f"this engine is restricted: it has at most {MOST[kind]} {kind}")
