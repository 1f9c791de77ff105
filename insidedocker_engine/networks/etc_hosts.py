"""/etc/hosts and /etc/resolv.conf of containers, kept right while networks change.

Only lines that the engine wrote are touched: what a program in the container added stays.
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
    """The container's own name at each of its addresses."""
    config = container.config
    name, domain = str(config["Hostname"]), str(config["Domainname"])
    known = f"{name}.{domain} {name}" if domain else name
    found = []
    for place in joined:
        found += [f"{each}\t{known}" for each in (place.address, place.address6) if each]
    return found


def aliases(joined: Joined, other: Joined) -> Iterable[str]:
    """What `joined` calls `other` by links of its own."""
    for text in joined.settings.get("Links") or []:
        target, _, alias = text.partition(":")
        if target in (other.container.name, other.container.id) and alias:
            yield alias


def replace(container: Container, before: list[str], wanted: list[str]) -> None:
    """Put the lines `wanted` into /etc/hosts where those of `before` were. Blocking."""
    file = container.folder / "hosts"
    with contextlib.suppress(FileNotFoundError):
        lines = file.read_text(errors="surrogateescape").splitlines()
        for line in before:
            with contextlib.suppress(ValueError):
                lines.remove(line)
        # In place: the file itself is bound in the container.
        text = "\n".join([*lines, *wanted, ""])
        file.write_text(text, errors="surrogateescape")


async def use_name_server(container: Container) -> None:
    """Name the engine's own name server in /etc/resolv.conf."""

    def write() -> None:
        (container.folder / "resolv.conf").write_text(resolv_conf(container, named=True))

    await asyncio.to_thread(write)


def resolv_conf(container: Container, named: bool) -> str:
    """The host's, with what the container asks for instead. Name servers of the host's own
    loopback are left out where the container has another one. `named`: the engine's own name
    server asks all of them."""
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
