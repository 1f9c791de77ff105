"""An instructor's whole cycle with nbgrader's own commands, in a scratch course: generate,
release, fetch, submit, collect, autograde, feedback, export, through a real exchange."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from insidedocker.course import Course
from insidedocker.demo.samples import Submission, make
from insidedocker.errors import UserError
from insidedocker.grading import processors
from insidedocker.grading.sandbox import why_not
from insidedocker.grading.settings import APART, PLAIN, VARIABLE
from insidedocker_engine.host import private

COURSE_ID = "insidedocker"


def run(course: Course, lesson: str, folder: Path | None = None) -> int:
    """Play the cycle for one lesson and print the gradebook; returns an exit code.

    `folder` must be new or empty; None makes one in the temporary directory. The scratch course
    stays there for inspection. Raises UserError.
    """
    submissions = make(course, lesson)
    scene = Scene(_scratch(folder), lesson)
    print(f"Scratch course: {scene.course}")
    if why := why_not():
        scene.grading = PLAIN
        print(f"Graded the plain way, for this machine cannot wall submissions off ({why}).")
    started = time.monotonic()
    scene.set_up(course)
    scene.instructor("generate_assignment", lesson, "--force")
    scene.instructor("release_assignment", lesson)
    print(f"Six learners fetch {lesson}, work on it, and hand it in.")
    with ThreadPoolExecutor(processors.allowed()) as pool:
        list(pool.map(scene.hand_in, submissions))
    scene.instructor("collect", lesson)
    scene.instructor("autograde", lesson, may_fail=scene.grading == PLAIN)
    scene.instructor("generate_feedback", lesson)
    scene.instructor("release_feedback", lesson)
    scene.learner("grace", "fetch_feedback", lesson)
    scene.instructor("export", "--to", str(scene.table))
    problems = _print_gradebook(scene, submissions)
    print(f"\nThe whole cycle took {time.monotonic() - started:.0f} s.")
    for problem in problems:
        print(f"Unexpected: {problem}", file=sys.stderr)
    return 1 if problems else 0


class Scene:
    """The scratch course, the exchange and the learners' folders, and the commands run in them."""

    def __init__(self, folder: Path, lesson: str) -> None:
        self.folder = folder
        self.lesson = lesson
        self.grading = APART
        self.course = folder / "course"
        self.exchange = folder / "exchange"
        self.log = folder / "commands.log"
        self.table = self.course / "grades.csv"

    def set_up(self, course: Course) -> None:
        """Make a course in the state before its first lesson is released."""
        self.exchange.mkdir(mode=0o777)
        self.exchange.chmod(0o777)
        shutil.copytree(course.source / self.lesson, self.course / "source" / self.lesson)
        shutil.copy(course.nbgrader_config, self.course)

    def instructor(self, *words: str, may_fail: bool = False) -> int:
        """Run one nbgrader command in the course folder and print the command line; returns its
        exit code."""
        print(f"$ nbgrader {' '.join(words)}", flush=True)
        return self._nbgrader(self.course, words, may_fail)

    def learner(self, name: str, *words: str) -> None:
        """Run one nbgrader command in a learner's folder."""
        home = self.folder / "learners" / name
        home.mkdir(parents=True, exist_ok=True)
        # All learners share one account here, so each command names the learner and their cache
        # of submissions. In a class nbgrader takes both from the account.
        own = [
            f"--student={name}",
            f"--Exchange.root={self.exchange}",
            f"--Exchange.cache={home / '.cache'}",
        ]
        self._nbgrader(home, [*words, f"--course={COURSE_ID}", *own], False)

    def hand_in(self, submission: Submission) -> None:
        """Fetch the lesson, write the submission's notebook, submit."""
        self.learner(submission.learner, "fetch_assignment", self.lesson)
        place = self.folder / "learners" / submission.learner / self.lesson
        (place / f"{self.lesson}.ipynb").write_text(submission.notebook, encoding="utf-8")
        self.learner(submission.learner, "submit", self.lesson)

    def _nbgrader(self, where: Path, words: tuple[str, ...] | list[str], may_fail: bool) -> int:
        command = [sys.executable, "-m", "nbgrader", *words]
        environment = {
            **os.environ,
            "NBGRADER_EXCHANGE": str(self.exchange),
            VARIABLE: self.grading,
        }
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, check=False
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ nbgrader {' '.join(words)}\n{done.stdout}{done.stderr}\n")
        if done.returncode and not may_fail:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise UserError(
                f"nbgrader {words[0]} failed ({said[-1] if said else 'it said nothing'}); "
                f"all it said is in {self.log}."
            )
        return done.returncode


def _scratch(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="insidedocker-demo-"))
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty: name a new folder with --folder.")
    return private.folder(folder)


def _print_gradebook(scene: Scene, submissions: list[Submission]) -> list[str]:
    """Print the table and a feedback page's path; returns what is unexpected, in sentences."""
    with scene.table.open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    problems = []
    print(f"\n{'learner':<10} {'score':>7} {'of':>5}  handed in")
    for each in submissions:
        row = rows.get(each.learner, {})
        # Plain nbgrader fails on a notebook that it cannot read, and gives it no score.
        given = bool(row.get("timestamp"))
        given &= scene.grading == APART or each.expected != "unreadable"
        score, most = (row["score"], row["max_score"]) if given else ("-", "-")
        print(f"{each.learner:<10} {score:>7} {most:>5}  {each.story}")
        if given and not each.fits(float(score), float(most)):
            problems.append(f"{each.learner} got {score} of {most} for: {each.story}")
        elif not given and (scene.grading == APART or each.expected != "unreadable"):
            problems.append(f"{each.learner} has no score")
    pages = sorted((scene.folder / "learners" / "grace").rglob("*.html"))
    if pages:
        print(f"\nFeedback as grace reads it: {pages[0]}")
    else:
        problems.append("grace has no feedback page")
    print(f"What every command said: {scene.log}")
    return problems
