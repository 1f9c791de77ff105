"""No solution, hidden test or output may stand in what learners get.

Checks the files in source/ and release/ as they are, made by sync or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from insidedocker.authoring.lesson import Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.lint.graded_cells import HIDDEN_TESTS, SOLUTION
from insidedocker.authoring.source_notebook import read_notebook
from insidedocker.course import Course

SHORTEST = 12  # characters; shorter lines, such as `else:`, give nothing away


def check(course: Course, lesson: Lesson) -> Iterator[Finding]:
    """Findings on outputs in both notebooks, and on secrets in the released folder."""
    for path in (course.source_notebook(lesson.name), course.release_notebook(lesson.name)):
        if path.is_file():
            cells = read_notebook(path.read_bytes(), course.short(path))["cells"]
            if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
                yield Finding(path, 1, "holds outputs: run 'insidedocker sync --force'")
    secrets = secret_lines(lesson)
    for path in sorted((course.release / lesson.name).rglob("*")):
        if path.is_file():
            text = _readable(path.read_bytes(), path.suffix)
            for marker in (*SOLUTION, *HIDDEN_TESTS):
                if marker in text:
                    yield Finding(path, 1, f"holds the marker {marker}: run 'insidedocker sync'")
            for secret, line in secrets.items():
                if secret in text:
                    yield Finding(
                        path, 1, f"gives away {secret!r}, hidden in line {line} of the text"
                    )


def _readable(content: bytes, suffix: str) -> str:
    """A file's text; for a notebook, every string in its JSON, unescaped."""
    text = content.decode("utf-8", errors="replace")
    if suffix != ".ipynb":
        return text
    return "\n".join(_strings(json.loads(text)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _strings(key)
            yield from _strings(each)
    elif isinstance(value, list):
        yield "".join(each for each in value if isinstance(each, str))
        for each in value:
            if not isinstance(each, str):
                yield from _strings(each)


def secret_lines(lesson: Lesson) -> dict[str, int]:
    """Line that learners must not see -> its number in the text.

    A line that also stands in the visible part is not secret.
    """
    hidden: dict[str, int] = {}
    visible: list[str] = []
    for cell in lesson.cells:
        whole = bool(cell.ng) and cell.ng[0] == "manual" and SOLUTION[0] not in cell.source
        inside = whole
        for number, line in enumerate(cell.source.splitlines(), start=cell.source_line):
            if SOLUTION[0] in line or HIDDEN_TESTS[0] in line:
                inside = True
            elif SOLUTION[1] in line or HIDDEN_TESTS[1] in line:
                inside = whole
            elif inside:
                hidden.setdefault(line.strip(), number)
            else:
                visible.append(line)
    shown = "\n".join(visible)
    return {
        line: number
        for line, number in hidden.items()
        if len(line) >= SHORTEST and line not in shown
    }
