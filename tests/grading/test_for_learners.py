"""What learners may read of checks once a hidden one has begun: the author's words alone."""

from __future__ import annotations

from typing import Any

import pytest

from insidedocker.grading.pod.learner_page import Words
from insidedocker.grading.runner import Cell, run
from insidedocker.grading.sandbox import PROCESSES, Sandbox

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
HERE = Sandbox(PROCESSES)


def page(*cells: Cell) -> list[list[dict[str, Any]]]:
    """What the learner is shown, by cell."""
    ran = run([Cell("locked", "from insidedocker.lab import check"), *cells], HERE)
    shown = zip(ran.outputs, ran.learner, strict=True)
    return [outputs if mine is None else mine for outputs, mine in shown][1:]


def text(outputs: list[dict[str, Any]]) -> str:
    return "\n".join(each.get("text", "") + each.get("evalue", "") for each in outputs)


def f(body: str) -> Cell:
    return Cell("answer", f"def f(x):\n    {body}", stub="def f(x):\n    pass")


def hidden(source: str, before: str = "f(1)") -> Cell:
    return Cell("tests", f"{before}\n{BEGIN}\n{source}\n{END}", points=1)


EQUAL = "check.equal(check.call(f, 4711{}), 4712, what={}, try_next='count on')"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (EQUAL.format("", "'the next one'"), "Not yet: the next one\n  Try next: count on\n"),
        (
            EQUAL.format("", "f'the one after {4711}'"),
            "Not yet: the one after …\n  Try next: count",
        ),
        (EQUAL.format(", 1", "''"), "Not yet: f(…)\n  Try next: call f yourself"),
        ("assert f(4711) == 4712", "Not yet: a check does not hold\n"),
        ("assert f(4711) == 4712, 'one more'", "Not yet: one more\n"),
        ("assert f(4711) == 4712, f'{f(4711)} is not it'", "Not yet: … is not it\n"),
        ("if f(4711) != 4712: raise LookupError('not it')", "Not yet: not it\n"),
        ("{4712: 1}[f(4711)]", "Not yet: a check does not hold\n"),
        ("print(f(4711)); assert False, 'no'", "Not yet: no\n"),
    ],
)
def test_a_failed_hidden_check_tells_the_author_s_words(source: str, told: str) -> None:
    """Not what was handed over, nor what came back, nor what was expected."""
    said = text(page(f("return x"), hidden(source))[1])
    assert said.startswith(told)
    assert "This check is hidden" in said
    assert "471" not in said


@pytest.mark.parametrize(
    "body",
    [
        "print(x)\n    return x",
        "raise ValueError(x)",
        "raise type(f'E{x}', (Exception,), {})",
        "exit(x)",
    ],
)
def test_nothing_of_a_function_s_own_is_told(body: str) -> None:
    shown = page(f(body.replace("raise", "if x > 1: raise")), hidden("assert f(4711) is f"))
    assert "4711" not in text(shown[1])


@pytest.mark.parametrize(
    "around",
    [
        "for x in (\n    1,\n    {begin}\n    4711,\n    {end}\n):\n    assert f(x) == 1, 'no'",
        "assert [f(x) for x in [\n1,\n{begin}\n4711,\n{end}\n]] == [1, 1], f'{{f(4711)}}'",
        "def g():\n    {begin}\n    assert f(4711) == 1, 'no'\n    {end}\n    pass\ng()",
        "if True:\n    f(1)\n    {begin}\n    assert f(4711) == 1\n    {end}",
        "{begin}\nx = 4711\n{end}\nassert f(x) == 1, f'{{x}}'",
        "%%time\nf(1)\n{begin}\nassert f(4711) == 1\n{end}",
    ],
)
def test_hidden_values_are_hidden_wherever_they_stand(around: str) -> None:
    check = Cell("tests", around.format(begin=BEGIN, end=END), points=1)
    said = text(page(f("print('seen', x); return x"), check)[1])
    assert "Not yet: " in said
    assert "4711" not in said


def test_before_a_hidden_check_all_is_shown_and_afterwards_the_author_s_words() -> None:
    visible = Cell(
        "tests", "check.equal(check.call(f, 1), 2, what='one', try_next='add')", points=1
    )
    told = Cell("tests", "check.passed('Task 1')\nprint('kept', f(0))", points=1)
    keeps = f("kept.append(x); print(kept); return kept")
    own = Cell("own", "print(kept)")
    kept = Cell("own", "kept = []; print('mine')")
    _, _, before, _, own_, after, passed = page(
        kept, keeps, visible, hidden("f(4711)"), own, visible, told
    )
    assert "Observed: [1]" in text(before)
    assert "[1]\n" in text(before)
    assert text(own_).startswith("(What came after a hidden check")
    assert text(after).startswith("Not yet: one\n  Try next: add\n  (Run the check in your own")
    assert "4711" not in text(own_) + text(after) + text(passed)
    assert text(passed) == "✓ Task 1: the checks in this notebook pass.\n"


def test_who_passes_sees_what_the_visible_part_printed() -> None:
    check = hidden("print('four'); f(4)", before="print('one'); f(1)")
    shown = page(f("print(x)"), check)[1]
    assert text(shown) == "1\n\none\n\nfour\n"


def test_words_are_found_in_no_more_time_than_the_text_is_long() -> None:
    pattern = "f'" + "{x}a" * 50 + "'"
    assert Words([f"y = {pattern}"]).of("a" * 100_000 + "b") == ""
