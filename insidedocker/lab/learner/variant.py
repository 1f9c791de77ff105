"""Values that differ from learner to learner, and are the same whenever the same work is run.

A seed is drawn when a lesson first asks for a value, and kept in a file beside the notebook: it
travels with the submission, so that grading finds the values that the learner had.
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
VARIABLE = "INSIDEDOCKER_VARIANT"  # where checks run beside no files: the seed itself
SEED = re.compile(r"[0-9a-f]{32}")


def number(name: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`, both included. Each name has a value of its own."""
    return least + _drawn(name) % (most - least + 1)


def one_of(name: str, values: Sequence[Value]) -> Value:
    """One of some values."""
    return values[_drawn(name) % len(values)]


def seed_in(folder: Path) -> str:
    """The seed that a folder holds; empty where there is none, or none that can be read."""
    try:
        return _read(folder / FILE)
    except beside.Unreadable:
        return ""


def _read(path: Path) -> str:
    """The seed in a file; empty where there is no file. Raises Unreadable."""
    data = beside.read(path)
    if data is None:
        return ""
    found = data.decode("utf-8-sig", errors="replace").strip()
    if not SEED.fullmatch(found):
        raise beside.Unreadable("it holds something else than a seed")
    return found


def _drawn(name: str) -> int:
    # A hash and no generator of random numbers: the same for every version of Python.
    return int.from_bytes(hashlib.sha256(f"{_seed()}/{name}".encode()).digest())


def _seed() -> str:
    """This learner's seed. Where none can be kept there is none, and all have the same values."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    found = seed_in(beside.FOLDER)
    if not found and not os.environ.get("NBGRADER_EXECUTION"):
        with contextlib.suppress(OSError), beside.locked(beside.FOLDER):
            found = _drawn_anew(beside.FOLDER / FILE)
    return found


def _drawn_anew(path: Path) -> str:
    """A new seed, which is kept; or the one that another notebook has drawn meanwhile."""
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
