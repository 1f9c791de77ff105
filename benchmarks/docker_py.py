"""docker-py's own integration tests against the embedded engine, and against one that is not
there at all.

`python -m benchmarks.docker_py [namespaces|proot|null …] [-k EXPRESSION]` prints how many of the
tests that pass on a Docker Engine pass, and which do not. Engine and tests run as an ordinary
user. The tests are those of docker 7.0.0 on PyPI, with the docker-py that is installed here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.conformance import stand_ins
from tests.conformance.null_engine import null_engine
from tests.support import engines
from tests.support.missing import Missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python
from tests.support.registries import Fake

TESTS = Path(__file__).parents[1] / "tests"
RELEASE = "7.0.0"
IDS = TESTS / "conformance/docker_py_ids.txt"
GOALS = {"namespaces": 250, "proot": 220}
SECONDS = 1800
API = "1.43"
"""The version of the API that the tests of this release ask about, whatever else is spoken."""


def suite() -> Path:
    """The folder with docker-py's tests, fetched once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "insidedocker-tests"
    archive = folder / f"docker-{RELEASE}.tar.gz"
    if not archive.exists():
        wanted = ["--no-deps", "--no-binary", "docker", "--dest", str(folder), f"docker=={RELEASE}"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"docker-py's tests cannot be fetched: {done.stderr[-500:]}")
    return archive


def unpack(archive: Path, folder: Path) -> Path:
    """Only the tests: the library is the one installed here."""
    with tarfile.open(archive) as packed:
        members = [each for each in packed if "/tests/" in each.name]
        packed.extraction_filter = getattr(tarfile, "data_filter", None)  # not before 3.11.4
        packed.extractall(folder, members)
    return folder / f"docker-{RELEASE}"


@contextlib.contextmanager
def hub() -> Iterator[str]:
    """A registry with the images, to answer for Docker Hub."""
    with Fake() as registry:
        for name, image in stand_ins.images().items():
            repository, _, tag = name.partition(":")
            registry.serve(image, f"library/{repository}", tag)
            listing = f'{{"name": "library/{repository}", "tags": ["{tag}"]}}'
            registry.say(f"/v2/library/{repository}/tags/list", 200, listing.encode())
        yield f"http://{registry.host}"


@contextlib.contextmanager
def engine(kind: str, folder: Path) -> Iterator[str]:
    """Start it; yields its address."""
    if kind == "null":
        with null_engine(folder) as url:
            yield url
        return
    with (
        hub() as mirror,
        engines.embedded(
            "proot" if kind == "proot" else "namespaces",
            recorded=False,
            options=("--registry-mirror", mirror),
        ) as started,
    ):
        yield started.url


def run(kind: str, extra: list[str]) -> dict[str, str]:
    """What became of each test: nothing where it passed, else the first line of why."""
    with engines.own_folder() as folder:
        give_away(folder)
        tests = unpack(suite(), folder)
        for name, image in stand_ins.images().items():
            image.docker_archive(folder / f"{name.replace(':', ',')}.tar", name)
        with engine(kind, folder) as url:
            environment = {
                **os.environ,
                "DOCKER_HOST": url,
                "DOCKER_TEST_API_VERSION": API,
                "SEED_IMAGES": str(folder),
                "HOME": str(folder),
                "PYTHONPATH": str(TESTS / "conformance"),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            ids = [f"tests/integration/{each}" for each in IDS.read_text().split()]
            command = [
                *(*as_ordinary_user(), ordinary_python(), "-m", "pytest", "-q"),
                *("-p", "seeding", "-p", "no:cacheprovider", "--timeout=120"),
                *(f"--junitxml={folder}/results.xml", *extra, *ids),
            ]
            subprocess.run(
                command,
                cwd=tests,
                env=environment,
                timeout=SECONDS,
                check=False,
                stdout=subprocess.DEVNULL,
            )
        return results(folder / "results.xml")


def results(report: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        bad = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        name = f"{case.get('classname', '').removeprefix('tests.integration.')}.{case.get('name')}"
        why = "" if bad is None else (bad.get("message") or bad.tag).partition("\n")[0]
        found[name] = why or ("" if bad is None else bad.tag)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.docker_py")
    parser.add_argument("kinds", nargs="*", default=["null", "namespaces", "proot"])
    parser.add_argument("-k", default="", help="only these tests, as pytest's -k")
    options = parser.parse_args()
    extra = ["-k", options.k] if options.k else []
    short = False
    for kind in options.kinds:
        try:
            found = run(kind, extra)
        except Missing as missing:
            print(f"{kind:<12} left out: {missing}")
            continue
        good = sum(not why for why in found.values())
        goal = GOALS.get(kind, 0)
        wanted = f", the goal is {goal}" if goal else ", the floor: it does nothing"
        print(f"{kind:<12} {good} of {len(found)} pass{wanted}", flush=True)
        if goal:
            for name, why in found.items():
                if why:
                    print(f"  {name}: {why[:300]}")
        short = short or (not options.k and good < goal)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
