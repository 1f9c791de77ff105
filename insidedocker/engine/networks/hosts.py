"""/etc/hosts and /etc/resolv.conf of running containers, kept right while networks change.

Only lines that the engine wrote are touched: what a program in the container added stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .endpoints import Joined

if TYPE_CHECKING:
    from ..containers import Container


def own_lines(container: Container) -> list[str]:
    """The container's own name at each of its addresses."""
    config = container.config
    name, domain = str(config["Hostname"]), str(config["Domainname"])
    known = f"{name}.{domain} {name}" if domain else name
    found = []
    for joined in container.joined.values():
        found += [f"{each}\t{known}" for each in (joined.address, joined.address6) if each]
    return found


def aliases(joined: Joined, other: Joined) -> Iterable[str]:
    """What `joined` calls `other` by links of its own."""
    for text in joined.settings.get("Links") or []:
        target, _, alias = text.partition(":")
        if target in (other.container.name, other.container.id) and alias:
            yield alias


async def refresh(container: Container, others: list[str]) -> None:
    """Bring /etc/hosts up to date; `others` are the lines about other containers."""
    wanted = [*others, *own_lines(container)]
    before, container.host_lines = container.host_lines, wanted
    if before != wanted:
        await asyncio.to_thread(_replace, container, before, wanted)


def _replace(container: Container, before: list[str], wanted: list[str]) -> None:
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
    from ..containers import files

    def write() -> None:
        (container.folder / "resolv.conf").write_text(files.resolv_conf(container, named=True))

    await asyncio.to_thread(write)
