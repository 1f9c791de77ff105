"""`insidedocker grade`: grades a whole class by the same steps as `nbgrader autograde`.

Notebooks run in parallel, and their results are kept; then nbgrader grades one submission after
the other, only in this process, with the kept results. After a stop at any moment, the next call
does what is missing.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import common as nbgraderformat
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import scoped_session

from insidedocker.authoring.release_notebooks import Kept, load_nbgrader_config
from insidedocker.errors import UserError
from insidedocker.grading import cache, mishaps, processors, scratch, settings
from insidedocker.grading.alone import alone
from insidedocker.grading.cluster import Cluster
from insidedocker.grading.intake import FOLDER, INTAKE
from insidedocker.grading.plugins import marks
from insidedocker.grading.plugins import preprocessors as executing
from insidedocker.grading.plugins.exporter import GONE, Intake, reading_intake
from insidedocker.grading.rebuild import OURS
from insidedocker.grading.sandbox import NO_WALLS, PROCESSES, SandboxUnavailable

NOBODY = "Nobody was graded."
jsonschema = nbgraderformat.jsonschema  # the one that nbgrader uses


@dataclass
class Graded:
    """The result of a call; students by their ids."""

    students: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Graded before, without a change since."""
    failed: dict[str, str] = field(default_factory=dict)
    """Student not graded -> reason."""
    look: list[str] = field(default_factory=list)
    """Students whose submission a person has to look at."""
    faults: dict[str, str] = field(default_factory=dict)
    """Student whose points are missing because the machine failed -> failure. The next call grades
    the student again."""
    marked: dict[str, list[str]] = field(default_factory=dict)
    """Student -> cells that a person graded and whose work has changed since."""
    trouble: str = ""
    """A failure after everybody was graded; empty without one."""
    penalties: list[str] = field(default_factory=list)
    """Students graded before whose penalty for lateness has changed."""


class Grading:
    """The grading of one assignment of one course, for the students that match `student`."""

    def __init__(
        self, root: Path, assignment: str, student: str = "*", cluster: Cluster | None = None
    ) -> None:
        os.environ[settings.VARIABLE] = settings.APART  # nbgrader_config.py reads it
        self.root = root.resolve()
        self.assignment = assignment
        self.student = student
        self.cluster = cluster
        self.config = load_nbgrader_config(self.root / "nbgrader_config.py")
        self.config.CourseDirectory.root = str(self.root)
        self.config.Exporter.optimistic_validation = True  # at the end, not after every step
        self.execute = executing.SandboxedExecute(config=self.config)
        self.log = logging.Logger("insidedocker.grade", logging.WARNING)
        self.stopped = ""
        """A failure that every other submission would meet, too: nobody else is graded then.
        Empty without one."""

    def run(self, at_once: int | None = None, *, again: bool = False) -> Graded:
        """Grade the submissions that are not graded yet, with `again` all of them; `at_once` is
        the number of submissions that run at once. Raises UserError."""
        with mishaps.as_user_errors(NOBODY), alone(self.root):
            return self.run_alone(at_once, again=again)

    def run_alone(self, at_once: int | None = None, *, again: bool = False) -> Graded:
        """Do as `run` does, for a caller that holds the course's lock already."""
        if at_once is None:
            at_once = self.cluster.at_once if self.cluster else workers()
        done = Graded()
        with self._logged(), _unrepeated():
            if not self.cluster:
                executing.insist_once(self.execute.sandbox)
            if self.execute.sandbox == PROCESSES:
                print(NO_WALLS)
            scratch.sweep()
            self.intake = self._intake()
            waiting = self._take_in(done, again)
            progress = _Progress(len(waiting))
            with ThreadPoolExecutor(at_once) as pool:
                running = {pool.submit(self._execute, each, again): each for each in waiting}
                try:
                    for future in as_completed(running):
                        progress.tell(running[future], self._finish(future, running[future], done))
                        if self.stopped:
                            for each in running:
                                each.cancel()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    if self.cluster:
                        self.cluster.close()  # its tasks are not waited for
                    raise
            self._conclude(done)
        return done

    def _intake(self) -> Intake:
        run = Autograde(coursedir=self._course(self.student), config=self.config, log=self.log)
        return Intake(run)

    def _take_in(self, done: Graded, again: bool) -> list[str]:
        """Take every submission in; returns the students to be graded."""
        self.intake.insist_on_somebody()
        students = self.intake.students()
        done.failed = self.intake.take()
        taken = [each for each in students if each not in done.failed]
        waiting = [each for each in taken if again or each not in self.intake.before]
        done.kept = [each for each in taken if each not in waiting]
        return waiting

    def _execute(self, student: str, again: bool) -> None:
        """Run a student's notebooks and keep the results for nbgrader."""
        folder = self._folder(INTAKE, student)
        for path in sorted(folder.glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            cells = [executing.as_cell(c) for c in notebook.cells if c.cell_type == "code"]
            chosen, kept = self.execute.chosen(self.root), self.execute.kept(self.root)
            run = self.cluster.execute if self.cluster else executing.execute
            ran = run(cells, chosen, folder, kept, again=again)
            if not (kept and ran.complete):  # else nbgrader's step would run it again, here
                key = cache.key(cells, folder, chosen)
                executing.UNKEPT.setdefault(key, []).append(ran)

    def _finish(self, future: Future[None], student: str, done: Graded) -> str:
        """Let nbgrader grade a student whose notebooks have been run; returns the points as text,
        or "not graded". Raises SandboxUnavailable, which ends the whole grading."""
        if self.stopped:
            done.failed[student] = self.stopped
            return "not graded"
        heard = mishaps.Heard()
        self.log.addFilter(heard)
        try:
            future.result()
            course = reading_intake(self._course(student))
            run = Autograde(coursedir=course, config=self.config, log=self.log, force=True)
            self._start(run)
            told = self._points(student)
            if not self.intake.finished([student]):
                raise UserError(GONE)
            if fault := self.intake.fault(student):
                done.faults[student] = fault
            done.students.append(student)
            return told
        except SandboxUnavailable as error:
            raise SandboxUnavailable(f"{error} It was the turn of {student}.") from None
        except Exception as error:  # one submission's failure does not stop the others
            self.log.exception("%s was not graded", student)
            mishap = mishaps.sentence(error) or heard.first
            if mishap and mishap in mishaps.GRADEBOOK.values():
                self.stopped = mishap  # all others would fail, too, and slowly
            done.failed[student] = mishap or str(error) or type(error).__name__
            return "not graded"
        finally:
            self.log.removeFilter(heard)

    def _conclude(self, done: Graded) -> None:
        """Move students whose result is gone to `failed`, find those to be looked at, and set the
        penalties for lateness anew."""
        try:
            finished = self.intake.finished(done.students + done.kept)
            for counted in (done.students, done.kept):
                for student in [each for each in counted if each not in finished]:
                    counted.remove(student)
                    done.failed[student] = GONE
            done.look, done.marked = self._to_look_at(done.students + done.kept)
            done.penalties = self.intake.reassess_penalties()
        except Exception as error:
            mishap = mishaps.sentence(error)
            if mishap is None:
                raise
            done.trouble = f"{mishap} Who is to be looked at is not known."

    def _start(self, run: Autograde) -> None:
        """Call `run.start()`; an error of nbgrader's becomes a UserError with the reason instead of
        the name of a log to read."""
        kept = Kept()
        self.log.addHandler(kept)
        try:
            run.start()
        except NbGraderException as error:
            raise UserError(kept.reason()) from error
        finally:
            self.log.removeHandler(kept)

    def _course(self, student: str = "*") -> CourseDirectory:
        course = CourseDirectory(config=self.config, log=self.log)
        course.assignment_id, course.student_id = self.assignment, student
        return course

    def _folder(self, step: str, student: str) -> Path:
        return Path(self._course().format_path(step, student, self.assignment))

    def _result(self, student: str) -> Path:
        return self._folder(self._course().autograded_directory, student)

    def _points(self, student: str) -> str:
        course = self._course()
        with Gradebook(course.db_url, course.course_id) as gradebook:
            found = gradebook.find_submission(self.assignment, student)
            return f"{found.score:g} of {found.max_score:g}"

    def _to_look_at(self, students: list[str]) -> tuple[list[str], dict[str, list[str]]]:
        """Return the students to be looked at, and student -> cells that a person graded and that
        have changed since. A cell counts until a person has saved a grade for it."""
        look: list[str] = []
        marked: dict[str, list[str]] = {}
        course = self._course()
        with Gradebook(course.db_url, course.course_id) as gradebook:
            for student in students:
                for path in sorted(self._result(student).glob("*.ipynb")):
                    found = json.loads(path.read_bytes())
                    ours = found["metadata"].get(OURS, {})
                    first = marks.flagged_cell(found) if marks.asks(ours) else ""
                    waiting = [
                        cell
                        for cell in dict.fromkeys([first, *ours.get("again", [])])
                        if cell
                        and gradebook.find_grade(
                            cell, path.stem, self.assignment, student
                        ).needs_manual_grade
                    ]
                    if first in waiting and student not in look:
                        look.append(student)
                    if again := [each for each in waiting if each in ours.get("again", [])]:
                        marked.setdefault(student, []).extend(again)
        return look, marked

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Write nbgrader's log to .grading/grade.log during a block."""
        handler = _Log(self.root / FOLDER / "grade.log", mode="w")
        self.log.addHandler(handler)
        try:
            with warnings.catch_warnings():
                # SQLAlchemy 2.1 warns of nbgrader's own use of its database.
                warnings.filterwarnings("ignore", category=SAWarning)
                yield
        finally:
            self.log.removeHandler(handler)
            with suppress(OSError):
                handler.close()


class _Log(logging.FileHandler):
    """A log file whose write errors are ignored: a full disk is reported by the code that has to
    save something."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


@contextmanager
def _unrepeated() -> Iterator[None]:
    """Do some of nbgrader's repeated work once during a block: the repetition took most of this
    process's time.

    nbgrader opens its gradebook ten times for a submission, each time with a new engine of
    SQLAlchemy's, which compiles every query again, and a look at tables and course. For each cell
    it checks its own schema.
    """
    opened, close = Gradebook.__init__, Gradebook.close
    sessions: dict[tuple[str, str], Any] = {}

    def open_again(
        self: Any, db_url: str, course_id: str = "default_course", authenticator: Any = None
    ) -> None:
        if (db_url, course_id) not in sessions:
            opened(self, db_url, course_id, authenticator)
            sessions[db_url, course_id] = self.db.session_factory
        make = sessions[db_url, course_id]
        self.db, self.engine = scoped_session(make), make.kw["bind"]
        self.course_id, self.authenticator = course_id, authenticator

    Gradebook.__init__ = open_again
    Gradebook.close = lambda self: self.db.remove()
    nbgraderformat.jsonschema = SimpleNamespace(validate=_validate)
    try:
        yield
    finally:
        Gradebook.__init__, Gradebook.close = opened, close
        nbgraderformat.jsonschema = jsonschema
        for make in sessions.values():
            make.kw["bind"].dispose()


def _validate(instance: Any, schema: Any) -> None:
    """Validate as jsonschema.validate does, with one validator per schema. Raises
    jsonschema's ValidationError."""
    found = jsonschema.exceptions.best_match(_validator(json.dumps(schema)).iter_errors(instance))
    if found is not None:
        raise found


@functools.cache
def _validator(schema: str) -> Any:
    parsed = json.loads(schema)
    kind = jsonschema.validators.validator_for(parsed)
    kind.check_schema(parsed)
    return kind(parsed)


class _Progress:
    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.started = time.monotonic()

    def tell(self, student: str, points: str) -> None:
        self.done += 1
        left = (time.monotonic() - self.started) / self.done * (self.total - self.done)
        place = f"[{self.done:>{len(str(self.total))}}/{self.total}]"
        rest = f", about {left:.0f} s left" if self.done < self.total else ""
        print(f"{place} {student}: {points}{rest}", flush=True)


def workers() -> int:
    """Return the number of processors that this process may use."""
    return processors.allowed()
