"""Where grading plugs into nbgrader's commands: exporters, which nbgrader makes when a run begins,
before it touches anything. They serve the commands and Formgrader's buttons alike.

Each run has the course to itself, and says in one sentence what it could not do. A run of Autograde
is given an intake folder to read from; everything after that is nbgrader's own doing.
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
"""What the checks gave, by notebook and graded cell."""


class _InOrder:
    """An exporter whose run of nbgrader's is done within `around`."""

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
        """Let nbgrader do its part. Raises UserError where something is not as it says."""
        raise NotImplementedError


class PlainGradingExporter(_InOrder, NotebookExporter):
    """Writes notebooks as its base class does; for submissions that nbgrader runs by itself."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        generated.insist(run.coursedir, run.config)
        convert()


class GradingExporter(_InOrder, NotebookExporter):
    """Made by a run of Autograde, it first takes in the submissions that the run is about."""

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
        finally:  # all others first
            told = [f"Not graded: {student}: {why}" for student, why in failed.items()]
            for line in told:
                run.log.error(line)
        intake.insist_on_results()
        intake.reassess_penalties()
        if told:
            raise NbGraderException("\n".join(told))


_found_by_name = Autograde.init_notebooks


def _init_notebooks(run: Autograde) -> None:
    """Leave finding submissions to the exporter: nbgrader gives up where it sees no notebook."""
    found_already = run.coursedir.submitted_directory == INTAKE
    if found_already or not issubclass(run.exporter_class, GradingExporter):
        _found_by_name(run)


Autograde.init_notebooks = _init_notebooks


class ReleasingExporter(_InOrder, NotebookExporter):
    """Made by a run of GenerateAssignment, which would leave alone what there is already, and
    call that a success."""

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
    """Made by a run of GenerateFeedback, which would leave an older page where it is; a page is
    made of the result and the gradebook alone, so it is made anew."""

    def around(self, run: Any, convert: Callable[[], None]) -> None:
        if isinstance(run, GenerateFeedback):
            # Before nbgrader removes a page: it needs the gradebook for the next one.
            mishaps.insist_there_is_one(run.coursedir.db_url)
            with Gradebook(run.coursedir.db_url, run.coursedir.course_id) as gradebook:
                _scores(gradebook, run.coursedir.assignment_id, [])
            run.force = True
        convert()


class Intake:
    """The submissions of one run, taken in."""

    def __init__(self, run: Autograde) -> None:
        self.run = run
        self.course = run.coursedir
        self.digests: dict[str, str] = {}
        """Of what was taken in, by learner."""
        self.before: set[str] = set()
        """Learners who are graded already, and nothing has changed."""

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
        """Fill the intake folder and turn the run to it. What was graded before and has changed
        since, or was not finished, is made ready to be graded again. Tells whose submission could
        not be taken in, and why: that costs nobody else anything."""
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
        """Whose submissions these are, as they can be shown."""
        return [shown(student) for student, _ in self._submissions(self.course.assignment_id)]

    def everybody(self) -> list[str]:
        """Who has handed in the assignment, whether this run is about them or not."""
        return [shown(student) for student, _ in self._submissions(self.course.assignment_id, "*")]

    def insist_on_results(self) -> None:
        """Raise UserError naming those who have no result after all."""
        if missing := sorted(self.digests.keys() - self.finished(list(self.digests))):
            raise UserError(f"Not graded: {', '.join(missing)}: {GONE}")

    def finished(self, students: list[str]) -> set[str]:
        """Those of them whose result is there, and in the gradebook; also one that our own side
        has spoilt, which the next run makes anew."""
        return self._finished({each: self.digests[each] for each in students}, spoilt=True)

    def fault(self, student: str) -> str:
        """What of our own side has failed in a learner's checks; empty where nothing has."""
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
        """Let the late policy look again at those who were graded before: it may be a new one,
        or the date due or the points have changed. Returns those for whom it makes a difference."""
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
        """Everybody whose submission this run is about, whatever lies in its place."""
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
        """The sources of read-only cells, as the gradebook has them."""
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
        """Of each notebook, what was given out."""
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            return {each: generated.versions(gradebook, assignment, each) for each in notebooks}

    def _result(self, student: str) -> Path:
        folder = self.course.autograded_directory
        return Path(self.course.format_path(folder, student, self.course.assignment_id))


def result_of(folder: Path, digest: str, *, spoilt: bool = False) -> Scores | None:
    """What the checks gave, where an autograded folder holds the finished result of an intake
    with this digest, or with `spoilt` one in which our own side has failed; else it is another
    submission's, or a killed run has left it."""
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
        except Exception:  # it is no result, whatever it is
            return None
    return found or None


def _scores(gradebook: Gradebook, assignment: str, students: list[str]) -> dict[str, Scores]:
    """By learner, of these and perhaps others, what the checks gave, as the gradebook has it."""
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
    """Whether there is something of this name, or may be: where that cannot be seen."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _insist_on_a_place(student: str, folder: Path) -> None:
    """Refuse a submission that cannot be told to be this learner's. Raises UserError."""
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
    """The same course, but that submissions are read from the intake folder."""
    settings = {name: getattr(course, name) for name in course.trait_names(config=True)}
    return CourseDirectory(**{**settings, "submitted_directory": INTAKE})
