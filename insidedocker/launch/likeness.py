"""Recognition of a lesson's notebook by its cells, under whatever name."""

from __future__ import annotations

import json
import re
from pathlib import Path

LIMIT = 64 << 20
"""The largest file that is looked at, in bytes; every notebook of the course is far smaller."""
_ID = re.compile(r'"(grade_id|id)"\s*:\s*"([^"]+)"')


def cells(text: str) -> list[set[str]]:
    """The marks that identify each cell: its grade id, its id, its text. Empty where `text` is not
    a notebook."""
    try:
        return [_marks(cell) for cell in json.loads(text)["cells"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def has_most(path: Path, released: list[set[str]]) -> bool:
    """True for a file with at least half of a notebook's cells. In a damaged notebook the ids in
    its text count. True for an unreadable file, which may be the notebook; False above LIMIT."""
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
