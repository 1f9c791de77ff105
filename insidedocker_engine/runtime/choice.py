"""Choose the runtime for this host."""

from __future__ import annotations

from ..host import linux
from . import probe
from .contract import Runtime
from .probe import Trial


def choose(wanted: str, trial: Trial | None = None) -> Runtime:
    """Choose the runtime: `wanted` is namespaces, proot or auto (the better one that works).

    With namespaces this process becomes root of a new user namespace, so it must still have a
    single thread. Raises Unavailable.
    """
    choice = probe.choose(wanted, trial)
    if choice.name == "proot":
        from .proot.runtime import PRoot

        return PRoot(choice.why)
    from .namespaces.runtime import Namespaces

    linux.become_root_in_user_namespace()
    return Namespaces(choice.why)
