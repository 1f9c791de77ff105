"""Platforms of images: this machine's, and the choice among several."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from ..base import errors

_MACHINES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "riscv64": ("riscv64", ""),
    "s390x": ("s390x", ""),
}
_ALIASES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}


@dataclass(frozen=True)
class Platform:
    os: str = "linux"
    architecture: str = ""
    variant: str = ""

    @classmethod
    def host(cls) -> Self:
        """The platform of this host."""
        machine = os.uname().machine
        architecture, variant = _MACHINES.get(machine, (machine, ""))
        return cls("linux", architecture, variant)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))

    def suits(self, wanted: Platform) -> bool:
        """True where an image for this platform runs on `wanted`. Missing fields match anything:
        the variant of 64-bit ARM, for example, is often left out."""
        return (
            self.os == wanted.os
            and (not wanted.architecture or self.architecture == wanted.architecture)
            and (not wanted.variant or not self.variant or self.variant <= wanted.variant)
        )


Entry = TypeVar("Entry")


def parse(text: str) -> Platform:
    """Parse `linux/arm64/v8`, `linux`, `arm64`, or the JSON form `{"os": …}`. Raises BadRequest."""
    if text.lstrip().startswith("{"):
        return _parse_json(text)
    parts = text.lower().split("/")
    if not 1 <= len(parts) <= 3 or not all(part.isidentifier() or part.isalnum() for part in parts):
        raise errors.BadRequest(f'"{text}": cannot parse platform specifier: invalid argument')
    if len(parts) == 1:
        if parts[0] == "linux":
            host = Platform.host()
            return Platform("linux", host.architecture, host.variant)
        parts = ["linux", parts[0]]
    return Platform(parts[0], _ALIASES.get(parts[1], parts[1]), parts[2] if parts[2:] else "")


def _parse_json(text: str) -> Platform:
    try:
        value = json.loads(text)
        return of(value)
    except (ValueError, RecursionError, AttributeError):
        raise errors.BadRequest("failed to parse platform: it is not a JSON object") from None


def of(value: dict[str, Any]) -> Platform:
    """The platform in an image's config or in an entry of an index."""
    return Platform(
        str(value.get("os") or "linux"),
        str(value.get("architecture") or ""),
        str(value.get("variant") or ""),
    )


def choose(entries: Sequence[tuple[Platform, Entry]], wanted: Platform) -> Entry | None:
    """The best entry for `wanted`: the nearest variant, else the first entry; None without a
    match."""
    suiting = [(platform, entry) for platform, entry in entries if platform.suits(wanted)]
    if not suiting:
        return None
    best = max(suiting, key=lambda pair: (pair[0].variant == wanted.variant, pair[0].variant))
    return best[1]
