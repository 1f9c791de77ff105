"""What the tests of grading need of this machine."""

import pytest

from insidedocker.grading import settings


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is graded as it is where nobody has said how."""
    monkeypatch.delenv(settings.VARIABLE, raising=False)
