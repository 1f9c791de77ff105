"""Where grading plugs into `nbgrader autograde`: an exporter, which nbgrader makes when a run
begins, before it touches what was handed in.

The run is given an intake folder to read from; everything after that is nbgrader's own doing.
"""

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import rmtree

from insidedocker.errors import UserError
from insidedocker.grading.execute import SandboxedExecute, insist_once
from insidedocker.grading.intake import INTAKE, Assignment, take_in
from insidedocker.grading.rebuild import OURS
from insidedocker.grading.sandbox import NO_WALLS, PROCESSES
from insidedocker.grading.strangers_folder import count_links
from insidedocker.grading.strangers_text import shown, why_no_id


class GradingExporter(NotebookExporter):
    """Writes notebooks as its base class does. Made by a run of Autograde, it first takes in the
    submissions that the run is about."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        run = self.parent
        if isinstance(run, Autograde) and run.coursedir.submitted_directory != INTAKE:
            try:
                sandbox = SandboxedExecute(config=run.config).sandbox
                insist_once(sandbox)
                if sandbox == PROCESSES:
                    run.log.warning(NO_WALLS)
                intake = Intake(run)
                if not intake.students():
                    raise UserError(
                        f"{run.coursedir.submitted_directory}/ holds nothing of "
                        f"{run.coursedir.student_id} for {run.coursedir.assignment_id}."
                    )
                _tell_at_the_end(run, intake.take())
            except UserError as error:  # nbgrader's own kind, which it shows without a traceback
                run.log.error(str(error))
                raise NbGraderException(str(error)) from None


_found_by_name = Autograde.init_notebooks


def _init_notebooks(run: Autograde) -> None:
    """Leave finding submissions to the exporter: nbgrader gives up where it sees no notebook."""
    found_already = run.coursedir.submitted_directory == INTAKE
    if found_already or not issubclass(run.exporter_class, GradingExporter):
        _found_by_name(run)


Autograde.init_notebooks = _init_notebooks


def _tell_at_the_end(run: Autograde, failed: dict[str, str]) -> None:
    """Let a run grade all others first, and fail then; its last words name who is left."""
    if not failed:
        return
    convert = run.convert_notebooks
    told = [f"Not graded: {student}: {why}" for student, why in failed.items()]

    def convert_and_tell() -> None:
        try:
            convert()
        finally:
            for line in told:
                run.log.error(line)
        raise NbGraderException("\n".join(told))

    run.convert_notebooks = convert_and_tell


class Intake:
    """The submissions of one run, taken in."""

    def __init__(self, run: Autograde) -> None:
        self.run = run
        self.course = run.coursedir

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
        assignment = Assignment.load(released, self._checks(name))
        links = count_links(folder for _, folder in self._submissions(name, "*"))
        ignored = self.course.ignore
        for student, folder in self._submissions(name):
            try:
                _insist_on_a_place(student, folder)
                into = Path(own.format_path(INTAKE, student, name))
                digest = take_in(
                    assignment, folder, into, beside=beside, ignored=ignored, links=links
                )
                self._forget_unfinished(student, name, digest)
                found[str(into)] = sorted(map(str, into.glob("*.ipynb")))
            except UserError as error:
                failed[shown(student)] = str(error)
            except Exception as error:  # the disk is full, the result's place is taken, …
                failed[shown(student)] = f"it could not be taken in: {_told(error)}"
        self.run.coursedir = own
        self.run.assignments = found
        return failed

    def students(self) -> list[str]:
        """Whose submissions these are, as they can be shown."""
        return [shown(student) for student, _ in self._submissions(self.course.assignment_id)]

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

    def _forget_unfinished(self, student: str, assignment: str, digest: str) -> None:
        """Remove a result that is not of this very submission, or that a killed run has left."""
        folder = Path(
            self.course.format_path(self.course.autograded_directory, student, assignment)
        )
        if folder.exists() and not is_result_of(folder, digest):
            rmtree(str(folder))


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


def is_result_of(folder: Path, digest: str) -> bool:
    """Whether an autograded folder holds the finished result of an intake with this digest."""
    notebooks = list(folder.glob("*.ipynb"))
    return bool(notebooks) and all(_graded(path) == digest for path in notebooks)


def _graded(path: Path) -> str | None:
    try:
        found = json.loads(path.read_bytes())["metadata"][OURS]
        return found["digest"] if found.get("graded") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reading_intake(course: CourseDirectory) -> CourseDirectory:
    """The same course, but that submissions are read from the intake folder."""
    settings = {name: getattr(course, name) for name in course.trait_names(config=True)}
    return CourseDirectory(**{**settings, "submitted_directory": INTAKE})
