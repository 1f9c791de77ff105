"""Questions answered by choosing: one option, several options, true or false."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from insidedocker.lab.quiz.answers import Answer
from insidedocker.lab.quiz.question import WIDE, Question


class Choice(Question):
    """One option of several, or any number of them with `many`."""

    def __init__(self, name: str, prompt: str, options: Mapping[str, str], many: bool) -> None:
        super().__init__(name, prompt)
        self.options = dict(options)
        self.many = many

    def answer(self, *keys: Any) -> None:
        """Answer in code: `answer("b")`, or `answer("a", "c")` where several are wanted."""
        given: Any = list(keys[0]) if len(keys) == 1 and isinstance(keys[0], list | tuple) else keys
        if len(given) == 1 and given[0] in (None, ...):
            self._answer(None)
        else:
            self._answer(list(given) if self.many or len(given) != 1 else given[0])

    def _fitting(self, given: Any) -> Answer | None:
        if not self.many:
            return given if isinstance(given, str) and given in self.options else None
        if not isinstance(given, list | tuple) or not given:
            return None
        fits = all(isinstance(each, str) and each in self.options for each in given)
        return sorted(set(given)) if fits else None

    def _offer(self) -> str:
        keys = ", ".join(repr(key) for key in self.options)
        return f"choose one or more of {keys}" if self.many else f"choose one of {keys}"

    def _lines(self) -> list[str]:
        return [f"  {key}) {text}" for key, text in self.options.items()]

    def _control(self) -> Any:
        return self._boxes() if self.many else self._buttons()

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        if not self.many:
            return {option: option for option in self.options if option != key}
        sizes = range(1, len(self.options) + 1)
        some = [list(each) for size in sizes for each in combinations(sorted(self.options), size)]
        return {"-".join(each): each for each in some if each != key}

    def _buttons(self) -> Any:
        texts = {key: f"{key}) {text}" for key, text in self.options.items()}
        return _radio(self, texts)

    def _boxes(self) -> Any:
        import ipywidgets

        chosen = self.value or []
        boxes = {
            key: ipywidgets.Checkbox(
                value=isinstance(chosen, list) and key in chosen,
                description=f"{key}) {text}",
                indent=False,
                layout=WIDE,
            )
            for key, text in self.options.items()
        }

        def click(_change: object) -> None:
            self._clicked([key for key, box in boxes.items() if box.value])

        for box in boxes.values():
            box.observe(click, "value")
        return ipywidgets.VBox(list(boxes.values()))


class TrueFalse(Question):
    """A statement that is true or false."""

    def answer(self, given: Any) -> None:
        """Answer in code: `answer(True)` or `answer(False)`."""
        self._answer(given)

    def _fitting(self, given: Any) -> Answer | None:
        return given if isinstance(given, bool) else None

    def _offer(self) -> str:
        return "answer True or False"

    def _lines(self) -> list[str]:
        return ["  True or False?"]

    def _control(self) -> Any:
        return _radio(self, {True: "True", False: "False"})

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        return {str(not key): not key}


def _radio(question: Question, texts: Mapping[Any, str]) -> Any:
    import ipywidgets

    buttons = ipywidgets.RadioButtons(
        options=[(text, key) for key, text in texts.items()], value=question.value, layout=WIDE
    )
    buttons.observe(lambda change: question._clicked(change["new"]), "value")
    return buttons
