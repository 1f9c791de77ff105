"""Failures that a learner reads as a sentence, in a notebook as in nbgrader's feedback.

Knows nothing of engines or of tasks.
"""

from __future__ import annotations

import requests

from insidedocker.errors import UserError


class Sentence:
    """Mix-in for exceptions: IPython shows only the exception's text, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class SetupFailed(Sentence, UserError, RuntimeError):
    """The course's own side has failed: an engine, an image, a scene of a check. In grading this
    costs no learner a point: the check is run again, and the instructor is told."""


class NoEngine(SetupFailed):
    """No engine can be used; the text says why and what to do."""


class EngineUnreachable(Sentence, requests.ConnectionError):
    """No process listens at the engine's address; also a `requests.ConnectionError`."""


class NoPage(requests.ConnectionError):
    """No page came from an address, such as a port that a learner's container publishes."""


class StreamFailed(Sentence, requests.HTTPError):
    """A pull, push, load or build failed; the text is the engine's reason."""
