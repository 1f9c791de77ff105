"""Failures that a learner reads as a sentence, in a notebook as in nbgrader's feedback.

Knows nothing of engines or of tasks.
"""

from __future__ import annotations

import requests

from insidedocker.errors import UserError


class Sentence:
    """Mixed into an exception: IPython then shows its text alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class NoEngine(Sentence, UserError):
    """No engine can be used; the text says why and what to do."""


class EngineUnreachable(Sentence, requests.ConnectionError):
    """A request found nobody at the engine's address; also a `requests.ConnectionError`."""


class StreamFailed(Sentence, requests.HTTPError):
    """A pull, push, load or build failed; the text is the engine's reason."""
