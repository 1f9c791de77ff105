"""`nbgrader release_assignment` and `nbgrader release_feedback`, with checks before they start.

nbgrader's own commands hand out an older version, or nothing, and report success.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeReleaseAssignment

from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker.grading.plugins import generated, release_feedback


class _Told:
    """Mixin that checks with `insist` first, under the course's lock.

    A failure is logged in one sentence and raised as ExchangeError, as nbgrader's own are.
    """

    def start(self) -> None:
        course = self.coursedir  # type: ignore[attr-defined]
        try:
            with mishaps.as_user_errors(), alone(Path(course.root)):
                self.insist(course)
                super().start()  # type: ignore[misc]
        except UserError as error:
            self.log.fatal(str(error))  # type: ignore[attr-defined]
            raise ExchangeError(str(error)) from None

    def insist(self, course: Any) -> None:
        raise NotImplementedError


class Release(_Told, ExchangeReleaseAssignment):
    """Releases an assignment; set as `c.ExchangeFactory.release_assignment`."""

    def insist(self, course: Any) -> None:
        """Raise UserError unless release/ is what the gradebook has; remember the version."""
        if generated.folder_of(course, course.release_directory).is_dir():
            mishaps.insist_there_is_one(course.db_url)
            generated.insist(course, self.config)
            generated.remember_versions(course)


class ReleaseFeedback(_Told, release_feedback.ReleaseFeedback):
    """Releases feedback; set as `c.ExchangeFactory.release_feedback`."""

    def insist(self, course: Any) -> None:
        """Raise UserError unless each graded learner has a page for each result, and none of them
        is older than its result."""
        name, who = course.assignment_id, course.student_id or "*"
        results = Path(course.format_path(course.autograded_directory, who, name))
        excluded = course.student_id_exclude.split(",")
        position = results.parts.index(who) if who in results.parts else -1
        old = []
        for result in sorted(Path(course.root).glob(str(results.relative_to(course.root)))):
            student = result.parts[position]
            page = Path(course.format_path(course.feedback_directory, student, name))
            for notebook in result.glob("*.ipynb"):
                html = page / f"{notebook.stem}.html"
                if student not in excluded and not _is_newer(html, notebook):
                    old.append(student)
        if old:
            who = ", ".join(dict.fromkeys(old))
            raise UserError(
                f"Nothing was released: the feedback of {who} is missing or older than the "
                f"result: run `nbgrader generate_feedback {name} --force` first."
            )
        if not any(Path(course.root).glob(f"{course.feedback_directory}/*/{name}/*.html")):
            raise UserError(
                f"There is no feedback for {name}: run `nbgrader generate_feedback {name}` first."
            )


def _is_newer(page: Path, result: Path) -> bool:
    return page.is_file() and page.stat().st_mtime >= result.stat().st_mtime
