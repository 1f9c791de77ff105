"""Outputs of a notebook cell in nbformat's form, bounded in size."""

from __future__ import annotations

from typing import Any, NamedTuple

from insidedocker.grading.pod.submission_text import plain

Output = dict[str, Any]
"""One output in nbformat's form: stream, error, display_data or execute_result."""

KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
LONGEST = 100_000  # characters of text in one output
MOST = 500  # outputs of a cell


class Done(NamedTuple):
    """Result of a cell: its outputs, the exception that ended it, the value of its last line."""

    outputs: list[Output]
    error: BaseException | None = None
    value: Any = None


def error_output(name: str, text: str, lines: list[str] | None = None) -> Output:
    """Make an error output; without `lines`, its traceback is "name: text"."""
    shown = lines or [f"{name}: {text}" if text else name]
    return {
        "output_type": "error",
        "ename": plain(name),
        "evalue": plain(text[:LONGEST]),
        "traceback": [plain(line) for line in shown],
    }


def within(outputs: list[Output], room: int) -> list[Output]:
    """The first of these outputs, at most `MOST` and about `room` characters together; one line
    replaces the rest."""
    kept: list[Output] = []
    for each in outputs:
        room -= len(str(each))
        if room < 0 or len(kept) == MOST:
            return [*kept, stream_output("… (this notebook shows too much)\n")]
        kept.append(each)
    return kept


def stream_output(text: str, name: str = "stdout") -> Output:
    """Make a stream output, `name` "stdout" or "stderr", of at most about LONGEST characters."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… ({len(text)} characters)\n"
    return {"output_type": "stream", "name": name, "text": plain(cut)}


def words_of(value: BaseException) -> str:
    """Text of an exception; empty where its own `__str__` fails, as a learner's class may."""
    try:
        return str(value)
    except Exception:
        return ""
