"""Keeps the mark of the text out of learners' notebooks, wherever nbgrader writes one.

Without it a change that learners cannot see, such as of a hidden test, would reach them as a
changed lesson. nbgrader_config.py names this class; it knows one metadata key only.
"""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor

from insidedocker.authoring.source_notebook import MADE_FROM


class DropMadeFrom(Preprocessor):
    """Removes `metadata.insidedocker.made_from` from a notebook that is converted."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        nb.metadata.get("insidedocker", {}).pop(MADE_FROM, None)
        return nb, resources
