"""When images have to be made again: when the recipe says something else, and only then."""

import shutil
from pathlib import Path

import pytest

from insidedocker.catalog import texts

MADE_BEFORE = "96bda4bb9611b7d2"
"""The edition of every archive that the course made in November 2026."""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the recipes that can be changed."""
    place = tmp_path / "catalog"
    shutil.copytree(Path(texts.__file__).parent, place)
    monkeypatch.setattr(texts, "_PACKAGE", place)
    monkeypatch.setattr(texts, "_FILES", place / "files")
    return place


def test_a_module_that_is_renamed_or_moved_makes_no_other_image(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts.edition()
    recipes = room / "recipes.py"
    text = recipes.read_text().replace("insidedocker.catalog", "somewhere.new")
    recipes.rename(room / "other_recipes.py")
    (room / "other_recipes.py").write_text(f"# A comment.\n{text}")
    names = [name.replace("recipes", "other_recipes") for name in texts._BUILDERS]
    monkeypatch.setattr(texts, "_BUILDERS", tuple(names))
    assert texts.edition() == before


@pytest.mark.parametrize("name", ["recipes.py", "layer.py", "files/nginx.conf"])
def test_what_goes_into_an_image_does(room: Path, name: str) -> None:
    before = texts.edition()
    path = room / name if (room / name).exists() else next((room / "files").iterdir())
    path.write_text(path.read_text() + "\nMORE = 1\n")
    assert texts.edition() != before


def test_the_archives_that_people_have_stay() -> None:
    assert texts.is_current(MADE_BEFORE)
    assert texts.is_current(texts.edition())
    assert not texts.is_current("")
