"""`insidedocker import`: what an instructor edits in JupyterLab comes home into the text."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from insidedocker.course import Course
from tests.authoring import own_assignment
from tests.authoring.conftest import Edit, Run
from tests.authoring.jupyterlab_save import save_as_jupyterlab
from tests.authoring.taste import LESSON


def cell(notebook: Any, cell_id: str) -> Any:
    return next(each for each in notebook.cells if each.id == cell_id)


def test_a_save_without_an_edit_leaves_the_text_alone(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    text = course.text(LESSON).read_bytes()
    save_as_jupyterlab(course.source_notebook(LESSON))
    assert run("back", LESSON) == 0
    assert "holds no edits" in capsys.readouterr().out
    assert course.text(LESSON).read_bytes() == text


def test_text_to_notebook_to_text_is_the_identity(course: Course, run: Run) -> None:
    run("sync")
    text = course.text(LESSON).read_bytes()
    # forced by another edit, so that the whole text is written anew
    save_as_jupyterlab(
        course.source_notebook(LESSON),
        lambda nb: cell(nb, "set_up").update(source="images = []"),
    )
    assert run("back", LESSON) == 0
    there = 'images = [{"Id": "sha256:1"}, {"Id": "sha256:2"}]'
    assert course.text(LESSON).read_bytes() == text.replace(there.encode(), b"images = []")


def test_edits_of_every_kind_come_home(course: Course, run: Run) -> None:
    run("sync")

    def work(notebook: Any) -> None:
        cell(notebook, "count_images_test").metadata.nbgrader.points = 4.0
        cell(notebook, "count_images").source += "\n# a remark"
        cell(notebook, "tag_words").metadata.nbgrader.checksum = "0" * 32
        notebook.cells.insert(2, nbformat.v4.new_markdown_cell("A new paragraph, früh."))
        graded = nbformat.v4.new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n\n")
        # what the Create Assignment sidebar writes
        graded.metadata.nbgrader = {
            "grade": False,
            "grade_id": "cell-0123456789abcdef",
            "locked": False,
            "schema_version": 3,
            "solution": True,
            "task": False,
        }
        notebook.cells.insert(3, graded)
        notebook.cells.append(notebook.cells.pop(1))

    save_as_jupyterlab(course.source_notebook(LESSON), work)
    assert run("back", "04") == 0
    text = course.text(LESSON).read_text()
    assert text.startswith("---\ninsidedocker:\n")
    assert ":ng: tests count_images_test 4\n" in text
    assert "# a remark\n```" in text
    assert "\n+++\n\nA new paragraph, früh.\n" in text
    assert (
        "```{code-cell} ipython3\n:ng: answer cell-0123456789abcdef\n\n"
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n```\n" in text
    )
    assert ":tags: [hide-input]" in text
    assert '+++ {"ng": "manual tag_words 3", "covers": "IMG3"}' in text
    assert text.index("## Where to go on") < text.index("## Counting")
    assert "hello" not in text


def test_after_back_the_notebooks_follow_the_text(course: Course, run: Run) -> None:
    run("sync")
    save_as_jupyterlab(
        course.source_notebook(LESSON), lambda nb: nb.cells[1].update(source="## By hand")
    )
    run("back", LESSON)
    assert run("sync", "--check") == 0
    by_back = course.source_notebook(LESSON).read_bytes()
    save_as_jupyterlab(course.source_notebook(LESSON))
    run("sync")
    assert course.source_notebook(LESSON).read_bytes() == by_back


def test_refuses_when_both_sides_changed(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    path = course.source_notebook(LESSON)
    save_as_jupyterlab(path, lambda nb: nb.cells[1].update(source="## By hand"))
    edit("with a list.", "with a JSON list.")
    text, notebook = course.text(LESSON).read_bytes(), path.read_bytes()
    assert run("back", LESSON) == 1
    said = capsys.readouterr().err
    assert "has changed since" in said
    assert len(said.strip().splitlines()) == 1
    assert (course.text(LESSON).read_bytes(), path.read_bytes()) == (text, notebook)
    assert run("back", LESSON, "--force") == 0
    assert "## By hand" in course.text(LESSON).read_text()
    assert "JSON list" not in course.text(LESSON).read_text()


def test_a_newer_text_wins_over_an_unedited_notebook(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    edit("with a list.", "with a JSON list.")
    assert run("back", LESSON) == 1
    assert "insidedocker sync 04-taste" in capsys.readouterr().err


def test_reformatting_the_text_is_no_conflict(course: Course, run: Run, edit: Edit) -> None:
    run("sync")
    save_as_jupyterlab(
        course.source_notebook(LESSON), lambda nb: nb.cells[1].update(source="## By hand")
    )
    edit("\n\n```{code-cell} ipython3\n:covers: API2", "\n\n\n```{code-cell}\n:covers: API2")
    edit("minutes: 5", "minutes: 7")
    assert run("back", LESSON) == 0
    assert "minutes: 7" in course.text(LESSON).read_text()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("a line\n\n+++\n\nanother", "cannot be written as text"),
        ("see\n\n```{code-cell} ipython3\n1\n```", "cannot be written as text"),
    ],
)
def test_refuses_what_a_text_cannot_say(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str], source: str, says: str
) -> None:
    run("sync")
    save_as_jupyterlab(course.source_notebook(LESSON), lambda nb: nb.cells[1].update(source=source))
    text = course.text(LESSON).read_bytes()
    assert run("back", LESSON) == 1
    assert says in capsys.readouterr().err
    assert course.text(LESSON).read_bytes() == text


def test_refuses_a_pasted_picture(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    save_as_jupyterlab(
        course.source_notebook(LESSON),
        lambda nb: nb.cells[1].update(attachments={"a.png": {"image/png": "AAAA"}}),
    )
    assert run("back", LESSON) == 1
    assert "pasted picture" in capsys.readouterr().err


def test_refuses_a_file_that_is_no_notebook(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    course.source_notebook(LESSON).write_text("{}")
    assert run("back", LESSON) == 1
    assert "not a notebook" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "notebooks"),
    [
        ("ps1", ("ps1",)),
        ("ps1", ("problem1", "problem2")),
        ("Week 2", ("A-task",)),
        ("14-own", ("14-own",)),
    ],
)
def test_an_own_assignment_becomes_texts_that_make_the_same(
    course: Course, run: Run, name: str, notebooks: tuple[str, ...]
) -> None:
    run("sync")
    own_assignment.make(course.root, name, notebooks)
    before = own_assignment.said(course.release / name)
    assert run("back", name) == 0
    texts = {f"{each}.md" for each in notebooks}
    assert {path.name for path in (course.notebooks / name).iterdir()} == texts | {
        "data.png",
        "tables",
    }
    assert own_assignment.said(course.release / name) == before
    assert run("sync", "--check") == 0
    assert run("lint") == 0
    own_assignment.generate(course.root, name)
    assert own_assignment.said(course.release / name) == before
    assert run("sync", "--check") == 0


def test_an_own_assignment_can_be_edited_from_either_side_then(course: Course, run: Run) -> None:
    own_assignment.make(course.root, "ps1", ("problem1", "problem2"))
    run("back", "ps1")
    text = course.notebooks / "ps1" / "problem2.md"
    text.write_text(text.read_text().replace("import math", "import cmath"))
    assert run("sync") == 0
    released = course.release / "ps1" / "problem2.ipynb"
    assert "import cmath" in released.read_text()
    save_as_jupyterlab(
        course.source / "ps1" / "problem1.ipynb",
        lambda nb: nb.cells[0].update(source="# By hand"),
    )
    assert run("sync") == 1
    assert run("back", "ps1") == 0
    assert "# By hand" in (course.notebooks / "ps1" / "problem1.md").read_text()
    shutil.rmtree(course.notebooks / "ps1")
    assert run("sync") == 0
    assert not (course.source / "ps1").exists()


def test_a_pasted_picture_becomes_a_file(course: Course, run: Run) -> None:
    run("sync")
    own_assignment.make(course.root, "ps1", ("ps1",), picture=True)
    assert run("back", "ps1") == 0
    picture = course.notebooks / "ps1" / "my-picture.png"
    assert picture.read_bytes() == own_assignment.PICTURE
    assert "![pasted](my-picture.png)" in (course.release / "ps1" / "ps1.ipynb").read_text()
    assert (course.release / "ps1" / "my-picture.png").read_bytes() == own_assignment.PICTURE
    assert run("sync", "--check") == 0


def with_header(course: Course) -> None:
    own_assignment.make(course.root, "ps1", ("ps1",))
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Our class", id="head")]),
        course.source / "header.ipynb",
    )
    with course.nbgrader_config.open("a") as file:
        file.write('\nc.IncludeHeaderFooter.header = "source/header.ipynb"\n')
    own_assignment.generate(course.root, "ps1")


def test_a_header_for_all_notebooks_is_kept(course: Course, run: Run) -> None:
    with_header(course)
    before = own_assignment.said(course.release / "ps1")
    assert before["ps1.ipynb"][0][1] == "Our class"
    assert run("back", "ps1") == 0
    assert own_assignment.said(course.release / "ps1") == before
    assert (course.source / "header.ipynb").is_file()


def another_language(folder: Path) -> None:
    path = folder / "problem2.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    nbformat.write(notebook, path)


def a_cell_of_text(folder: Path) -> None:
    path = folder / "problem2.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "a line\n\n+++\n\nanother"
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (another_language, "is written in R"),
        (a_cell_of_text, "cannot be written as text"),
        (lambda folder: (folder / "README.md").write_text("read me"), "README.md cannot lie"),
        (lambda folder: (folder / ".hidden").write_text("x"), ".hidden cannot lie"),
        (lambda folder: (folder / "problem2.ipynb").write_text("{}"), "not a notebook"),
    ],
)
def test_what_no_text_can_say_stays_as_it_is(
    course: Course,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], object],
    says: str,
) -> None:
    folder = own_assignment.make(course.root, "ps1", ("problem1", "problem2"))
    change(folder)
    before = own_assignment.said(course.release / "ps1"), (folder / "problem1.ipynb").read_bytes()
    assert run("back", "ps1") == 1
    said = capsys.readouterr().err
    assert says in said
    assert len(said.strip().splitlines()) == 1
    assert not (course.notebooks / "ps1").exists()
    after = own_assignment.said(course.release / "ps1"), (folder / "problem1.ipynb").read_bytes()
    assert after == before


def test_a_release_of_another_version_is_not_lost(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    own_assignment.make(course.root, "ps1", ("ps1",))
    path = course.release / "ps1" / "ps1.ipynb"
    path.write_text(path.read_text().replace("import math", "import cmath"))
    assert run("back", "ps1") == 1
    assert "nbgrader generate_assignment ps1 --force" in capsys.readouterr().err
    assert not (course.notebooks / "ps1").exists()
    assert "import cmath" in path.read_text()
