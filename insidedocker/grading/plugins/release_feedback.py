"""`nbgrader release_feedback`, one learner after the other.

nbgrader's own command ends at the first learner whose folder lacks the time or the secret of the
submission.
"""

from __future__ import annotations

import glob
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

SECRET = "submission_secret.txt"


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases the pages of each learner; `giving.ReleaseFeedback` adds the checks before."""

    def copy_files(self) -> None:
        """Release the pages of graded notebooks. Fails at the end, naming the learners whose pages
        could not be released."""
        course = self.coursedir
        every = course.format_path(course.feedback_directory, "*", course.assignment_id)
        position = Path(every).parts.index("*")
        excluded = course.student_id_exclude.split(",")
        failed = []
        for folder in map(Path, sorted(glob.glob(self.src_path))):  # noqa: PTH207 (a whole path)
            student = folder.parts[position]
            if student not in excluded and (why := self._release(folder, student)):
                failed.append(f"Not released: {student}: {why}")
        if failed:
            self.fail("\n".join(failed))

    def _release(self, folder: Path, student: str) -> str:
        """Release a learner's pages. Returns the reason where that is impossible, else ""."""
        course = self.coursedir
        graded = course.format_path(course.autograded_directory, student, course.assignment_id)
        try:
            secret = (folder / SECRET).read_text(encoding="utf-8")
        except (OSError, ValueError):
            secret = ""
        if not secret:
            return (
                f"{folder / SECRET} cannot be read, by which `nbgrader fetch_feedback` finds the "
                "page: give it to the learner in another way"
            )
        for page in sorted(folder.glob("*.html")):
            if not Path(graded, f"{page.stem}.ipynb").is_file():
                continue  # not of a graded notebook: the learner's own page
            place = Path(self.dest_path, f"{notebook_hash(secret=secret, notebook_id=page.stem)}")
            shutil.copy(page, f"{place}-tmp.html")
            Path(f"{place}-tmp.html").replace(f"{place}.html")
            self.log.info("Released %s of %s", page.name, student)
        return ""
