"""Somebody new with the course, for the tests of `make lab` and `make teach`."""

from collections.abc import Iterator

import pytest

from tests.support.missing import skip_missing
from tests.support.newcomer import Course, Newcomer, newcomer, set_up_course


@pytest.fixture(scope="session")
def course() -> Course:
    """The course as its first `make lab` has set it up."""
    with skip_missing():
        return set_up_course()


@pytest.fixture
def somebody(course: Course) -> Iterator[Newcomer]:
    """Somebody with that course and an empty HOME."""
    with newcomer() as found:
        yield found
