"""`insidedocker grade`: a whole class at once, by the same steps as `nbgrader autograde`.

Notebooks are run in parallel and what comes of them is kept; then nbgrader grades one submission
after the other, in this process alone, and finds every notebook run already. Stopped at any
moment, the next call does what is missing.
"""

from __future__ import annotations

import fcntl
import functools
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import common as nbgraderformat
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import scoped_session

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.errors import UserError
from insidedocker.grading import cache, processors, settings
from insidedocker.grading import execute as executing
from insidedocker.grading.cluster import Cluster
from insidedocker.grading.intake import FOLDER, INTAKE
from insidedocker.grading.plug import Intake, reading_intake
from insidedocker.grading.rebuild import OURS
from insidedocker.grading.sandbox import NO_WALLS, PROCESSES, SandboxUnavailable

jsonschema = nbgraderformat.jsonschema  # the one that nbgrader uses


@dataclass
class Graded:
    """What a call has done."""

    students: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Graded before, and nothing has changed since."""
    failed: dict[str, str] = field(default_factory=dict)
    """Not graded, and why."""
    look: list[str] = field(default_factory=list)
    """To be looked at by a person."""
    faults: dict[str, str] = field(default_factory=dict)
    """Whose points are missing because our own side has failed, and how: the next call grades them
    again."""


class Grading:
    """One assignment of one course."""

    def __init__(
        self, root: Path, assignment: str, student: str = "*", cluster: Cluster | None = None
    ) -> None:
        os.environ[settings.VARIABLE] = settings.APART  # what nbgrader_config.py looks at
        self.root = root.resolve()
        self.assignment = assignment
        self.student = student
        self.cluster = cluster
        self.config = load_nbgrader_config(self.root / "nbgrader_config.py")
        self.config.CourseDirectory.root = str(self.root)
        self.config.Exporter.optimistic_validation = True  # at the end, not after every step
        self.execute = executing.SandboxedExecute(config=self.config)
        self.log = logging.Logger("insidedocker.grade", logging.WARNING)

    def run(self, at_once: int | None = None, *, again: bool = False) -> Graded:
        """Grade what is not graded yet; with `again` everything. Raises UserError."""
        if at_once is None:
            at_once = self.cluster.at_once if self.cluster else workers()
        done = Graded()
        with self._alone(), self._logged(), _unrepeated():
            if not self.cluster:
                executing.insist_once(self.execute.sandbox)
            if self.execute.sandbox == PROCESSES:
                print(NO_WALLS)
            waiting = self._take_in(done, again)
            progress = _Progress(len(waiting))
            with ThreadPoolExecutor(at_once) as pool:
                running = {pool.submit(self._execute, each, again): each for each in waiting}
                try:
                    for future in as_completed(running):
                        progress.tell(running[future], self._finish(future, running[future], done))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    if self.cluster:
                        self.cluster.close()  # nobody waits for what it has been given
                    raise
            done.look = self._to_look_at(done.students + done.kept)
            done.faults = {each: found for each in done.students if (found := self._fault(each))}
        return done

    def _take_in(self, done: Graded, again: bool) -> list[str]:
        """Take every submission in; the learners who are to be graded."""
        course = self._course(self.student)
        run = Autograde(coursedir=course, config=self.config, log=self.log)
        intake = Intake(run)
        students = intake.students()
        if not students:
            raise UserError(
                f"Nobody has handed in {self.assignment}: there is nothing in "
                f"{run.coursedir.submitted_directory}/ for it. `nbgrader collect "
                f"{self.assignment}` brings it there."
            )
        intake.take()
        waiting = [each for each in students if again or not self._result(each).exists()]
        done.kept = [each for each in students if each not in waiting]
        return waiting

    def _execute(self, student: str, again: bool) -> None:
        """Run a learner's notebooks; what comes of them is kept for nbgrader."""
        folder = self._folder(INTAKE, student)
        for path in sorted(folder.glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            cells = [executing.as_cell(c) for c in notebook.cells if c.cell_type == "code"]
            chosen, kept = self.execute.chosen(self.root), self.execute.kept(self.root)
            run = self.cluster.execute if self.cluster else executing.execute
            ran = run(cells, chosen, folder, kept, again=again)
            if not (kept and ran.complete):  # or nbgrader's step would run it once more, and here
                key = cache.key(cells, folder, chosen)
                executing.UNKEPT.setdefault(key, []).append(ran)

    def _finish(self, future: Future[None], student: str, done: Graded) -> str:
        """Let nbgrader grade a learner whose notebooks have been run; tells the points."""
        try:
            future.result()
            course = reading_intake(self._course(student))
            run = Autograde(coursedir=course, config=self.config, log=self.log, force=True)
            run.start()
            told = self._points(student)
            done.students.append(student)
            return told
        except SandboxUnavailable:
            raise
        except Exception as error:  # whatever one submission is the cause of, the others go on
            self.log.exception("%s was not graded", student)
            done.failed[student] = str(error) or type(error).__name__
            return "not graded"

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

    def _to_look_at(self, students: list[str]) -> list[str]:
        return [each for each in students if any(map(_asks, self._result(each).glob("*.ipynb")))]

    def _fault(self, student: str) -> str:
        """What of our own side has failed in a learner's checks; empty where nothing has."""
        for path in sorted(self._result(student).glob("*.ipynb")):
            if faults := _ours(path).get("faults"):
                return str(faults[0])
        return ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two at once would write over each other's results."""
        folder = self.root / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError("This course is being graded already: wait for that.") from None
            yield

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """What nbgrader says goes into a file, for who wants to know."""
        handler = logging.FileHandler(self.root / FOLDER / "grade.log", mode="w")
        self.log.addHandler(handler)
        try:
            with warnings.catch_warnings():
                # nbgrader's own ways with its database, since SQLAlchemy 2.1
                warnings.filterwarnings("ignore", category=SAWarning)
                yield
        finally:
            self.log.removeHandler(handler)
            handler.close()


@contextmanager
def _unrepeated() -> Iterator[None]:
    """What nbgrader does anew with each of the ten times that it opens its gradebook for a
    submission (an engine of SQLAlchemy's, which then compiles every query; a look at tables and
    course) and with each cell (a check of its own schema) is done once: it took most of the head's
    time."""
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
    """As jsonschema.validate, for a schema that comes again and again."""
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


def _asks(path: Path) -> bool:
    """Whether a graded notebook asks for a person's look."""
    ours = _ours(path)
    return bool(ours.get("look") or ours.get("remarks"))


def _ours(path: Path) -> Any:
    """What grading has noted in a notebook."""
    return nbformat.read(path, as_version=4).metadata.get(OURS, {})


def workers() -> int:
    """As many as there are processors for us."""
    return processors.allowed()
