"""`nbgrader collect`: copies only plain files of what learners left in the exchange.

nbgrader's own command follows links with the instructor's rights and copies what they lead to, and
one folder with an odd name or content ends the collecting of all.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect

from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker.grading.pod.submission_text import shown, why_no_id
from insidedocker.grading.submission_folder import take

Record = dict[str, Any]


class Collect(ExchangeCollect):
    """Collects submissions; set as `c.ExchangeFactory.collect`."""

    src_records: list[Record]

    def start(self) -> None:
        """Collect under the course's lock, since submissions must not change while they are graded.

        Raises ExchangeError.
        """
        try:
            with mishaps.as_user_errors(), alone(Path(self.coursedir.root)):
                super().start()
        except UserError as error:
            self.log.fatal(str(error))
            raise ExchangeError(str(error)) from None

    def init_src(self) -> None:
        """Find the submissions. Other folders stay where they are, and are named at the end."""
        self.failed: list[str] = []
        super().init_src()
        self.src_records = [each for each in self.src_records if each["timestamp"] != datetime.min]

    def _path_to_record(self, path: str) -> Record:
        """Read learner and time from the name of a folder in the exchange, where learners write.

        A folder that is not a submission is noted in `failed`, its timestamp is `datetime.min`.
        """
        name = Path(path).name
        try:
            record: Record = super()._path_to_record(path)
            why = why_no_id(record["username"])
        except Exception:  # the parser of dates raises many errors for untrusted text
            record, why = {}, "it does not say when it was handed in"
        if why:
            self.failed.append(f"{shown(name)}: {why}")
            return {"username": shown(name), "filename": name, "timestamp": datetime.min}
        return record

    def copy_files(self) -> None:
        """Copy new submissions one by one, so that a failure with one does not stop the others.

        Warns of learners whose newer submission was not copied. Fails at the end, naming the
        submissions that could not be copied.
        """
        records = self.src_records
        if not records:
            super().copy_files()  # logs that there are no submissions
        for record in records:
            self.src_records = [record]
            try:
                super().copy_files()
            except Exception as error:
                self.failed.append(f"{record['filename']}: {error}")
        self.src_records = records
        if left := sorted(each["username"] for each in records if self._is_left(each)):
            self.log.warning(
                "Not collected, since an older submission is there: %s. "
                "`nbgrader collect %s --update` takes the newer ones.",
                ", ".join(left),
                self.coursedir.assignment_id,
            )
        if self.failed:
            self.fail("\n".join(f"Not collected: {each}" for each in self.failed))

    def _is_left(self, record: Record) -> bool:
        course = self.coursedir
        folder = course.format_path(
            course.submitted_directory, record["username"], course.assignment_id
        )
        try:
            there = course.get_existing_timestamp(folder)
        except Exception:  # a learner can write anything as a time
            return False
        return there is not None and bool(there < record["timestamp"])

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the plain files of a submission; the log names what was left out."""
        taken = take(Path(src))
        for finding in taken.findings:
            self.log.warning("%s: %s", Path(src).name, finding.text)
        for name, content in taken.files.items():
            place = Path(dest) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        Path(dest).mkdir(parents=True, exist_ok=True)
