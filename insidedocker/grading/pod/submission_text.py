"""A stranger's text and names, as files, databases and pages can hold them. Knows nothing else."""

from __future__ import annotations

LONGEST_ID = 128
"""Characters of a learner's id in the gradebook."""


def plain(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot say, and NUL, which PostgreSQL cannot
    hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def why_no_id(name: str) -> str:
    """Why a folder's name cannot be a learner's id; empty where it can. nbgrader takes an id for a
    pattern of folders and for a part of a regular expression, and strips it."""
    if not name or len(name) > LONGEST_ID:
        return f"a learner's id has 1 to {LONGEST_ID} characters"
    if name.startswith("."):
        return "a learner's id does not start with a dot"
    if not name.isprintable() or name != name.strip():
        return "a learner's id has no line breaks, no unreadable signs and no blanks at its ends"
    if set(name) & set("*?[]/"):
        return "a learner's id holds none of * ? [ ]"
    return ""


def shown(name: str) -> str:
    """A folder's name as a terminal and a log can show it."""
    return name if name.isprintable() else ascii(name)
