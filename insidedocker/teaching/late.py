"""Late policy for nbgrader's `c.AssignLatePenalties.plugin_class`.

nbgrader computes how late a submission is, extensions included. It stores the penalty beside the
points, which do not change.
"""

from __future__ import annotations

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Enum, Float, validate

DAY = 24 * 60 * 60


class LatePolicy(LateSubmissionPlugin):
    """Deducts nothing, a share for each day, or all points; nothing within the grace period."""

    penalty_method = Enum(
        ("none", "per_day", "zero"),
        default_value="none",
        help="'none'; 'per_day': a share for each day that has begun; 'zero': all of the points",
    ).tag(config=True)
    percent_per_day = Float(10.0, help="of the points reached, for each day begun").tag(config=True)
    grace_minutes = Float(0.0, help="that count as in time; after them all of it is late").tag(
        config=True
    )

    @validate("percent_per_day", "grace_minutes")
    def _not_negative(self, proposal: dict[str, float]) -> float:
        return max(0.0, proposal["value"])

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points to deduct; None for no deduction."""
        if self.penalty_method == "none" or total_seconds_late <= 60 * self.grace_minutes:
            return None
        if self.penalty_method == "zero":
            return score
        days = math.ceil(total_seconds_late / DAY)
        return score * min(1.0, days * self.percent_per_day / 100)
