"""`nbgrader collect`, which copies what learners left in the exchange: their plain files alone.

nbgrader's own follows links with the instructor's rights, and would bring home what they lead to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from insidedocker.grading.strangers_folder import take


class Collect(ExchangeCollect):
    """Set as `c.ExchangeFactory.collect`."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission, without what is no plain file; that is told in the log."""
        taken = take(Path(src))
        for finding in taken.findings:
            self.log.warning("%s: %s", Path(src).name, finding.text)
        for name, content in taken.files.items():
            place = Path(dest) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        Path(dest).mkdir(parents=True, exist_ok=True)
