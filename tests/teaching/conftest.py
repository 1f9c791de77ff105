"""A class that is graded once for all tests that only read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.small_class import Course, make, whole_class


@pytest.fixture(scope="session")
def small_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The assignment, given out, with nothing handed in. To be copied."""
    return make(tmp_path_factory.mktemp("small") / "course")


@pytest.fixture(scope="session")
def graded(walls: None, small_course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The whole class, graded. To be read, or copied."""
    course = copy(small_course, tmp_path_factory.mktemp("graded"))
    whole_class(course)
    course.grade()
    return course


def copy(course: Course, folder: Path) -> Course:
    """A course of one's own to change."""
    shutil.copytree(course.root, folder / "course")
    return Course(folder / "course")


@pytest.fixture
def own_course(small_course: Course, tmp_path: Path) -> Course:
    return copy(small_course, tmp_path)


@pytest.fixture
def own_graded(graded: Course, tmp_path: Path) -> Course:
    return copy(graded, tmp_path)
