"""The learner's quiz answers on disk: one small file beside the notebook.

Knows neither questions nor widgets. While nbgrader runs a notebook nothing is written.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

Answer = str | bool | list[str] | dict[str, str]

FILE = "answers.json"  # in the notebook's own folder, which is the kernel's working folder


def read(question: str, folder: Path = Path()) -> Answer | None:
    """The saved answer; None where there is none, or the file cannot be read."""
    found = _read_all(folder).get(question)
    if isinstance(found, str | bool):
        return found
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    if isinstance(found, dict) and all(isinstance(each, str) for each in found.values()):
        return found
    return None


def write(question: str, answer: Answer | None) -> bool:
    """Save an answer, or take it back with None; False where it could not be written.

    A reader sees the old file or the new one, never half of one.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return False
    answers = _read_all(Path())
    answers.pop(question, None)
    if answer is not None:
        answers[question] = answer
    try:
        handle, name = tempfile.mkstemp(dir=".", prefix=".answers-", suffix=".json")
    except OSError:
        return False
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(answers, file, indent=1, sort_keys=True)
            file.write("\n")
        beside.chmod(0o644)  # whoever collects the folder must be able to read it
        beside.replace(FILE)
    except OSError:
        beside.unlink(missing_ok=True)
        return False
    return True


def _read_all(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
