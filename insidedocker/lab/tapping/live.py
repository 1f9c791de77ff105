"""Something shown in a notebook that is shown anew as it changes, from a thread of its own.

A display with an id, not a widget: what was shown last stays in the saved notebook.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

PAUSE = 0.1  # seconds between two pictures, so that many changes make no many messages


class Live:
    """Shows what `draw` returns (MIME types with their data)."""

    def __init__(self, draw: Callable[[], dict[str, str]]) -> None:
        from IPython.display import display

        self._draw = draw
        self._handle: Any = display(draw(), raw=True, display_id=True)
        self._changed, self._over = threading.Event(), threading.Event()
        # The cell that shows it is known by context; another thread has none of its own.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._paint,), name="tap's picture", daemon=True
        )

    def follow(self) -> None:
        """Begin to draw whatever changes."""
        self._thread.start()

    def changed(self) -> None:
        """Draw soon; from any thread."""
        self._changed.set()

    def end(self) -> None:
        """Draw the last state."""
        self._over.set()
        self._changed.set()
        self._thread.join()

    def _paint(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            over = self._over.is_set()  # asked before: what is drawn now is then the last
            if self._handle is not None:
                self._handle.update(self._draw(), raw=True)
            if over:
                return
            self._over.wait(PAUSE)
