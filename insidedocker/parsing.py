"""Python's own parser, used alone.

CPython counts the depth of a syntax tree in one place for all threads and finalizers: where two are
at it, it raises SystemError ("AST constructor recursion depth mismatch", seen on 3.11.7;
https://github.com/python/cpython/issues/106905).
"""

from __future__ import annotations

import ast
import contextlib
import threading
from collections.abc import Callable
from types import CodeType
from typing import TypeVar

TRIES = 5
Result = TypeVar("Result")
_one_at_a_time = threading.Lock()


def tree(source: str, place: str = "<cell>") -> ast.Module:
    """Parse Python code. Raises SyntaxError and others, as `ast.parse`."""
    return _alone(lambda: ast.parse(source, place))


def code(parsed: ast.Module, place: str = "<cell>") -> CodeType:
    """Compile a syntax tree. Raises SyntaxError and others, as `compile`."""
    return _alone(lambda: compile(parsed, place, "exec", dont_inherit=True))


def _alone(step: Callable[[], Result]) -> Result:
    for _ in range(TRIES - 1):
        with contextlib.suppress(SystemError), _one_at_a_time:
            return step()
    with _one_at_a_time:
        return step()
