"""`insidedocker lint` and `format`: each rule bites, says where and what to do, and no more."""

import json
from pathlib import Path

import pytest

from insidedocker.course import Course
from tests.authoring.conftest import Edit, Run
from tests.authoring.jupyterlab_save import save_as_jupyterlab
from tests.authoring.taste import LESSON, ROOT

ANSWER = "```{code-cell} ipython3\n:ng: answer count_images\n"
HIDDEN = 'check.equal(count_images([]), 0, what="no images", try_next="count what is given.")'
TESTS = "```{code-cell} ipython3\n:ng: tests count_images_test 2\n:covers: API2\n"


def line_of(course: Course, words: str) -> int:
    lines = course.text(LESSON).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_a_good_lesson_passes(course: Course, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("sync")
    assert run("lint") == 0, capsys.readouterr().err


# what an author does wrong: replace, by, where the message points (words on that line), message
MISTAKES = {
    "points stated wrongly": (
        "**Points:** 5",
        "**Points:** 6",
        "**Points:** 6",
        "the graded cells make 5",
    ),
    "points of the header": ("  points: 5", "  points: 4", "---", "the graded cells make 5"),
    "time": ("**Time:** 5 minutes", "**Time:** 9 minutes", "**Time:**", "front matter says 5"),
    "no need stated": ("- **You need:** nothing\n", "", "# A taste", "**You need:**"),
    "no title": ("# A taste of", "A taste of", "A taste of", "open the lesson with its title"),
    "two titles": ("## Counting", "# Counting", "# Counting", "a second title"),
    "no closing": (
        "## What to remember",
        "## In short",
        "What to remember|In short",
        "last two sections",
    ),
    "an id twice": (
        "tests count_images_test 2",
        "tests count_images 2",
        ":ng: tests",
        "is taken by the cell in line",
    ),
    "an id that differs by case": (
        "tests count_images_test 2",
        "tests Count_Images 2",
        ":ng: tests",
        "is taken",
    ),
    "a reserved id": ("manual tag_words", "manual con", "manual con", "reserved"),
    "an unknown objective": (
        '"covers": "IMG3"',
        '"covers": "IMG99"',
        "IMG99",
        "objectives.yml does not know",
    ),
    "graded without objective": (', "covers": "IMG3"', "", "manual tag_words", "is graded: name"),
    "tests without answer": (
        ANSWER,
        "```{code-cell} ipython3\n",
        ":ng: tests",
        "has no answer above",
    ),
    "answer without tests": (TESTS, "```{code-cell} ipython3\n", ":ng: answer", "nothing tests"),
    "no solution markers": (
        "    ### BEGIN SOLUTION\n    return len(listing)\n    ### END SOLUTION\n",
        "    return len(listing)\n",
        ":ng: answer",
        "has no solution",
    ),
    "marker without partner": ("    ### END SOLUTION\n", "", "BEGIN SOLUTION", "never closed"),
    "marker in a plain cell": (
        "print(len(images))",
        "### BEGIN SOLUTION\nprint(len(images))\n### END SOLUTION",
        "### BEGIN SOLUTION",
        "belongs in answer or manual",
    ),
    "manual answer left open": (
        "another image.\n\n+++\n",
        "another image.\n",
        "## What to remember",
        "close the answer above it",
    ),
    "shorthand": ("manual tag_words 3", "manual tag_words", "manual tag_words", "must read"),
    "a link to nowhere": ("(layers.svg)", "(layer.svg)", "layer.svg", "leads nowhere"),
    "a picture without text": ("![Two boxes, one on the other]", "![]", "![]", "needs a text"),
    "a link to a text": (
        "The next lesson",
        "[The next](../04-taste/04-taste.md) lesson",
        "The next",
        "link 04-taste.ipynb",
    ),
    "a link to no lesson": (
        "The next lesson",
        "[The next](../05-images/05-images.ipynb) lesson",
        "The next",
        "does not exist",
    ),
    "a link out of the lessons": (
        "The next lesson",
        "[The next](../../README.md) lesson",
        "The next",
        "leads out",
    ),
    "an anchor to nowhere": (
        "The next lesson",
        "[The next](#Counting-all) lesson",
        "The next",
        "names no heading",
    ),
    "an html picture": (
        "The next lesson",
        '<img src="no.png" alt="x"> The next lesson',
        "The next",
        "leads nowhere",
    ),
    "a home folder": (
        "print(len(images))",
        'print("/home/ada/course")',
        "/home/ada",
        "home folder of one machine",
    ),
    "a path of one machine": (
        "print(len(images))",
        'print(open("/srv/data.txt").read())',
        "/srv/data",
        "may not exist on the learner's machine",
    ),
    "a bare assert": (
        HIDDEN,
        "assert count_images([]) == 0",
        "assert count_images([])",
        "a bare assert tells a learner nothing",
    ),
    "silence for who passes": (
        "check.passed()\n",
        "",
        ":ng: tests",
        "who passes is told nothing",
    ),
    "a check without a next step": (
        ', try_next="count what is given."',
        "",
        'what="no images"',
        "check.equal without a next step",
    ),
    "a graded question that knows its key": (
        "    ### BEGIN SOLUTION\n",
        '    quiz.true_false("q", "So?", right=True)\n    ### BEGIN SOLUTION\n',
        "right=True",
        "gives its key away by right",
    ),
    "code that cannot run": (
        "print(len(images))",
        "print(len(imagess))",
        "imagess",
        "F821 Undefined name",
    ),
    "code not formatted": (
        "print(len(images))",
        "print( len(images) )",
        "print(",
        "insidedocker format",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_says_where_and_what(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    old, new, place, message = MISTAKES[mistake]
    edit(old, new)
    assert run("lint") == 1
    found = capsys.readouterr().err.splitlines()
    matching = [line for line in found if message in line]
    assert matching, found
    path, line, _ = matching[0].split(":", 2)
    assert path == "notebooks/04-taste/04-taste.md"
    if mistake not in ("no closing", "points of the header"):
        near = {line_of(course, place) - 1, line_of(course, place)}  # a cell opens a line above
        assert int(line) in near, (matching[0], near)


DEMAND = """\
[[demand]]
quote = "Return how many there are, never
  a guess"
broken = ["wrong-guess"]
"""
# what stands in requirements.toml, None for no file -> what the linter says of it
REQUIREMENTS: dict[str, tuple[str | None, str]] = {
    "good": (DEMAND.replace("\n  ", " "), ""),
    "missing": (None, "write evidence/count_images/requirements.toml"),
    "no TOML": (DEMAND, "cannot be read"),
    "another form": ('demand = "count"', "each [[demand]] has a quote and broken"),
    "broken by nobody": ('[[demand]]\nquote = "Return"\nbroken = []', "each [[demand]] has"),
    "not in the task": (
        '[[demand]]\nquote = "Return the names"\nbroken = ["wrong-guess"]',
        "the task does not say 'Return the names'",
    ),
    "no such solution": (
        '[[demand]]\nquote = "Return how many"\nbroken = ["wrong-sum"]',
        "there is no wrong solution wrong-sum",
    ),
    "a demand left out": (
        '[[demand]]\nquote = "Return how many there are"\nbroken = ["wrong-guess"]',
        "quotes 'never'",
    ),
}


@pytest.mark.parametrize("case", REQUIREMENTS)
def test_what_a_task_demands_is_listed(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    content, message = REQUIREMENTS[case]
    edit(
        "```{code-cell} ipython3\n:ng: answer count_images",
        "## Exercise 1: how many?\n\nReturn how many there are, never\na guess.\n\n"
        "```{code-cell} ipython3\n:ng: answer count_images",
    )
    evidence = course.notebooks / LESSON / "evidence" / "count_images"
    evidence.mkdir(parents=True)
    (evidence / "wrong-guess.py").touch()
    if content is not None:
        (evidence / "requirements.toml").write_text(content)
    run("format")
    run("sync")
    assert run("lint") == (1 if message else 0)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        'print("in the container: /home/ada")',
        'socket = "/var/run/docker.sock"',
        'print(Path("/proc/self/status"))',
        'create = {"Cmd": ["cat", "/srv/data.txt"]}',
    ],
)
def test_paths_that_are_part_of_the_subject(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    edit("print(len(images))", f"from pathlib import Path\n\n{words}\nprint(Path.cwd())")
    run("sync")
    assert run("lint") == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "[The next](#Where-to-go-on) lesson",
        "[The next](04-taste.ipynb#Counting) lesson",
        "[The next](https://docs.docker.com/) lesson",
        "[The next](layers.svg) lesson",
        "`[The next](nowhere.png)` lesson",
    ],
)
def test_links_that_lead_somewhere(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    edit("The next lesson", words)
    run("sync")
    assert run("lint") == 0, capsys.readouterr().err


def test_outputs_are_found(course: Course, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("sync")
    save_as_jupyterlab(course.source_notebook(LESSON))
    assert run("lint") == 1
    assert "source/04-taste/04-taste.ipynb:1: holds outputs" in capsys.readouterr().err


def test_secrets_in_the_release_are_found(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("sync")
    path = course.release_notebook(LESSON)
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["metadata"]["note"] = "return len(listing)"
    path.write_text(json.dumps(notebook))
    (path.parent / "data.csv").write_text(f"{HIDDEN}\n")
    assert run("lint") == 1
    said = capsys.readouterr().err
    assert "release/04-taste/04-taste.ipynb:1: gives away 'return len(listing)'" in said
    assert f"release/04-taste/data.csv:1: gives away {HIDDEN!r}" in said


def test_format_settles_what_it_can(
    course: Course, run: Run, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    good = course.text(LESSON).read_bytes()
    edit("print(len(images))", "print( len(images) )")
    edit("```{code-cell} ipython3\n:ng: locked", "\n```{code-cell}\n:ng:  locked")
    assert run("format") == 0
    assert course.text(LESSON).read_bytes() == good
    capsys.readouterr()
    assert run("format") == 0
    assert capsys.readouterr().out == ""


def test_magics_survive_the_formatter(course: Course, run: Run, edit: Edit) -> None:
    edit("print(len(images))", "%time  print( len(images) )")
    edit('images = [{"Id": "sha256:1"}', '!ls  -l\nimages = [{"Id": "sha256:1"}')
    assert run("format") == 0
    text = course.text(LESSON).read_text()
    assert "%time  print( len(images) )" in text
    assert "!ls  -l\nimages" in text


@pytest.mark.parametrize(
    ("name", "says"),
    [("05-images/lesson.md", "it needs 05-images.md"), ("Images/Images.md", "NN-name")],
)
def test_a_folder_that_is_no_lesson(
    course: Course, run: Run, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    run("sync")
    path = course.notebooks / name
    path.parent.mkdir()
    path.write_text("# Images\n")
    assert run("lint") == 1
    assert says in capsys.readouterr().err


def test_every_lesson_of_this_course_has_a_note_for_instructors() -> None:
    folders = [path for path in (ROOT / "notebooks").iterdir() if path.is_dir()]
    assert [each.name for each in folders if not (each / "instructor.md").is_file()] == []


def test_a_course_without_ruff_settings(course: Course, run: Run) -> None:
    Path(course.root / "pyproject.toml").unlink()
    run("sync")
    assert run("lint") == 0
