"""Keeps sync's marks out of learners' notebooks, wherever nbgrader writes one.

With the marks, a change that learners cannot see, such as of a hidden test, would reach them as a
changed lesson. nbgrader_config.py names the class as insidedocker.nbgrader.DropMadeFrom.
"""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor

from insidedocker.authoring.source_notebook import MADE_AS, MADE_FROM, MADE_WITH


class DropMadeFrom(Preprocessor):
    """Removes `made_from` and its like from a converted notebook's `metadata.insidedocker`."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        for mark in (MADE_FROM, MADE_AS, MADE_WITH):
            nb.metadata.get("insidedocker", {}).pop(mark, None)
        return nb, resources
