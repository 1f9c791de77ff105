"""Questions answered by typing a few words."""

from __future__ import annotations

from typing import Any

from insidedocker.lab.quiz.answers import Answer
from insidedocker.lab.quiz.question import WIDE, Question


class Short(Question):
    """A few words to type."""

    def answer(self, given: Any) -> None:
        """Answer in code: `answer("your words")`."""
        self._answer(given)

    def _fitting(self, given: Any) -> Answer | None:
        return " ".join(given.split()) or None if isinstance(given, str) else None

    def _offer(self) -> str:
        return "write some text between quotes"

    def _lines(self) -> list[str]:
        return ["  (a few words)"]

    def wrong_answers(self, key: Any) -> dict[str, Answer]:
        return {}

    def _control(self) -> Any:
        import ipywidgets

        text = ipywidgets.Text(
            value=self.value or "",
            description="Your answer:",
            placeholder="type it, then press Enter",
            continuous_update=False,
            style={"description_width": "initial"},
            layout=WIDE,
        )
        text.observe(lambda change: self._clicked(change["new"]), "value")
        return text
