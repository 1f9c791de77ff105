"""The README and docs/: what they link to in this repository is there."""

import re
from pathlib import Path

import pytest

from tests.authoring.taste import ROOT

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*/instructor.md")]
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize(
    "page", [pytest.param(each, id=str(each.relative_to(ROOT))) for each in PAGES]
)
def test_links_and_pictures_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []
