"""A small course of one lesson in a folder of its own, and ways to change it as people do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from insidedocker.cli import main
from insidedocker.course import Course
from tests.authoring.taste import HERE, LESSON, ROOT

Run = Callable[..., int]
Edit = Callable[[str, str], None]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with the lesson 04-taste as text, not synced yet."""
    root = tmp_path / "a course"  # people's folders have spaces
    shutil.copytree(HERE / "lessons", root / "notebooks")
    shutil.copy(ROOT / "notebooks" / "objectives.yml", root / "notebooks")
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    return Course(root)


@pytest.fixture
def run(course: Course) -> Run:
    """Runs `insidedocker COMMAND ...` on the course and gives its exit code."""
    return lambda command, *arguments: main(
        [command, "--course", str(course.root), *map(str, arguments)]
    )


@pytest.fixture
def edit(course: Course) -> Edit:
    """Replaces words in the lesson's text, as an author would."""

    def change(old: str, new: str) -> None:
        path = course.text(LESSON)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change
