"""Runs notebook cells and returns their outputs, without a kernel or its messages.

The learner's process runs the learner's cells with this module, the checker runs the checks.
IPython takes longer to import than most notebooks run, so notebooks in plain Python run without.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import types
from typing import Any, Protocol

from insidedocker.grading.pod.outputs import (
    LONGEST,
    Done,
    Output,
    error_output,
    stream_output,
    words_of,
)
from insidedocker.moved import older_names

OF_IPYTHON = re.compile(
    r"\b(get_ipython|display|IPython|ipywidgets|In|Out|_i+\d*|_\d+|__+)\b|\b_\b"
)


class Runner(Protocol):
    """Runs cells one after the other in `names`."""

    names: dict[str, Any]

    def run(self, source: str) -> Done:
        """Run one cell."""


def runner(sources: list[str]) -> Runner:
    """Make a runner that can run all these cells: plain Python where that is enough, else IPython.

    Replaces the module `__main__`; the runner's names are the new module's.
    """
    main = types.ModuleType("__main__", "Created for a notebook's cells.")
    sys.modules["__main__"] = main
    vars(main).update(older_names(sources))
    if all(map(is_plain, sources)):
        return _Plain(main.__dict__)
    from insidedocker.grading.pod.ipython_cells import IPythonRunner

    return IPythonRunner(main)


def is_plain(source: str) -> bool:
    """True where a cell needs nothing of IPython: no magics, no `await` at its top level, no names
    that IPython defines."""
    if OF_IPYTHON.search(source):
        return False
    try:
        compile(source, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Plain:
    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.count = 0

    def run(self, source: str) -> Done:
        self.count += 1
        place = f"<cell {self.count}>"
        try:
            value = self._value(source, place)
            shown = [] if value is None else [_shown(value)]
        except BaseException as error_:
            return Done([_failed(error_, place, source)], error_)
        return Done(shown, value=value)

    def _value(self, source: str, place: str) -> Any:
        """Run the cell. Returns its last expression's value; None where the cell ends otherwise or
        with `;`."""
        tree = ast.parse(source, place)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, place, "exec", dont_inherit=True), self.names)
            return None
        del tree.body[-1]
        exec(compile(tree, place, "exec", dont_inherit=True), self.names)
        value = eval(
            compile(ast.Expression(last.value), place, "eval", dont_inherit=True), self.names
        )
        return None if source.rstrip().endswith(";") else value


def _shown(value: Any) -> Output:
    data = {"text/plain": repr(value)[:LONGEST]}
    as_html = getattr(type(value), "_repr_html_", None)
    html = as_html(value) if callable(as_html) else None
    if isinstance(html, str) and len(html) <= LONGEST:
        data["text/html"] = html
    return {"output_type": "execute_result", "data": data, "metadata": {}}


def _failed(error_: BaseException, place: str, source: str) -> Output:
    name, text = type(error_).__name__, words_of(error_)
    if hasattr(error_, "_render_traceback_"):
        return error_output(name, text, text.splitlines())
    lines = source.splitlines()
    told = ["Traceback (most recent call last):"]
    import traceback

    for frame in traceback.extract_tb(error_.__traceback__)[-20:]:
        if frame.filename.startswith("<cell"):
            there = lines[frame.lineno - 1] if frame.filename == place and frame.lineno else ""
            told.append(f"  line {frame.lineno}, in {frame.name}: {there.strip()}")
    return error_output(name, text, [*told, f"{name}: {text}" if text else name])


class Printed:
    """Captures what this process and its children write to descriptors 1 and 2.

    `stdout` and `stderr` are descriptors of open files, which replace 1 and 2; `take` returns and
    removes what was written since the last call.
    """

    def __init__(self, stdout: int, stderr: int) -> None:
        self._files: dict[str, int] = {}
        for name, descriptor, file in (("stdout", 1, stdout), ("stderr", 2, stderr)):
            os.set_inheritable(file, False)
            os.dup2(file, descriptor)
            os.set_inheritable(descriptor, True)
            self._files[name] = file
            # Line by line, so that the order with other processes' output is kept.
            getattr(sys, name).reconfigure(line_buffering=True)

    def take(self) -> list[Output]:
        found = []
        for name, file in self._files.items():
            getattr(sys, name).flush()
            size = os.lseek(file, 0, os.SEEK_END)
            text = os.pread(file, 2 * LONGEST, 0).decode(errors="replace")
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            if size > 2 * LONGEST:
                text += f"\n… ({size} bytes)\n"
            if text:
                found.append(stream_output(text, name))
        return found
