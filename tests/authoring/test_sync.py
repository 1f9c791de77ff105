"""`insidedocker sync`: text to source to release, without drift and without losing an edit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.cli import main
from insidedocker.course import Course
from tests.authoring import own_assignment
from tests.authoring.conftest import Edit, Run
from tests.authoring.jupyterlab_save import save_as_jupyterlab
from tests.authoring.taste import LESSON, ROOT
from tests.support import patience


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for area in ("source", "release")
        for path in sorted((folder / area).rglob("*"))
        if path.is_file()
    }


def cells(path: Path) -> dict:
    notebook = json.loads(path.read_text())
    return {cell["id"]: cell for cell in notebook["cells"]}


def test_makes_both_notebooks_and_takes_along_what_lies_beside(course: Course, run: Run) -> None:
    (course.notebooks / LESSON / ".draft").write_text("stays at home")
    (course.notebooks / LESSON / "notes.md").write_text("stays at home too")
    assert run("sync") == 0
    assert sorted(files(course.root)) == [
        "release/04-taste/04-taste.ipynb",
        "release/04-taste/layers.svg",
        "source/04-taste/04-taste.ipynb",
        "source/04-taste/layers.svg",
    ]


def test_shorthand_becomes_nbgrader_metadata(course: Course, run: Run) -> None:
    run("sync")
    made = cells(course.source_notebook(LESSON))
    assert made["count_images"]["metadata"] == {
        "insidedocker": {"covers": ["API2"]},
        "nbgrader": {
            "grade": False,
            "grade_id": "count_images",
            "locked": False,
            "schema_version": 3,
            "solution": True,
            "task": False,
        },
    }
    tests = made["count_images_test"]["metadata"]["nbgrader"]
    assert (tests["grade"], tests["locked"], tests["points"]) == (True, True, 2)
    manual = made["tag_words"]["metadata"]["nbgrader"]
    assert (manual["grade"], manual["solution"], manual["points"]) == (True, True, 3)
    assert made["set_up"]["metadata"]["nbgrader"]["locked"]


def test_release_holds_stubs_and_no_secrets(course: Course, run: Run) -> None:
    run("sync")
    released = cells(course.release_notebook(LESSON))
    stub = "".join(released["count_images"]["source"])
    assert stub.endswith("    pass  # Your code goes here: replace this line.")
    scope: dict = {}
    exec(stub, scope)
    assert scope["count_images"]([]) is None
    everything = course.release_notebook(LESSON).read_text()
    for secret in ("SOLUTION", "HIDDEN", "len(listing)", "([]) == 0", "can move", "made_from"):
        assert secret not in everything


def test_header_is_the_same_everywhere(course: Course, run: Run) -> None:
    run("sync")
    metadata = json.loads(course.release_notebook(LESSON).read_text())["metadata"]
    assert metadata == {
        "insidedocker": {"minutes": 5, "points": 5},
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }


def test_bytes_do_not_depend_on_the_process(course: Course, run: Run) -> None:
    run("sync")
    first = files(course.root)
    for path in (*course.source.rglob("*.ipynb"), *course.release.rglob("*.ipynb")):
        path.unlink()
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
    }
    subprocess.run(
        [sys.executable, "-m", "insidedocker", "sync"],
        cwd=course.notebooks / LESSON,
        env=environment,
        check=True,
    )
    assert files(course.root) == first


def test_check_names_each_file_that_drifts(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    assert run("sync", "--check") == 0
    edit("with a list.", "with a JSON list.")
    (course.release / LESSON / "left-over.txt").write_text("old")
    before = files(course.root)
    capsys.readouterr()
    assert run("sync", "--check") == 1
    said = capsys.readouterr().err
    for name in (
        "source/04-taste/04-taste.ipynb",
        "release/04-taste/04-taste.ipynb",
        "release/04-taste/left-over.txt",
    ):
        assert f"{name}: " in said
    assert files(course.root) == before


def test_a_hidden_change_does_not_reach_learners(course: Course, run: Run, edit: Edit) -> None:
    run("sync")
    before = files(course.root)
    edit("count_images([]), 0,", "count_images([{}]), 1,")
    run("sync")
    changed = {name for name, content in files(course.root).items() if before[name] != content}
    assert changed == {"source/04-taste/04-taste.ipynb"}


def test_removes_what_no_text_makes_any_more(course: Course, run: Run) -> None:
    run("sync")
    (course.notebooks / LESSON / "layers.svg").unlink()
    assert run("sync") == 0
    assert not any(name.endswith(".svg") for name in files(course.root))
    course.text(LESSON).rename(course.notebooks / LESSON / "draft.md")
    assert run("sync") == 0
    assert files(course.root) == {}
    assert not (course.source / LESSON).exists()


def test_leaves_unchanged_files_untouched(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    before = course.release_notebook(LESSON).stat()
    capsys.readouterr()
    run("sync")
    after = course.release_notebook(LESSON).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert "up to date" in capsys.readouterr().out


def test_never_overwrites_an_edit_of_the_source(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    path = course.source_notebook(LESSON)
    save_as_jupyterlab(path, lambda nb: nb.cells[1].update(source="## Counted by hand"))
    edited = path.read_bytes()
    edit("with a list.", "with a JSON list.")
    assert run("sync") == 1
    assert "insidedocker import 04-taste" in capsys.readouterr().err
    assert path.read_bytes() == edited
    assert run("sync", "--force") == 0
    assert "JSON list" in path.read_text()


def test_a_save_without_an_edit_is_no_edit(course: Course, run: Run) -> None:
    run("sync")
    before = files(course.root)
    save_as_jupyterlab(course.source_notebook(LESSON))
    assert run("sync") == 0
    assert files(course.root) == before


def test_keeps_a_file_somebody_put_into_source(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    own = course.source / LESSON / "sketch.png"
    own.write_bytes(b"mine")
    assert run("sync") == 1
    assert "move it to notebooks/04-taste/" in capsys.readouterr().err
    assert own.read_bytes() == b"mine"


def everything(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for area in ("source", "release", "notebooks")
        for path in sorted((root / area).rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("options", [(), ("--force",), (LESSON, "--force")])
def test_what_no_text_made_is_left_alone_and_said_once(
    course: Course,
    run: Run,
    edit: Edit,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
) -> None:
    run("sync")
    own_assignment.make(course.root, "ps1", ("problem1", "problem2"))
    own_assignment.make(course.root, "Week 2", ("Week-2",))
    shutil.copy(course.source / "ps1" / "problem1.ipynb", course.source / "header.ipynb")
    (course.release / "by-hand").mkdir()
    (course.release / "by-hand" / "notes.txt").write_text("mine")
    edit("with a list.", "with a JSON list.")
    before = everything(course.root)
    capsys.readouterr()
    assert run("sync", *options) == 0
    changed = {name for name, was in before.items() if everything(course.root).get(name) != was}
    assert changed == {f"{area}/{LESSON}/{LESSON}.ipynb" for area in ("source", "release")}
    said = capsys.readouterr().out
    if LESSON not in options:
        for name in ("source/ps1", "source/Week 2", "source/header.ipynb", "release/by-hand"):
            assert said.count(f"left alone: {name}") == 1
        assert "'insidedocker import ps1'" in said
    assert "removed" not in said
    assert run("sync", "--check") == 0


def test_a_copy_of_a_lesson_is_not_what_a_text_made(course: Course, run: Run) -> None:
    run("sync")
    copy = course.source / "my-own"
    shutil.copytree(course.source / LESSON, copy)
    (copy / f"{LESSON}.ipynb").rename(copy / "my-own.ipynb")
    before = everything(course.root)
    assert run("sync", "--force") == 0
    assert everything(course.root) == before


def test_an_edited_lesson_whose_text_is_gone_stays(course: Course, run: Run) -> None:
    run("sync")
    save_as_jupyterlab(
        course.source_notebook(LESSON), lambda nb: nb.cells[1].update(source="## By hand")
    )
    shutil.rmtree(course.notebooks / LESSON)
    assert run("sync", "--force") == 0
    assert "## By hand" in course.source_notebook(LESSON).read_text()
    assert (course.source / LESSON / "layers.svg").is_file()


def test_a_file_that_nbgrader_took_along_is_not_ours_to_remove(course: Course, run: Run) -> None:
    run("sync")
    own = course.source / LESSON / "sketch.png"
    own.write_bytes(b"mine")
    own_assignment.generate(course.root, LESSON)
    released = course.release / LESSON / "sketch.png"
    for options in ((), ("--force",)):
        run("sync", *options)
        assert (own.read_bytes(), released.read_bytes()) == (b"mine", b"mine")


@pytest.mark.parametrize("place", ["source/04-taste/layers.svg", "release/04-taste/layers.svg"])
def test_an_edited_file_beside_a_lesson_is_not_overwritten(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    run("sync")
    (course.root / place).write_text("<svg>mine</svg>")
    (course.notebooks / LESSON / "layers.svg").write_text("<svg>theirs</svg>")
    assert run("sync") == 1
    assert place in capsys.readouterr().err
    assert (course.root / place).read_text() == "<svg>mine</svg>"
    assert run("sync", "--force") == 0
    assert (course.root / place).read_text() == "<svg>theirs</svg>"


def test_an_edited_release_is_not_overwritten(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    path = course.release_notebook(LESSON)
    path.write_text(path.read_text().replace("A taste of the API", "A taste of it"))
    edit("with a list.", "with a JSON list.")
    assert run("sync") == 1
    said = capsys.readouterr().err
    assert "release/04-taste/04-taste.ipynb is not what source/04-taste makes" in said
    assert len(said.strip().splitlines()) == 1
    assert "A taste of it" in path.read_text()
    path.unlink()
    assert run("sync") == 0
    assert "JSON list" in path.read_text()


def test_a_release_that_nbgrader_made_of_an_edited_source_is_no_edit(
    course: Course, run: Run
) -> None:
    run("sync")
    save_as_jupyterlab(
        course.source_notebook(LESSON), lambda nb: nb.cells[1].update(source="## By hand")
    )
    own_assignment.generate(course.root, LESSON)
    assert run("back", LESSON) == 0
    assert run("sync", "--check") == 0


def test_a_notebook_that_no_text_made_gives_way_to_none(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text of the same name comes later, and says something else."""
    own_assignment.make(course.root, LESSON, (LESSON,))
    mine = course.source_notebook(LESSON).read_bytes()
    assert run("sync", "--force") == 1
    assert "insidedocker import 04-taste --force" in capsys.readouterr().err
    assert course.source_notebook(LESSON).read_bytes() == mine


def test_a_merge_that_left_its_marks_is_made_anew(course: Course, run: Run) -> None:
    run("sync")
    before = files(course.root)
    path = course.source_notebook(LESSON)
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}\n=======\n")
    assert run("sync", "--force") == 0
    assert files(course.root) == before


def test_a_broken_lesson_changes_nothing(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    before = files(course.root)
    edit("    ### END SOLUTION\n", "")
    assert run("sync") == 1
    said = capsys.readouterr().err
    assert "04-taste" in said
    assert "solution" in said
    assert "Traceback" not in said
    assert files(course.root) == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((":ng: tests count_images_test 2", ":ng: test x 2"), "must start with answer, tests"),
        ((":ng: tests count_images_test 2", ":ng: tests x"), "must read 'tests ID POINTS'"),
        ((":ng: tests count_images_test 2", ":ng: tests x two"), "must be a number"),
        ((":ng: answer count_images", ":ng: answer count/images"), "only letters"),
        ((":covers: API2\n:tags", ":covers:\n:tags"), "must name objectives"),
        (("  points: 5\n", ""), "points: as a number"),
        (("insidedocker:\n  minutes: 5\n  points: 5\n", ""), "minutes and points"),
        (('"covers": "IMG3"}', '"covers": }'), "could not be read"),
    ],
)
def test_says_what_is_wrong_with_a_text(
    run: Run, edit: Edit, capsys: pytest.CaptureFixture[str], change: tuple[str, str], says: str
) -> None:
    edit(*change)
    assert run("sync") == 1
    said = capsys.readouterr().err
    assert says in said
    assert "04-taste.md" in said
    assert len(said.strip().splitlines()) == 1


def test_a_lesson_may_be_named_by_its_number(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sync", "04") == 0
    assert run("sync", "05") == 2
    assert "names no lesson: choose from 04-taste" in capsys.readouterr().err


def test_no_course_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", "--course", str(tmp_path)]) == 1
    assert "There is no course" in capsys.readouterr().err


@pytest.mark.slow
def test_nbgraders_own_command_gives_the_same_bytes(course: Course, run: Run) -> None:
    run("sync")
    before = files(course.root)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", LESSON, "--force"]
    subprocess.run(
        [*command, "--no-db"],
        cwd=course.root,
        check=True,
        capture_output=True,
        timeout=patience.EVENT,
    )
    assert files(course.root) == before


def test_this_repository_is_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", "--check", "--course", str(ROOT)]) == 0, capsys.readouterr().err
