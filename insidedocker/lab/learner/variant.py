"""Values that differ from learner to learner, and are the same whenever the same work is run.

A seed is drawn when a lesson first asks for a value, and kept in a file beside the notebook. The
file is part of the submission, so that grading uses the learner's values.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from insidedocker.lab import beside

Value = TypeVar("Value")

FILE = "variant.txt"  # in the notebook's own folder
VARIABLE = "INSIDEDOCKER_VARIANT"  # the seed itself, for checks without files beside them
SEED = re.compile(r"[0-9a-f]{32}")


def number(name: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`, both included; each `name` has its own value."""
    return least + _drawn(name) % (most - least + 1)


def one_of(name: str, values: Sequence[Value]) -> Value:
    """One of `values`; each `name` has its own choice."""
    return values[_drawn(name) % len(values)]


def seed_in(folder: Path) -> str:
    """The seed in a folder; empty for a missing or unreadable seed."""
    try:
        return _read(folder / FILE)
    except beside.Unreadable:
        return ""


def _read(path: Path) -> str:
    """The seed in a file; empty for a missing file. Raises Unreadable."""
    data = beside.read(path)
    if data is None:
        return ""
    found = data.decode("utf-8-sig", errors="replace").strip()
    if not SEED.fullmatch(found):
        raise beside.Unreadable("it holds something else than a seed")
    return found


def _drawn(name: str) -> int:
    # A hash, not a random number generator: the value is the same in every version of Python.
    return int.from_bytes(hashlib.sha256(f"{_seed()}/{name}".encode()).digest())


def _seed() -> str:
    """This learner's seed; empty where none can be kept: then all learners have the same values."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    found = seed_in(beside.FOLDER)
    if not found and not os.environ.get("NBGRADER_EXECUTION"):
        with contextlib.suppress(OSError), beside.locked(beside.FOLDER):
            found = _drawn_anew(beside.FOLDER / FILE)
    return found


def _drawn_anew(path: Path) -> str:
    """Draw and save a new seed, and return it; or return the seed that another notebook has drawn
    meanwhile."""
    try:
        if found := _read(path):
            return found
    except beside.Unreadable as why:
        kept = beside.set_aside(path, "unreadable")
        print(
            f"{FILE} cannot be read: {why}. It is kept as {kept.name}, and this lesson has new "
            "values: run it again from its first cell."
        )
    found = secrets.token_hex(16)
    beside.save(path, f"{found}\n")
    return found
