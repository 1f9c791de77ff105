"""Check message -> the misconceptions that are known to lead to it.

The source is the evidence beside the lesson, notebooks/NN-name/evidence/ANSWER/: wrong solutions,
each with the misconception that it shows and the message that the check gave it. The evidence
proves that the misconception leads to the message, not that nothing else does.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from insidedocker.course import Course

NOT_RIGHT = "this answer is not right"
SAID = re.compile(r"^# (shows|told): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """A check's message in its parts; a missing part is empty."""

    what: str
    observed: str
    try_next: str

    @classmethod
    def read(cls, text: str) -> Message:
        """Parse a text as `lab.check` writes it; the first line of any other text is `what`."""
        if not text.startswith("Not yet: "):
            return cls(text.partition("\n")[0], "", "")
        parts = re.split(r"\n  (Observed|Expected|Try next): *", text.removeprefix("Not yet: "))
        found = dict(zip(parts[1::2], parts[2::2], strict=True))
        return cls(parts[0], found.get("Observed", ""), found.get("Try next", ""))


class Evidence:
    """The wrong solutions of a lesson's exercises; may be empty."""

    def __init__(self, root: Path, lesson: str) -> None:
        self.folder = Course(root).evidence(lesson)
        self.page = root / "docs" / "misconceptions.md"
        self.lesson = lesson
        self._read: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def behind(self, exercise: str, told: tuple[str, ...]) -> list[str]:
        """Return the misconceptions known to lead to these messages of an exercise's checks."""
        text = "\n".join(told)
        found = [shows for shows, pattern in self._wrong(exercise) if pattern.search(text)]
        for each in map(Message.read, told):
            if each.what == NOT_RIGHT:
                found += self._on_the_page.get((exercise, chosen(each.observed)), [])
        return list(dict.fromkeys(found))

    def _wrong(self, exercise: str) -> list[tuple[str, re.Pattern[str]]]:
        if exercise not in self._read:
            files = sorted((self.folder / exercise).glob("wrong-*.py"))
            said = [dict(SAID.findall(path.read_text(encoding="utf-8"))) for path in files]
            self._read[exercise] = [
                (each["shows"], re.compile(each["told"])) for each in said if len(each) == 2
            ]
        return self._read[exercise]

    @cached_property
    def _on_the_page(self) -> dict[tuple[str, str], list[str]]:
        """(exercise, wrong option) -> misconceptions, from docs/misconceptions.md."""
        found: dict[tuple[str, str], list[str]] = {}
        lines = self.page.read_text(encoding="utf-8").splitlines() if self.page.exists() else []
        for line in lines:
            for place in re.findall(r"`([^`/]+/[^`/]+/wrong-[^`]+)`", line):
                lesson, exercise, solution = place.split("/")
                if lesson == self.lesson:
                    said = line.strip("| ").partition(" | ")[0]
                    key = (exercise, solution.removeprefix("wrong-"))
                    found.setdefault(key, []).append(said)
        return found


def chosen(observed: str) -> str:
    """Return the chosen options as evidence files name them: `b`, `a-c`, `True`; empty for other
    answers."""
    try:
        value = ast.literal_eval(observed)
    except (ValueError, SyntaxError):
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "-".join(value)
    return str(value) if isinstance(value, str | bool) else ""
