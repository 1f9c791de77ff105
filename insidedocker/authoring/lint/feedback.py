"""Checks that a failing check tells learners enough, and that graded questions have no key."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from insidedocker.authoring.lesson import Cell, Lesson
from insidedocker.authoring.lint.finding import Finding

CLOSING = {"passed", "answer"}  # of lab.check: the functions that report success
COMPARING = {
    "equal",
    "that",
    "fail",
    "raises",
}  # of lab.check; the others say themselves what to try next
ADVICE = {"try_next", "hints"}
KEY = {"right", "explain"}  # arguments of practice questions only


def check(lesson: Lesson) -> Iterator[Finding]:
    """Findings on the code of tests cells and of questions."""
    for cell in lesson.cells:
        kind = cell.ng[0] if cell.ng else ""
        if cell.kind != "code" or kind not in ("tests", "answer"):
            continue
        nodes = _nodes(cell)
        if kind == "tests" and nodes and not any(map(_closes, nodes)):
            message = "who passes is told nothing: end the visible part with check.passed()"
            yield Finding(lesson.path, cell.line, message)
        for node in nodes:
            message = _test(node) if kind == "tests" else _question(node)
            if message:
                yield Finding(lesson.path, cell.source_line + node.lineno - 1, message)


def _nodes(cell: Cell) -> list[ast.stmt | ast.expr]:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:  # code_style reports it
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)]


def _closes(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOSING
        and _name(node.func.value) == "check"
    )


def _test(node: ast.AST) -> str:
    if isinstance(node, ast.Assert):
        return "a bare assert tells a learner nothing: say it by lab.check, with a next step"
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in COMPARING
        and _name(node.func.value) == "check"
        and not ADVICE & _keywords(node)
    ):
        return f"check.{node.func.attr} without a next step: add try_next='...'"
    return ""


def _question(node: ast.AST) -> str:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _name(node.func.value) == "quiz"
        and (given := sorted(KEY & _keywords(node)))
    ):
        return f"a graded question gives its key away by {' and '.join(given)}: leave it out"
    return ""


def _name(node: ast.expr) -> str:
    """The last name of `check`, `lab.check` and the like."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}
