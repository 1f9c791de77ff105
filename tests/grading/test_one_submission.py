"""Whatever lies in one learner's folder, and whatever that folder is called, the others are graded,
collected, listed and given feedback; and whoever is not is named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.hostile.case import ASSIGNMENT, RIGHT, Case, Notebook, Scene, cell_of, released
from tests.grading.hostile.judge import nbgrader, points_of, run, scene
from tests.support.missing import Missing
from tests.support.ordinary import UID, as_ordinary_user, ordinary_python

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("walls")]

NOTEBOOK = f"{ASSIGNMENT}.ipynb"
MOST = 6.0


def folder_at(name: str) -> Callable[[Path, Scene], object]:
    """A folder with a file in it, in the place of a file."""

    def write(folder: Path, _scene: Scene) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
        (folder / name / "x.txt").write_text("x")

    return write


def file_at(name: str, text: str = "x") -> Callable[[Path, Scene], object]:
    return lambda folder, _scene: (folder / name).write_text(text)


def time_as_a_fifo(folder: Path, _scene: Scene) -> None:
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")


def long_names(folder: Path, _scene: Scene) -> None:
    for _ in range(8):
        folder = folder / ("n" * 255)
        folder.mkdir()
    (folder / ("ä" * 127)).write_text("x")


def alike_names(folder: Path, _scene: Scene) -> None:
    for name in ("DATA.csv", "Data.csv", "gr\u00f6\u00dfe.txt", "gro\u0308\u00dfe.txt"):
        (folder / name).write_text("x")


def very_deep(folder: Path, _scene: Scene) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def odd_picture(notebook: Notebook) -> None:
    notebook["cells"][0]["attachments"] = {"\ud800.png": {"image/png": "\ud800"}}
    cell_of(notebook, "words")["attachments"] = {"\ud800.png": {"image/png": "\ud800"}}


def own_cell(source: str) -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
        notebook["cells"].insert(3, {**cell, "execution_count": None, "id": "mine"})

    return edit


def right(name: str, most: float = MOST, **more: object) -> Case:
    return Case(name, "one submission", RIGHT, most=most, **more)  # type: ignore[arg-type]


ODD = [
    right("notebook-is-a-folder", 0, files=folder_at(NOTEBOOK)),
    right("another-notebook-is-a-folder", files=folder_at("notes.ipynb")),
    right("a-file-of-the-lesson-is-a-folder", files=folder_at("data.csv")),
    right("a-folder-of-the-lesson-is-a-file", files=file_at("tables")),
    right("time-is-a-folder", files=folder_at("timestamp.txt")),
    right("time-is-nonsense", files=file_at("timestamp.txt", "0000-99-99 nonsense")),
    right("time-is-a-fifo", files=time_as_a_fifo),
    right("time-is-at-the-end-of-days", files=file_at("timestamp.txt", "9999-12-31 23:59 UTC")),
    right("time-is-missing", files=lambda f, s: (f / "timestamp.txt").unlink()),
    right("answers-are-a-folder", files=folder_at("answers.json")),
    right("variant-is-a-folder", files=folder_at("variant.txt")),
    right("page-is-there-already", files=file_at(f"{ASSIGNMENT}.html")),
    right("page-is-a-folder", files=folder_at(f"{ASSIGNMENT}.html")),
    right("files-of-the-page-are-a-file", files=file_at(f"{ASSIGNMENT}_files")),
    right("secret-is-a-folder", files=folder_at("submission_secret.txt")),
    right("secret-is-empty", files=file_at("submission_secret.txt", "")),
    right("long-names", files=long_names),
    right("names-alike", files=alike_names),
    right("very-deep", files=very_deep),
    right("error-with-a-surrogate", edit=own_cell("raise ValueError('\\ud800 \\0')")),
    right("class-with-a-surrogate", edit=own_cell("raise type('\\ud800', (Exception,), {})()")),
    right("value-with-a-surrogate", edit=own_cell("'\\ud800', print('\\udfff \\0')")),
    right(
        "page-with-a-surrogate",
        edit=own_cell("class H:\n    def _repr_html_(self): return '<b>\\ud800\\0</b>'\nH()"),
    ),
    right("picture-with-a-surrogate", edit=odd_picture),
    right("with blanks in it"),
    right("-rf"),
    right("größe"),
]
"""Each of which is graded, with its points."""

NAMES = {
    "line\nbreak": "no line breaks",
    os.fsdecode(b"\xff\xfe"): "no line breaks, no unreadable signs",
    " blank": "no blanks at its ends",
    "*": "none of * ? [ ]",
    "[ab]": "none of * ? [ ]",
    ".hidden": "does not start with a dot",
    "n" * 200: "1 to 128 characters",
}
"""Of folders that no learner's id can be."""


def shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)


@pytest.fixture(scope="module")
def class_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Odd submissions, and honest ones before and after them."""
    folder = tmp_path_factory.mktemp("one")
    with scene(folder, "ours") as (made, _):
        for place in ("source", "release"):
            beside = made.course / place / ASSIGNMENT
            (beside / "data.csv").write_text("1,2\n")
            (beside / "tables").mkdir()
            (beside / "tables" / "more.csv").write_text("3,4\n")
        for case in ODD:
            case.write(made)
        for name in NAMES:
            right(name).write(made)
        submitted = made.course / "submitted"
        (submitted / "assignment-is-a-file").mkdir()
        (submitted / "assignment-is-a-file" / ASSIGNMENT).write_text("x")
        (submitted / "read me.txt").write_text("x")
        (submitted / "nothing-of-this").mkdir()
        (submitted / "linked").symlink_to(submitted / "victim")
        nested = submitted / "nested" / "victim" / ASSIGNMENT
        shutil.copytree(made.submission("victim"), nested)
        yield made
    subprocess.run(["rm", "-r", str(folder)], check=True)  # too deep for Python's own


@pytest.fixture(scope="module")
def graded(class_: Scene) -> tuple[Scene, subprocess.CompletedProcess[str]]:
    return class_, run(class_, ["insidedocker", "grade", ASSIGNMENT], 600)


Graded = tuple[Scene, subprocess.CompletedProcess[str]]


def expected() -> dict[str, float]:
    controls = {"aaa-control": MOST, "victim": MOST, "zzz-control": MOST}
    return {case.name: case.most for case in ODD} | controls | {"assignment-is-a-file": 0.0}


def points(made: Scene) -> dict[str, float | None]:
    return {name: points_of(made, name) for name in expected()}


def not_graded(said: str) -> dict[str, str]:
    lines = [line.partition("Not graded: ")[2] for line in said.splitlines()]
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def test_everybody_else_is_graded(graded: Graded) -> None:
    made, done = graded
    assert "Traceback" not in done.stdout
    assert points(made) == expected()


def test_whoever_is_not_graded_is_named_with_the_reason(graded: Graded) -> None:
    _, done = graded
    assert done.returncode == 1
    found = not_graded(done.stdout)
    assert sorted(found) == sorted([*map(shown, NAMES), "linked"])
    for name, why in NAMES.items():
        assert why in found[shown(name)]
    assert "is a link" in found["linked"]


def test_nobody_else_gets_into_the_gradebook(graded: Graded) -> None:
    made, _ = graded
    with Gradebook(f"sqlite:///{made.course}/gradebook.db") as book:
        assert {each.id for each in book.students} == set(expected())


def test_a_person_is_told_of_what_was_left_out(graded: Graded) -> None:
    made, done = graded
    looked_at = done.stdout.partition("To be looked at: ")[2]
    for name in ("notebook-is-a-folder", "a-file-of-the-lesson-is-a-folder", "very-deep"):
        assert name in looked_at
        place = made.course / "autograded" / name / ASSIGNMENT / NOTEBOOK
        assert "About this submission" in json.loads(place.read_text())["cells"][0]["source"][0]
    assert "with blanks in it" not in looked_at


def test_the_lessons_own_files_lie_where_they_belong(graded: Graded) -> None:
    made, _ = graded
    for case in ODD:
        folder = made.course / "autograded" / case.name / ASSIGNMENT
        assert (folder / "data.csv").read_text() == "1,2\n"
        assert (folder / "tables" / "more.csv").read_text() == "3,4\n"


def test_a_second_call_has_nothing_to_do(graded: Graded) -> None:
    again = run(graded[0], ["insidedocker", "grade", ASSIGNMENT], 600)
    assert f"Graded: 0. As before: {len(expected())}." in again.stdout


def test_feedback_is_made_for_everybody(graded: Graded) -> None:
    made, _ = graded
    done = nbgrader(made, "generate_feedback", ASSIGNMENT)
    assert done.returncode == 0, done.stdout
    for name in expected():
        page = made.course / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html"
        assert "<html" in page.read_text()


def test_formgrader_lists_everybody(graded: Graded) -> None:
    made, _ = graded
    program = (
        "import json; from pathlib import Path\n"
        "from nbgrader.apps.api import NbGraderAPI\n"
        "from nbgrader.coursedir import CourseDirectory\n"
        "from insidedocker.authoring.release_notebooks import load_nbgrader_config\n"
        "config = load_nbgrader_config(Path('nbgrader_config.py'))\n"
        "api = NbGraderAPI(CourseDirectory(config=config), config=config)\n"
        "api.timezone = 'Asia/Tokyo'\n"
        "print(json.dumps([each['student'] for each in api.get_submissions('mini')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=made.course,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,  # a FIFO that is waited for
    )
    assert done.returncode == 0, done.stderr
    assert set(expected()) <= set(json.loads(done.stdout.splitlines()[-1]))


BUTTON = """\
import json, sys
from pathlib import Path
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from insidedocker.authoring.release_notebooks import load_nbgrader_config
config = load_nbgrader_config(Path("nbgrader_config.py"))
api = NbGraderAPI(CourseDirectory(config=config), config=config)
done = [api.autograde("mini", student) for student in json.loads(sys.argv[1])]
print(json.dumps([[each["success"], each.get("error") or each.get("log")] for each in done]))
"""
"""What Formgrader's button does."""


def write_few(made: Scene) -> dict[str, float]:
    """Odd submissions, one of them in a folder that cannot be a learner's."""
    few = [
        right("notebook-is-a-folder", 0, files=folder_at(NOTEBOOK)),
        right("nothing-in-it", 0, files=lambda f, s: shutil.rmtree(f)),
        right("error-with-a-surrogate", edit=own_cell("raise ValueError('\\ud800')")),
    ]
    for case in few:
        case.write(made)
    (made.submission("nothing-in-it")).mkdir()
    right("line\nbreak").write(made)
    (made.course / "autograded").mkdir(exist_ok=True)
    (made.course / "autograded" / "taken").mkdir()
    (made.course / "autograded" / "taken" / ASSIGNMENT).write_text("not ours to remove")
    right("taken").write(made)
    return {case.name: case.most for case in few}


def test_nbgraders_own_command_grades_the_others_and_fails_then(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        deserved = write_few(made)
        done = nbgrader(made, "autograde", ASSIGNMENT)
        assert {name: points_of(made, name) for name in deserved} == deserved
        assert points_of(made, "zzz-control") == MOST
        kept = made.course / "autograded" / "taken" / ASSIGNMENT
        assert kept.read_text() == "not ours to remove"
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    for name in ("taken", r"line\nbreak"):
        assert f"Not graded: {name}" in done.stdout.replace("'", "")


def test_formgraders_button_does_not_say_that_it_graded_what_it_did_not(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        deserved = write_few(made)
        asked = [*deserved, "taken", "line\nbreak", "nobody"]
        done = subprocess.run(
            [sys.executable, "-c", BUTTON, json.dumps(asked)],
            cwd=made.course,
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        assert {name: points_of(made, name) for name in deserved} == deserved
    assert [success for success, _ in found] == [True] * len(deserved) + [False] * 3
    for (_, said), name in zip(found[-3:-1], ("taken", "line"), strict=True):
        assert f"Not graded: {name}" in said.replace("'", "")
    assert "There is no submission of mini by a learner named nobody" in found[-1][1]


def test_pages_are_released_learner_by_learner(tmp_path: Path) -> None:
    """Whoever handed in without nbgrader has no secret; whoever has one gets the page."""
    with scene(tmp_path, "ours") as (made, _):
        (made.submission("victim") / "submission_secret.txt").write_text("s" * 20)
        (made.submission("zzz-control") / "submission_secret.txt").write_text("t" * 20)
        (made.submission("zzz-control") / "timestamp.txt").unlink()
        (made.submission("zzz-control") / "own.html").write_text("<p>not feedback</p>")
        run(made, ["insidedocker", "grade", ASSIGNMENT], 600)
        nbgrader(made, "generate_feedback", ASSIGNMENT)
        exchange = tmp_path / "exchange"
        exchange.mkdir(mode=0o777)
        exchange.chmod(0o777)
        done = nbgrader(made, "release_feedback", ASSIGNMENT, f"--Exchange.root={exchange}")
    assert len(list(exchange.rglob("*.html"))) == 2
    assert done.returncode == 1
    assert "Not released: aaa-control: " in done.stdout
    assert "Traceback" not in done.stdout


def test_reports_go_on_without_a_graded_notebook_that_cannot_be_read(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        run(made, ["insidedocker", "grade", ASSIGNMENT], 600)
        for name, damage in (("aaa-control", "{"), ("victim", None)):
            place = made.course / "autograded" / name / ASSIGNMENT / NOTEBOOK
            place.unlink()
            place.mkdir() if damage is None else place.write_text(damage)
        for report in ("items", "similar"):
            done = run(made, ["insidedocker", report, ASSIGNMENT], 60)
            assert done.returncode == 0, done.stdout
            for name in ("aaa-control", "victim"):
                assert f"Left out: {name}: the graded notebook cannot be read" in done.stdout
        done = run(made, ["insidedocker", "grade", ASSIGNMENT], 600)
        assert "Graded: 2. As before: 1." in done.stdout


def beside(name: str, answers: dict[str, str] | None = None) -> Callable[[Path, Scene], object]:
    """A second notebook of the lesson, with the right answers unless told otherwise."""

    def write(folder: Path, _scene: Scene) -> None:
        notebook = released()
        for grade_id, source in (RIGHT if answers is None else answers).items():
            cell_of(notebook, grade_id)["source"] = source
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(notebook))

    return write


def without_marks(name: str) -> Callable[[Path, Scene], object]:
    def write(folder: Path, scene_: Scene) -> None:
        beside(name)(folder, scene_)
        notebook = json.loads((folder / name).read_text())
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            cell.pop("id")
        (folder / name).write_text(json.dumps(notebook))

    return write


def notes(name: str) -> Callable[[Path, Scene], object]:
    """A notebook that has nothing to do with the lesson."""
    cell = {"cell_type": "code", "metadata": {}, "source": "1 + 1", "outputs": [], "id": "n"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    return lambda folder, _scene: (folder / name).write_text(json.dumps(notebook))


def missing_and(*writes: Callable[[Path, Scene], object]) -> Callable[[Path, Scene], object]:
    def write(folder: Path, scene_: Scene) -> None:
        (folder / NOTEBOOK).unlink()
        for each in writes:
            each(folder, scene_)

    return write


def untouched(name: str, files: Callable[[Path, Scene], object]) -> Case:
    return Case(name, "two notebooks", files=files)


TWO = [
    (untouched("final", beside("mini-final.ipynb")), "mini-final.ipynb"),
    (untouched("by-the-system", beside("mini (1).ipynb")), "mini ?1?.ipynb"),
    (untouched("copy-of", beside("Copy of mini.ipynb")), "Copy of mini.ipynb"),
    (untouched("copy-1", beside("mini-Copy1.ipynb")), "mini-Copy1.ipynb"),
    (untouched("in-a-folder", beside("work/mini.ipynb")), "work/mini.ipynb"),
    (untouched("by-the-browser", beside("mini.ipynb.txt")), "mini.ipynb.txt"),
    (untouched("unmarked", without_marks("mini-final.ipynb")), "mini-final.ipynb"),
    (untouched("any-other", notes("something.ipynb")), "something.ipynb"),
    (right("both", files=beside("mini-old.ipynb", {})), "mini-old.ipynb"),
    (untouched("none-of-two", missing_and(beside("a.ipynb"), beside("b.ipynb"))), "b.ipynb"),
]
"""Submissions with several notebooks, and one of them that is not graded."""


def test_of_two_notebooks_the_named_one_is_graded_and_a_person_looks(tmp_path: Path) -> None:
    with scene(tmp_path, "ours") as (made, _):
        for case, _ in TWO:
            case.write(made)
        right("notes-beside", files=notes("notes.ipynb")).write(made)
        done = run(made, ["insidedocker", "grade", ASSIGNMENT], 600)
        assert done.returncode == 0, done.stdout
        looked_at = done.stdout.partition("To be looked at: ")[2].rstrip(".\n").split(", ")
        assert sorted(looked_at) == sorted(case.name for case, _ in TWO)
        nbgrader(made, "generate_feedback", ASSIGNMENT)
        for case, other in TWO:
            assert points_of(made, case.name) == case.most
            page = made.course / "feedback" / case.name / ASSIGNMENT / f"{ASSIGNMENT}.html"
            said = re.sub("<[^>]*>", "", page.read_text())
            assert f"{other} " in said, case.name
            assert "was not graded" in said, case.name
            assert "A person will look" in said, case.name
        with Gradebook(f"sqlite:///{made.course}/gradebook.db") as book:
            assert all(
                book.find_submission(ASSIGNMENT, case.name).needs_manual_grade for case, _ in TWO
            )


def test_an_ordinary_users_unreadable_submission_costs_nobody_else_anything() -> None:
    """Root can read everything, so this is tried as another user, outside of root's folders."""
    try:
        python = ordinary_python()
    except Missing as why:
        pytest.skip(str(why))
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), "ours") as (made, _):
        Path(folder).chmod(0o755)
        right("locked-file", files=file_at("mine.txt")).write(made)
        right("locked-assignment").write(made)
        right("locked-folder").write(made)
        right("read-only", files=file_at(f"{ASSIGNMENT}.html")).write(made)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{UID}:{UID}", folder], check=True)
        locked = [
            made.submission("locked-file") / "mine.txt",
            made.submission("locked-assignment"),
            made.submission("locked-folder").parent,
        ]
        for path in made.submission("read-only").iterdir():
            path.chmod(0o444)
        for path in locked:
            path.chmod(0)
        environment = {"HOME": str(made.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        done = subprocess.run(
            [*as_ordinary_user(), python, "-m", "insidedocker", "grade", ASSIGNMENT],
            cwd=made.course,
            env=environment | {"JUPYTER_ALLOW_INSECURE_WRITES": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = {
            name: points_of(made, name)
            for name in ("aaa-control", "locked-file", "locked-assignment", "read-only")
        }
        for path in reversed(locked):
            path.chmod(0o700)
    assert "Traceback" not in done.stderr
    assert found == dict.fromkeys(found, MOST) | {"locked-assignment": 0.0}
    assert "To be looked at: locked-" in done.stdout
    assert list(not_graded(done.stdout)) == ["locked-folder"]
    assert "make it readable" in done.stdout
