"""Questions: what counts, what is saved, and what is shown without a browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from insidedocker.lab import quiz
from insidedocker.lab.quiz import answer_matching, answers
from tests.support import patience

OPTIONS = {"a": "one", "b": "two", "c": "three"}


@pytest.fixture(autouse=True)
def in_a_notebooks_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    yield


def click(name: str, value: Any) -> None:
    """What a click on a widget leaves."""
    assert answers.write(name, value)


def test_each_kind_says_its_wrong_answers() -> None:
    kinds = [each for each in vars(quiz).values() if isinstance(each, type)]
    of_ours = [each for each in kinds if issubclass(each, quiz.Question) and each != quiz.Question]
    assert len(of_ours) == 5
    assert [each for each in of_ours if "wrong_answers" not in vars(each)] == []


def test_without_an_answer_there_is_none() -> None:
    assert quiz.choice("q", "Which?", OPTIONS).value is None


def test_a_click_is_saved_and_read_by_a_new_question() -> None:
    click("q", "b")
    assert quiz.choice("q", "Which?", OPTIONS).value == "b"
    assert json.loads(Path("answers.json").read_text()) == {"q": "b"}
    assert [path.name for path in Path().iterdir()] == ["answers.json"]


def test_code_wins_over_the_click_and_is_not_saved() -> None:
    click("q", "b")
    question = quiz.choice("q", "Which?", OPTIONS)
    question.answer("c")
    assert question() == question.value == "c"
    assert answers.read("q") == "b"
    question.answer(...)
    assert question() == "b"


@pytest.mark.parametrize("saved", ["z", True, ["a"], 7, None, {"a": 1}])
def test_a_saved_answer_that_does_not_fit_is_none(saved: Any) -> None:
    Path("answers.json").write_text(json.dumps({"q": saved}))
    assert quiz.choice("q", "Which?", OPTIONS).value is None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"q": ', "\0", "[" * 100_000])
def test_a_damaged_file_is_as_none_and_can_be_written_again(content: str) -> None:
    Path("answers.json").write_text(content)
    assert quiz.choice("q", "Which?", OPTIONS).value is None
    click("q", "a")
    assert quiz.choice("q", "Which?", OPTIONS).value == "a"


def test_an_answer_that_is_not_offered_is_refused_in_a_sentence() -> None:
    with pytest.raises(quiz.NotAnOption, match="choose one of 'a', 'b', 'c'"):
        quiz.choice("q", "Which?", OPTIONS).answer("d")
    with pytest.raises(quiz.NotAnOption, match="True or False"):
        quiz.true_false("q", "So?").answer("yes")


def test_several_choices_come_in_order() -> None:
    question = quiz.choice("q", "Which?", OPTIONS, many=True)
    question.answer("c", "a")
    assert question() == ["a", "c"]
    question.answer(["b"])
    assert question() == ["b"]
    question.answer(None)
    assert question() is None


def test_true_or_false_is_a_bool() -> None:
    question = quiz.true_false("q", "So?")
    question.answer(False)
    assert question() is False
    click("r", True)
    assert quiz.true_false("r", "So?")() is True


def test_short_answers_lose_their_blanks() -> None:
    question = quiz.short("q", "Which command?")
    question.answer("  docker   images ")
    assert question() == "docker images"
    click("r", "")
    assert quiz.short("r", "Which?")() is None


@pytest.mark.parametrize("run", ["autograde", "validate"])
def test_nothing_is_written_while_grading(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", run)
    assert answers.write("q", "a") is False
    assert list(Path().iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "FILE", "no-such-folder/answers.json")
    assert answers.write("q", "a") is False
    assert list(Path().iterdir()) == []


STEPS = {"a": "start", "b": "create", "c": "pull"}
ENDS = {"1": "docker ps", "2": "docker images"}
PATHS = {"a": "/images/json", "b": "/containers/json", "c": "/ps"}


@pytest.mark.parametrize(
    "typed",
    ["docker  ps -a.", "$ docker ps", "# docker ps", "sudo docker ps", "`docker ps` # all"],
)
def test_a_command_counts_whatever_stands_around_it(typed: str) -> None:
    assert answer_matching.command(f" {typed} ", ["-a"]) == "docker ps"
    assert answer_matching.command(typed.replace("ps", "ps web"), ["-a"]) == "docker ps web"


def test_an_order_is_a_list_that_keeps_its_order() -> None:
    question = quiz.ordering("q", "In which order?", STEPS)
    assert question() is None
    question.answer("c", "b", "a")
    assert question() == ["c", "b", "a"]
    assert "[q] answered in code: c, b, a" in str(question)
    question.answer(["b", "a", "c"])
    assert question() == ["b", "a", "c"]
    question.answer(...)
    click("q", ["a", "b", "c"])
    assert question() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (["c", "", ""], "saved so far: c, …, …; nothing chosen yet at 2, 3"),
        (["c", "c", "a"], "saved so far: c, c, a; c chosen twice, b missing"),
        (["", "", ""], "no answer saved yet"),
        (["c", "z", "a"], "no answer saved yet"),
        (["c", "a"], "no answer saved yet"),
        ({"1": "c"}, "no answer saved yet"),
    ],
)
def test_half_an_order_is_kept_and_told(saved: Any, told: str) -> None:
    click("q", saved)
    assert str(quiz.ordering("q", "In which order?", STEPS)).endswith(f"[q] {told}")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("c", "b"), "name each of 'a', 'b', 'c' once, first step first"),
        (("c", "b", "z"), "name each of"),
        (("c", "b", "b"), "not a whole answer, b chosen twice, a missing"),
        (("c", "b", ""), "nothing chosen yet at 3"),
        (("cba",), "name each of"),
        (([["c"], "b", "a"],), "name each of"),
        ((7,), "name each of"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_in_a_sentence(given: Any, told: str) -> None:
    question = quiz.ordering("q", "In which order?", STEPS)
    with pytest.raises(quiz.NotAnOption, match=told):
        question.answer(*given)
    assert question() is None


def test_a_match_is_a_dictionary() -> None:
    question = quiz.matching("q", "Which goes where?", ENDS, PATHS)
    question.answer({"2": "a", "1": "b"})
    assert question() == {"1": "b", "2": "a"}
    assert str(question).endswith("[q] answered in code: 1 → b, 2 → a")
    click("r", {"1": "b", "2": ""})
    half = quiz.matching("r", "Which goes where?", ENDS, PATHS)
    assert half() == {"1": "b", "2": ""}
    assert str(half).endswith("[r] saved so far: 1 → b, 2 → …; nothing chosen yet for 2")


@pytest.mark.parametrize("given", [{"1": "b"}, {"1": "b", "2": "z"}, ["b", "a"], "b", {1: "b"}, {}])
def test_a_match_that_does_not_fit_is_refused_in_a_sentence(given: Any) -> None:
    question = quiz.matching("q", "Which goes where?", ENDS, PATHS)
    with pytest.raises(quiz.NotAnOption, match=r"give \{'1': …, '2': …\}, each with one of 'a'"):
        question.answer(given)


def test_a_question_for_practice_explains_each_answer() -> None:
    explain = {"a": "That is a tag.", "b": "It does run."}
    question = quiz.choice("q", "Which runs?", OPTIONS, right="b", explain=explain)
    assert str(question).endswith("no answer saved yet")
    for key, told in {
        "a": "Not yet. That is a tag.",
        "b": "Right. It does run.",
        "c": "Not yet. Look at it once more, and choose again.",
    }.items():
        question.answer(key)
        assert str(question).splitlines()[-1] == told


def test_every_kind_can_be_for_practice() -> None:
    many = quiz.choice("q", "?", OPTIONS, many=True, right=["c", "a"], explain={"b": "Not b."})
    many.answer("b", "a")
    assert str(many).endswith("Not yet. Not b.")
    many.answer("a", "c")
    assert str(many).endswith("\nRight.")
    so = quiz.true_false("q", "So?", right=False, explain={True: "No."})
    so.answer(True)
    assert str(so).endswith("Not yet. No.")
    words = quiz.short("q", "How?", right=["docker ps", "docker container ls"])
    words.answer("Docker PS")
    assert str(words).endswith("\nRight.")
    early = "A container cannot be started before it is created."
    order = quiz.ordering("q", "?", STEPS, right="cba", explain={("a", "b"): early})
    order.answer("c", "a", "b")
    assert str(order).endswith(f"Not yet. {early}")
    match = quiz.matching(
        "q",
        "?",
        ENDS,
        PATHS,
        right={"1": "b", "2": "a"},
        explain={("1", "c"): "Paths name things."},
    )
    match.answer({"1": "c", "2": "a"})
    assert str(match).endswith("Not yet. Paths name things.")


def test_half_an_answer_is_not_judged_and_a_graded_question_explains_nothing() -> None:
    click("q", ["c", "", ""])
    assert "Not yet" not in str(quiz.ordering("q", "?", STEPS, right="cba"))
    with pytest.raises(ValueError, match="explain needs right"):
        quiz.choice("q", "?", OPTIONS, explain={"a": "no"})


def test_as_text() -> None:
    question = quiz.choice("q", "Which?", OPTIONS)
    assert str(question) == "Which?\n  a) one\n  b) two\n  c) three\n[q] no answer saved yet"


QUESTIONS = """
from insidedocker.lab import quiz
one = quiz.choice("one", "Which `command`?", {"a": "x", "b": "y"})
many = quiz.choice("many", "Which <two>?", {"a": "x", "b": "y"}, many=True)
so = quiz.true_false("so", "So?")
words = quiz.short("words", "How?")
steps = quiz.ordering("steps", "In which order?", {"a": "x", "b": "y"})
ends = quiz.matching("ends", "Which?", {"1": "p", "2": "q"}, {"a": "x", "b": "y"})
play = quiz.choice("play", "Which?", {"a": "x", "b": "y"}, right="b", explain={"a": "<No.>"})
"""


def run(*sources: str) -> list[Any]:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, timeout=patience.EVENT, resources={"metadata": {"path": "."}}
    ).execute()
    return list(notebook.cells)


def test_a_kernel_shows_prompt_saved_line_and_widget() -> None:
    click("one", "b")
    shown = run(QUESTIONS, "one", "many", "so", "words", "steps", "ends", "play")
    _, one, many, so, *_ = shown
    for cell in shown[1:]:
        prompt, line, widget = cell.outputs
        assert "text/html" in prompt.data
        assert "saved" in line.data["text/html"]
        assert "application/vnd.jupyter.widget-view+json" in widget.data
        assert widget.data["text/plain"] == quiz.RUN_AGAIN
    assert "<code>command</code>" in one.outputs[0].data["text/html"]
    assert "&lt;two&gt;" in many.outputs[0].data["text/html"]
    assert one.outputs[1].data["text/plain"] == "saved: b"
    assert so.outputs[1].data["text/plain"] == "no answer saved yet"


def test_a_click_in_the_kernel_saves_and_tells() -> None:
    """As a browser does it: the widget's value changes, the kernel's callback runs."""
    _, shown, _ = run(
        QUESTIONS,
        "one",
        "import gc, ipywidgets\n"
        "(buttons,) = [w for w in gc.get_objects() if type(w) is ipywidgets.RadioButtons]\n"
        "buttons.value = 'a'",
    )
    assert answers.read("one") == "a"
    assert shown.outputs[1].data["text/plain"] == "saved: a"


def test_lists_in_the_kernel_save_half_answers_and_whole_ones() -> None:
    lists = (
        "import gc, ipywidgets\n"
        "lists = [w for w in gc.get_objects() if type(w) is ipywidgets.Dropdown]\n"
        "lists.sort(key=lambda each: each.description)\n"
    )
    _, shown, *_ = run(QUESTIONS, "steps", f"{lists}lists[0].value = 'b'")
    assert answers.read("steps") == ["b", ""]
    assert "nothing chosen yet at 2" in shown.outputs[1].data["text/plain"]
    _, shown, *_ = run(QUESTIONS, "steps", f"{lists}lists[1].value = 'a'")
    assert answers.read("steps") == ["b", "a"], "the new kernel goes on where the old one was"
    assert shown.outputs[1].data["text/plain"] == "saved: b, a"


def test_a_click_on_a_question_for_practice_explains_at_once() -> None:
    _, shown, _ = run(
        QUESTIONS,
        "play",
        "import gc, ipywidgets\n"
        "(buttons,) = [w for w in gc.get_objects() if type(w) is ipywidgets.RadioButtons]\n"
        "buttons.value = 'a'",
    )
    assert shown.outputs[1].data["text/plain"] == "saved: a\nNot yet. <No.>"
    assert "&lt;No.&gt;" in shown.outputs[1].data["text/html"]


def test_while_grading_there_is_only_text(monkeypatch: pytest.MonkeyPatch) -> None:
    click("one", "b")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    _, one = run(QUESTIONS, "one")
    (output,) = one.outputs
    assert output.output_type == "stream" and "[one] saved: b" in output.text
