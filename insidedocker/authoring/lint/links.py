"""Links and pictures inside the course must have a target in the learner's copy."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from insidedocker.authoring.lesson import Lesson
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.lint.prose import Link, anchor, headings, links
from insidedocker.course import Course

_ELSEWHERE = re.compile(r"https?|mailto")


def check(course: Course, lesson: Lesson, lessons: Mapping[str, Lesson]) -> Iterator[Finding]:
    """Findings on the links of one lesson; `lessons` are all lessons of the course by name."""
    for cell in lesson.cells:
        for link in links(cell):
            if link.picture and not link.alternative:
                yield Finding(
                    lesson.path, link.line, f"the picture {link.target} needs a text: ![text](...)"
                )
            problem = _problem(course, lesson, lessons, link)
            if problem:
                yield Finding(lesson.path, link.line, f"the link {link.target} {problem}")


def _problem(
    course: Course, lesson: Lesson, lessons: Mapping[str, Lesson], link: Link
) -> str | None:
    parts = urlsplit(link.target)
    if parts.scheme:
        known = _ELSEWHERE.fullmatch(parts.scheme)
        return None if known else f"is a {parts.scheme}: link: use https:"
    if parts.netloc or parts.path.startswith("/"):
        return "leads out of the lesson's folder: make it relative to the lesson"
    anchors = lesson
    if parts.path:
        target = posixpath.normpath(posixpath.join(lesson.name, unquote(parts.path)))
        name, _, within = target.partition("/")
        if name == "..":
            return "leads out of the lessons, which learners have alone: use a full address"
        if within == f"{name}.md":
            return f"leads to a text, which learners do not have: link {name}.ipynb"
        if within != f"{name}.ipynb":
            beside = name in lessons and course.notebooks / target in course.beside(name)
            return None if beside else f"leads nowhere: put the file into notebooks/{name}/"
        if name not in lessons:
            return f"leads to a lesson that does not exist: {name}"
        anchors = lessons[name]
    wanted = unquote(parts.fragment)
    known_anchors = {anchor(each) for cell in anchors.cells for each in headings(cell)}
    if wanted and wanted not in known_anchors:
        return f"names no heading of {anchors.name}: JupyterLab's form is #Words-of-the-heading"
    return None
