"""The notebooks are the same to the byte on every Python that the project supports."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.course import Course
from tests.authoring.conftest import Run
from tests.authoring.taste import HERE, ROOT


def find_python(version: str) -> Path:
    """A Python of that version, from PATH or pyenv; skips where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = shutil.which(f"python{version}")
    candidates = [
        *pyenv.glob(f"versions/{version}.*/bin/python"),
        *([Path(found)] if found else []),
    ]
    for each in candidates:
        code = "import sys, zlib, ssl; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([each, "-c", code], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return each
    pytest.skip(f"no Python {version} on PATH or in pyenv")


def environment_for(version: str) -> Path:
    """The Python of an environment with the lock's packages, kept between runs in the cache."""
    lock = ROOT / "locks/requirements.lock"
    key = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    venv = cache / "insidedocker" / "test-pythons" / f"{version}-{key}"
    python = venv / "bin" / "python"
    if not (venv / "ready").exists():
        base = find_python(version)
        shutil.rmtree(venv, ignore_errors=True)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", base, venv], check=True)
        sync = [*uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python)]
        subprocess.run([*sync, lock], check=True)
        (venv / "ready").touch()
    return python


def notebooks(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for area in ("source", "release")
        for path in sorted((root / area).rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_same_bytes(version: str, tmp_path: Path, course: Course, run: Run) -> None:
    python = environment_for(version)
    for lessons in (HERE / "lessons", ROOT / "notebooks"):
        root = tmp_path / lessons.name
        shutil.copytree(lessons, root / "notebooks")
        shutil.copy(ROOT / "notebooks" / "objectives.yml", root / "notebooks")
        shutil.copy(ROOT / "nbgrader_config.py", root)
        subprocess.run(
            [python, "-m", "insidedocker", "sync"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
        )
    run("sync")
    assert notebooks(tmp_path / "lessons") == notebooks(course.root)
    assert notebooks(tmp_path / "notebooks") == notebooks(ROOT)
