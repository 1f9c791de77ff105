"""The progress of a long step: moving bars on a terminal, a few plain lines elsewhere.

Knows nothing of images: a step is a name, an amount done and, where known, a total. The class
for notebooks is in `insidedocker.lab.progress`.
"""

from __future__ import annotations

import shutil
import time
from typing import TextIO

_REDRAW_SECONDS = 0.1
_BARS = 12  # at the same time on a terminal; a push has one for each layer


class Progress:
    """Shows nothing. Pass a subclass (Lines, Terminal or your own) to see the steps."""

    def say(self, text: str) -> None:
        """Show one finished sentence."""

    def amount(self, step: str, done: int, total: int | None, note: str = "") -> None:
        """Show that `step` has done `done` of `total` (any unit; None for an unknown total);
        `note` says what the step is doing."""

    def finish(self, step: str, note: str, *, whole: bool = True) -> None:
        """Show that `step` is over; `note` says how. Not `whole`: the step broke off."""


class Lines(Progress):
    """Sentences and finished steps only, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def finish(self, step: str, note: str, *, whole: bool = True) -> None:
        self.say(f"{step}: {note}")


class Terminal(Lines):
    """Sentences and finished steps, and below them a moving line for each step under way."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._drawn_at = 0.0
        self._drawn = 0  # lines that are to be overwritten
        self._under_way: dict[str, str] = {}

    def say(self, text: str) -> None:
        self._clear()
        super().say(text)
        self._draw()

    def amount(self, step: str, done: int, total: int | None, note: str = "") -> None:
        finished = total is not None and done >= total
        if finished:
            self._under_way.pop(step, None)
        else:
            self._under_way[step] = f"{' '.join(filter(None, (step, note)))} {bar(done, total)}"
        if finished or time.monotonic() - self._drawn_at >= _REDRAW_SECONDS:
            self._clear()
            self._draw()

    def finish(self, step: str, note: str, *, whole: bool = True) -> None:
        self._under_way.pop(step, None)
        super().finish(step, note, whole=whole)

    def _draw(self) -> None:
        """Draw the moving lines, each cut to the terminal's width: `_clear` counts lines, which
        fails where a line wraps."""
        columns = shutil.get_terminal_size().columns - 1
        lines = [line[:columns] for line in self._under_way.values()][:_BARS]
        self._stream.write("\n".join(lines))
        self._stream.flush()
        self._drawn = len(lines)
        self._drawn_at = time.monotonic()

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K" + "\x1b[1A\x1b[K" * (self._drawn - 1))
            self._drawn = 0


def for_stream(stream: TextIO) -> Progress:
    """Terminal for a terminal, Lines for any other stream."""
    return Terminal(stream) if stream.isatty() else Lines(stream)


def bar(done: int, total: int | None) -> str:
    """`[=====>    ]  52 %`, or the amount in MB where the total is unknown."""
    if not total:
        return f"{done / 1e6:.1f} MB"
    share = min(100, 100 * done // total)
    return f"[{('=' * (share // 5) + '>')[:20]:<20}] {share:3d} %"
