"""Runs all checks of the linter on the lessons asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from insidedocker.authoring.lesson import Lesson, read_lesson, write_lesson
from insidedocker.authoring.lint import (
    code_style,
    feedback,
    form,
    graded_cells,
    leaks,
    links,
    places,
    requirements,
)
from insidedocker.authoring.lint.finding import Finding
from insidedocker.authoring.objectives import read_objectives
from insidedocker.authoring.source_notebook import build_source
from insidedocker.course import Course
from insidedocker.errors import UserError


def lint(course: Course, names: Sequence[str]) -> list[Finding]:
    """All findings on the named lessons (all lessons if `names` is empty), by file and line.

    Raises UserError for a text that cannot be parsed at all.
    """
    chosen = course.chosen(names)
    lessons = {name: read_lesson(course.text(name)) for name in course.lesson_names()}
    objectives = {each.id for each in read_objectives(course.objectives)}
    found = [] if names else list(_without_text(course))
    readable: list[Lesson] = []
    for name in chosen:
        lesson = lessons[name]
        found += graded_cells.check(lesson, objectives)
        found += feedback.check(lesson)
        found += form.check(lesson)
        found += requirements.check(lesson)
        found += links.check(course, lesson, lessons)
        found += places.check(course, lesson)
        found += leaks.check(course, lesson)
        if _builds(lesson):
            readable.append(lesson)
    if readable:
        found += code_style.findings(course, readable)
        found += _not_formatted(course, readable)
    return sorted(set(found))


def _without_text(course: Course) -> Iterator[Finding]:
    """Findings on folders of notebooks/ that look like a lesson but hold no text of their name."""
    others = course.assignment_names()
    for folder in sorted(course.notebooks.iterdir()):
        if folder.name in others:
            continue
        if folder.is_dir() and not course.text(folder.name).is_file():
            message = f"holds no lesson: it needs {folder.name}.md, or another place"
            yield Finding(folder, 1, message)
        elif folder.is_dir() and folder.name not in course.lesson_names():
            yield Finding(folder, 1, "name the folder NN-name, in small letters and digits")


def _builds(lesson: Lesson) -> bool:
    """True where the lesson's shorthand can be expanded; else graded_cells has reported it."""
    try:
        build_source(lesson)
    except UserError:
        return False
    return True


def _not_formatted(course: Course, lessons: Sequence[Lesson]) -> Iterator[Finding]:
    for name, text in canonical(course, lessons).items():
        path = course.text(name)
        pairs = zip_longest(path.read_text(encoding="utf-8").split("\n"), text.split("\n"))
        number = next(at for at, (is_line, wanted) in enumerate(pairs, 1) if is_line != wanted)
        yield Finding(path, number, f"not in the common form: run 'insidedocker format {name}'")


def canonical(course: Course, lessons: Sequence[Lesson]) -> dict[str, str]:
    """Lesson's name -> text as `insidedocker format` writes it, where the present text differs."""
    formatted = code_style.formatted(course, lessons)
    texts = {each.name: write_lesson(each.header, formatted[each.name]) for each in lessons}
    return {
        name: text
        for name, text in texts.items()
        if text != course.text(name).read_text(encoding="utf-8")
    }
