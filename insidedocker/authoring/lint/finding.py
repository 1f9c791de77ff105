"""A finding of the linter: a place, and what to do there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to put right; `line` counts from 1."""

    path: Path
    line: int
    message: str
