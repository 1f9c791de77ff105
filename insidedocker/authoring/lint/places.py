"""Paths that exist on the author's machine only, in text or in code.

A path inside a container is part of the subject, so a line with the word *container* may name any
path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from insidedocker.authoring.lesson import Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.course import Course

_HOME = re.compile(r"(?<![\w.])(/home/\w[\w.-]*|/Users/\w[\w.-]*|/root(?=/)|[A-Z]:\\\\?Users\\)")
# Folders that are the same on every Linux machine.
_SHARED = r"(?:var/run|run|proc|sys|dev|etc)(?:/|\b)"
_OPENED = re.compile(
    rf"""\b(?:Path|open|chdir|makedirs|mkdir|mkdtemp)\(\s*[rbf]*["'](?P<path>/(?!{_SHARED})[^"']*)"""
)


def check(course: Course, lesson: Lesson) -> Iterator[Finding]:
    """Findings on paths that exist on one machine only."""
    root = str(course.root)
    for cell in lesson.cells:
        for number, line in enumerate(cell.source.splitlines(), start=cell.source_line):
            if root != "/" and root in line:
                yield Finding(lesson.path, number, f"{root} is a folder of this machine: remove it")
            elif "container" in line.lower():
                continue
            elif home := _HOME.search(line):
                yield Finding(
                    lesson.path,
                    number,
                    f"{home[0]} is a home folder of one machine: use a relative path, or say on "
                    "the line that it is in a container",
                )
            elif cell.kind == "code" and (opened := _OPENED.search(line)):
                yield Finding(
                    lesson.path,
                    number,
                    f"{opened['path']} may not exist on the learner's machine: use a relative "
                    "path, or tempfile",
                )
