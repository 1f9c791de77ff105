"""`nbgrader release_feedback`, learner by learner: nbgrader's own ends with the first one whose
folder does not say when, or with which secret, it was handed in."""

from __future__ import annotations

import glob
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

SECRET = "submission_secret.txt"


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases what there is for each learner; see `giving` for what is asked of it before."""

    def copy_files(self) -> None:
        """Release the pages of graded notebooks; at the end, name those that no way leads to."""
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
        """Release a learner's pages; says why where that is impossible."""
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
                continue  # a page of the learner's own
            place = Path(self.dest_path, f"{notebook_hash(secret=secret, notebook_id=page.stem)}")
            shutil.copy(page, f"{place}-tmp.html")
            Path(f"{place}-tmp.html").replace(f"{place}.html")
            self.log.info("Released %s of %s", page.name, student)
        return ""
