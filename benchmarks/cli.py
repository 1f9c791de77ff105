"""The real docker CLI and compose against the embedded engine: which commands do what they should.

`python -m benchmarks.cli [namespaces|proot …]` types the commands of tests/conformance and those
of compose with every docker on PATH, as people do, and prints how many end as on a Docker Engine.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.docker_py import hub
from insidedocker.catalog.errors import CatalogError
from tests.support import engines
from tests.support.missing import Missing
from tests.support.real.suite_root import compose_plugin
from tests.support.registries import distribution

COMMANDS = Path(__file__).parents[1] / "tests/conformance/cli_commands.txt"
COMPOSE = """\
services:
  a: {image: busybox, command: sh -c 'echo from a; sleep 300', volumes: ["data:/data"]}
  b: {image: busybox, command: sh -c 'echo from b; sleep 300', depends_on: [a]}
volumes: {data: {}}
"""
COMPOSE_COMMANDS = """\
compose up -d
compose ps
compose logs
compose exec -T a sh -c 'echo hi > /data/there'
compose exec -T b ping -c 1 a
compose down -v -t 1
"""
ON_NETWORKS = "ping"
"""Needs a network of its own; left out where the engine says that it has none."""
ENDLESS = 124
"""What `timeout` says of a command that it had to end: `events` has no end."""


@dataclass(frozen=True)
class Command:
    words: list[str]
    code: int = 0


def commands(text: str) -> list[Command]:
    found = []
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words:
            code = int(words.pop(0)) if words[0].isdigit() else 0
            found.append(Command(words, code))
    return found


def type_all(
    program: str, url: str, folder: Path, wanted: list[Command], configuration: Path
) -> list[str]:
    """Run them one after the other; what went wrong, one line each."""
    environment = {
        **os.environ,
        "DOCKER_HOST": url,
        "DOCKER_CONFIG": str(configuration),
        "DOCKER_BUILDKIT": "0",
        "COMPOSE_ANSI": "never",
    }
    wrong = []
    for command in wanted:
        try:
            done = subprocess.run(
                [program, *command.words],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=1 if command.code == ENDLESS else 120,
                check=False,
            )
            code, said = done.returncode, done.stderr.strip()
        except subprocess.TimeoutExpired:
            code, said = ENDLESS, ""
        if code != command.code:
            wrong.append(f"{shlex.join(command.words)}: ended with {code}: {said[-200:]}")
    return wrong


@contextlib.contextmanager
def engine(runtime: str, mirror: str) -> Iterator[engines.Engine]:
    with engines.embedded(
        "proot" if runtime == "proot" else "namespaces",
        options=("--registry-mirror", mirror),
        recorded=False,
    ) as started:
        yield started


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder as the commands expect it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f.txt").write_text("text\n")
        (folder / "Dockerfile").write_text("FROM busybox\nCOPY f.txt /\nRUN cat f.txt\n")
        (folder / "compose.yaml").write_text(COMPOSE)
        yield folder


def report(kind: str, program: str, count: int, wrong: list[str]) -> bool:
    print(f"{kind:<12} {program:<24} {count - len(wrong)} of {count} commands", flush=True)
    for line in wrong:
        print(f"  {line}")
    return not wrong


def docker(runtime: str, program: str) -> bool:
    with (
        workplace() as folder,
        tempfile.TemporaryDirectory() as storage,
        hub() as mirror,
        distribution(Path(storage), "u", "p") as registry,
        engine(runtime, mirror) as started,
    ):
        wanted = commands(COMMANDS.read_text().replace("{registry}", registry))
        wrong = type_all(program, started.url, folder, wanted, folder / "config")
    return report(runtime, program, len(wanted), wrong)


def compose(runtime: str, program: str) -> bool:
    with workplace() as folder, hub() as mirror, engine(runtime, mirror) as started:
        plugins = folder / "config/cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(compose_plugin())
        wanted = commands(COMPOSE_COMMANDS)
        if runtime == "proot":
            wanted = [each for each in wanted if ON_NETWORKS not in each.words]
        wrong = type_all(program, started.url, folder, wanted, folder / "config")
    return report(runtime, f"{program} compose", len(wanted), wrong)


def programs() -> list[str]:
    """All the docker CLIs on PATH, each once."""
    folders = os.environ["PATH"].split(os.pathsep)
    found = [path for folder in folders if (path := shutil.which("docker", path=folder))]
    return list({Path(path).resolve(): path for path in found}.values())


def main() -> int:
    if not programs():
        print("left out: docker is missing: apt install docker.io")
        return 0
    good = True
    for runtime in sys.argv[1:] or ["namespaces", "proot"]:
        for program in programs():
            for part in (docker, compose):
                try:
                    good = part(runtime, program) and good
                except (Missing, CatalogError) as missing:
                    print(f"{runtime:<12} {part.__name__} left out: {missing}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
