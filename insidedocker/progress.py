"""How far a long step is, on a terminal as bars that move, elsewhere as a few quiet lines.

Knows nothing of images: a step is a name, an amount done and, where known, a total. Notebooks
have a kind of their own, in `insidedocker.lab.progress`.
"""

from __future__ import annotations

import shutil
import time
from typing import TextIO

_REDRAW_SECONDS = 0.1
_BARS = 12  # at the same time on a terminal; a push has one for each layer


class Progress:
    """Shows nothing. Hand in one of its kinds below, or your own, to see the steps."""

    def say(self, text: str) -> None:
        """One finished sentence."""

    def amount(self, step: str, done: int, total: int | None, note: str = "") -> None:
        """`step` has done `done` of `total` (any unit; total None where it is not known); `note`
        says what is being done to it."""

    def finish(self, step: str, note: str, *, whole: bool = True) -> None:
        """`step` is over, and not to its end where not `whole`; `note` says how."""


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
        """As long as no line wraps, every line can be found again."""
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
    """The kind of progress that suits `stream`."""
    return Terminal(stream) if stream.isatty() else Lines(stream)


def bar(done: int, total: int | None) -> str:
    """`[=====>    ]  52 %`, or the amount where there is no total."""
    if not total:
        return f"{done / 1e6:.1f} MB"
    share = min(100, 100 * done // total)
    return f"[{('=' * (share // 5) + '>')[:20]:<20}] {share:3d} %"
