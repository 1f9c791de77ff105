"""The parts of the host that an engine does not isolate, as the engine itself reports them."""

from __future__ import annotations

from insidedocker.lab.engines.session import Engine

SAYS = "not isolated on this host:"


def shared_with_host(engine: Engine) -> list[str]:
    """The parts that containers share with the host here: "processes", "network", "hostname" …

    The embedded engine lists them under Warnings of /info, on hosts that restrict ordinary users;
    engines with full isolation list nothing.
    """
    for line in engine.get("/info").json().get("Warnings") or []:
        _, found, rest = line.partition(SAYS)
        if found:
            return [each.strip() for each in rest.split(",")]
    return []
