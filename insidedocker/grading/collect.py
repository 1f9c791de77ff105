"""`nbgrader collect`, which copies what learners left in the exchange: their plain files alone.

nbgrader's own follows links with the instructor's rights, and would bring home what they lead to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect

from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker.grading.strangers_folder import take


class Collect(ExchangeCollect):
    """Set as `c.ExchangeFactory.collect`."""

    def start(self) -> None:
        """Collect, alone: what is being graded must not change meanwhile."""
        try:
            with mishaps.as_user_errors(), alone(Path(self.coursedir.root)):
                super().start()
        except UserError as error:
            self.log.fatal(str(error))
            raise ExchangeError(str(error)) from None

    def copy_files(self) -> None:
        """Copy what is new; name those whose newer submission stays where it is."""
        super().copy_files()
        left = sorted(each["username"] for each in self.src_records if self._is_left(each))
        if left:
            self.log.warning(
                "Not collected, since an older submission is there: %s. "
                "`nbgrader collect %s --update` takes the newer ones.",
                ", ".join(left),
                self.coursedir.assignment_id,
            )

    def _is_left(self, record: dict[str, Any]) -> bool:
        course = self.coursedir
        folder = course.format_path(
            course.submitted_directory, record["username"], course.assignment_id
        )
        try:
            there = course.get_existing_timestamp(folder)
        except Exception:  # whatever a learner has written for a time
            return False
        return there is not None and bool(there < record["timestamp"])

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
