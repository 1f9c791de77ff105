"""Exporters by which grading plugs into nbgrader's commands and into Formgrader's buttons.

nbgrader makes the exporter when a run begins, before it changes anything. Each run holds the
course's lock, and reports a failure in one sentence. A run of Autograde is given an intake folder
to read from; all later steps are nbgrader's own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat import v4
from nbgrader import api, utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import (
    Autograde,
    BaseConverter,
    GenerateAssignment,
    GenerateFeedback,
    NbGraderException,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import rmtree

from insidedocker.errors import UserError
from insidedocker.grading import mishaps, scratch
from insidedocker.grading.alone import alone
from insidedocker.grading.intake import INTAKE, Assignment, take_in
from insidedocker.grading.plugins import generated
from insidedocker.grading.plugins.marks import points_of
from insidedocker.grading.plugins.preprocessors import SandboxedExecute, insist_once
from insidedocker.grading.pod.submission_text import shown, why_no_id
from insidedocker.grading.rebuild import OURS
from insidedocker.grading.sandbox import NO_WALLS, PROCESSES
from insidedocker.grading.submission_folder import count_links

GONE = "the result was gone, or not the gradebook's, when the run ended: grade once more."

Scores = dict[tuple[str, str], float | None]
"""(notebook, grade id) -> points of the checks; None for a cell that a person grades."""


class _InOrder:
    """Mixin of exporters: replaces the `convert_notebooks` of nbgrader's run by `around`, under the
    course's lock. A run that reads the intake folder is left as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        run = self.parent  # type: ignore[attr-defined]
        if isinstance(run, BaseConverter) and run.coursedir.submitted_directory != INTAKE:
            convert = run.convert_notebooks

            def in_order() -> None:
                with mishaps.told_plainly(run.log), alone(Path(run.coursedir.root)):
                    self.around(run, convert)

            run.convert_notebooks = in_order

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        """Do the run: call `convert`, nbgrader's own part, with the steps before and after it.

        Raises UserError.
        """
        raise NotImplementedError


class PlainGradingExporter(_InOrder, NotebookExporter):
    """Exporter of plain grading: nbgrader runs the submissions itself. Checks first that the
    gradebook is what source/ gives."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        generated.insist(run.coursedir, run.config)
        convert()


class GradingExporter(_InOrder, NotebookExporter):
    """Exporter of Autograde: takes in the run's submissions first, checks the results after it."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        sandbox = SandboxedExecute(config=run.config).sandbox
        insist_once(sandbox)
        if sandbox == PROCESSES:
            run.log.warning(NO_WALLS)
        scratch.sweep()
        intake = Intake(run)
        intake.insist_on_somebody()
        failed = intake.take()
        try:
            convert()
        finally:  # reported after all other submissions are graded
            told = [f"Not graded: {student}: {why}" for student, why in failed.items()]
            for line in told:
                run.log.error(line)
        intake.insist_on_results()
        intake.reassess_penalties()
        if told:
            raise NbGraderException("\n".join(told))


_found_by_name = Autograde.init_notebooks


def _init_notebooks(run: Autograde) -> None:
    """Leave finding submissions to the exporter: nbgrader's own search fails without notebooks."""
    found_already = run.coursedir.submitted_directory == INTAKE
    if found_already or not issubclass(run.exporter_class, GradingExporter):
        _found_by_name(run)


Autograde.init_notebooks = _init_notebooks


class ReleasingExporter(_InOrder, NotebookExporter):
    """Exporter of GenerateAssignment. Without --force, nbgrader keeps an older release/ and reports
    success; this exporter raises UserError where that is not what source/ gives."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        if not isinstance(run, GenerateAssignment) or run.no_database:
            convert()
            return
        course = run.coursedir
        if generated.folder_of(course, course.release_directory).is_dir() and not run.force:
            self._insist_on_nothing_to_do(run)
            run.log.info("release/ and the gradebook are as source/ gives them")
        generated.remember_versions(course)
        with generated.release_kept(course):
            convert()
        generated.remember_versions(course)

    @staticmethod
    def _insist_on_nothing_to_do(run: Any) -> None:
        name = run.coursedir.assignment_id
        try:
            generated.insist(run.coursedir, run.config)
        except UserError as error:
            raise UserError(
                f"Nothing was generated, since {run.coursedir.release_directory}/{name} is there: "
                f"add --force. {error}"
            ) from None


class FeedbackExporter(_InOrder, HTMLExporter):
    """Exporter of GenerateFeedback: makes every page anew, since nbgrader keeps older pages. A page
    depends only on the result and the gradebook."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        if isinstance(run, GenerateFeedback):
            # Before nbgrader removes a page: without the gradebook it cannot make the new one.
            mishaps.insist_there_is_one(run.coursedir.db_url)
            with Gradebook(run.coursedir.db_url, run.coursedir.course_id) as gradebook:
                _scores(gradebook, run.coursedir.assignment_id, [])
            run.force = True
        convert()


class Intake:
    """Takes in the submissions of one run of Autograde, and checks their results."""

    def __init__(self, run: Autograde) -> None:
        self.run = run
        self.course = run.coursedir
        self.digests: dict[str, str] = {}
        """Learner -> digest of the submission that was taken in."""
        self.before: set[str] = set()
        """Learners who are graded already and whose submission has not changed."""

    def insist_on_somebody(self) -> None:
        """Raise UserError where there is no submission for this run."""
        if self.students():
            return
        name, submitted = self.course.assignment_id, self.course.submitted_directory
        everybody = self.everybody()
        if not everybody:
            raise UserError(
                f"Nobody has handed in {name}: there is nothing in {submitted}/ for it. "
                f"`nbgrader collect {name}` brings it there."
            )
        raise UserError(
            f"There is no submission of {name} by a learner named "
            f"{shown(self.course.student_id)}; it was handed in by {', '.join(everybody)}."
        )

    def take(self) -> dict[str, str]:
        """Fill the intake folder and make the run read from it.

        The older result of a submission that has changed, or was not finished, is removed, so that
        it is graded again. Returns learner -> reason for each submission that could not be taken
        in; the others are graded all the same. Raises UserError.
        """
        own = reading_intake(self.course)
        found: dict[str, list[str]] = {}
        failed: dict[str, str] = {}
        name = self.course.assignment_id
        released, beside = (
            Path(self.course.format_path(folder, ".", name))
            for folder in (self.course.release_directory, self.course.source_directory)
        )
        checks = self._checks(name)
        generated.insist(self.course, self.run.config)
        generated.remember_versions(self.course)
        assignment = Assignment.load(released, checks, self._versions(name, checks))
        links = count_links(folder for _, folder in self._submissions(name, "*"))
        ignored = self.course.ignore
        for student, folder in self._submissions(name):
            try:
                _insist_on_a_place(student, folder)
                into = Path(own.format_path(INTAKE, student, name))
                self.digests[student] = take_in(
                    assignment, folder, into, beside=beside, ignored=ignored, links=links
                )
                found[str(into)] = sorted(map(str, into.glob("*.ipynb")))
            except UserError as error:
                failed[shown(student)] = str(error)
            except Exception as error:  # the disk is full, the result's place is taken, …
                told = mishaps.sentence(error) or _told(error)
                failed[shown(student)] = f"it could not be taken in: {told}"
        self.before = self._finished(self.digests)
        for student in sorted(self.digests.keys() - self.before):
            if not self._result(student).exists():
                continue
            try:
                rmtree(str(self._result(student)))
            except OSError as error:
                failed[shown(student)] = f"the older result cannot be removed: {_told(error)}"
                found.pop(str(Path(own.format_path(INTAKE, student, name))))
                del self.digests[student]
        self.run.coursedir = own
        self.run.assignments = found
        return failed

    def students(self) -> list[str]:
        """Learners with a submission in this run, by printable names."""
        return [shown(student) for student, _ in self._submissions(self.course.assignment_id)]

    def everybody(self) -> list[str]:
        """Learners who have handed in the assignment, in this run or not, by printable names."""
        return [shown(student) for student, _ in self._submissions(self.course.assignment_id, "*")]

    def insist_on_results(self) -> None:
        """Raise UserError naming the learners who have no result after the run."""
        if missing := sorted(self.digests.keys() - self.finished(list(self.digests))):
            raise UserError(f"Not graded: {', '.join(missing)}: {GONE}")

    def finished(self, students: list[str]) -> set[str]:
        """The learners among `students` whose result is there and in the gradebook.

        A result that a failure of the course's own side has spoilt counts, too; the next run makes
        it anew.
        """
        return self._finished({each: self.digests[each] for each in students}, spoilt=True)

    def fault(self, student: str) -> str:
        """Failure of the course's own side in a learner's checks; empty where there is none."""
        for path in sorted(self._result(student).glob("*.ipynb")):
            ours = v4.reads(path.read_text(encoding="utf-8")).metadata.get(OURS, {})
            if faults := ours.get("faults"):
                return str(faults[0])
        return ""

    def _finished(self, digests: dict[str, str], *, spoilt: bool = False) -> set[str]:
        if not digests:
            return set()
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            given = _scores(gradebook, self.course.assignment_id, list(digests))
        return {
            student
            for student, digest in digests.items()
            if (found := result_of(self._result(student), digest, spoilt=spoilt)) is not None
            and found.items() <= given.get(student, {}).items()
        }

    def reassess_penalties(self) -> list[str]:
        """Assess late penalties again for learners who were graded before: the late policy, the due
        date or the points may have changed. Returns the learners whose penalty has changed."""
        changed = []
        name = self.course.assignment_id
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            submissions = gradebook.find_assignment(name).submissions
            was = {
                (each.student.id, notebook.name): notebook.late_submission_penalty
                for each in submissions
                if each.student.id in self.before
                and (each.total_seconds_late > 0 or each.late_submission_penalty)
                for notebook in each.notebooks
            }
        for (student, notebook), penalty in sorted(was.items()):
            if self._assess(student, notebook) != (penalty or 0.0) and student not in changed:
                changed.append(student)
        for student in changed:
            self.run.log.warning("%s: what lateness costs has changed", student)
        return changed

    def _assess(self, student: str, notebook: str) -> float:
        db_url, name = self.course.db_url, self.course.assignment_id
        of = {"student": student, "notebook": notebook, "assignment": name, "db_url": db_url}
        step = AssignLatePenalties(config=self.run.config, log=_silent())
        step.preprocess(v4.new_notebook(), {"nbgrader": of})
        with Gradebook(db_url, self.course.course_id) as gradebook:
            found = gradebook.find_submission_notebook(notebook, name, student)
            return float(found.late_submission_penalty or 0.0)

    def _submissions(self, assignment: str, student_id: str = "") -> list[tuple[str, Path]]:
        """(learner, path) of each submission in this run, whatever kind of file is at the path.

        `student_id` replaces the run's own pattern of learners.
        """
        wanted = student_id or self.course.student_id
        whole = Path(self.course.format_path(self.course.submitted_directory, "*", assignment))
        position = whole.parts.index("*")
        root = Path(*whole.parts[:position])
        excluded = self.course.student_id_exclude.split(",")
        names = sorted(each.name for each in root.iterdir()) if root.is_dir() else []
        return [
            (name, folder)
            for name in names
            if name not in excluded
            and (name == wanted or fnmatchcase(name, wanted))
            and _is_there(folder := Path(root, name, *whole.parts[position + 1 :]))
        ]

    def _checks(self, assignment: str) -> dict[str, dict[str, str]]:
        """Notebook -> grade id -> source of a read-only cell in the gradebook. Raises UserError."""
        mishaps.insist_there_is_one(self.course.db_url)
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            try:
                notebooks = gradebook.find_assignment(assignment).notebooks
            except MissingEntry:
                raise UserError(
                    f"The gradebook does not know {assignment}: run "
                    f"`nbgrader generate_assignment {assignment} --force` first."
                ) from None
            return {
                notebook.name: {
                    cell.name: cell.source for cell in notebook.source_cells if cell.locked
                }
                for notebook in notebooks
            }

    def _versions(self, assignment: str, notebooks: Iterable[str]) -> dict[str, list[Any]]:
        """Notebook -> its versions that were given out."""
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            return {each: generated.versions(gradebook, assignment, each) for each in notebooks}

    def _result(self, student: str) -> Path:
        folder = self.course.autograded_directory
        return Path(self.course.format_path(folder, student, self.course.assignment_id))


def result_of(folder: Path, digest: str, *, spoilt: bool = False) -> Scores | None:
    """Points of the checks, where an autograded folder holds the finished result of the intake with
    this digest; with `spoilt`, also a result in which the course's own side has failed.

    None for any other: the result of another submission, or one that a killed run has left.
    """
    found: Scores = {}
    for path in folder.glob("*.ipynb"):
        try:
            notebook = v4.reads(path.read_text(encoding="utf-8"))
            ours = notebook.metadata[OURS]
            whole = ours["graded"] or (spoilt and ours.get("faults"))
            if ours["digest"] != digest or not whole:
                return None
            for cell in notebook.cells:
                if utils.is_grade(cell):
                    key = path.stem, cell.metadata.nbgrader.grade_id
                    found[key], _ = points_of(cell, _silent())
        except Exception:  # a file that cannot be read as a result is not one
            return None
    return found or None


def _scores(gradebook: Gradebook, assignment: str, students: list[str]) -> dict[str, Scores]:
    """Learner -> points of the checks in the gradebook, for these learners and perhaps others."""
    rows = (
        gradebook.db.query(
            api.SubmittedAssignment.student_id,
            api.Notebook.name,
            api.BaseCell.name,
            api.Grade.auto_score,
        )
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
        .filter(api.Assignment.name == assignment)
    )
    if len(students) == 1:
        rows = rows.filter(api.SubmittedAssignment.student_id == students[0])
    found: dict[str, Scores] = {}
    for student, notebook, cell, score in rows:
        found.setdefault(student, {})[notebook, cell] = score
    return found


def _is_there(path: Path) -> bool:
    """True where a file of any kind is at the path, or where that cannot be seen."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _insist_on_a_place(student: str, folder: Path) -> None:
    """Raise UserError for a submission that cannot safely be assigned to this learner: a name that
    is not an id, a link, an unreadable folder."""
    if why := why_no_id(student):
        raise UserError(f"{why}: rename the folder {shown(str(folder.parent))}")
    if folder.parent.is_symlink():
        raise UserError(f"{folder.parent} is a link: put a folder there")
    if not os.access(folder.parent, os.R_OK | os.X_OK):
        raise UserError(f"{folder.parent} cannot be read: make it readable")


def _told(error: Exception) -> str:
    return shown(str(error)) or type(error).__name__


def _silent() -> logging.Logger:
    log = logging.Logger("insidedocker.silent")
    log.addHandler(logging.NullHandler())
    return log


def reading_intake(course: CourseDirectory) -> CourseDirectory:
    """Copy a course's settings, with the intake folder as its folder of submissions."""
    settings = {name: getattr(course, name) for name in course.trait_names(config=True)}
    return CourseDirectory(**{**settings, "submitted_directory": INTAKE})
