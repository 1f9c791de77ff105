"""Makes untrusted text and names safe for files, databases and pages. Imports no other module."""

from __future__ import annotations

LONGEST_ID = 128
"""Most characters of a learner's id in the gradebook."""


def plain(text: str) -> str:
    """Text without lone surrogates, which UTF-8 cannot encode, and without NUL, which PostgreSQL
    cannot store."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def why_no_id(name: str) -> str:
    """Reason that a folder's name cannot be a learner's id; empty where it can.

    nbgrader uses an id as a glob pattern of folders and in a regular expression, and strips it.
    """
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
    """A folder's name for a terminal or a log: `ascii` of a name that is not printable."""
    return name if name.isprintable() else ascii(name)
