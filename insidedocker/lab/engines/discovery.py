"""The engine that a lesson talks to: the first that answers, and the reason for this choice.

Tries the places in the order in which `places` tells them; knows nothing of an engine's use.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass

import requests

from insidedocker.lab.engines import bridge, embedded
from insidedocker.lab.engines.places import Candidate, candidates
from insidedocker.lab.engines.session import (
    MAY_NOT_OPEN,
    NAMES,
    NO_SOCKET,
    Engine,
    reason_of,
    socket_of,
)
from insidedocker.lab.errors import NoEngine

CHOICES = ("auto", "docker", "podman", "embedded")
PING_SECONDS = 5.0
TAP = "INSIDEDOCKER_TAP"
"""The environment variable with the tap's address while a tap is on."""


@dataclass(frozen=True)
class Trouble:
    """Why a candidate cannot be used, and what to do about it."""

    why: str
    remedy: str
    nothing_there: bool = False


def connect(url: str | None = None) -> Engine:
    """A session with an engine.

    With `url` ("unix:///path" or "tcp://host:port"): the engine at this address, without a request
    and without a printed line, for functions that get an address as an argument.

    Without `url`: the first that answers of DOCKER_HOST, the docker CLI's context, CONTAINER_HOST
    and the local sockets of Docker and of Podman; else the embedded engine, which is started if
    necessary. An engine behind TLS or ssh is reached through a socket of this process.
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
    return f"Engine: {NAMES[engine.kind]} {number} at {engine.place} ({engine.why})"


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
        found = attempt(candidate)
        if isinstance(found, Engine):
            if choice in ("auto", found.kind):
                return found
            missed.append(f"{candidate.url} is {NAMES[found.kind]}")
        elif candidate.named and choice == "auto":
            raise NoEngine(
                f"{candidate.says.split(' names')[0]} names {candidate.url}, but {found.why}: "
                f"{found.remedy}, or unset the variable and run this cell again."
            )
        elif not found.nothing_there or not candidate.url.startswith("unix://"):
            missed.append(f"{candidate.url}: {found.why} ({found.remedy})")
    if choice in ("auto", "embedded"):
        return _embedded(choice, missed, start)
    raise NoEngine(
        f"INSIDEDOCKER_ENGINE={choice} asks for {NAMES[choice]}, but no {NAMES[choice]} engine "
        + f"answered{_because(missed)}: start it, or unset INSIDEDOCKER_ENGINE to use another."
    )


def attempt(candidate: Candidate) -> Engine | Trouble:
    """A session with the candidate where it answers its ping, else why it cannot be used."""
    if candidate.wrong:
        return Trouble(candidate.wrong, "choose another context by `docker context use`")
    if candidate.url.startswith("npipe:"):
        return Trouble(
            "a named pipe of Windows cannot be opened from here",
            "work inside WSL 2, where Docker Desktop offers a socket",
        )
    try:
        engine = Engine(bridge.local(candidate.url, candidate.tls), candidate.says, candidate.url)
    except NoEngine as error:
        return Trouble(str(error).rstrip("."), "put that right")
    try:
        answer = engine.get("/_ping", timeout=PING_SECONDS)
    except requests.RequestException as error:
        why = bridge.trouble(engine.url) or reason_of(error)
        return Trouble(why, _remedy(engine, why), why == NO_SOCKET)
    if answer.ok:
        return engine
    if "HTTPS" in answer.text and answer.status_code == 400:
        return Trouble(
            "it speaks TLS only",
            "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with ca.pem, cert.pem "
            "and key.pem",
        )
    return Trouble(f"its answer to /_ping was {answer.status_code}", "look into its log")


def _remedy(engine: Engine, why: str) -> str:
    if engine.place.startswith("ssh://"):
        return "see to it that `ssh` gets in there without a question, and that `docker` is there"
    if "certificate" in why.lower() or "tls" in why.lower():
        return "see to ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH"
    if why == MAY_NOT_OPEN and (group := _group_of(engine)):
        return (
            f"have this account added to its group (`sudo usermod -aG {group} $USER`), and log in"
        )
    return "start that engine"


def _group_of(engine: Engine) -> str:
    """The group that may open an engine's socket; empty where no group helps."""
    path = socket_of(engine.url)
    try:
        import grp  # not on Windows

        found = path.stat() if path else None
        return grp.getgrgid(found.st_gid).gr_name if found and found.st_gid else ""
    except (ImportError, OSError, KeyError):
        return ""


def _embedded(choice: str, missed: list[str], start: Callable[[], str]) -> Engine:
    if choice == "embedded":
        why = "INSIDEDOCKER_ENGINE asks for it"
    else:
        why = f"no DOCKER_HOST, no Docker or Podman socket answered{_because(missed)}"
    return Engine(start(), why)


def _because(missed: list[str]) -> str:
    return f"; {'; '.join(missed)}" if missed else ""
