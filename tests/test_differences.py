"""What differs from real engines is explained, and docs/engine.md has the explanations."""

from pathlib import Path

import pytest

from benchmarks import differences


def test_the_page_has_the_explanations() -> None:
    text = differences.PAGE.read_text()
    assert differences.with_section(text) == text, "run python -m benchmarks.differences --write"


@pytest.mark.real
@pytest.mark.slow
def test_no_difference_is_unexplained(busybox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unexplained = differences.report(busybox)
    said = capsys.readouterr().out
    if "calls compared" not in said:
        pytest.skip(said)
    assert unexplained == 0, said
