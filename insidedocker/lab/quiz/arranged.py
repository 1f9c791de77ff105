"""Questions answered by arranging: steps to put in order, and pairs to find.

Each place has its own drop-down list, which works with mouse, keyboard and screen reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from insidedocker.lab.quiz.answer_matching import MISSING
from insidedocker.lab.quiz.answers import Answer
from insidedocker.lab.quiz.question import WIDE, Question

TO_CHOOSE = "(choose)"


class Ordering(Question):
    """Steps to put in order. The answer is the list of their letters; a clicked answer may still
    have empty places or repeat a letter."""

    def __init__(self, name: str, prompt: str, options: Mapping[str, str]) -> None:
        super().__init__(name, prompt)
        self.options = dict(options)

    def answer(self, *keys: Any) -> None:
        """Answer in code, first step first: `answer("c", "a", "b")`."""
        given: Any = keys[0] if len(keys) == 1 else keys
        self._answer(list(given) if isinstance(given, list | tuple) else given)

    def _fitting(self, given: Any) -> Answer | None:
        if not isinstance(given, list | tuple) or len(given) != len(self.options):
            return None
        if not any(given):
            return None
        return list(given) if all(each in (MISSING, *self.options) for each in given) else None

    def _open(self, value: Any) -> str:
        empty = [str(place) for place, key in enumerate(value, 1) if key == MISSING]
        if empty:
            return f"nothing chosen yet at {', '.join(empty)}"
        twice = sorted({key for key in value if value.count(key) > 1})
        missing = [key for key in self.options if key not in value]
        return f"{', '.join(twice)} chosen twice, {', '.join(missing)} missing" if twice else ""

    def _offer(self) -> str:
        return f"name each of {', '.join(map(repr, self.options))} once, first step first"

    def _lines(self) -> list[str]:
        return [f"  {key}) {text}" for key, text in self.options.items()]

    def _spelt_out(self) -> Mapping[str, str]:
        return self.options

    def _control(self) -> Any:
        value = self.value or [MISSING] * len(self.options)
        places = {str(place): key for place, key in enumerate(value, 1)}  # type: ignore[arg-type]
        labels = {place: f"Step {place}:" for place in places}
        return _lists(labels, places, self.options, lambda new: self._clicked(list(new.values())))

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        return {**_exchanged(key)}

    def half_answer(self, key: Any) -> Answer | None:
        return [*key[:-1], MISSING]


class Matching(Question):
    """Pairs to find. The answer is a dictionary {"1": "b", …}; a clicked answer may still hold
    empty texts."""

    def __init__(
        self, name: str, prompt: str, left: Mapping[str, str], options: Mapping[str, str]
    ) -> None:
        super().__init__(name, prompt)
        self.left = dict(left)
        self.options = dict(options)

    def answer(self, given: Any) -> None:
        """Answer in code: `answer({"1": "b", "2": "a"})`."""
        self._answer(given)

    def _fitting(self, given: Any) -> Answer | None:
        if not isinstance(given, Mapping) or set(given) != set(self.left):
            return None
        if not any(given.values()):
            return None
        fits = all(each in (MISSING, *self.options) for each in given.values())
        return {key: given[key] for key in self.left} if fits else None

    def _open(self, value: Any) -> str:
        empty = [key for key, chosen in value.items() if chosen == MISSING]
        return f"nothing chosen yet for {', '.join(empty)}" if empty else ""

    def _offer(self) -> str:
        pairs = ", ".join(f"{key!r}: …" for key in self.left)
        return f"give {{{pairs}}}, each with one of {', '.join(map(repr, self.options))}"

    def _lines(self) -> list[str]:
        both = [*self.left.items(), *self.options.items()]
        return [f"  {key}) {text}" for key, text in both]

    def _spelt_out(self) -> Mapping[str, str]:
        return self.options

    def _control(self) -> Any:
        found = self.value
        value = found if isinstance(found, dict) else dict.fromkeys(self.left, MISSING)
        labels = {key: f"{key}) {text}:" for key, text in self.left.items()}
        return _lists(labels, value, self.options, self._clicked)

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        exchanged = _exchanged(list(key.values())).items()
        return {what: dict(zip(key, values, strict=True)) for what, values in exchanged}

    def half_answer(self, key: Any) -> Answer | None:
        return {**key, next(iter(key)): MISSING}


def _exchanged(key: list[str]) -> dict[str, list[str]]:
    """The key with two neighbours exchanged, for all neighbours, and back to front."""
    found = {"backwards": key[::-1]}
    for at, (one, other) in enumerate(pairwise(key), 1):
        found[f"{at}-{at + 1}-exchanged"] = [*key[: at - 1], other, one, *key[at + 1 :]]
    return {what: answer for what, answer in found.items() if answer != key}


def _lists(
    labels: Mapping[str, str], value: Mapping[str, str], options: Mapping[str, str], tell: Any
) -> Any:
    """One drop-down list for each label; `tell` gets the whole choice after each change."""
    import ipywidgets

    choices = [(TO_CHOOSE, MISSING), *((f"{key}) {text}", key) for key, text in options.items())]
    lists = {
        key: ipywidgets.Dropdown(
            options=choices,
            value=value[key],
            description=label,
            style={"description_width": "initial"},
            layout=WIDE,
        )
        for key, label in labels.items()
    }

    def changed(_change: object) -> None:
        tell({key: each.value for key, each in lists.items()})

    for each in lists.values():
        each.observe(changed, "value")
    return ipywidgets.VBox(list(lists.values()))
