"""nbgrader exporters that write grades as Canvas and Moodle import them:

    nbgrader export --exporter=insidedocker.teaching.exports.Canvas --to=canvas.csv

No exporter runs while the class is being graded: a submission's points could be incomplete.
A learner who has handed in nothing has an empty cell, which both systems read as no grade.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import CsvExportPlugin, ExportPlugin
from traitlets import Dict, Unicode

from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker_engine.host import private

Row = list[str]


class _Told(ExportPlugin):
    """An exporter that explains a failure in one sentence, as SystemExit.

    nbgrader creates the exporter before it opens the gradebook and shows no other kind of error.
    So the constructor opens the gradebook to find such failures.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.parent is not None:
            course = self.parent.coursedir
            with _as_exit():
                mishaps.insist_there_is_one(course.db_url)
                with Gradebook(course.db_url, course.course_id):
                    pass

    def export(self, gradebook: Gradebook) -> None:
        """Write the file, with the course locked against grading."""
        root = Path(self.parent.coursedir.root) if self.parent is not None else None
        with _as_exit(), alone(root, reading=True) if root else nullcontext():
            self.write(gradebook)

    def write(self, gradebook: Gradebook) -> None:
        raise NotImplementedError


@contextmanager
def _as_exit() -> Iterator[None]:
    try:
        with mishaps.as_user_errors("Nothing was exported."):
            yield
    except UserError as error:
        raise SystemExit(str(error)) from None


class Csv(_Told, CsvExportPlugin):
    """nbgrader's own CSV table, its default export."""

    def write(self, gradebook: Gradebook) -> None:
        CsvExportPlugin.export(self, gradebook)


class _Export(_Told):
    """A CSV file with a row per learner, a column per assignment, late penalties deducted."""

    file = ""

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        raise NotImplementedError

    def write(self, gradebook: Gradebook) -> None:
        """Write the file, and log the learners whose points still wait for manual grading."""
        path = Path(self.to or self.file)
        with open(path, "w", newline="", encoding="utf-8", opener=private.opener) as file:
            csv.writer(file).writerows(self.rows(gradebook))
        for assignment in self.assignments(gradebook):
            waiting = [
                each.student.id for each in assignment.submissions if each.needs_manual_grade
            ]
            if waiting:
                who = ", ".join(sorted(waiting))
                self.log.warning("%s: still to be graded or looked at: %s", assignment.name, who)
        self.log.info("Wrote %s", path)

    def assignments(self, gradebook: Gradebook) -> list[Any]:
        """Return the assignments selected on the command line, or all."""
        wanted = [str(each) for each in self.assignment]
        return [each for each in gradebook.assignments if not wanted or each.name in wanted]

    def students(self, gradebook: Gradebook) -> list[Any]:
        """Return the learners selected on the command line, or all."""
        wanted = [str(each) for each in self.student]
        return [each for each in gradebook.students if not wanted or each.id in wanted]

    def scores(self, gradebook: Gradebook, student: Any) -> Row:
        """Return a learner's points, one cell per assignment; empty without a submission."""
        found = []
        for assignment in self.assignments(gradebook):
            try:
                submission = gradebook.find_submission(assignment.name, student.id)
            except MissingEntry:
                found.append("")
            else:
                penalty = submission.late_submission_penalty
                found.append(_number(max(0.0, submission.score - penalty)))
        return found


class Canvas(_Export):
    """CSV file for *Import* on a Canvas course's Grades page. Canvas finds a learner by its own ID
    (the gradebook's `lms_user_id`), else by SIS Login ID (nbgrader's id), else by name."""

    file = "canvas.csv"
    assignment_ids = Dict(
        per_key_traits=None,
        value_trait=Unicode(),
        help="Canvas's ids of assignments by nbgrader's names, such as {'04-rest-api': '1234'}; "
        "without one Canvas takes the assignment of that name, or offers to make it",
    ).tag(config=True)
    section = Unicode("", help="what to write into the column Section").tag(config=True)

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Yield the header, the points possible, then a row per learner."""
        assignments = self.assignments(gradebook)
        names = [self._column(each.name) for each in assignments]
        yield ["Student", "ID", "SIS Login ID", "Section", *names]
        yield [
            "    Points Possible",
            "",
            "",
            "",
            *(_number(each.max_score) for each in assignments),
        ]
        for student in self.students(gradebook):
            names = [each for each in (student.last_name, student.first_name) if each]
            who = [", ".join(names) or student.id, student.lms_user_id or "", student.id]
            yield [*who, self.section, *self.scores(gradebook, student)]

    def _column(self, assignment: str) -> str:
        found = self.assignment_ids.get(assignment)
        return f"{assignment} ({found})" if found else assignment


class Moodle(_Export):
    """CSV file for Moodle's *Grades, Import, CSV file*. In Moodle, map learners from one of the
    first three columns and each assignment to its grade item. A learner unknown to Moodle stops
    the import."""

    file = "moodle.csv"

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Yield the header, then a row per learner."""
        own = ["Username", "ID number", "Email address", "First name", "Last name"]
        yield [*own, *(each.name for each in self.assignments(gradebook))]
        for student in self.students(gradebook):
            facts = (student.lms_user_id, student.email, student.first_name, student.last_name)
            yield [student.id, *(each or "" for each in facts), *self.scores(gradebook, student)]


def _number(points: float) -> str:
    """Format points with at most 4 decimals; both systems keep fewer digits anyway."""
    return f"{points:.4f}".rstrip("0").rstrip(".")
