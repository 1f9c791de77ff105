"""What all kinds of question have in common: what counts, what is saved, and how it is shown."""

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
    """An answer in code that the question does not offer; the text says what it offers."""


class Question:
    """One question. `value` is the answer as plain data, None while there is none; of an
    ordering or a match it may be half an answer, with empty text where nothing is chosen yet.

    An answer given in code wins over a click. Ending a cell with the question shows it.
    """

    def __init__(self, name: str, prompt: str) -> None:
        self.name = name
        self.prompt = prompt
        self.explain: Callable[[Any], str] | None = None  # only where it is for practice
        self._in_code: Answer | None = None

    @property
    def value(self) -> Answer | None:
        """What counts: the answer in code, else the saved one if it still fits."""
        if self._in_code is not None:
            return self._in_code
        return self._fitting(answers.read(self.name))

    def __call__(self) -> Answer | None:
        """The same as `value`. Checks call the question, as they call any function of yours."""
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
        """The answer in its one form, or None where the question does not offer it."""
        raise NotImplementedError

    def _open(self, value: Any) -> str:
        """What half an answer still lacks, in words; empty for a whole one."""
        return ""

    def _offer(self) -> str:
        """What can be answered, in words for an error message."""
        raise NotImplementedError

    def _lines(self) -> list[str]:
        """The options as plain text."""
        return []

    def _spelt_out(self) -> Mapping[str, str]:
        """Options to be shown in full above controls that may cut them short."""
        return {}

    def _control(self) -> Any:
        """The widget to answer with. It calls `_clicked` with what was chosen."""
        raise NotImplementedError

    def _clicked(self, given: Any) -> None:
        if self._in_code is not None:
            return  # code counts before clicks
        written = answers.write(self.name, self._fitting(given))
        line = self._status() if written else "not saved: answers.json cannot be written here"
        self._line.update(_html(line, self._explanation()), raw=True)

    def _status(self) -> str:
        """One line, always written by the kernel: what is saved counts, not what a dead widget
        of an ended kernel may show."""
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
        # Where the widget cannot be shown (a reopened notebook), this says what to do.
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
    """Escaped, with code between backticks, as in Markdown."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _disable(widget: Any) -> None:
    for each in (widget, *getattr(widget, "children", ())):
        each.disabled = True


def _has_front_end() -> bool:
    """Whether widgets can be shown: in a kernel, not in a plain Python or IPython."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
