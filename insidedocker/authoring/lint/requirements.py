"""What tasks demand: an exercise's evidence lists it in requirements.toml, phrase by phrase.

Each entry quotes the task and names the wrong solutions that break this demand. The tests of the
evidence prove that each of them loses points.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.lint.graded_cells import SOLUTION
from insidedocker.authoring.lint.prose import headings

FILE = "requirements.toml"
_FORM = "each [[demand]] has a quote and broken, a list of names of wrong solutions"
_DEMANDS = re.compile(
    r"\b(must|only|exactly|every|each|all|not|none|never|nothing|without|both|even|always|"
    r"sorted|order|first|last|once|at least|at most)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"`[^`]*`")
_QUESTION = re.compile(r"\bquiz\.\w+\(")
_SOLUTION = re.compile(rf"[^\n]*{SOLUTION[0]}.*?{SOLUTION[1]}[^\n]*", re.DOTALL)


def check(lesson: Lesson) -> Iterator[Finding]:
    """Findings on the exercises of a lesson that have evidence; questions have no demands."""
    for number, cell in enumerate(lesson.cells):
        if cell.ng[:1] != ("answer",) or _QUESTION.search(cell.source):
            continue
        evidence = lesson.path.parent / "evidence" / cell.ng[1]
        if evidence.is_dir():
            yield from _exercise(lesson, _task(lesson, number), cell, evidence)


def _task(lesson: Lesson, answer: int) -> list[Cell]:
    """The Markdown cells from the exercise's heading to its answer cell."""
    found: list[Cell] = []
    for cell in reversed(lesson.cells[:answer]):
        if cell.ng:
            break
        if cell.kind == "markdown":
            found.append(cell)
            if headings(cell):
                break
    return found[::-1]


def _exercise(lesson: Lesson, task: list[Cell], answer: Cell, evidence: Path) -> Iterator[Finding]:
    path = evidence / FILE
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{answer.ng[1]} lists no demands: write {path.relative_to(lesson.path.parent)}"
        yield Finding(lesson.path, answer.line, message)
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        yield Finding(path, 1, f"cannot be read: {error}")
        return
    demands = listed.get("demand")
    if set(listed) != {"demand"} or not isinstance(demands, list) or not all(map(_formed, demands)):
        yield Finding(path, 1, _FORM)
        return
    texts = [*(each.source for each in task), _SOLUTION.sub("", answer.source)]
    for each in demands:
        if not any(_place(each["quote"]).search(text) for text in texts):
            yield Finding(path, 1, f"the task does not say {each['quote']!r}")
        for name in each["broken"]:
            if not (name.startswith("wrong-") and (evidence / f"{name}.py").is_file()):
                yield Finding(path, 1, f"there is no wrong solution {name}")
    for cell in task:
        yield from _left_out(lesson, cell, [each["quote"] for each in demands])


def _formed(demand: Any) -> bool:
    return (
        isinstance(demand, dict)
        and set(demand) == {"quote", "broken"}
        and isinstance(demand["quote"], str)
        and isinstance(demand["broken"], list)
        and bool(demand["quote"].strip() and demand["broken"])
        and all(isinstance(name, str) for name in demand["broken"])
    )


def _place(quote: str) -> re.Pattern[str]:
    """Finds a quote, however its lines are broken."""
    return re.compile(r"\s+".join(map(re.escape, quote.split())))


def _left_out(lesson: Lesson, cell: Cell, quotes: list[str]) -> Iterator[Finding]:
    spans = [found.span() for quote in quotes for found in _place(quote).finditer(cell.source)]
    begin = 0
    for heading in headings(cell):  # what stands before the last one is not the task's
        begin = cell.source.find(heading.text, begin) + len(heading.text)
    begin = max(begin, cell.source.find("Complete `"))  # nor what explains it
    spans += [(0, begin), *(code.span() for code in _CODE.finditer(cell.source))]
    for word in _DEMANDS.finditer(cell.source):
        if not any(start <= word.start() and word.end() <= end for start, end in spans):
            line = cell.source_line + cell.source.count("\n", 0, word.start())
            message = f"no demand in {FILE} quotes {word[0]!r}: {_around(cell.source, word)}"
            yield Finding(lesson.path, line, message)


def _around(text: str, word: re.Match[str]) -> str:
    """A word with its neighbours."""
    before = text[: word.start()].split()[-3:]
    after = text[word.end() :].split()[:3]
    return " ".join(["…", *before, word[0], *after, "…"])
