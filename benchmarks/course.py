"""How long the course takes to execute, by lesson and engine.

`python -m benchmarks.course [-e ENGINE …] [LESSON …]` runs every cell of the instructor's
notebooks once, reference solutions and hidden checks included, in a kernel for each lesson, and
prints seconds from the start of the kernel to its end. Images of the course are made before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from insidedocker import catalog
from insidedocker.catalog import folders
from tests.support import engines
from tests.support.missing import Missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

SOURCE = Path(__file__).parents[1] / "source"
LESSONS = sorted(path.stem for path in SOURCE.glob("*/*.ipynb"))
ENGINES = {
    "namespaces": lambda: engines.embedded("namespaces", recorded=False),
    "proot": lambda: engines.embedded("proot", recorded=False),
    "dockerd": engines.dockerd,
    "podman": engines.podman,
}
CELL_SECONDS = 180
EXECUTE = "from nbclient.cli import main; main()"


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A home of the ordinary user with the lessons and, made already, the course's images."""
    for name in catalog.names():
        catalog.archive(name)
    with engines.own_folder() as folder:
        cache = folder / ".cache/insidedocker/catalog"
        shutil.copytree(folders.cache(), cache, ignore=shutil.ignore_patterns("apt", "tools"))
        shutil.copytree(SOURCE, folder / "lessons")
        for path in [folder, *folder.rglob("*")]:
            give_away(path)
        yield folder


def seconds(lesson: str, engine: engines.Engine, home: Path) -> float:
    """How long a lesson takes on an engine. Raises RuntimeError where a cell fails."""
    embedded = engine.kind == "embedded"
    # A real engine's socket is root's, and its published ports are behind its own network.
    prefix = as_ordinary_user() if embedded else engine.inside
    python = ordinary_python() if embedded else sys.executable
    own = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(home),
        "DOCKER_HOST": engine.url,
        "INSIDEDOCKER_ENGINE": "auto",
        "INSIDEDOCKER_RUNTIME": engine.runtime or "auto",
    }
    notebook = home / "lessons" / lesson / f"{lesson}.ipynb"
    begin = time.perf_counter()
    done = subprocess.run(
        [*prefix, python, "-c", EXECUTE, f"--timeout={CELL_SECONDS}", str(notebook)],
        env={**os.environ, **own},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(f"{lesson} on {engine.name}: {done.stderr.strip()[-2000:]}")
    return took


def measure(kind: str, lessons: list[str]) -> bool:
    """Print a line for each lesson and their sum; whether all went through."""
    good, total = True, 0.0
    with home() as folder, ENGINES[kind]() as engine:
        for lesson in lessons:
            try:
                took = seconds(lesson, engine, folder)
            except RuntimeError as error:
                print(error, file=sys.stderr)
                print(f"{kind:<12} {lesson:<20}   failed", flush=True)
                good = False
                continue
            total += took
            print(f"{kind:<12} {lesson:<20} {took:>8.1f} s", flush=True)
    print(f"{kind:<12} {'all':<20} {total:>8.1f} s", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("-e", "--engine", action="append", choices=ENGINES, dest="engines")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 04-rest-api")
    options = parser.parse_args()
    good = True
    for kind in options.engines or ENGINES:
        try:
            good = measure(kind, options.lessons or LESSONS) and good
        except Missing as missing:
            print(f"left out: {kind}: {missing}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
