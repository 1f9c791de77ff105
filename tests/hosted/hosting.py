"""Environments with what only the tests of hosting need, kept in the user's cache folder under
what their locks say."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.engines import need
from tests.support.missing import Missing

ROOT = Path(__file__).parents[2]
ASKED_FOR = "hosted" in os.environ.get("INSIDEDOCKER_MORE", "").split()
"""Some minutes' worth, and so not in the standard run: INSIDEDOCKER_MORE=hosted"""


def cache() -> Path:
    """Where the tests keep what is costly to make."""
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = base / "insidedocker-tests" / "hosted"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment(lock: Path, python: str = sys.executable) -> Path:
    """The folder of an environment with the packages of `lock`; raises Missing where they cannot
    be had."""
    key = hashlib.sha256(lock.read_bytes() + python.encode()).hexdigest()[:12]
    folder = cache() / f"{lock.stem}-{key}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = [sys.executable, "-m", "uv", "--quiet"]
        sync = [*uv, "pip", "sync", "--require-hashes", "--python", str(folder / "bin/python")]
        for command in (
            [*uv, "venv", "--relocatable", "--python", python, str(folder)],
            [*sync, str(lock)],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Missing(f"{lock.name} cannot be installed: {done.stderr.strip()}")
        (folder / "ready").touch()
    return folder


def npm(package: str, program: str) -> Path:
    """The path of a program from npm; raises Missing where it cannot be had."""
    folder = cache() / "npm" / package.replace("/", "-")
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [need("npm"), "install", "--silent", "--no-audit", "--no-fund", package]
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"{package} cannot be had from npm: {done.stderr.strip()}")
        (folder / "ready").touch()
    return folder / "node_modules/.bin" / program


def tracked_files() -> list[str]:
    """What a clone of this checkout would hold, with what is not committed yet."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(
        [*git, "--cached", "--others", "--exclude-standard"], check=True, stdout=subprocess.PIPE
    )
    names = sorted(set(listed.stdout.decode().split("\0")))
    return [name for name in names if name and (ROOT / name).is_file()]
