"""Lists of containers: which ones a filter takes, and what a list shows of each."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .. import errors, timestamps
from ..filters import flag, labels_match
from . import inspect, network
from .model import Container

if TYPE_CHECKING:
    from ..daemon import Engine

STATUSES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
HEALTHS = ("starting", "healthy", "unhealthy", "none")

Filters = dict[str, list[str]]
Test = Callable[["Engine", Container, list[str]], bool]


def choose(engine: Engine, show_all: bool, limit: int, filters: Filters) -> list[Container]:
    """The containers of a list call, the newest first. Raises BadRequest, NotFound."""
    for name, values in filters.items():
        if name not in _TESTS and name not in ("before", "since"):
            raise errors.BadRequest(f"invalid filter '{name}'")
        _check(name, values)
    # As with the Engine: who asks for a state, or for the last few, means all containers.
    show_all = show_all or limit > 0 or bool({"status", "exited"} & set(filters))
    newest, oldest = _bounds(engine, filters)
    found = []
    for container in engine.containers.all():
        created = container.record.created
        if not show_all and not (container.state.running or {"before", "since"} & set(filters)):
            continue
        if not oldest < created < newest:
            continue
        if all(
            _TESTS[name](engine, container, values)
            for name, values in filters.items()
            if name in _TESTS
        ):
            found.append(container)
        if 0 < limit == len(found):
            break
    return found


def _bounds(engine: Engine, filters: Filters) -> tuple[float, float]:
    newest, oldest = float("inf"), float("-inf")
    for name in filters.get("before", []):
        newest = min(newest, engine.containers.get(name).record.created)
    for name in filters.get("since", []):
        oldest = max(oldest, engine.containers.get(name).record.created)
    return newest, oldest


def _check(name: str, values: list[str]) -> None:
    known = {"status": STATUSES, "health": HEALTHS}.get(name)
    for value in values:
        if known is not None and value not in known:
            if name == "health":
                raise errors.BadRequest(f"unrecognized filter value for health: {value}")
            raise errors.BadRequest(f"invalid filter '{name}={value}'")
        if name == "exited" and not re.fullmatch(r"-?\d+", value):
            raise errors.BadRequest(f"invalid filter 'exited={value}'")


def _any(values: list[str], *texts: str) -> bool:
    """Whether one of `values` is, or as an expression matches in, one of `texts`."""
    for value in values:
        try:
            pattern = re.compile(value)
        except re.error:
            pattern = re.compile(re.escape(value))
        if any(value == text or pattern.search(text) for text in texts):
            return True
    return False


def _by_ancestor(engine: Engine, container: Container, values: list[str]) -> bool:
    for value in values:
        try:
            image = engine.images.find(value)
        except errors.APIError:
            image = None
        if image is not None and image.id in _ancestry(engine, container):
            return True
    return False


def _ancestry(engine: Engine, container: Container) -> Iterable[str]:
    """The ids of the container's image and of those it was built from."""
    identity, seen = container.record.image, set()
    while identity and identity not in seen:
        seen.add(identity)
        image = engine.images.find(identity)
        identity = image.parent if image is not None else ""
    return seen


def _by_network(_engine: Engine, container: Container, values: list[str]) -> bool:
    names = set(container.record.networks)
    ids = {str(each.get("NetworkID") or "") for each in container.record.networks.values()}
    return any(
        value in names or any(found and found.startswith(value) for found in ids)
        for value in values
    )


def _by_volume(_engine: Engine, container: Container, values: list[str]) -> bool:
    known = {point.destination for point in container.record.mounts}
    known |= {point.name or point.source for point in container.record.mounts}
    return bool(known & set(values))


def _by_port(which: str) -> Test:
    def test(_engine: Engine, container: Container, values: list[str]) -> bool:
        if which == "expose":
            known = set(container.config.get("ExposedPorts") or {})
        else:
            known = set(container.ports or container.host_config["PortBindings"])
        return bool({text if "/" in text else f"{text}/tcp" for text in values} & known)

    return test


_TESTS: dict[str, Test] = {
    "ancestor": _by_ancestor,
    "exited": lambda _e, c, values: (
        str(c.state.exit_code) in values and c.record.started_before and not c.state.running
    ),
    "expose": _by_port("expose"),
    "health": lambda _e, c, values: (c.state.health or {"Status": "none"})["Status"] in values,
    "id": lambda _e, c, values: _any([f"^{value}" for value in values], c.id),
    "is-task": lambda _e, _c, values: not flag({"is-task": values}, "is-task"),
    "isolation": lambda _e, _c, _values: True,
    "label": lambda _e, c, values: labels_match(c.config["Labels"], values),
    "name": lambda _e, c, values: _any(values, c.name, f"/{c.name}"),
    "network": _by_network,
    "publish": _by_port("publish"),
    "status": lambda _e, c, values: c.state.status in values,
    "volume": _by_volume,
}


def summaries(engine: Engine, containers: Iterable[Container]) -> list[dict[str, Any]]:
    """Entries of a list, without sizes, in the newest version's form."""
    meant: dict[str, str] = {}
    return [summary(engine, container, meant) for container in containers]


def summary(
    engine: Engine, container: Container, meant: dict[str, str] | None = None
) -> dict[str, Any]:
    """One entry. `meant` remembers from one to the next which image a name means."""
    record = container.record
    host: dict[str, Any] = {"NetworkMode": container.network_mode}
    if container.host_config.get("Annotations"):
        host["Annotations"] = container.host_config["Annotations"]
    return {
        "Id": record.id,
        "Names": [f"/{record.name}"],
        "Image": _image_name(engine, container, {} if meant is None else meant),
        "ImageID": record.image,
        "Command": container.command,
        "Created": record.created // timestamps.NANO,
        "Ports": ports(container),
        "Labels": container.config["Labels"],
        "State": container.state.status,
        "Status": status(container),
        "HostConfig": host,
        "NetworkSettings": {"Networks": network.endpoints(container)},
        "Mounts": inspect.mounts(container),
    }


def _image_name(engine: Engine, container: Container, meant: dict[str, str]) -> str:
    """As it was asked for, while that still means the same image; else the image's id."""
    asked, image = str(container.config["Image"]), container.record.image
    if asked not in meant:
        try:
            found = engine.images.find(asked)
        except errors.APIError:
            found = None
        meant[asked] = found.id if found is not None else ""
    return asked if meant[asked] == image else image


def ports(container: Container) -> list[dict[str, Any]]:
    """What is published, and what is only exposed while it runs."""
    found: list[dict[str, Any]] = []
    for text, bindings in container.ports.items():
        number, _, kind = text.partition("/")
        port = {"PrivatePort": int(number), "Type": kind or "tcp"}
        for binding in bindings or []:
            found.append({"IP": binding["HostIp"], **port, "PublicPort": int(binding["HostPort"])})
        if not bindings:
            found.append(port)
    return found


def status(container: Container) -> str:
    """In words, as `docker ps` shows it."""
    state = container.state
    if container.removing:
        return "Removal In Progress"
    if state.status == "restarting":
        return f"Restarting ({state.exit_code}) {_ago(state.finished)} ago"
    if state.running:
        words = f"Up {_ago(state.started)}"
        if state.status == "paused":
            return f"{words} (Paused)"
        if state.health is not None:
            health = state.health["Status"]
            return f"{words} (health: starting)" if health == "starting" else f"{words} ({health})"
        return words
    if state.status == "dead":
        return "Dead"
    if not container.record.started_before:
        return "Created"
    return f"Exited ({state.exit_code}) {_ago(state.finished)} ago"


def _ago(moment: str) -> str:
    return lapse((time.time_ns() - timestamps.parse(moment)) / timestamps.NANO)


def lapse(seconds: float) -> str:
    """A length of time as Docker says it: Less than a second, About an hour, 3 weeks."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes = whole // 60
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = round(seconds / 3600)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    days = hours // 24
    for size, most, unit in ((1, 14, "days"), (7, 60, "weeks"), (30, 730, "months")):
        if days < most:
            return f"{days // size} {unit}"
    return f"{days // 365} years"
