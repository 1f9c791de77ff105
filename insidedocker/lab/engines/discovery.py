"""The engine that a lesson talks to: the first that answers, and the reason for this choice.

Knows the places of the addresses of Docker, its CLI and Podman; nothing of an engine's use.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from insidedocker.lab.engines import embedded
from insidedocker.lab.engines.session import NAMES, Engine, reason_of
from insidedocker.lab.errors import NoEngine

CHOICES = ("auto", "docker", "podman", "embedded")
PING_SECONDS = 5.0
TAP = "INSIDEDOCKER_TAP"
"""The environment variable with the tap's address while a tap is on."""


@dataclass(frozen=True)
class Candidate:
    """An address at which an engine may answer, and the source of the address."""

    url: str
    says: str
    named: bool = False  # a person named it: nothing else may take its place


def connect(url: str | None = None) -> Engine:
    """A session with an engine.

    With `url` ("unix:///path" or "tcp://host:port"): the engine at this address, without a request
    and without a printed line, for functions that get an address as an argument.

    Without `url`: the first that answers of DOCKER_HOST, the docker CLI's context and the local
    sockets of Docker and of Podman; else the embedded engine, which is started if necessary.
    INSIDEDOCKER_ENGINE=docker, podman or embedded narrows the choice. While nbgrader runs the
    notebook: always a new embedded engine, which ends with the kernel. One printed line names the
    engine and the reason for the choice. Raises NoEngine where DOCKER_HOST names an engine that
    does not answer, or no engine is left to choose.
    """
    if url is not None:
        return Engine(url)
    engine = find()
    print(describe(engine))
    return engine


def find(start: Callable[[], str] = embedded.staying) -> Engine:
    """The engine that `connect` takes without `url`, without the printed line. Where no other
    engine answers: the embedded engine at the address that `start` returns."""
    if os.environ.get("NBGRADER_EXECUTION"):
        return Engine(os.environ.get(TAP) or _grading_url(), "a fresh one for grading")
    return _first(_choice(), start)


def describe(engine: Engine) -> str:
    """One line: the engine, its address, and the reason for the choice."""
    version = engine.get("/version").json()
    if engine.kind == "embedded":
        runtime = engine.get("/info").json().get("DefaultRuntime", "")
        return f"Engine: embedded ({engine.why})" + (f", runtime {runtime}" if runtime else "")
    number = version.get("Version", "")
    return f"Engine: {NAMES[engine.kind]} {number} at {engine.url} ({engine.why})"


def _choice() -> str:
    choice = os.environ.get("INSIDEDOCKER_ENGINE", "").strip().lower() or "auto"
    if choice not in CHOICES:
        raise NoEngine(f"INSIDEDOCKER_ENGINE is {choice!r}: set it to one of {', '.join(CHOICES)}.")
    return choice


@functools.cache
def _grading_url() -> str:
    """The address of the notebook's new engine, the same for every `connect` of the notebook.
    INSIDEDOCKER_ENGINE_URL holds the address where another process starts the engine."""
    return os.environ.get("INSIDEDOCKER_ENGINE_URL") or embedded.ending_with_us("lesson").url


def _first(choice: str, start: Callable[[], str]) -> Engine:
    missed: list[str] = []
    for candidate in candidates():
        engine = Engine(candidate.url, candidate.says)
        why_not = problem(engine)
        if why_not is None and choice in ("auto", engine.kind):
            return engine
        if candidate.named and choice == "auto":
            raise NoEngine(
                f"{candidate.says.split(' names')[0]} names {candidate.url}, but {why_not}: "
                "start that engine, or unset the variable and run this cell again."
            )
        if why_not is None:
            missed.append(f"{candidate.url} is {NAMES[engine.kind]}")
        elif candidate.named or not why_not.startswith("there is no socket"):
            missed.append(f"{candidate.url}: {why_not}")
    if choice in ("auto", "embedded"):
        return _embedded(choice, missed, start)
    raise NoEngine(
        f"INSIDEDOCKER_ENGINE={choice} asks for {NAMES[choice]}, but no {NAMES[choice]} engine "
        + f"answered{_because(missed)}: start it, or unset INSIDEDOCKER_ENGINE to use another."
    )


def _embedded(choice: str, missed: list[str], start: Callable[[], str]) -> Engine:
    if choice == "embedded":
        why = "INSIDEDOCKER_ENGINE asks for it"
    else:
        why = f"no DOCKER_HOST, no Docker or Podman socket answered{_because(missed)}"
    return Engine(start(), why)


def _because(missed: list[str]) -> str:
    return f"; {'; '.join(missed)}" if missed else ""


def problem(engine: Engine) -> str | None:
    """The reason why an engine cannot be used; None where it answers its ping."""
    try:
        answer = engine.get("/_ping", timeout=PING_SECONDS)
    except requests.RequestException as error:
        return reason_of(error)
    return None if answer.ok else f"its answer to /_ping was {answer.status_code}"


def candidates() -> Iterator[Candidate]:
    """The addresses at which engines may answer, in the order in which they are tried."""
    if host := os.environ.get("DOCKER_HOST", "").strip():
        yield Candidate(host, "DOCKER_HOST names it", named=True)
    elif context := _context():
        yield context
    for folder, name in _socket_folders():
        path = Path(folder) / name
        maker = "Podman" if "podman" in name else "Docker"
        yield Candidate(f"unix://{path}", f"{maker}'s local socket")


def _socket_folders() -> Iterator[tuple[str, str]]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    yield "/var/run", "docker.sock"
    if runtime:
        yield runtime, "docker.sock"
    yield str(Path.home()), ".docker/run/docker.sock"  # Docker Desktop on macOS
    yield str(Path.home()), ".docker/desktop/docker.sock"  # and on Linux
    if runtime:
        yield runtime, "podman/podman.sock"
    yield "/run", "podman/podman.sock"


def _context() -> Candidate | None:
    """The address of the docker CLI's current context; None for the default context."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    key = hashlib.sha256(name.encode()).hexdigest()
    endpoints = _read(folder / "contexts" / "meta" / key / "meta.json").get("Endpoints", {})
    host = endpoints.get("docker", {}).get("Host", "")
    if not host.startswith(("unix://", "tcp://")):
        return None  # only the CLI supports ssh and named pipes
    return Candidate(host, f"the docker CLI's context {name!r} names it")


def _read(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    """The JSON object in a file of the CLI; empty where the file cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
