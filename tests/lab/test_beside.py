"""Answers and values beside the notebook: in the right folder, none lost, and told truly."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from insidedocker.lab import quiz
from insidedocker.lab.learner import variant
from insidedocker.lab.quiz import answers
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

QUESTION = """
from insidedocker.lab import quiz, variant
one = quiz.choice("one", "Which?", {"a": "x", "b": "y"})
"""
CLICK = """
import gc, ipywidgets
(buttons,) = [w for w in gc.get_objects() if type(w) is ipywidgets.RadioButtons]
buttons.value = "b"
"""
DRAW = "variant.number('n', 1, 1000)"
SEED = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook's folder, which is also where this process works."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    home = tmp_path / "lesson"
    home.mkdir()
    monkeypatch.chdir(home)
    return home


def run(folder: Path, *sources: str) -> list[Any]:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=60, resources=resources).execute()
    return list(notebook.cells)


def saved(folder: Path) -> Any:
    return json.loads((folder / "answers.json").read_text())


# The folder


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_working_folder_does_not_take_answers_along(
    folder: Path, tmp_path: Path, when: str
) -> None:
    (folder / "answers.json").write_text('{"two": "a"}')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    move = f"import os; os.chdir({str(elsewhere)!r})"
    sources = [move, QUESTION] if when == "before" else [QUESTION, move]
    *_, shown, _, _ = run(folder, *sources, "one", CLICK, DRAW)
    assert saved(folder) == {"one": "b", "two": "a"}
    assert shown.outputs[1].data["text/plain"] == "saved: b"
    assert variant.seed_in(folder)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("teller", ["JPY_SESSION_NAME", "__vsc_ipynb_file__"])
def test_a_kernel_started_elsewhere_knows_its_notebook(
    folder: Path, tmp_path: Path, teller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As VS Code and some hubs do it."""
    notebook = folder / "lesson.ipynb"
    notebook.write_text("{}")
    if teller == "JPY_SESSION_NAME":
        monkeypatch.setenv(teller, str(notebook))
    first = f"__vsc_ipynb_file__ = {str(notebook)!r}" if teller.startswith("__") else "pass"
    run(tmp_path, first, QUESTION, "one", CLICK)
    assert saved(folder) == {"one": "b"}


def test_a_notebook_that_has_gone_is_not_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder.parent / "gone/lesson.ipynb"))
    run(folder, QUESTION, "one", CLICK)
    assert saved(folder) == {"one": "b"}


def test_progress_is_the_one_of_the_notebooks_folder(folder: Path) -> None:
    (folder / "00-start-here").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# The first lesson")]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells), folder / "00-start-here/00-start-here.ipynb"
    )
    _, shown = run(
        folder, "import os; from insidedocker import lab; os.chdir('/')", "lab.my_progress()"
    )
    assert "The first lesson" in shown.outputs[0].data["text/plain"]
    assert 'href="00-start-here/' in shown.outputs[0].data["text/html"]


# Files that cannot be read


def directory(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine")


ODD: dict[str, Callable[[Path], object]] = {
    "a stray comma": lambda path: path.write_text('{"two": "a",}'),
    "half": lambda path: path.write_text('{"two": "a"'),
    "a list": lambda path: path.write_text('["a"]'),
    "text": lambda path: path.write_text('"a"'),
    "zeros": lambda path: path.write_bytes(bytes(512)),
    "bytes": lambda path: path.write_bytes(b'{"two": "\xff\xfe"}'),
    "deep": lambda path: path.write_text("[" * 100_000),
    "huge": lambda path: path.write_text(json.dumps({"two": "a" * 5_000_000})),
    "a folder": directory,
    "a pipe": os.mkfifo,
    "a link in a circle": lambda path: path.symlink_to(path.name),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to a broken file": lambda path: path.symlink_to(broken_beside(path)),
}


def broken_beside(path: Path) -> str:
    (path.parent.parent / "elsewhere.json").write_text("{,}")
    return "../elsewhere.json"


def content(path: Path) -> Any:
    """What lies at a path, to be compared before and after."""
    if path.is_symlink():
        return path.readlink()
    if path.is_dir():
        return sorted(each.name for each in path.iterdir())
    return path.read_bytes() if path.is_file() else path.stat().st_mode


@pytest.mark.parametrize("odd", ODD)
def test_answers_that_cannot_be_read_are_kept_and_told(folder: Path, odd: str) -> None:
    path = folder / "answers.json"
    ODD[odd](path)
    before = content(path)
    question = quiz.choice("one", "Which?", {"a": "x", "b": "y"})
    assert question() is None
    assert "cannot be read" in str(question)
    assert content(path) == before, "looking changes nothing"

    assert answers.write("one", "b")

    assert saved(folder) == {"one": "b"}
    aside = folder / "answers.json.unreadable-1"
    assert content(aside) == before
    assert aside.name in str(question) and "saved: b" in str(question)
    assert sorted(each.name for each in folder.iterdir()) == ["answers.json", aside.name]


def test_a_second_unreadable_file_does_not_take_the_place_of_the_first(folder: Path) -> None:
    for text in ("{1", "{2"):
        (folder / "answers.json").write_text(text)
        assert answers.write("one", "b")
    kept = [(folder / f"answers.json.unreadable-{number}").read_text() for number in (1, 2)]
    assert kept == ["{1", "{2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_at_the_beginning_is_read_over(folder: Path, encoding: str) -> None:
    """As Windows' editors leave it."""
    (folder / "answers.json").write_text('{"two": "ä"}', encoding=encoding)
    assert answers.read("two") == "ä"
    assert answers.write("one", "b")
    assert saved(folder) == {"one": "b", "two": "ä"}


@pytest.mark.parametrize("odd", ["garbage", "a folder", "a pipe", "short"])
def test_a_seed_that_cannot_be_read_is_kept_and_told(
    folder: Path, odd: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variant.VARIABLE, raising=False)
    path = folder / "variant.txt"
    if odd in ODD:
        ODD[odd](path)
    else:
        path.write_text("what is this?" if odd == "garbage" else SEED[:-1])
    before = content(path)
    first = variant.number("n", 1, 10**9)
    assert content(folder / "variant.txt.unreadable-1") == before
    assert "variant.txt.unreadable-1" in capsys.readouterr().out
    assert variant.seed_in(folder)
    assert variant.number("n", 1, 10**9) == first
    assert capsys.readouterr().out == ""


def test_a_seed_with_a_mark_at_the_beginning_is_that_seed(folder: Path) -> None:
    (folder / "variant.txt").write_text(f"{SEED}\r\n", encoding="utf-8-sig")
    assert variant.seed_in(folder) == SEED


# Two at the same time

WRITES = """
import sys
from insidedocker.lab.quiz import answers
print("ready", flush=True)
sys.stdin.readline()
print(all(answers.write(f"{sys.argv[1]}-{number}", "a") for number in range(60)))
"""
DRAWS = """
import sys
from insidedocker.lab import variant
print("ready", flush=True)
sys.stdin.readline()
print(variant.number("n", 1, 10**9))
"""


def at_once(folder: Path, code: str, arguments: Sequence[str]) -> list[str]:
    """What as many processes say, who begin when all are ready."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, each],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        for each in arguments
    ]
    for process in started:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=100)[0].strip() for process in started]


def test_two_kernels_in_one_folder_lose_no_answer(folder: Path) -> None:
    assert at_once(folder, WRITES, ["x", "y"]) == ["True", "True"]
    assert len(saved(folder)) == 120
    assert [each.name for each in folder.iterdir()] == ["answers.json"]


def test_kernels_that_draw_at_once_have_the_same_values(folder: Path) -> None:
    assert len(set(at_once(folder, DRAWS, ["1", "2", "3", "4"]))) == 1


# Saved is said of what is saved


def test_a_folder_that_may_not_be_written_is_told_and_keeps_its_answers(folder: Path) -> None:
    """As an ordinary user: root may write everywhere."""
    (folder / "answers.json").write_text("{,}")
    give_away(folder / "answers.json")
    folder.chmod(0o555)
    for above in folder.parents[:3]:
        above.chmod(above.stat().st_mode | 0o755)
    code = "from insidedocker.lab.quiz import answers; print(answers.write('one', 'b'))"
    done = subprocess.run(
        [*as_ordinary_user(), ordinary_python(), "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    folder.chmod(0o755)
    assert done.stdout.strip() == "False", done.stderr
    assert [(each.name, each.read_text()) for each in folder.iterdir()] == [("answers.json", "{,}")]


def test_a_click_that_could_not_be_saved_says_so(folder: Path) -> None:
    """The folder has gone while its notebook was open."""
    gone = f"import os; os.rename({str(folder)!r}, {str(folder.parent / 'renamed')!r})"
    _, shown, *_ = run(folder, QUESTION, "one", gone, CLICK)
    assert shown.outputs[1].data["text/plain"].startswith("not saved")


def test_a_full_disk_is_told_and_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answers.write("one", "a")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert answers.write("one", "b") is False
    assert saved(folder) == {"one": "a"}
    assert [each.name for each in folder.iterdir()] == ["answers.json"]


@pytest.mark.parametrize(
    "question",
    [
        quiz.choice("q", "Which?", {"a": "x", "b": "y"}),
        quiz.choice("q", "Which?", {"a": "x", "b": "y"}, many=True),
        quiz.short("q", "Which?"),
        quiz.true_false("q", "So?"),
        quiz.ordering("q", "How?", {"a": "x", "b": "y"}),
        quiz.matching("q", "Which?", {"1": "x"}, {"a": "y"}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_refused_answer_leaves_the_earlier_one(folder: Path, question: Any) -> None:
    right: dict[str, Any] = {"TrueFalse": True, "Ordering": ["b", "a"], "Matching": {"1": "a"}}
    question.answer(right.get(type(question).__name__, "b"))
    before = question()
    for wrong in (7, {"z": "z"}, ["z"], ""):
        with pytest.raises(quiz.NotAnOption):
            question.answer(wrong)
        assert question() == before
    assert re.search("answered in code", str(question))
