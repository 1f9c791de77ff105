"""What a set-up cell has made, handed over from the checks to the learner's process.

Such a cell runs once, where the checks are: two registries, or two ports, would be one too many.
Over there its functions and imports are defined from its text, and its values arrive as they are
here. What cannot travel (a tap, a lambda, a very large value) is made over there by its own
statement. Only this way round: nothing that comes from there is ever unpickled.
"""

from __future__ import annotations

import ast
import base64
import io
import pickle
from typing import Any

from insidedocker.grading.pod import names

LARGEST = 4 << 20  # bytes of one value
DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def packed(source: str, made: dict[str, Any]) -> dict[str, Any]:
    """What is to be taken over there of a cell that has run here: text to run, and values by
    name. `made` are the names that are set here."""
    values: dict[str, str] = {}
    kept: list[ast.stmt] = []
    for node in names.parsed(source).body:
        if isinstance(node, DEFINING):
            kept.append(node)
            continue
        travelling = {name: _packed(made[name]) for name in names.sets(node) if name in made}
        values |= {name: value for name, value in travelling.items() if value is not None}
        if None in travelling.values():
            kept.append(node)
    return {"source": _lines(source, kept), "values": values}


def helpers(visible: str) -> str:
    """The text of what a check defines for learners to read, and so to use: functions, imports,
    and constants. `visible` is the check without its hidden part."""
    nodes = names.parsed(visible).body
    return _lines(visible, [each for each in nodes if isinstance(each, DEFINING) or _plain(each)])


def _packed(value: Any) -> str | None:
    """A value for the journey; None where it cannot travel."""
    file = io.BytesIO()
    try:
        _Pickler(file).dump(value)
    except Exception:  # objects of any kind, each with its own way to say no
        return None
    data = file.getvalue()
    return base64.b64encode(data).decode() if len(data) <= LARGEST else None


def _plain(node: ast.stmt) -> bool:
    """Whether it sets names to what stands there."""
    if not isinstance(node, ast.Assign):
        return False
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return True


class _Pickler(pickle.Pickler):
    """Leaves out what is defined in the notebook itself: over there it may be another."""

    def reducer_override(self, value: Any) -> Any:
        if getattr(value, "__module__", None) == "__main__":
            raise pickle.PicklingError("of the notebook")
        return NotImplemented


def _lines(source: str, kept: list[ast.stmt]) -> str:
    """The lines of these statements at their places; all others empty."""
    wanted: set[int] = set()
    for node in kept:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        wanted.update(range(first, (node.end_lineno or first) + 1))
    lines = source.split("\n")
    return "\n".join(line if n in wanted else "" for n, line in enumerate(lines, 1))
