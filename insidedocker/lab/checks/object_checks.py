"""Checks of the objects that a learner has made on an engine, as the engine shows them.

Each check returns what the engine says of the object, for further checks, or raises CheckFailed
with what is there instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from insidedocker.lab.checks.check_failed import fail
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.plain_data import show

SECONDS = 15.0  # until a program in a container listens

Seen = dict[str, Any]

# Kind -> path of the list, its entries in the answer, the names of one entry.
_LISTS: dict[str, tuple[str, Callable[[Any], list[Seen]], Callable[[Seen], list[str]]]] = {
    "container": (
        "/containers/json?all=1",
        lambda found: found,
        lambda each: [name.lstrip("/") for name in each["Names"]],
    ),
    "image": ("/images/json", lambda found: found, lambda each: each.get("RepoTags") or []),
    "network": ("/networks", lambda found: found, lambda each: [each["Name"]]),
    "volume": ("/volumes", lambda found: found["Volumes"] or [], lambda each: [each["Name"]]),
}

_AFTER = {
    "created": "it was created and not started: which request comes after create?",
    "exited": "its main process has ended: read its logs, and look at its command.",
    "paused": "it is frozen: which request lets it go on?",
    "running": "it runs still: which request ends its main process?",
}


def container(
    engine: Engine, name: str, *, state: str = "running", image: str = "", try_next: str = ""
) -> Seen:
    """Check that a container of this name is in `state` ("" for any) and, with `image`, was made
    from that image."""
    seen = _one(engine, "container", name, try_next)
    found = seen["State"]["Status"]
    if state and found != state:
        code = f", with exit code {seen['State']['ExitCode']}" if found == "exited" else ""
        fail(
            f"the state of the container {name}",
            observed=f"it is {found}{code}",
            expected=f"it is {state}",
            try_next=try_next or _AFTER.get(found, "look at State in GET /containers/NAME/json."),
        )
    if image and seen["Image"] != _one(engine, "image", image, try_next)["Id"]:
        fail(
            f"the image of the container {name}",
            observed=f"it was made from {seen['Config']['Image']}",
            expected=f"it was made from {image}",
            try_next=try_next or "a container stays with its image: remove it, and make it anew.",
        )
    return seen


def image(engine: Engine, name: str, *, try_next: str = "") -> Seen:
    """Check that the engine has an image of this name."""
    return _one(engine, "image", name, try_next)


def volume(engine: Engine, name: str, *, try_next: str = "") -> Seen:
    """Check that the engine has a volume of this name."""
    return _one(engine, "volume", name, try_next)


def network(engine: Engine, name: str, *, peers: Sequence[str] = (), try_next: str = "") -> Seen:
    """Check that the engine has a network of this name, and that the containers `peers` are running
    on it."""
    seen = _one(engine, "network", name, try_next)
    on_it = sorted(each["Name"] for each in (seen.get("Containers") or {}).values())
    missing = [peer for peer in peers if peer not in on_it]
    if missing:
        fail(
            f"who is on the network {name}",
            observed=f"running on it: {_listed(on_it)}",
            expected=f"also {', '.join(missing)}",
            try_next=try_next or "does it run, and is it connected? See GET /containers/NAME/json.",
        )
    return seen


def gone(engine: Engine, kind: str, name: str, *, try_next: str = "") -> None:
    """Check that no object of this `kind` ("container", "image", "network", "volume") has this name
    any more."""
    if engine.get(f"/{kind}s/{name}{_inspect(kind)}").status_code != 404:
        fail(
            f"the {kind} {name} is removed",
            observed="it is still there",
            expected=f"no {kind} of this name",
            try_next=try_next or "stopping is not removing: which verb removes?",
        )


def port_answers(
    engine: Engine, name: str, port: int, *, path: str = "/", text: str = "", try_next: str = ""
) -> str:
    """Check that the published `port` of the running container `name` answers HTTP with `text` in
    the body; returns the body. A program that has just started gets up to SECONDS."""
    seen = container(engine, name, try_next=try_next)
    address = _published(engine, seen, port, try_next)
    what, said = f"GET http://{address}{path}", ""
    until = time.monotonic() + SECONDS
    while (left := until - time.monotonic()) > 0:
        try:
            answer = requests.get(f"http://{address}{path}", timeout=left)
        except requests.RequestException as error:
            said = f"no answer ({type(error).__name__})"
            time.sleep(0.05)  # no event tells when the program in a container begins to listen
            continue
        if answer.ok and text in answer.text:
            return answer.text
        fail(
            what,
            observed=f"status {answer.status_code}, body {show(answer.text)}",
            expected=f"status 200, and {text!r} in the body" if text else "status 200",
            try_next=try_next or f"look into the container: what does it serve at {path}?",
        )
    fail(
        what,
        observed=said,
        expected="an answer",
        try_next=try_next or f"does the program listen on port {port}? Read its logs.",
    )


def _published(engine: Engine, seen: Seen, port: int, try_next: str) -> str:
    """HOST:PORT under which a container's port is published."""
    ports = {
        key: each for key, each in (seen["NetworkSettings"].get("Ports") or {}).items() if each
    }
    found = ports.get(f"{port}/tcp")
    if not found:
        fail(
            f"port {port} of the container {seen['Name'].lstrip('/')} is published",
            observed=f"published are: {_listed(sorted(ports))}",
            expected=f"{port}/tcp among them",
            try_next=try_next or "EXPOSE does not publish. What does, when a container is created?",
        )
    host = found[0].get("HostIp", "")
    if host in ("", "0.0.0.0", "::"):  # on all addresses, so also on the engine's own
        url = urlsplit(engine.url)
        host = url.hostname or "127.0.0.1" if url.scheme == "tcp" else "127.0.0.1"
    return f"{host}:{found[0]['HostPort']}"


def _one(engine: Engine, kind: str, name: str, try_next: str) -> Seen:
    answer = engine.get(f"/{kind}s/{name}{_inspect(kind)}")
    if answer.status_code == 404:
        path, rows, names = _LISTS[kind]
        there = sorted(each for row in rows(engine.get(path).json()) for each in names(row))
        fail(
            f"the {kind} {name}",
            observed=f"there is none of this name; there are: {_listed(there)}",
            expected=f"a {kind} called {name}",
            try_next=try_next or f"compare GET {path} with the task: is yours there, and its name?",
        )
    answer.raise_for_status()
    found: Seen = answer.json()
    return found


def _inspect(kind: str) -> str:
    return "/json" if kind in ("container", "image") else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "") if names else "none"
