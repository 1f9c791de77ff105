"""A display in a notebook that is redrawn as its contents change, from its own thread.

It is a display with an id, not a widget: the saved notebook keeps the last state.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

PAUSE = 0.1  # seconds between two drawings, so that many changes make few messages


class Live:
    """Shows what `draw` returns (MIME types with their data)."""

    def __init__(self, draw: Callable[[], dict[str, str]]) -> None:
        from IPython.display import display

        self._draw = draw
        self._handle: Any = display(draw(), raw=True, display_id=True)
        self._changed, self._over = threading.Event(), threading.Event()
        # The context knows the cell that shows this; a new thread would lack the context.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._paint,), name="tap's picture", daemon=True
        )

    def follow(self) -> None:
        """Begin to redraw after changes."""
        self._thread.start()

    def changed(self) -> None:
        """Have the display redrawn soon; may be called from any thread."""
        self._changed.set()

    def end(self) -> None:
        """Draw the last state and end the thread."""
        self._over.set()
        self._changed.set()
        self._thread.join()

    def _paint(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            over = self._over.is_set()  # read first: the last drawing comes after the end
            if self._handle is not None:
                self._handle.update(self._draw(), raw=True)
            if over:
                return
            self._over.wait(PAUSE)
