"""The instructor is told where the gradebook or release/ is not what source/ and the text say."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from insidedocker.cli import main
from insidedocker.grading import kept
from insidedocker.teaching import graded as graded_class
from tests.support.small_class import ASSIGNMENT, REPOSITORY, SOLVED, Course

pytestmark = [
    pytest.mark.usefixtures("walls"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
GENERATE = f"nbgrader generate_assignment {ASSIGNMENT} --force"


def edit(course: Course, change: Callable[[Any], None], folder: str = "source") -> None:
    path = course.root / folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def cell(notebook: Any, grade_id: str) -> Any:
    return next(
        each
        for each in notebook.cells
        if each.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def replaced(old: str, new: str) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        for each in notebook.cells:
            each.source = each.source.replace(old, new)

    return change


def with_points(points: int) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        cell(notebook, "sizes_tests").metadata.nbgrader.points = points

    return change


def renamed(notebook: Any) -> None:
    cell(notebook, "tagged_tests").metadata.nbgrader.grade_id = "tagged_checks"


def without_a_cell(notebook: Any) -> None:
    notebook.cells.remove(cell(notebook, "tagged_tests"))


def with_another_cell(notebook: Any) -> None:
    another = copy.deepcopy(cell(notebook, "tagged_tests"))
    another.metadata.nbgrader.grade_id, another["id"] = "more_tests", "more"
    notebook.cells.append(another)


def twice_the_same(notebook: Any) -> None:
    notebook.cells.append(copy.deepcopy(cell(notebook, "tagged_tests")))


def forgotten(course: Course) -> None:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        for each in book.assignment_submissions(ASSIGNMENT):
            book.remove_submission(ASSIGNMENT, each.student.id)
        book.remove_assignment(ASSIGNMENT)


def older_points(course: Course) -> None:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        book.update_or_create_grade_cell("sizes_tests", ASSIGNMENT, ASSIGNMENT, max_score=30)


MISMATCHES: dict[str, Callable[[Course], None]] = {
    "hidden check": lambda course: edit(course, replaced("[7, 5, 5],", "[7, 5],")),
    "visible check": lambda course: edit(course, replaced("[3, 1],", "[3, 1, 1],")),
    "points": lambda course: edit(course, with_points(4)),
    "stub": lambda course: edit(course, replaced("def tagged(listing):", "def tagged(images):")),
    "set-up": lambda course: edit(course, replaced("import check, quiz", "import check,  quiz")),
    "title": lambda course: edit(course, replaced("# A small lesson", "# A small new lesson")),
    "cell renamed": lambda course: edit(course, renamed),
    "cell removed": lambda course: edit(course, without_a_cell),
    "cell added": lambda course: edit(course, with_another_cell),
    "cell twice": lambda course: edit(course, twice_the_same),
    "older release": lambda course: edit(course, replaced("[3, 1],", "[1, 3],"), "release"),
    "older points in the gradebook": older_points,
    "a gradebook without it": forgotten,
    "no gradebook": lambda course: (course.root / "gradebook.db").unlink(),
}


@pytest.mark.parametrize("kind", MISMATCHES)
def test_nothing_is_graded_by_what_is_not_the_source(
    own_graded: Course, kind: str, capsys: pytest.CaptureFixture[str], button: Callable[..., Any]
) -> None:
    course = own_graded
    course.hand_in("nobody", {"sizes": SOLVED["sizes"]})
    MISMATCHES[kind](course)
    results = sorted((course.root / "autograded").rglob("*.ipynb"))
    for command in ("grade", "regrade"):
        assert main([command, ASSIGNMENT, "--course", str(course.root)]) == 1
        said = capsys.readouterr()
        assert "generate_assignment" in said.err
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err + said.out
    done = button(course, "autograde", "nobody")
    assert not done["success"]
    assert "generate_assignment" in done["log"]
    assert "Traceback" not in done["log"]
    assert sorted((course.root / "autograded").rglob("*.ipynb")) == results
    if kind.startswith("cell"):  # nbgrader refuses these where somebody has handed in
        return
    course.generate()
    assert button(course, "autograde", "nobody")["success"]


@pytest.fixture
def button() -> Callable[..., Any]:
    """What Formgrader does; without `force` what the command does."""

    def press(course: Course, step: str, *words: str, **options: bool) -> Any:
        return getattr(course.api(), step)(ASSIGNMENT, *words, **options)

    return press


def test_generate_assignment_says_what_it_has_not_done(
    own_course: Course, button: Callable[..., Any]
) -> None:
    assert button(own_course, "generate_assignment", force=False)["success"]  # nothing to do
    edit(own_course, replaced("[7, 5, 5],", "[7, 5],"))
    done = button(own_course, "generate_assignment", force=False)
    assert not done["success"]
    assert "Nothing was generated" in done["log"]
    assert "--force" in done["log"]
    assert button(own_course, "generate_assignment", force=True)["success"]
    (own_course.root / "gradebook.db").unlink()  # as after a clone: release/ is committed
    assert not button(own_course, "generate_assignment", force=False)["success"]


def test_a_release_is_not_lost_where_generating_fails(
    own_graded: Course, button: Callable[..., Any]
) -> None:
    before = (own_graded.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    edit(own_graded, with_another_cell)
    assert not button(own_graded, "generate_assignment", force=True)["success"]
    after = (own_graded.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    assert after == before


def test_a_text_that_is_newer_than_the_source_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], button: Callable[..., Any]
) -> None:
    root, lesson = tmp_path / "course", "00-start-here"
    for area in ("source", "release", "notebooks"):
        shutil.copytree(REPOSITORY / area / lesson, root / area / lesson)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    shutil.copytree(root / "release" / lesson, root / "submitted" / "ada" / lesson)
    api: NbGraderAPI = Course(root).api()
    assert api.generate_assignment(lesson)["success"]
    text = root / "notebooks" / lesson / f"{lesson}.md"
    lines = text.read_text().splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("# "))
    lines[title] += " again"
    text.write_text("\n".join([*lines, ""]))
    assert main(["grade", lesson, "--course", str(root)]) == 1
    assert "make sync" in capsys.readouterr().err
    assert not api.autograde(lesson, "ada")["success"]


def test_feedback_is_never_older_than_the_result(
    own_graded: Course, tmp_path: Path, button: Callable[..., Any]
) -> None:
    course = own_graded
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)
    course.configure(f"c.Exchange.root = {str(tmp_path / 'exchange')!r}")
    none = button(course, "release_feedback")
    assert not none["success"]
    assert "generate_feedback" in none["log"]
    assert button(course, "generate_feedback", "ada")["success"]
    (page,) = (course.root / "feedback" / "ada").rglob("*.html")
    page.write_text("an older page")
    (result,) = (course.root / "autograded" / "ada").rglob("*.ipynb")
    os.utime(page, (result.stat().st_mtime - 9,) * 2)
    stale = button(course, "release_feedback", "ada")
    assert not stale["success"]
    assert "ada" in stale["log"]
    assert button(course, "generate_feedback", "ada", force=False)["success"]
    assert page.read_text() != "an older page"


STUB = "def sizes(listing):\n    pass  # Your code goes here: replace this line."


@pytest.mark.slow
def test_nobody_is_accused_of_an_instructors_change(
    own_course: Course, button: Callable[..., Any]
) -> None:
    course = own_course
    edit(course, lambda notebook: notebook.cells[0].update(source="# A small old lesson"))
    course.generate()
    answers = {"sizes": SOLVED["sizes"]}
    for learner in ("old", "stripped", "unknown", "changed"):
        course.hand_in(learner, answers)
    course.hand_in("untouched", {})

    def strip(learner: str) -> None:
        path = course.submission(learner) / f"{ASSIGNMENT}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for each in notebook.cells:
            each.metadata.get("nbgrader", {}).pop("checksum", None)
        nbformat.write(notebook, path)

    def meddle(learner: str) -> None:
        path = course.submission(learner) / f"{ASSIGNMENT}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        cell(notebook, "sizes_tests").source = "pass"
        nbformat.write(notebook, path)

    strip("stripped")
    meddle("changed")
    meddle("unknown")
    strip("unknown")
    edit(course, replaced("[3, 1],", "sorted([3, 1], reverse=True),"))
    edit(course, replaced("import check, quiz", "import check\nfrom insidedocker.lab import quiz"))
    edit(course, replaced("def sizes(listing):", '"""Sort them."""\ndef sizes(listing):'))
    edit(course, lambda notebook: notebook.cells[0].update(source="# A small new lesson"))
    course.generate()
    course.grade()
    assert button(course, "generate_feedback", "*")["success"]

    def shown(learner: str) -> str:
        (page,) = (course.root / "feedback" / learner).rglob("*.html")
        return page.read_text()

    for learner in ("old", "stripped", "untouched"):
        page = shown(learner)
        assert "About this submission" not in page
        assert "read-only" not in page
        assert "small old lesson" not in page
        assert "small new lesson" in page
    assert "sizes_tests</code> was changed" in shown("changed")
    assert "sizes_tests</code> differs from the released one" in shown("unknown")
    assert "Sort them" in shown("untouched")  # the stub is the instructor's, of whatever version
    found = graded_class.read(course.root, ASSIGNMENT)
    assert not any(work.tried for work in found.works["untouched"].values())
    assert {work.score for each, work in found.works["old"].items() if each.name == "sizes"} == {3}

    # A course that was updated by other means: nothing is remembered of what learners have.
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        book.db.execute(kept.TABLE.delete())
        book.db.commit()
    assert button(course, "autograde", "old")["success"]
    assert button(course, "generate_feedback", "old")["success"]
    assert "read-only" not in shown("old")
