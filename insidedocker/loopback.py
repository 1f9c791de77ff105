"""Servers on this machine are asked directly, whatever proxy the account uses for the internet."""

from __future__ import annotations

from collections.abc import MutableMapping

NAMES = ("localhost", "127.0.0.1", "::1")


def keep_direct(environment: MutableMapping[str, str]) -> None:
    """Add this machine's own names to the exceptions of the proxy settings in `environment`."""
    for variable in ("NO_PROXY", "no_proxy"):
        listed = [each.strip() for each in environment.get(variable, "").split(",")]
        if "*" not in listed:
            environment[variable] = ",".join(dict.fromkeys([*filter(None, listed), *NAMES]))
