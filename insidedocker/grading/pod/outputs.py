"""A notebook cell's outputs, as nbformat has them, bounded in size."""

from __future__ import annotations

from typing import Any, NamedTuple

from insidedocker.grading.pod.submission_text import plain

Output = dict[str, Any]
"""As nbformat has it: stream, error, display_data, execute_result."""

KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
LONGEST = 100_000  # characters of text in one output
MOST = 500  # outputs of a cell


class Done(NamedTuple):
    """What a cell shows, the exception that ended it, and the value of its last line."""

    outputs: list[Output]
    error: BaseException | None = None
    value: Any = None


def error_output(name: str, text: str, lines: list[str] | None = None) -> Output:
    """An error output."""
    shown = lines or [f"{name}: {text}" if text else name]
    return {
        "output_type": "error",
        "ename": plain(name),
        "evalue": plain(text[:LONGEST]),
        "traceback": [plain(line) for line in shown],
    }


def within(outputs: list[Output], room: int) -> list[Output]:
    """The first of these outputs, at most `MOST` and of about `room` characters together; a line
    stands for the rest."""
    kept: list[Output] = []
    for each in outputs:
        room -= len(str(each))
        if room < 0 or len(kept) == MOST:
            return [*kept, stream_output("… (this notebook shows too much)\n")]
        kept.append(each)
    return kept


def stream_output(text: str, name: str = "stdout") -> Output:
    """What was printed."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… ({len(text)} characters)\n"
    return {"output_type": "stream", "name": name, "text": plain(cut)}


def words_of(value: BaseException) -> str:
    """The text of an exception that may be anybody's."""
    try:
        return str(value)
    except Exception:
        return ""
