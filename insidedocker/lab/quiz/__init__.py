"""Quiz questions: answered by a click or in code, saved beside the notebook.

    from insidedocker.lab import quiz

    daemon_role = quiz.choice("daemon_role", "What …?", {"a": "…", "b": "…"})

A graded question does not know which answer is right. A practice question gets the right answer as
`right` and explains every answer at once: `explain` maps an answer, or a part of one, to a text.

    question                 the base class: what counts, what is saved, how it is shown
    chosen, arranged, typed  the kinds of question
    practice                 explanations of practice questions
    answers                  the saved answers, in a file beside the notebook
    answer_matching          comparison of answers
    page                     styles and keys of a question on the page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from insidedocker.lab.quiz.arranged import Matching, Ordering
from insidedocker.lab.quiz.chosen import Choice, TrueFalse
from insidedocker.lab.quiz.practice import practice
from insidedocker.lab.quiz.question import RUN_AGAIN, NotAnOption, Question
from insidedocker.lab.quiz.typed import Short

__all__ = [
    "RUN_AGAIN",
    "NotAnOption",
    "Question",
    "choice",
    "matching",
    "ordering",
    "short",
    "true_false",
]

Explain = Mapping[Any, str] | None


def choice(
    name: str,
    prompt: str,
    options: Mapping[str, str],
    *,
    many: bool = False,
    right: str | Sequence[str] | None = None,
    explain: Explain = None,
) -> Choice:
    """A question with options: {"a": "text", …}; with `many` any number of them can be chosen."""
    wanted = sorted(right) if many and right is not None else right
    return practice(Choice(name, prompt, options, many), [wanted], explain)


def true_false(
    name: str, prompt: str, *, right: bool | None = None, explain: Explain = None
) -> TrueFalse:
    """A statement to judge; the answer is True or False."""
    return practice(TrueFalse(name, prompt), [right], explain)


def short(
    name: str, prompt: str, *, right: Sequence[str] | None = None, explain: Explain = None
) -> Short:
    """A question answered in a few words; blanks at the ends and doubled blanks do not count.
    `right` lists every right spelling."""
    return practice(Short(name, prompt), [None] if right is None else list(right), explain)


def ordering(
    name: str,
    prompt: str,
    options: Mapping[str, str],
    *,
    right: Sequence[str] | None = None,
    explain: Explain = None,
) -> Ordering:
    """Steps to put in order: {"a": "text", …}; the answer is the list of their letters."""
    wanted = None if right is None else list(right)
    return practice(Ordering(name, prompt, options), [wanted], explain)


def matching(
    name: str,
    prompt: str,
    left: Mapping[str, str],
    options: Mapping[str, str],
    *,
    right: Mapping[str, str] | None = None,
    explain: Explain = None,
) -> Matching:
    """Pairs: each of `left` ({"1": "text", …}) gets one of `options` ({"a": "text", …}); the answer
    is a dictionary, {"1": "b", …}. An option may be used several times or never."""
    wanted = None if right is None else dict(right)
    return practice(Matching(name, prompt, left, options), [wanted], explain)
