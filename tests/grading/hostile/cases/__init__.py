"""Submissions by class, one module a class. A case is small: an answer, a change to the notebook, or
files beside it, and a name that says what it tries."""

from tests.grading.hostile.case import Case
from tests.grading.hostile.cases import (
    files,
    form,
    honest,
    in_process,
    leaving,
    looking,
    reaching,
    stopping,
)

HOSTILE: list[Case] = [
    *form.CASES,
    *files.CASES,
    *in_process.CASES,
    *looking.CASES,
    *leaving.CASES,
    *stopping.CASES,
    *reaching.CASES,
]
CONTROLS: list[Case] = honest.CASES
"""Honest work, which must keep its points, and wrong work, which must get none."""
