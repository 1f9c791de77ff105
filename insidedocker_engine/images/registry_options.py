"""Options for registries: plain http and mirrors. Fixed at the engine's start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HOST = r"(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?"


class OptionError(Exception):
    """An unusable option; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Options:
    """Options for reaching registries."""

    insecure: frozenset[str] = frozenset()
    """Hosts (with port) spoken to over plain http. Loopback always is."""
    mirrors: tuple[str, ...] = ()
    """URLs such as http://127.0.0.1:5000, asked before Docker Hub for its images."""

    @classmethod
    def of(cls, insecure: Iterable[str], mirrors: Iterable[str]) -> Options:
        """Options from the command line. Raises OptionError."""
        for host in insecure:
            if not re.fullmatch(_HOST, host):
                raise OptionError(f"{host!r} is no registry: write HOST or HOST:PORT")
        for url in mirrors:
            if not re.fullmatch(rf"https?://{_HOST}/?", url):
                raise OptionError(f"{url!r} is no mirror: write http://HOST:PORT or https://HOST")
        return cls(frozenset(insecure), tuple(url.rstrip("/") for url in mirrors))
