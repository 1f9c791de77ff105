"""Networks, the containers on them, their addresses and the ports published on the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from insidedocker.lab.engines.session import Engine
from insidedocker.lab.pictures.drawing import WIDTH, Drawing, Picture

ACROSS = 3
MARGIN, GAP = 12, 10
BOX = (WIDTH - 4 * MARGIN - (ACROSS - 1) * GAP) / ACROSS
PORTS = 3  # shown in a box; the picture's text has all


@dataclass(frozen=True)
class Member:
    """A container on one network."""

    name: str
    address: str  # empty without an address, as when the container does not run
    state: str
    published: tuple[str, ...]
    unpublished: tuple[str, ...]
    elsewhere: tuple[str, ...]  # the container's other networks

    @property
    def lines(self) -> list[str]:
        """The lines below the container's name."""
        ports = [*self.published, *(f"{port}, not published" for port in self.unpublished)]
        if len(ports) > PORTS:
            ports[PORTS - 1 :] = [f"and {len(ports) - PORTS + 1} more ports"]
        also = [f"also on {', '.join(self.elsewhere)}"] if self.elsewhere else []
        return [self.address or f"no address ({self.state})", *also, *ports]


@dataclass(frozen=True)
class Network:
    """A network with its members, in the order of their names."""

    name: str
    what: str  # driver and subnets
    members: tuple[Member, ...]


def networks(engine: Engine, *names: str) -> Picture:
    """A picture of the engine's networks, or of those named, with their containers, addresses and
    ports."""
    found = [each for each in _networks(engine) if not names or each.name in names]
    drawing = Drawing()
    y = 8.0
    for network in found:
        y = _draw_network(drawing, y, network)
    if any(member.published for network in found for member in network.members):
        drawing.words(MARGIN, y + 8, "Lit: reached from outside, by a published port.", "small")
    if not found:
        drawing.words(MARGIN, 24, "no such network" if names else "no network")
    count = len({member.name for network in found for member in network.members})
    title = f"{_count(len(found), 'network')} with {_count(count, 'container')}"
    return drawing.picture(title, list(_in_words(found)) or ["There is no such network."])


def _networks(engine: Engine) -> list[Network]:
    listed = engine.get("/networks").json()
    containers = engine.get("/containers/json", params={"all": "true"}).json()
    members = [pair for each in containers for pair in _memberships(each)]
    found = []
    for network in sorted(listed, key=lambda each: str(each["Name"])):
        own = sorted((m for name, m in members if name == network["Name"]), key=lambda m: m.name)
        subnets = [each.get("Subnet") for each in (network.get("IPAM") or {}).get("Config") or []]
        what = ", ".join([network.get("Driver", ""), *filter(None, subnets)])
        found.append(Network(network["Name"], what, tuple(own)))
    # Networks with containers first: an engine's own networks are often empty.
    return sorted(found, key=lambda network: not network.members)


def _memberships(container: dict[str, Any]) -> Iterator[tuple[str, Member]]:
    """Pairs (network's name, the container as its member), for each of a container's networks."""
    joined = (container.get("NetworkSettings") or {}).get("Networks") or {}
    ports = list(_ports(container.get("Ports") or []))
    published = tuple(sorted({words for is_public, words in ports if is_public}))
    unpublished = tuple(sorted({words for is_public, words in ports if not is_public}))
    names = [each.lstrip("/") for each in container.get("Names") or []]
    name = next((each for each in names if "/" not in each), container["Id"][:12])
    for network, endpoint in joined.items():
        addresses = [endpoint.get("IPAddress"), endpoint.get("GlobalIPv6Address")]
        yield (
            network,
            Member(
                name,
                ", ".join(filter(None, addresses)),
                str(container.get("State", "")),
                published,
                unpublished,
                tuple(sorted(each for each in joined if each != network)),
            ),
        )


def _ports(ports: Sequence[dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    """Pairs (True if published, the port in words). The wildcard addresses of IPv4 and IPv6 give
    the same words."""
    for port in ports:
        inner = f"{port['PrivatePort']}/{port.get('Type', 'tcp')}"
        if public := port.get("PublicPort"):
            where = str(port.get("IP", ""))
            host = "" if where in ("", "0.0.0.0", "::") else where
            host = f"[{host}]" if ":" in host else host
            yield True, f"{host or 'host '}:{public} → {inner}"
        else:
            yield False, inner


def _draw_network(drawing: Drawing, y: float, network: Network) -> float:
    """Draw a network's frame with its members; returns the `y` of the next frame."""
    drawing.words(2 * MARGIN, y + 20, network.name, "strong", room=300)
    drawing.words(WIDTH - 2 * MARGIN, y + 20, network.what, "small", room=280, at="end")
    top, foot = y + 32, y + 32
    for start in range(0, len(network.members), ACROSS):
        row = network.members[start : start + ACROSS]
        high = 28 + 17 * max(len(member.lines) for member in row)
        for number, member in enumerate(row):
            _draw_member(drawing, 2 * MARGIN + number * (BOX + GAP), top, high, member)
        top, foot = top + high + GAP, top + high + MARGIN
    drawing.box(MARGIN, y, WIDTH - 2 * MARGIN, foot - y, "frame")
    return foot + 14


def _draw_member(drawing: Drawing, x: float, y: float, high: float, member: Member) -> None:
    drawing.box(x, y, BOX, high, "box lit" if member.published else "box")
    drawing.words(x + 9, y + 19, member.name, "code", room=BOX - 18)
    for number, line in enumerate(member.lines):
        drawing.words(x + 9, y + 37 + 17 * number, line, "small", room=BOX - 18)


def _in_words(found: Sequence[Network]) -> Iterator[str]:
    for network in found:
        yield f"{network.name} ({network.what}): {_count(len(network.members), 'container')}"
        for member in network.members:
            lines = [member.address or f"no address ({member.state})", *member.published]
            lines += [f"{port}, not published" for port in member.unpublished]
            also = f"; also on {', '.join(member.elsewhere)}" if member.elsewhere else ""
            yield f"  {member.name}: {'; '.join(lines)}{also}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
