"""Records that this engine cannot read: another version wrote them, or they are damaged. They stay
on disk, with what they may need, and /info and the log name them."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class KeptAside:
    """The unreadable records of one engine's root folder."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def note(self, what: str, path: Path, error: Exception) -> None:
        """Name a record that stays where it is."""
        why = error.strerror if isinstance(error, OSError) else str(error)
        told = f"{what} cannot be read and is kept as it is: {path} ({why or type(error).__name__})"
        log.warning("%s", told)
        self._found.append(told)

    def move(self, what: str, path: Path, error: Exception) -> None:
        """Rename a record whose place is needed, to a free name beside it, and name it."""
        number = 1
        while os.path.lexists(aside := path.with_name(f"{path.name}.unreadable-{number}")):
            number += 1
        path.rename(aside)
        self.note(what, aside, error)

    def warnings(self) -> list[str]:
        return [f"WARNING: {told}" for told in self._found]
