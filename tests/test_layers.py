"""Imports go downwards only: what `make lint` checks finds an import that does not."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 18
"""Modules in one folder."""

UPWARDS = {
    "insidedocker_engine/images/store.py": "from insidedocker_engine import daemon",
    "insidedocker_engine/base/errors.py": "from insidedocker_engine.server import http",
    "insidedocker_engine/networks/links.py": "from insidedocker_engine.containers import lifecycle",
    "insidedocker_engine/volumes.py": "import insidedocker.lab",
    "insidedocker/catalog/store.py": "from insidedocker.lab.engines import discovery",
    "insidedocker/catalog/hub.py": "from insidedocker_engine.images import blobs",
    "insidedocker/launch/local.py": "from insidedocker_engine import lock",
    "insidedocker/grading/pod/cells.py": "from insidedocker.grading import grade",
    "insidedocker/lab/errors.py": "from insidedocker.lab.checks import check",
}


def checked(place: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "scripts.layers"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("layers")
    for name in ("insidedocker", "insidedocker_engine", "scripts"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_the_layers_hold(copy: Path) -> None:
    done = checked(copy)
    assert done.returncode == 0, done.stdout


def test_the_courses_contract_names_every_inner_module_of_the_engine() -> None:
    public = {"cli", "host", "recording"}
    inside = {
        f"insidedocker_engine.{path.stem}"
        for path in (ROOT / "insidedocker_engine").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (face,) = [each for each in settings["contracts"] if "public face" in each["name"]]
    named = set(face["forbidden_modules"])
    assert named == inside - {f"insidedocker_engine.{each}" for each in public}


@pytest.mark.parametrize("type_only", [False, True])
@pytest.mark.parametrize("name", UPWARDS)
def test_an_upward_import_is_found(copy: Path, name: str, type_only: bool) -> None:
    path, line = copy / name, UPWARDS[name]
    text = path.read_text()
    guarded = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {line}\n"
    path.write_text(f"{text}\n{guarded if type_only else line}\n")
    try:
        done = checked(copy)
    finally:
        path.write_text(text)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


@pytest.mark.parametrize("package", ["insidedocker", "insidedocker_engine"])
def test_a_folder_can_be_looked_over(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    found = {
        str(folder.relative_to(ROOT)): len(modules)
        for folder in folders
        if len(modules := [p for p in folder.glob("*.py") if p.name != "__init__.py"]) > MOST
    }
    assert found == {}
