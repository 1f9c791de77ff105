"""Whether a file is a lesson's notebook, whatever it is called by now."""

from __future__ import annotations

import json
import re
from pathlib import Path

LIMIT = 64 << 20
"""Bytes of a file that is looked at; no notebook of the course comes near."""
_ID = re.compile(r'"(grade_id|id)"\s*:\s*"([^"]+)"')


def cells(text: str) -> list[set[str]]:
    """What each cell can be known by: its grade id, its id, its text. Empty where the text is not
    a notebook's."""
    try:
        return [_marks(cell) for cell in json.loads(text)["cells"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def has_most(path: Path, released: list[set[str]]) -> bool:
    """Whether a file has at least half of a notebook's cells; a damaged one is known by the ids in
    it. One that cannot be read may be anything, and counts."""
    try:
        if path.stat().st_size > LIMIT:
            return False
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return True
    there: set[str] = set().union(*cells(text)) or {
        f"{kind} {name}" for kind, name in _ID.findall(text)
    }
    return bool(released) and 2 * sum(bool(each & there) for each in released) >= len(released)


def _marks(cell: dict[str, object]) -> set[str]:
    source, metadata = cell.get("source", ""), cell.get("metadata")
    text = "".join(source) if isinstance(source, list) else str(source)
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = {f"id {cell.get('id')}"} if cell.get("id") else set()
    if isinstance(graded, dict) and graded.get("grade_id"):
        found.add(f"grade_id {graded['grade_id']}")
    return found | ({f"text {text.strip()}"} if text.strip() else set())
