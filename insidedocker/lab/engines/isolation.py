"""What an engine does not keep apart from its host, by its own account."""

from __future__ import annotations

from insidedocker.lab.engines.session import Engine

SAYS = "not isolated on this host:"


def shared_with_host(engine: Engine) -> list[str]:
    """What containers share with the host here: "processes", "network", "hostname" …

    The embedded engine lists it under Warnings of /info, where its host allows ordinary users
    less; engines that isolate all of it list nothing.
    """
    for line in engine.get("/info").json().get("Warnings") or []:
        _, found, rest = line.partition(SAYS)
        if found:
            return [each.strip() for each in rest.split(",")]
    return []
