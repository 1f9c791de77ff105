"""The learner's quiz answers on disk: one small file beside the notebook.

Knows neither questions nor widgets. Writes nothing while nbgrader runs a notebook.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from insidedocker.lab import beside

Answer = str | bool | list[str] | dict[str, str]

FILE = "answers.json"  # in the notebook's own folder
ASIDE = "unreadable"


def read(question: str, folder: Path | None = None) -> Answer | None:
    """The saved answer; None without one, or where the file cannot be read."""
    try:
        found = _read_all(_file(folder)).get(question)
    except beside.Unreadable:
        return None
    if isinstance(found, str | bool):
        return found
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    if isinstance(found, dict) and all(isinstance(each, str) for each in found.values()):
        return found
    return None


def write(question: str, answer: Answer | None) -> bool:
    """Save an answer, or remove the saved one with None; False where the file cannot be written.

    A reader sees the old file or the new one, never half. An unreadable file is kept under another
    name.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return False
    path = _file(None)
    try:
        with beside.locked(path.parent):
            try:
                answers = _read_all(path)
            except beside.Unreadable:
                answers = {}
                beside.set_aside(path, ASIDE)
            answers.pop(question, None)
            if answer is not None:
                answers[question] = answer
            beside.save(path, json.dumps(answers, indent=1, sort_keys=True) + "\n")
    except OSError:
        return False
    return True


def trouble() -> str:
    """The present or past problem with the file, as a sentence; empty without a problem."""
    path = _file(None)
    try:
        _read_all(path)
    except beside.Unreadable as why:
        kept = beside.free_name(path, ASIDE).name
        return f"{FILE} cannot be read: {why}. The next answer that you save keeps it as {kept}."
    try:
        kept_ones = sorted(each.name for each in path.parent.glob(f"{FILE}.{ASIDE}-*"))
    except OSError:
        return ""
    if not kept_ones:
        return ""
    return f"An {FILE} that could not be read is kept as {', '.join(kept_ones)}."


def _file(folder: Path | None) -> Path:
    return (beside.FOLDER if folder is None else folder) / FILE


def _read_all(path: Path) -> dict[str, object]:
    """Question -> saved answer; raises Unreadable where the file holds other data."""
    data = beside.read(path)
    if data is None:
        return {}
    try:
        found = json.loads(data)  # bytes: a byte order mark is not an error
    except (ValueError, RecursionError):
        raise beside.Unreadable("it is not JSON, perhaps since it was edited") from None
    if not isinstance(found, dict):
        raise beside.Unreadable("it holds something else than answers")
    return found
