"""The lessons, their exercises, and the solutions to try on each, from the lessons' evidence.

Reads notebooks and files; runs nothing.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat

from insidedocker.lab import quiz

REPOSITORY = Path(__file__).parents[2]

KINDS: dict[str, Any] = {name: getattr(quiz, name) for name in quiz.__all__ if name.islower()}
"""Kind of question -> the function that makes one."""

Cell = Any  # nbformat's NotebookNode


@dataclass(frozen=True)
class Solution:
    """A replacement of an answer cell, and the expected result of its grading."""

    name: str
    kind: Literal["right", "wrong"]
    source: str
    shows: str = ""  # the misconception behind a wrong solution
    told: str = ""  # regular expression that the learner's message must match
    saved: dict[str, Any] = field(default_factory=dict)  # answers.json, as clicks leave it


@dataclass(frozen=True)
class Exercise:
    """One answer cell of a lesson with its tests: indices into the notebook's cells."""

    name: str
    answer: int
    tests: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.tests[-1]


@dataclass(frozen=True)
class Lesson:
    """A lesson's notebooks: the instructor's and the learner's."""

    name: str
    course: Path = REPOSITORY

    @property
    def folder(self) -> Path:
        return self.course / "source" / self.name

    def source(self) -> list[Cell]:
        """Return the instructor's cells."""
        return _cells(self.folder / f"{self.name}.ipynb")

    def untouched(self) -> list[Cell]:
        """Return the learner's cells with the instructor's tests, as autograding merges them."""
        tests = {grade_id(cell): cell for cell in self.source() if is_tests(cell)}
        learner = _cells(self.course / "release" / self.name / f"{self.name}.ipynb")
        return [tests.get(grade_id(cell), cell) if is_tests(cell) else cell for cell in learner]

    def exercises(self) -> list[Exercise]:
        """Return the lesson's answers, each with the tests that follow."""
        found: list[Exercise] = []
        for index, cell in enumerate(self.source()):
            if is_answer(cell):
                found.append(Exercise(grade_id(cell), index, ()))
            elif is_tests(cell):
                last = found.pop()
                found.append(Exercise(last.name, last.answer, (*last.tests, index)))
        return found

    def hints(self) -> list[str]:
        """Return the texts of the checks' hints, pairs of a test and a text."""
        trees = [ast.parse(cell.source) for cell in self.source() if is_tests(cell)]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        return [
            node.elts[1].value
            for node in nodes
            if isinstance(node, ast.Tuple)
            and len(node.elts) == 2
            and isinstance(node.elts[0], ast.Lambda | ast.Name | ast.Attribute | ast.Call)
            and isinstance(node.elts[1], ast.Constant)
            and isinstance(node.elts[1].value, str)
        ]

    def solutions(self, exercise: Exercise) -> list[Solution]:
        """Return the solutions to try on an exercise: the files of its evidence, and for a quiz
        question also every other option."""
        evidence = self.course / "notebooks" / self.name / "evidence"
        files = sorted((evidence / exercise.name).glob("*.py"))
        source = self.source()[exercise.answer].source
        stub = next(each.source for each in self.untouched() if grade_id(each) == exercise.name)
        return [*map(_from_file, files), *_of_question(source, stub)]


def lessons() -> list[str]:
    """Return the names of all lessons with a source notebook."""
    return sorted(path.stem for path in (REPOSITORY / "source").glob("*/*.ipynb"))


def grade_id(cell: Cell) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def is_tests(cell: Cell) -> bool:
    ng = cell.metadata.get("nbgrader", {})
    return bool(ng.get("grade") and not ng.get("solution")) and cell.cell_type == "code"


def is_answer(cell: Cell) -> bool:
    ng = cell.metadata.get("nbgrader", {})
    return bool(ng.get("solution") and not ng.get("grade")) and cell.cell_type == "code"


def points(cell: Cell) -> float:
    return float(cell.metadata["nbgrader"]["points"])


def _cells(path: Path) -> list[Cell]:
    return list(nbformat.read(path, as_version=4).cells)


def _from_file(path: Path) -> Solution:
    kind = path.stem.partition("-")[0]
    if kind not in ("right", "wrong"):
        raise ValueError(f"{path}: name it right-… or wrong-…")
    source = path.read_text(encoding="utf-8")
    said = dict(re.findall(r"^# (shows|told): (.+)$", source, re.MULTILINE))
    if kind == "wrong" and set(said) != {"shows", "told"}:
        raise ValueError(f"{path}: begin it with lines # shows: … and # told: …")
    return Solution(path.stem, kind, source, said.get("shows", ""), said.get("told", ""))  # type: ignore[arg-type]


def _of_question(source: str, stub: str) -> list[Solution]:
    """Return ways to answer a quiz question: by click, by code over a click, not at all, with half
    an answer, and with each wrong answer that the question's kind names. Empty for other cells and
    for questions answered in words."""
    question = _question(source)
    wrong = question.wrong_answers(question.value) if question else {}
    if question is None or not wrong:
        return []
    name = question.name
    found = [
        Solution("right-clicked", "right", stub, saved={name: question.value}),
        Solution(
            "right-code-over-click", "right", source, saved={name: next(iter(wrong.values()))}
        ),
        Solution("wrong-unanswered", "wrong", stub, "a question left out", "no saved answer"),
    ]
    half = question.half_answer(question.value)
    if half is not None:
        told = "not whole yet.*Try next: "
        found.append(
            Solution("wrong-half", "wrong", stub, "half an answer", f"(?s){told}", {name: half})
        )
    for what, answer in wrong.items():
        shows = f"chose {what}"
        found.append(
            Solution(f"wrong-{what}", "wrong", stub, shows, "Try next: ", saved={name: answer})
        )
    return found


def _question(source: str) -> quiz.Question | None:
    """Return an answer cell's quiz question with the cell's answer given; None for other cells."""
    question, given = None, None
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in KINDS:
            named = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg}
            question = KINDS[node.func.attr](*map(ast.literal_eval, node.args), **named)
        elif node.func.attr == "answer":
            given = [ast.literal_eval(each) for each in node.args]
    if question is None or given is None:
        return None
    question.answer(*given)
    return question
