"""nbgrader's settings for work of strangers: taken in, walled off, and judged from outside.

`nbgrader_config.py` applies them, unless INSIDEDOCKER_GRADING=plain says not to; for
`insidedocker grade` it cannot say so.
"""

from __future__ import annotations

import os
from typing import Any

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

VARIABLE, APART, PLAIN = "INSIDEDOCKER_GRADING", "apart", "plain"


def wanted() -> bool:
    """Whatever else the variable may say, nothing but that one word grades the plain way."""
    return os.environ.get(VARIABLE) != PLAIN


def keep_apart(c: Any) -> None:
    """Put the settings into nbgrader's configuration; see docs/security.md."""
    c.ExchangeFactory.collect = "insidedocker.grading.collect.Collect"
    c.Autograde.exporter_class = "insidedocker.grading.plug.GradingExporter"
    c.Autograde.autograde_preprocessors = [
        "insidedocker.grading.execute.SandboxedExecute",
        IgnorePattern,
        LimitOutput,
        SaveAutoGrades,
        "insidedocker.grading.verdicts_kept.KeepToVerdicts",
        AssignLatePenalties,
        "insidedocker.grading.execute.AskForReview",
        CheckCellMetadata,
    ]
    c.HTMLExporter.filters = {"markdown2html": "insidedocker.grading.markdown.without_html"}
