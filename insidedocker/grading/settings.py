"""nbgrader's settings for submissions that are not trusted: intake, sandbox, and a verdict from
outside the learner's process.

`nbgrader_config.py` applies them unless INSIDEDOCKER_GRADING is "plain"; `insidedocker grade`
always applies them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
)

from insidedocker.grading import timestamps
from insidedocker_engine.host import private

KEPT = (".grading", "downloaded", "submitted", "autograded", "feedback")
VARIABLE, APART, PLAIN = "INSIDEDOCKER_GRADING", "apart", "plain"


def wanted() -> bool:
    """Return False only where the variable is "plain"; any other value keeps the sandbox."""
    return os.environ.get(VARIABLE) != PLAIN


def keep_private(c: Any, course: Path) -> None:
    """Hide learners' work and marks from other accounts of this machine: existing files, and those
    that nbgrader's commands will make. With c.CourseDirectory.groupshared the group keeps its
    access."""
    others = 0o070 if c.CourseDirectory.get("groupshared") is True else 0
    for name in KEPT:
        private.keep(course / name, others)
    for path in course.glob("gradebook.db*"):
        private.keep(path, others)
    if "nbgrader" in Path(sys.argv[0]).parts[-2:]:
        work_in_private(others)


def work_in_private(others: int = 0) -> None:
    """Set the umask so that only this account can use the files that this process makes from here
    on; `others` holds the mode bits that stay. Only for processes that do nothing but an
    instructor's work."""
    os.umask(os.umask(0o077) | (0o077 & ~others))


def show_as_text(c: Any) -> None:
    """Show what learners wrote and printed as text, links and pictures, with or without the
    sandbox."""
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {
        "markdown2html": "insidedocker.grading.plugins.markdown.without_html",
        "clean_html": "insidedocker.grading.plugins.markdown.only_text",
    }
    c.HTMLExporter.preprocessors = ["insidedocker.grading.plugins.markdown.PlainOutputs"]


def keep_in_order(c: Any) -> None:
    """Configure nbgrader's commands so that one at a time writes into the course, and none reports
    as done what it has left out."""
    c.Autograde.exporter_class = "insidedocker.grading.plugins.exporter.PlainGradingExporter"
    c.GenerateAssignment.exporter_class = "insidedocker.grading.plugins.exporter.ReleasingExporter"
    c.GenerateFeedback.exporter_class = "insidedocker.grading.plugins.exporter.FeedbackExporter"
    c.ExchangeFactory.release_assignment = "insidedocker.grading.plugins.giving.Release"
    c.ExchangeFactory.release_feedback = "insidedocker.grading.plugins.giving.ReleaseFeedback"


def keep_apart(c: Any) -> None:
    """Configure nbgrader for intake and sandbox; see docs/security.md."""
    timestamps.read_so_everywhere()
    c.ExchangeFactory.collect = "insidedocker.grading.plugins.collect.Collect"
    c.Autograde.exporter_class = "insidedocker.grading.plugins.exporter.GradingExporter"
    c.Autograde.autograde_preprocessors = [
        "insidedocker.grading.plugins.preprocessors.SandboxedExecute",
        IgnorePattern,
        LimitOutput,
        "insidedocker.grading.plugins.marks.SaveGrades",
        AssignLatePenalties,
        CheckCellMetadata,
    ]
