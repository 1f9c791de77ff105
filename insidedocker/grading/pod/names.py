"""Finds the names that code sets and needs, as far as its text tells. Runs no code."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

from insidedocker import parsing

KNOWN = frozenset(dir(builtins))


def parsed(source: str) -> ast.Module:
    """Syntax tree of a cell; an empty one where the cell is not plain Python."""
    try:
        return parsing.tree(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def defined(stub: str) -> set[str]:
    """The names that an answer's stub sets: functions, classes and variables, no imports."""
    names: set[str] = set()
    for node in parsed(stub).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            names |= sets(node)
    return names


def imports(stub: str) -> list[ast.stmt]:
    """The import statements at the top of a cell."""
    return [each for each in parsed(stub).body if isinstance(each, ast.Import | ast.ImportFrom)]


def sets(code: str | ast.stmt) -> set[str]:
    """The names that a cell, or one statement of it, sets at its top level, for all cells."""
    return {name for verb, name in _steps(_compiled(code)) if verb == "STORE"}


def needs(source: str) -> set[str]:
    """The names that a cell uses without having set them before, builtins left out."""
    own: set[str] = set()
    found: set[str] = set()
    for verb, name in _steps(_compiled(source)):
        if verb == "STORE":
            own.add(name)
        elif name not in own:
            found.add(name)
    for code in _inner(_compiled(source)):  # a function looks up its names when it is called
        steps = list(_steps(code))
        of_a_class = {name for verb, name in steps if verb == "STORE"}
        found |= {name for verb, name in steps if verb == "LOAD"} - of_a_class - own
    return found - KNOWN


def needed(cells: Sequence[dict[str, Any]]) -> set[int]:
    """Numbers of the shown cells of a notebook that its checks build upon.

    These set a name that a check or a locked cell needs and that no check, locked cell or stub
    sets; also the shown cells that these need in turn.
    """
    known: set[str] = set()
    setters: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        if cell["kind"] in ("tests", "locked"):
            known |= sets(cell["source"])
        elif cell["kind"] == "answer":
            known |= sets(cell["stub"])
        elif cell["kind"] == "shown":
            for name in sets(cell["stub"]):
                setters.setdefault(name, []).append(number)
    found: set[int] = set()
    queue = [
        (number, number, cell["source"])
        for number, cell in enumerate(cells)
        if cell["kind"] in ("tests", "locked")
    ]
    while queue:
        number, asked_at, source = queue.pop()
        for name in needs(source) - known:
            places = setters.get(name, [])
            # The last one before the use; for a function called later, the last before the call.
            before = [n for n in places if n < number] or [n for n in places if n < asked_at]
            if before and before[-1] not in found:
                found.add(before[-1])
                queue.append((before[-1], asked_at, cells[before[-1]]["stub"]))
    return found


def _compiled(code: str | ast.stmt) -> CodeType:
    tree = parsed(code) if isinstance(code, str) else ast.Module([code], [])
    try:
        return parsing.code(tree)
    except (SyntaxError, ValueError, RecursionError):
        return compile("", "<cell>", "exec")


def _steps(code: CodeType) -> Iterator[tuple[str, str]]:
    """("LOAD" or "STORE", name) for each use of a global name in a cell's code, in order."""
    for step in dis.get_instructions(code):
        verb, _, kind = step.opname.partition("_")
        if verb in ("LOAD", "STORE") and kind in ("NAME", "GLOBAL"):
            yield verb, str(step.argval)


def _inner(code: CodeType) -> Iterator[CodeType]:
    """The code of all functions, classes and comprehensions in `code`, nested ones too."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _inner(each)
