"""/etc/hosts and /etc/resolv.conf of containers, updated while networks change.

Only lines that the engine wrote in /etc/hosts change: lines that a program in the container added
stay.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime.contract import NAME_SERVER

if TYPE_CHECKING:
    from ..container.record import Container
    from .endpoints import Joined

HOST_RESOLV = Path("/etc/resolv.conf")


def own_lines(container: Container, joined: Iterable[Joined]) -> list[str]:
    """Lines with the container's own name for each of its addresses."""
    config = container.config
    name, domain = str(config["Hostname"]), str(config["Domainname"])
    known = f"{name}.{domain} {name}" if domain else name
    found = []
    for place in joined:
        found += [f"{each}\t{known}" for each in (place.address, place.address6) if each]
    return found


def aliases(joined: Joined, other: Joined) -> Iterable[str]:
    """Yield the aliases of `joined`'s links to `other`."""
    for text in joined.settings.get("Links") or []:
        target, _, alias = text.partition(":")
        if target in (other.container.name, other.container.id) and alias:
            yield alias


def replace(container: Container, before: list[str], wanted: list[str]) -> None:
    """Remove the lines `before` from /etc/hosts and append the lines `wanted`. Blocking."""
    file = container.folder / "hosts"
    with contextlib.suppress(FileNotFoundError):
        lines = file.read_text(errors="surrogateescape").splitlines()
        for line in before:
            with contextlib.suppress(ValueError):
                lines.remove(line)
        # Written in place, not renamed: the file itself is bind-mounted in the container.
        text = "\n".join([*lines, *wanted, ""])
        file.write_text(text, errors="surrogateescape")


async def use_name_server(container: Container) -> None:
    """Write the engine's own name server into the container's /etc/resolv.conf."""

    def write() -> None:
        (container.folder / "resolv.conf").write_text(resolv_conf(container, named=True))

    await asyncio.to_thread(write)


def resolv_conf(container: Container, named: bool) -> str:
    """Text of /etc/resolv.conf: the host's settings, overridden by the container's. Name servers
    on the host's loopback are left out where the container does not share the host's network.
    With `named` the only server is the engine's own, which forwards to the others."""
    host = container.host_config
    try:
        lines = HOST_RESOLV.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    shared = container.network_mode == "host"
    found: dict[str, list[str]] = {"nameserver": [], "search": [], "options": []}
    for line in lines:
        words = line.split()
        if words and words[0] in found:
            found[words[0]] += words[1:]
    if not shared:
        found["nameserver"] = [at for at in found["nameserver"] if not at.startswith("127.")]
    servers = host["Dns"] or found["nameserver"]
    search = host["DnsSearch"] or found["search"]
    options = host["DnsOptions"] or found["options"]
    if named:
        servers = [NAME_SERVER]
        if not any(option.startswith("ndots:") for option in options):
            options = [*options, "ndots:0"]
    text = [f"nameserver {address}" for address in servers]
    if search and search != ["."]:
        text.append("search " + " ".join(search))
    if options:
        text.append("options " + " ".join(options))
    return "\n".join([*text, ""])
