"""A small class that is really graded: an assignment, nine learners' submissions, and commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.grading import settings
from insidedocker.grading.grade import Grading

REPOSITORY = Path(__file__).parents[2]
ASSIGNMENT = "50-small"
HIDDEN = "canary_hidden_line"
"""A name in every hidden test, which only the instructor may read."""

SOLVED = {
    "sizes": """\
def sizes(listing):
    found = []
    for entry in listing:
        found.append(entry["Size"])
    return sorted(found, reverse=True)""",
    "tagged": """\
def tagged(listing):
    return [name for entry in listing for name in entry["RepoTags"] or []]""",
    "run_twice": 'run_twice.answer("b")',
    "words": "A tag is only a name: the image stays, under its digest.",
}
STUBS = {
    "sizes": ("def sizes(listing):", "    "),
    "tagged": ("def tagged(listing):", "    "),
}
QUESTION = """\
run_twice = quiz.choice(
    "run_twice",
    "You type `docker run nginx` for a second time. What do you get?",
    {"a": "The first container, resumed", "b": "A second container"},
)"""
TESTS = {
    "sizes": (
        3,
        """\
check.equal(
    check.call(sizes, [{"Size": 1}, {"Size": 3}]),
    [3, 1],
    what="sizes of two images",
    try_next="Largest first: sorted() has a parameter for that.",
)""",
        """\
canary_hidden_line = [{"Size": 5}, {"Size": 5}, {"Size": 7}]
check.equal(
    check.call(sizes, canary_hidden_line),
    [7, 5, 5],
    what="sizes where two images are of one size",
    try_next="Two images may be of one size: leave none out.",
)""",
    ),
    "tagged": (
        2,
        """\
check.equal(
    check.call(tagged, [{"RepoTags": ["a:1", "a:2"]}]),
    ["a:1", "a:2"],
    what="tagged for an image with two names",
    try_next="An image can have several names.",
)""",
        """\
canary_hidden_line = check.call(tagged, [{"RepoTags": None}], none_counts=True)
if canary_hidden_line is None:
    raise LookupError("no list came back")
check.equal(canary_hidden_line, [], what="tagged for one without", try_next="It may be None.")""",
    ),
    "run_twice": (
        1,
        "check.answer(run_twice())",
        'canary_hidden_line = ["b"]\ncheck.answer(run_twice(), canary_hidden_line, otherwise="?")',
    ),
}


def _marks(grade_id: str, **more: Any) -> dict[str, Any]:
    kind = {"grade": False, "solution": False, "locked": False, "task": False, **more}
    return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **kind}}


def source_notebook() -> Any:
    """Make the instructor's notebook."""
    set_up = "from insidedocker.lab import check, quiz"
    cells = [
        new_markdown_cell("# A small lesson", id="title"),
        new_code_cell(set_up, metadata=_marks("set_up", locked=True), id="set-up"),
    ]
    for name, (points, visible, hidden) in TESTS.items():
        if name in STUBS:
            first, inner = STUBS[name]
            body = SOLVED[name].removeprefix(f"{first}\n")
            source = f"{first}\n{inner}### BEGIN SOLUTION\n{body}\n{inner}### END SOLUTION"
        else:
            source = f"{QUESTION}\n### BEGIN SOLUTION\n{SOLVED[name]}\n### END SOLUTION"
        marks = _marks(f"{name}_tests", grade=True, locked=True, points=points)
        tests = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
        cells += [
            new_code_cell(source, metadata=_marks(name, solution=True), id=name),
            new_code_cell(tests, metadata=marks, id=f"{name}-tests"),
        ]
    marks = _marks("words", grade=True, solution=True, points=2)
    cells.append(new_markdown_cell("In your own words.", metadata=marks, id="words"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )


@dataclass(frozen=True)
class Course:
    """A scratch course."""

    root: Path

    def run(self, *words: str, apart: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a Python module's command in the course's folder; `apart` grades in a sandbox."""
        beside_python = str(Path(sys.executable).parent)
        own = {
            "PATH": os.pathsep.join([beside_python, os.environ.get("PATH", os.defpath)]),
            settings.VARIABLE: settings.APART if apart else settings.PLAIN,
        }
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.root,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *words: str, apart: bool = True) -> str:
        """Run a command that must succeed; returns its stdout."""
        done = self.run(*words, apart=apart)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def api(self) -> NbGraderAPI:
        """Return the API behind Formgrader's buttons, to be called in this process: starting a
        command takes seconds."""
        config = load_nbgrader_config(self.root / "nbgrader_config.py")
        config.CourseDirectory.root = str(self.root)
        return NbGraderAPI(CourseDirectory(config=config), config=config)

    def generate(self) -> None:
        """Generate the learners' version from the instructor's and add it to the gradebook."""
        done = self.api().generate_assignment(ASSIGNMENT)
        assert done["success"], done["log"]

    def grade(self) -> None:
        """Grade all submissions, as `insidedocker grade` does."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(settings.VARIABLE, settings.APART)  # restored afterwards
            assert Grading(self.root, ASSIGNMENT).run(2).failed == {}

    def configure(self, *lines: str) -> None:
        """Add to the course's settings."""
        with (self.root / "nbgrader_config.py").open("a") as config:
            config.write("\n".join(["", *lines, ""]))

    def submission(self, learner: str) -> Path:
        return self.root / "submitted" / learner / ASSIGNMENT

    def hand_in(
        self,
        learner: str,
        answers: dict[str, str],
        clicked: str = "",
        time: str = "2026-01-02 03:04:05 UTC",
        own: str = "",
    ) -> None:
        """Write a learner's submission: the released notebook with `answers` (grade id -> source).

        `clicked` is the saved quiz answer; `own` is the code of the learner's own cell at the end.
        """
        name = f"{ASSIGNMENT}.ipynb"
        notebook = nbformat.read(self.root / "release" / ASSIGNMENT / name, as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell.source = answers[grade_id]
        if own:
            notebook.cells.append(new_code_cell(own))
        folder = self.submission(learner)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / name)
        (folder / "timestamp.txt").write_text(f"{time}\n")
        if clicked:
            (folder / "answers.json").write_text(json.dumps({"run_twice": clicked}))


def make(root: Path) -> Course:
    """Make the course with its assignment generated and no submissions."""
    course = Course(root)
    source = root / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    nbformat.write(source_notebook(), source / f"{ASSIGNMENT}.ipynb")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    for place, text in EVIDENCE.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)
    course.generate()
    return course


ASCENDING = """\
def sizes(listing):
    return sorted(entry["Size"] for entry in listing)"""
DISTINCT = """\
def sizes(listing):
    return sorted({entry["Size"] for entry in listing}, reverse=True)"""
FIRST_NAME = """\
def tagged(listing):
    return [entry["RepoTags"][0] for entry in listing]"""
NEVER_NONE = """\
def tagged(listing):
    names = []
    for entry in listing:
        if entry["RepoTags"] is None:
            return None
        names += entry["RepoTags"]
    return names"""
UNUSUAL = """\
def sizes(listing):
    # biggest first, by hand
    pile = [entry.get("Size", 0) for entry in listing]
    for here in range(len(pile)):
        for there in range(here + 1, len(pile)):
            if pile[there] > pile[here]:
                pile[here], pile[there] = pile[there], pile[here]
    return pile"""
DISGUISED = """\
def sizes(images):
    \"\"\"My very own way.\"\"\"
    all_of_them = [
        image.get('Size', 0) for image in images
    ]
    for i in range(len(all_of_them)):
        for j in range(i + 1, len(all_of_them)):  # compare all pairs
            if (all_of_them[j] > all_of_them[i]):
                all_of_them[i], all_of_them[j] = all_of_them[j], all_of_them[i]
    return all_of_them"""


EVIDENCE = {
    f"notebooks/{ASSIGNMENT}/evidence/sizes/wrong-ascending.py": (
        f"# shows: sorted() puts the largest first\n# told: Largest first\n{ASCENDING}\n"
    ),
    f"notebooks/{ASSIGNMENT}/evidence/sizes/wrong-distinct.py": (
        f"# shows: no two images have one size\n# told: leave none out\n{DISTINCT}\n"
    ),
    f"notebooks/{ASSIGNMENT}/evidence/tagged/wrong-first-name.py": (
        f"# shows: an image has one name\n# told: several names\n{FIRST_NAME}\n"
    ),
    "docs/misconceptions.md": (
        "| misconception | objectives | where it is met |\n|---|---|---|\n"
        f"| `docker run` again resumes | CON1 | `{ASSIGNMENT}/run_twice/wrong-a` |\n"
    ),
}


def whole_class(course: Course) -> None:
    """Hand in nine learners' submissions; `POINTS` lists the points that each deserves."""
    sizes, tagged = SOLVED["sizes"], SOLVED["tagged"]
    course.hand_in("ada", {"sizes": sizes, "tagged": tagged, "words": "It stays."}, clicked="b")
    course.hand_in("grace", {"sizes": sizes, "tagged": tagged}, clicked="b")
    course.hand_in("alan", {"sizes": ASCENDING, "tagged": tagged}, clicked="b")
    course.hand_in("edsger", {"sizes": DISTINCT, "tagged": FIRST_NAME}, clicked="a")
    course.hand_in("linus", {"sizes": ASCENDING, "tagged": FIRST_NAME}, clicked="a")
    course.hand_in("barbara", {"sizes": UNUSUAL, "tagged": tagged}, clicked="a")
    course.hand_in("mallory", {"sizes": DISGUISED, "tagged": NEVER_NONE})
    course.hand_in("radia", {"sizes": sizes, "tagged": NEVER_NONE}, clicked="b")
    course.hand_in("nobody", {})


POINTS = {  # sizes, tagged, run_twice
    "ada": (3, 2, 1),
    "alan": (0, 2, 1),
    "barbara": (3, 2, 0),
    "edsger": (0, 0, 0),
    "grace": (3, 2, 1),
    "linus": (0, 0, 0),
    "mallory": (3, 0, 0),
    "nobody": (0, 0, 0),
    "radia": (3, 0, 1),
}
