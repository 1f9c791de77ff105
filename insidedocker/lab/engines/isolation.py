"""The parts of the host that an engine does not isolate, as the engine itself reports them."""

from __future__ import annotations

from insidedocker.lab.engines.session import Engine

FIELD = "insidedocker.not-isolated"


def shared_with_host(engine: Engine) -> list[str]:
    """The parts that containers share with the host here: "processes", "network", "hostname" …

    The embedded engine lists them in /info, in the status of its runtime, on hosts that restrict
    ordinary users; engines with full isolation list nothing.
    """
    info = engine.get("/info").json()
    runtime = (info.get("Runtimes") or {}).get(info.get("DefaultRuntime")) or {}
    listed = (runtime.get("status") or {}).get(FIELD, "")
    return [each.strip() for each in listed.split(",") if each]
