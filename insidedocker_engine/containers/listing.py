"""Lists of containers: filters, and the entries of a list."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps
from ..base.expressions import found_in
from ..base.filters import Filters, flag, labels_match
from ..container.record import Container
from ..container.store import ContainerStore
from ..networks import endpoints
from ..networks.port_mapping import Ports
from . import inspect

if TYPE_CHECKING:
    from ..images.store import Images
    from ..networks.attachments import Membership

STATUSES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
HEALTHS = ("starting", "healthy", "unhealthy", "none")


class Listing:
    """Answers list calls; needs the names of images and the attachments to networks."""

    def __init__(self, containers: ContainerStore, images: Images, membership: Membership) -> None:
        self._containers = containers
        self._images = images
        self._membership = membership
        self._meant: dict[str, str] = {}
        """Image name -> id of the image it means."""

    def choose(self, show_all: bool, limit: int, filters: Filters) -> list[Container]:
        """The containers of a list call, newest first. Raises BadRequest, NotFound."""
        for name, values in filters.items():
            if name not in _TESTS and name not in ("before", "since"):
                raise errors.BadRequest(f"invalid filter '{name}'")
            _check(name, values)
        # As with the Engine, a filter by state and a limit include stopped containers.
        show_all = show_all or limit > 0 or bool({"status", "exited"} & set(filters))
        newest, oldest = self._bounds(filters)
        found = []
        for container in self._containers.all():
            created = container.record.created
            if not show_all and not (container.state.running or {"before", "since"} & set(filters)):
                continue
            if not oldest < created < newest:
                continue
            if all(
                _TESTS[name](self, container, values)
                for name, values in filters.items()
                if name in _TESTS
            ):
                found.append(container)
            if 0 < limit == len(found):
                break
        return found

    def _bounds(self, filters: Filters) -> tuple[float, float]:
        newest, oldest = float("inf"), float("-inf")
        for name in filters.get("before", []):
            newest = min(newest, self._containers.get(name).record.created)
        for name in filters.get("since", []):
            oldest = max(oldest, self._containers.get(name).record.created)
        return newest, oldest

    # Filters that ask others than the container

    def by_ancestor(self, container: Container, values: list[str]) -> bool:
        for value in values:
            try:
                image = self._images.find(value)
            except errors.APIError:
                image = None
            if image is not None and image.id in self._ancestry(container):
                return True
        return False

    def _ancestry(self, container: Container) -> Iterable[str]:
        """The ids of the container's image and of its ancestors."""
        identity, seen = container.record.image, set()
        while identity and identity not in seen:
            seen.add(identity)
            image = self._images.find(identity)
            identity = image.parent if image is not None else ""
        return seen

    def by_published(self, container: Container, values: list[str]) -> bool:
        ports = self._membership.attachments(container).ports
        return _port_in(values, ports or container.host_config["PortBindings"])

    # What is shown

    def entry(self, container: Container) -> dict[str, Any]:
        """One entry of a list, without sizes, in the newest version's form."""
        record = container.record
        host: dict[str, Any] = {"NetworkMode": container.network_mode}
        if container.host_config.get("Annotations"):
            host["Annotations"] = container.host_config["Annotations"]
        attachments = self._membership.attachments(container)
        return {
            "Id": record.id,
            "Names": [f"/{record.name}"],
            "Image": self._image_name(container),
            "ImageID": record.image,
            "Command": container.command,
            "Created": record.created // timestamps.NANO,
            "Ports": ports(attachments.ports),
            "Labels": container.config["Labels"],
            "State": container.state.status,
            "Status": status(container),
            "HostConfig": host,
            "NetworkSettings": {"Networks": endpoints.show_all(container, attachments.joined)},
            "Mounts": inspect.mounts(container),
        }

    def _image_name(self, container: Container) -> str:
        """The image name as requested, while it still means the same image; else the image's id."""
        asked, image = str(container.config["Image"]), container.record.image
        if asked not in self._meant:
            try:
                found = self._images.find(asked)
            except errors.APIError:
                found = None
            self._meant[asked] = found.id if found is not None else ""
        return asked if self._meant[asked] == image else image


def _check(name: str, values: list[str]) -> None:
    known = {"status": STATUSES, "health": HEALTHS}.get(name)
    for value in values:
        if known is not None and value not in known:
            if name == "health":
                raise errors.BadRequest(f"unrecognized filter value for health: {value}")
            raise errors.BadRequest(f"invalid filter '{name}={value}'")
        if name == "exited" and not re.fullmatch(r"-?\d+", value):
            raise errors.BadRequest(f"invalid filter 'exited={value}'")


def _by_network(container: Container, values: list[str]) -> bool:
    names = set(container.record.networks)
    ids = {str(each.get("NetworkID") or "") for each in container.record.networks.values()}
    return any(
        value in names or any(found and found.startswith(value) for found in ids)
        for value in values
    )


def _by_volume(container: Container, values: list[str]) -> bool:
    known = {point.destination for point in container.record.mounts}
    known |= {point.name or point.source for point in container.record.mounts}
    return bool(known & set(values))


def _port_in(values: list[str], known: Iterable[str]) -> bool:
    return bool({text if "/" in text else f"{text}/tcp" for text in values} & set(known))


Test = Callable[[Listing, Container, list[str]], bool]

_TESTS: dict[str, Test] = {
    "ancestor": Listing.by_ancestor,
    "exited": lambda _l, c, values: (
        str(c.state.exit_code) in values and c.record.started_before and not c.state.running
    ),
    "expose": lambda _l, c, values: _port_in(values, c.config.get("ExposedPorts") or {}),
    "health": lambda _l, c, values: (c.state.health or {"Status": "none"})["Status"] in values,
    "id": lambda _l, c, values: any(c.id.startswith(value) for value in values),
    "is-task": lambda _l, _c, values: not flag({"is-task": values}, "is-task"),
    "isolation": lambda _l, _c, _values: True,
    "label": lambda _l, c, values: labels_match(c.config["Labels"], values),
    "name": lambda _l, c, values: any(found_in(value, c.name, f"/{c.name}") for value in values),
    "network": lambda _l, c, values: _by_network(c, values),
    "publish": Listing.by_published,
    "status": lambda _l, c, values: c.state.status in values,
    "volume": lambda _l, c, values: _by_volume(c, values),
}


def ports(published: Ports) -> list[dict[str, Any]]:
    """Published ports, and the exposed ports of a running container."""
    found: list[dict[str, Any]] = []
    for text, bindings in published.items():
        number, _, kind = text.partition("/")
        port = {"PrivatePort": int(number), "Type": kind or "tcp"}
        for binding in bindings or []:
            found.append({"IP": binding["HostIp"], **port, "PublicPort": int(binding["HostPort"])})
        if not bindings:
            found.append(port)
    return found


def status(container: Container) -> str:
    """The status in words, as `docker ps` shows it."""
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
    """A duration as Docker words it: Less than a second, About an hour, 3 weeks."""
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
