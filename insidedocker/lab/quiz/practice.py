"""Practice questions know the right answer and explain every answer at once.

Graded questions never pass a key to this module: every reader of the notebook would see the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from insidedocker.lab.quiz.answer_matching import alike, half, shows
from insidedocker.lab.quiz.question import Question

AnyQuestion = TypeVar("AnyQuestion", bound=Question)


def practice(
    question: AnyQuestion, right: Sequence[Any], explain: Mapping[Any, str] | None
) -> AnyQuestion:
    """Return the question; unless `right` is [None], the question explains answers from now on.

    Raises ValueError for `explain` without `right`.
    """
    if list(right) != [None]:
        question.explain = lambda value: _told(value, right, explain or {})
    elif explain:
        raise ValueError(f"{question.name}: explain needs right; a graded question has neither.")
    return question


def _told(value: Any, right: Sequence[Any], explain: Mapping[Any, str]) -> str:
    if value is None or half(value):
        return ""
    found = " ".join(text for sign, text in explain.items() if shows(value, sign))
    if any(alike(value, each) for each in right):
        return f"Right. {found}".rstrip()
    return f"Not yet. {found or 'Look at it once more, and choose again.'}"
