"""/etc/hosts and /etc/resolv.conf of containers, updated while networks change.

Only lines that the engine wrote in /etc/hosts change: lines that a program in the container added
stay. One writer at a time changes a file, and a reader sees it whole.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..host import whole_files
from ..runtime.contract import NAME_SERVER

if TYPE_CHECKING:
    from ..container.record import Container
    from .endpoints import Joined

HOST_RESOLV = Path("/etc/resolv.conf")
UPSTREAM_RESOLV = Path("/run/systemd/resolve/resolv.conf")
"""The name servers behind systemd-resolved's own, which is on the host's loopback."""
RESOLVED = "127.0.0.53"


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


def write(file: Path, lines: list[str], *, mounted: bool) -> None:
    """Write one of a container's files in /etc. `mounted` says that the file itself may be mounted
    in the container, which would go on with the old one after a rename. Blocking."""
    data = "\n".join([*lines, ""]).encode(errors="surrogateescape")
    if mounted:
        whole_files.overwrite(file, data, 0o644)
    else:
        whole_files.replace(file, data, 0o644, lasting=False)


def replace(container: Container, before: list[str], wanted: list[str], *, mounted: bool) -> None:
    """Replace the lines `before` in /etc/hosts by the lines `wanted`. Blocking.

    Lines go in one write and come in another, at the end: a program that reads a mounted file in
    several steps then sees no line of two halves.
    """
    file = container.folder / "hosts"
    with contextlib.suppress(FileNotFoundError):
        lines = file.read_text(errors="surrogateescape").splitlines()
        gone = [line for line in before if line not in wanted and line in lines]
        for line in gone:
            lines.remove(line)
        if gone:
            write(file, lines, mounted=mounted)
        if new := [line for line in wanted if line not in before]:
            write(file, lines + new, mounted=mounted)


async def use_name_server(container: Container) -> None:
    """Write the engine's own name server into the container's /etc/resolv.conf."""

    def work() -> None:
        lines = resolv_conf(container, named=True, shared=False)
        write(container.folder / "resolv.conf", lines, mounted=True)

    await asyncio.to_thread(work)


def host_settings(*, shared: bool) -> dict[str, list[str]]:
    """The host's nameserver, search and options. Without the host's network (`shared`), servers on
    its loopback cannot be reached: those behind systemd-resolved take its place, others are left
    out."""
    found = _settings(HOST_RESOLV)
    if shared:
        return found
    if found["nameserver"] == [RESOLVED]:
        found = _settings(UPSTREAM_RESOLV)
    found["nameserver"] = [each for each in found["nameserver"] if not _on_loopback(each)]
    return found


def _settings(file: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"nameserver": [], "search": [], "options": []}
    with contextlib.suppress(OSError):
        for line in file.read_text(errors="replace").splitlines():
            words = line.split()
            if words and words[0] in found:
                found[words[0]] += words[1:]
    return found


def _on_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def resolv_conf(container: Container, *, named: bool, shared: bool) -> list[str]:
    """Lines of /etc/resolv.conf: the host's settings, overridden by the container's. With `named`
    the only server is the engine's own, which forwards to the others; `shared` says that the
    container shares the host's network."""
    host = container.host_config
    found = host_settings(shared=shared)
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
    return text
