"""The patterns of a .dockerignore file."""

from __future__ import annotations

import posixpath
import re

from ..base import expressions


def read(text: str) -> list[str]:
    """The patterns, cleaned, without comments and empty lines."""
    found = []
    for line in text.removeprefix("\ufeff").splitlines():
        pattern = line.strip()
        if not pattern or line.startswith("#"):
            continue
        mark = "!" if pattern.startswith("!") else ""
        clean = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
        found.append(mark + clean)
    return found


def excluded(path: str, patterns: list[str]) -> bool:
    """True where `path` (relative) is left out: the last pattern that matches the path, or a folder
    above it, decides."""
    answer = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if any(matches(wanted, each) for each in _with_folders(path)):
            answer = not pattern.startswith("!")
    return answer


def _with_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def matches(pattern: str, path: str) -> bool:
    """True where Go's filepath.Match would match; `**` stands for any number of folders."""
    try:
        wanted = expressions.compiled(f"(?s){_translated(pattern)}")
    except expressions.Invalid:
        return False
    return wanted.fullmatch(expressions.searchable(path)) is not None


def _translated(pattern: str) -> str:
    found, position = "", 0
    while position < len(pattern):
        letter = pattern[position]
        if pattern.startswith("**/", position):
            found, position = found + "(?:.*/)?", position + 3
            continue
        if pattern.startswith("**", position):
            found, position = found + ".*", position + 2
            continue
        if letter == "*":
            found += "[^/]*"
        elif letter == "?":
            found += "[^/]"
        elif letter == "[" and (end := pattern.find("]", position + 1)) > 0:
            inner = pattern[position + 1 : end]
            found += f"[{inner}]"
            position = end
        elif letter == "\\" and position + 1 < len(pattern):
            position += 1
            found += re.escape(pattern[position])
        else:
            found += re.escape(letter)
        position += 1
    return found
