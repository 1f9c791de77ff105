"""Packs what a set-up cell has defined, to be sent from the checker to the learner's process.

A set-up cell runs once, in the checker: a second run would start a second registry or take a
second port. The learner's process defines the cell's functions and imports from its text, and gets
its values as pickles. A value that cannot be sent (a tap, a lambda, a very large value) is made
there by its own statement. Pickles go only in this direction: the checker never unpickles data from
the learner's process.
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
    """Pack a cell that has run here: {"source": text to run, "values": name -> pickle in base64}.

    `made` holds the names that are set here, with their values.
    """
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
    """The text of the functions, classes, imports and constants that a check defines where learners
    can read, and so use, them. `visible` is the check without its hidden part."""
    nodes = names.parsed(visible).body
    return _lines(visible, [each for each in nodes if isinstance(each, DEFINING) or _plain(each)])


def _packed(value: Any) -> str | None:
    """The value's pickle in base64; None where it cannot be pickled or is larger than LARGEST."""
    file = io.BytesIO()
    try:
        _Pickler(file).dump(value)
    except Exception:  # objects of any class, which refuse in any way
        return None
    data = file.getvalue()
    return base64.b64encode(data).decode() if len(data) <= LARGEST else None


def _plain(node: ast.stmt) -> bool:
    """True for an assignment of a literal."""
    if not isinstance(node, ast.Assign):
        return False
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return True


class _Pickler(pickle.Pickler):
    """Refuses objects defined in the notebook itself: the learner's process may have another under
    the same name."""

    def reducer_override(self, value: Any) -> Any:
        if getattr(value, "__module__", None) == "__main__":
            raise pickle.PicklingError("of the notebook")
        return NotImplemented


def _lines(source: str, kept: list[ast.stmt]) -> str:
    """The lines of these statements, all others emptied, so that line numbers stay."""
    wanted: set[int] = set()
    for node in kept:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        wanted.update(range(first, (node.end_lineno or first) + 1))
    lines = source.split("\n")
    return "\n".join(line if n in wanted else "" for n, line in enumerate(lines, 1))
