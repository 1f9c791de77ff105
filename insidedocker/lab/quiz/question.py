"""The base class of all kinds of question: the answer that counts, its saving and its display."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from insidedocker.lab.errors import Sentence
from insidedocker.lab.quiz import answers
from insidedocker.lab.quiz.answers import Answer
from insidedocker.lab.quiz.page import OPTIONS, PAGE, QUESTION

RUN_AGAIN = "run this cell to answer"
WIDE = {"width": "auto"}  # a control as wide as its text, not ipywidgets' 300 pixels


class NotAnOption(Sentence, ValueError):
    """An answer in code that the question does not offer; the text lists the possible answers."""


class Question:
    """One question. `value` is the answer as plain data, None without an answer; for an ordering or
    a match the answer may be incomplete, with empty text for each place that is not yet chosen.

    An answer given in code wins over a click. A cell that ends with the question shows it.
    """

    def __init__(self, name: str, prompt: str) -> None:
        self.name = name
        self.prompt = prompt
        self.explain: Callable[[Any], str] | None = None  # only for practice questions
        self._in_code: Answer | None = None

    @property
    def value(self) -> Answer | None:
        """The answer that counts: the one in code, else the saved one if the question offers it."""
        if self._in_code is not None:
            return self._in_code
        return self._fitting(answers.read(self.name))

    def __call__(self) -> Answer | None:
        """Return `value`: checks call a question as they call a learner's function."""
        return self.value

    def _answer(self, given: Any) -> None:
        if given is None or given is Ellipsis:
            self._in_code = None
            return
        found = self._fitting(given)
        if found is None:
            raise NotAnOption(f"{given!r} is not among the answers: {self._offer()}.")
        if left := self._open(found):
            raise NotAnOption(f"{given!r} is not a whole answer, {left}: {self._offer()}.")
        self._in_code = found

    def _fitting(self, given: Any) -> Answer | None:
        """The answer in canonical form; None where the question does not offer it."""
        raise NotImplementedError

    def _open(self, value: Any) -> str:
        """The missing part of an incomplete answer, in words; empty for a whole answer."""
        return ""

    def _offer(self) -> str:
        """The possible answers, in words for an error message."""
        raise NotImplementedError

    def _lines(self) -> list[str]:
        """The options as plain text."""
        return []

    def _spelt_out(self) -> Mapping[str, str]:
        """Letter -> option, shown in full above controls that may cut options short."""
        return {}

    def _control(self) -> Any:
        """The widget for an answer. The widget calls `_clicked` with the chosen answer."""
        raise NotImplementedError

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        """The wrong answers that are tried where `key` is right, by what they are; empty where
        there are too many to list (words)."""
        raise NotImplementedError

    def half_answer(self, key: Any) -> Answer | None:
        """`key` with a place left open; None where an answer is always whole."""
        return None

    def _clicked(self, given: Any) -> None:
        if self._in_code is not None:
            return  # an answer in code wins
        written = answers.write(self.name, self._fitting(given))
        line = self._status() if written else "not saved: answers.json cannot be written here"
        self._line.update(_html(line, self._explanation()), raw=True)

    def _status(self) -> str:
        """A line on the saved answer, always written by the kernel: the saved answer counts, and a
        widget of an ended kernel may show another."""
        if self._in_code is not None:
            return f"answered in code: {_words(self._in_code)}"
        value = self.value
        trouble = f". {told}" if (told := answers.trouble()) else ""
        if value is None:
            return f"no answer saved yet{trouble}"
        left = self._open(value)
        saved = f"saved so far: {_words(value)}; {left}" if left else f"saved: {_words(value)}"
        return f"{saved}{trouble}"

    def _explanation(self) -> str:
        return self.explain(self.value) if self.explain else ""

    def __repr__(self) -> str:
        lines = [self.prompt, *self._lines(), f"[{self.name}] {self._status()}"]
        return "\n".join([*lines, *filter(None, [self._explanation()])])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if os.environ.get("NBGRADER_EXECUTION") or not _has_front_end():
            print(self)
            return
        display(_html_prompt(self.prompt, self._lines(), self._spelt_out()), raw=True)
        line = _html(self._status(), self._explanation())
        self._line = display(line, display_id=True, raw=True)
        widget = self._control()
        widget.add_class(OPTIONS)
        if self._in_code is not None:
            _disable(widget)
        # This text says what to do where the widget cannot be shown (a reopened notebook).
        bundle = widget._repr_mimebundle_()
        display({**bundle, "text/plain": RUN_AGAIN}, raw=True)


def _words(value: Answer) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} → {chosen or '…'}" for key, chosen in value.items())
    return ", ".join(each or "…" for each in value) if isinstance(value, list) else str(value)


def _html(line: str, explanation: str) -> dict[str, str]:
    told = f"<br>{_marked(explanation)}" if explanation else ""
    return {
        "text/plain": "\n".join(filter(None, [line, explanation])),
        "text/html": f'<p role="status"><i>{escape(line)}</i> '
        f"<small>· a click changes nothing here? {RUN_AGAIN}</small>{told}</p>",
    }


def _html_prompt(prompt: str, lines: list[str], options: Mapping[str, str]) -> dict[str, str]:
    spelt = "<br>".join(f"{escape(key)}) {_marked(text)}" for key, text in options.items())
    return {
        "text/plain": "\n".join([prompt, *lines]),
        "text/html": f'<p class="{QUESTION}"><b>{_marked(prompt)}</b></p>'
        + (f"<p>{spelt}</p>" if spelt else "")
        + PAGE,
    }


def _marked(text: str) -> str:
    """The text as HTML: escaped, with backticks for code as in Markdown."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _disable(widget: Any) -> None:
    for each in (widget, *getattr(widget, "children", ())):
        each.disabled = True


def _has_front_end() -> bool:
    """True where widgets can be shown: in a kernel, not in plain Python or IPython."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
