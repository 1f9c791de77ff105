"""`insidedocker sync`: text to source to release, without drift and without losing an edit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import patience
import pytest
from jupyterlab_save import save_as_jupyterlab
from taste import LESSON, ROOT

from insidedocker.authoring.course import Course
from insidedocker.cli import main


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


def test_makes_both_notebooks_and_takes_along_what_lies_beside(course: Course, run) -> None:
    (course.notebooks / LESSON / ".draft").write_text("stays at home")
    (course.notebooks / LESSON / "notes.md").write_text("stays at home too")
    assert run("sync") == 0
    assert sorted(files(course.root)) == [
        "release/04-taste/04-taste.ipynb",
        "release/04-taste/layers.svg",
        "source/04-taste/04-taste.ipynb",
        "source/04-taste/layers.svg",
    ]


def test_shorthand_becomes_nbgrader_metadata(course: Course, run) -> None:
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


def test_release_holds_stubs_and_no_secrets(course: Course, run) -> None:
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


def test_header_is_the_same_everywhere(course: Course, run) -> None:
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


def test_bytes_do_not_depend_on_the_process(course: Course, run) -> None:
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


def test_check_names_each_file_that_drifts(course: Course, run, edit, capsys) -> None:
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


def test_a_hidden_change_does_not_reach_learners(course: Course, run, edit) -> None:
    run("sync")
    before = files(course.root)
    edit("count_images([]), 0,", "count_images([{}]), 1,")
    run("sync")
    changed = {name for name, content in files(course.root).items() if before[name] != content}
    assert changed == {"source/04-taste/04-taste.ipynb"}


def test_removes_what_no_text_makes_any_more(course: Course, run) -> None:
    run("sync")
    (course.notebooks / LESSON / "layers.svg").unlink()
    assert run("sync") == 0
    assert not any(name.endswith(".svg") for name in files(course.root))
    course.text(LESSON).rename(course.notebooks / LESSON / "draft.md")
    assert run("sync") == 0
    assert files(course.root) == {}
    assert not (course.source / LESSON).exists()


def test_leaves_unchanged_files_untouched(course: Course, run, capsys) -> None:
    run("sync")
    before = course.release_notebook(LESSON).stat()
    capsys.readouterr()
    run("sync")
    after = course.release_notebook(LESSON).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert "up to date" in capsys.readouterr().out


def test_never_overwrites_an_edit_of_the_source(course: Course, run, edit, capsys) -> None:
    run("sync")
    path = course.source_notebook(LESSON)
    save_as_jupyterlab(path, lambda nb: nb.cells[1].update(source="## Counted by hand"))
    edited = path.read_bytes()
    edit("with a list.", "with a JSON list.")
    assert run("sync") == 1
    assert "insidedocker back 04-taste" in capsys.readouterr().err
    assert path.read_bytes() == edited
    assert run("sync", "--force") == 0
    assert "JSON list" in path.read_text()


def test_a_save_without_an_edit_is_no_edit(course: Course, run) -> None:
    run("sync")
    before = files(course.root)
    save_as_jupyterlab(course.source_notebook(LESSON))
    assert run("sync") == 0
    assert files(course.root) == before


def test_keeps_a_file_somebody_put_into_source(course: Course, run, capsys) -> None:
    run("sync")
    own = course.source / LESSON / "sketch.png"
    own.write_bytes(b"mine")
    assert run("sync") == 1
    assert "move it to notebooks/04-taste/" in capsys.readouterr().err
    assert own.read_bytes() == b"mine"


def test_a_broken_lesson_changes_nothing(course: Course, run, edit, capsys) -> None:
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
def test_says_what_is_wrong_with_a_text(run, edit, capsys, change, says) -> None:
    edit(*change)
    assert run("sync") == 1
    said = capsys.readouterr().err
    assert says in said
    assert "04-taste.md" in said
    assert len(said.strip().splitlines()) == 1


def test_a_lesson_may_be_named_by_its_number(course: Course, run, capsys) -> None:
    assert run("sync", "04") == 0
    assert run("sync", "05") == 1
    assert "names no lesson: choose from 04-taste" in capsys.readouterr().err


def test_no_course_here(tmp_path: Path, capsys) -> None:
    assert main(["sync", "--course", str(tmp_path)]) == 1
    assert "There is no course" in capsys.readouterr().err


@pytest.mark.slow
def test_nbgraders_own_command_gives_the_same_bytes(course: Course, run) -> None:
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


def test_this_repository_is_in_step(capsys) -> None:
    assert main(["sync", "--check", "--course", str(ROOT)]) == 0, capsys.readouterr().err
