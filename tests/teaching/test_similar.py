"""Submissions that are alike are found under other names and comments, and honest ones are not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from insidedocker.teaching import graded as graded_class
from insidedocker.teaching import side_by_side, similarity, tokens
from insidedocker.teaching.graded import Exercise, GradedClass, Work
from tests.support.small_class import ASSIGNMENT, DISGUISED, SOLVED, UNUSUAL, Course


def exercise(stub: str = "def f(x):\n    pass", is_code: bool = True) -> Exercise:
    return Exercise("lesson", "f", ("f_tests",), 1, stub, is_code)


def class_of(answers: dict[str, str], of: Exercise) -> GradedClass:
    works = {name: {of: Work(answer, True, 1.0, ())} for name, answer in answers.items()}
    return GradedClass("lesson", [of], works)


def test_a_disguised_copy_is_found_first(graded: Course) -> None:
    class_ = graded_class.read(graded.root, ASSIGNMENT)
    pair, *others = similarity.pairs(class_)
    assert (pair.one, pair.other) == ("barbara", "mallory")
    # other texts that two learners have, and neither the instructor's own nor most of the class's
    assert [(each.one, each.other) for each in others] == [("mallory", "radia"), ("alan", "linus")]
    (alike,) = pair.alike
    assert alike.exercise.name == "sizes"
    assert alike.share == 1


def test_the_command_lists_it_and_writes_the_page(graded: Course, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    said = graded.ok("insidedocker", "similar", ASSIGNMENT, "--page", str(page))
    assert said.splitlines()[1].split()[:4] == ["barbara", "mallory", "sizes", "100%"]
    text = page.read_text()
    assert "biggest first, by hand" in text and "compare all pairs" in text
    assert "<mark>    for here in range(len(pile)):</mark>" in text
    assert "<mark>def sizes" not in text  # the template's own
    assert "://" not in text  # nothing from elsewhere


def test_names_comments_and_layout_do_not_matter() -> None:
    assert tokens.of_code(UNUSUAL) == tokens.of_code(DISGUISED)
    assert tokens.of_code(UNUSUAL) != tokens.of_code(SOLVED["sizes"])


def test_what_the_template_gives_is_left_out() -> None:
    given = (
        "def f(x):\n    with open(x) as file:\n        for line in file:\n            print(line)"
    )
    answers = {"ada": f"{given}\n    return 1", "grace": f"{given}\n    return 2"}
    assert similarity.pairs(class_of(answers, exercise(given))) == []


def test_what_most_have_written_stands_out_for_nobody() -> None:
    same = {f"learner{number}": UNUSUAL for number in range(6)}
    assert similarity.pairs(class_of(same, exercise())) == []
    assert len(similarity.pairs(class_of(dict(list(same.items())[:2]), exercise()))) == 1


@pytest.mark.parametrize("broken", ["def f(x:\n  return", "%%bash\necho 'x", "\tif:\n x", "\0"])
def test_what_is_no_python_is_no_obstacle(broken: str) -> None:
    answers = {"ada": UNUSUAL, "grace": UNUSUAL, "linus": broken}
    assert len(similarity.pairs(class_of(answers, exercise()))) == 1


def test_prose_is_compared_by_words() -> None:
    words = "An image never changes, whatever becomes of the tag: it only lies under its digest, "
    words += "and nothing but the last reference to it keeps it from being removed for good."
    other = words.replace(",", "").upper()
    answers = {"ada": words, "grace": other, "linus": "I do not know it yet, to be quite honest."}
    (pair,) = similarity.pairs(class_of(answers, exercise("Your words.", is_code=False)))
    assert (pair.one, pair.other, pair.alike[0].share) == ("ada", "grace", 1)


def test_the_page_obeys_nothing_that_a_learner_wrote() -> None:
    evil = f"{UNUSUAL}\nx = '<script>alert(1)</script>'"
    class_ = class_of({"<b>ada": evil, "grace": evil}, exercise())
    text = side_by_side.page(class_, similarity.pairs(class_))
    assert "<script>" not in text and "<b>ada" not in text


def test_a_large_class_is_compared_in_seconds() -> None:
    answers = {
        f"learner{learner}": "def f(x):\n"
        + "".join(
            f"    x.a{(learner + line * line) % (40 + line)}().b{line}(x, {line})\n"
            for line in range(20)
        )
        for learner in range(500)
    }
    started = time.process_time()
    similarity.pairs(class_of(answers, exercise()))
    assert time.process_time() - started < 15
