"""Questions for practice know what is right and explain every answer at once.

Graded questions never come here with a key: it would reach whoever reads the notebook.
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
    """The question; it explains answers from now on where `right` holds more than None."""
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
