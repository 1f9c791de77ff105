"""The format of an engine's root folder: written down there, and raised step by step.

On disk, below the engine's root:
  format.json   {"format": 1}; missing in folders of the first engines

A new field of a record is not a new format: older engines keep what they do not know (see
`base.records`). The number is raised only where an older engine would misread a folder.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from .base.kept_aside import KeptAside
from .files import atomic_files

log = logging.getLogger(__name__)

NAME = "format.json"


def _written_down(_root: Path) -> None:
    """From 0 to 1: the same records; the folder now says its format."""


STEPS: tuple[Callable[[Path], None], ...] = (_written_down,)
"""The step at index N makes a folder of format N one of format N + 1. A step can be repeated: a
kill may come in the middle of it."""
FORMAT = len(STEPS)
"""The format that this engine reads and writes."""


class Newer(Exception):
    """The root folder has a format that this engine does not know; the text says what to do."""


def prepare(root: Path, kept_aside: KeptAside) -> None:
    """Bring a root folder to the present format. Raises Newer, and then nothing has changed;
    OSError where a step fails."""
    present = _read(root, kept_aside)
    if present > FORMAT:
        raise Newer(
            f"the root folder {root} was written by a newer engine (its format is {present}, this "
            f"engine knows up to {FORMAT}): use that engine, or choose another folder with --root"
        )
    for step in STEPS[present:]:
        step(root)
    if present < FORMAT:
        try:
            atomic_files.write_json(root / NAME, {"format": FORMAT})
        except OSError as error:  # a full disk: the next start repeats the steps
            log.warning("the format of the root folder cannot be written down: %s", error)


def _read(root: Path, kept_aside: KeptAside) -> int:
    """The folder's format; 0 where it does not say. What it says unreadably is kept aside: records
    that this engine cannot read are kept in any case."""
    file = root / NAME
    try:
        found = atomic_files.read_json(file)["format"]
        if type(found) is not int or found < 1:
            raise ValueError(f"the format is {found!r}")
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        kept_aside.move("the note of the folder's format", file, error)
        return 0
    return found
