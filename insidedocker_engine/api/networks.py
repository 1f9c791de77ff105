"""/networks: list, create, inspect, connect, disconnect, remove, prune."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..base import errors, filters
from ..base.expressions import found_in
from ..networks import create_request
from ..networks.model import Network
from ..server.http import Answer, Request, answer
from .routing import empty, reply, route

if TYPE_CHECKING:
    from ..container.record import Container
    from ..daemon import Daemon

Filters = dict[str, list[str]]
KINDS = ("builtin", "custom")
_KNOWN = {"dangling", "driver", "id", "label", "name", "scope", "type"}


@route("GET", "/networks")
async def list_all(daemon: Daemon, request: Request) -> Answer:
    found = choose(daemon, filters.parse(request.get("filters")))
    return reply(request, [network.describe() for network in found])


def choose(daemon: Daemon, wanted: Filters) -> list[Network]:
    """The networks that pass every filter."""
    filters.check(wanted, _KNOWN)
    for value in wanted.get("type", []):
        if value not in KINDS:
            raise errors.BadRequest(f"invalid filter: 'type'='{value}'")
    dangling = _dangling(wanted.get("dangling", []))
    tests: dict[str, Callable[[Network, str], bool]] = {
        "driver": lambda network, value: network.driver == value,
        "id": lambda network, value: found_in(value, network.id),
        "name": lambda network, value: found_in(value, network.name),
        "scope": lambda _network, value: value == "local",
        "type": lambda network, value: (value == "builtin") == network.predefined,
    }
    return [
        network
        for network in daemon.networks.all()
        if all(
            any(test(network, value) for value in wanted[name])
            for name, test in tests.items()
            if wanted.get(name)
        )
        and filters.labels_match(network.labels, wanted.get("label", []))
        and dangling in (None, daemon.networks.dangling(network))
    ]


def _dangling(values: list[str]) -> bool | None:
    if not values:
        return None
    if len(values) == 1 and values[0] in ("0", "1", "true", "false"):
        return values[0] in ("1", "true")
    raise errors.BadRequest(
        'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'
    )


@route("POST", "/networks/create")
async def create(daemon: Daemon, request: Request) -> Answer:
    network = await daemon.networks.create(await request.json())
    return answer({"Id": network.id, "Warning": create_request.warning(network)}, 201)


@route("POST", "/networks/prune")
async def prune(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    deleted = await daemon.networks.prune(wanted)
    daemon.events.emit("network", "prune", "", {"reclaimed": "0"})
    return answer({"NetworksDeleted": deleted or None})


@route("GET", "/networks/{id}")
async def inspect(daemon: Daemon, request: Request) -> Answer:
    network = daemon.networks.get(request.params["id"])
    if request.get("scope") not in ("", "local"):
        raise errors.NotFound(f"network {request.params['id']} not found")
    members = daemon.networks.membership.of(network)
    shown = {each.container.id: each.member() for each in members}
    return reply(request, {**network.describe(), "Containers": shown})


@route("POST", "/networks/{id}/connect")
async def connect(daemon: Daemon, request: Request) -> Answer:
    body = await request.json()
    container = _container(daemon, body)
    network = daemon.networks.get(request.params["id"])
    await daemon.networks.membership.connect(network, container, body.get("EndpointConfig"))
    return empty(200)


@route("POST", "/networks/{id}/disconnect")
async def disconnect(daemon: Daemon, request: Request) -> Answer:
    """Disconnect a container. `Force` changes nothing: an ended container has left already."""
    container = _container(daemon, await request.json())
    network = daemon.networks.get(request.params["id"])
    await daemon.networks.membership.disconnect(network, container)
    return empty(200)


def _container(daemon: Daemon, body: dict[str, Any]) -> Container:
    name = body.get("Container") or ""
    if not isinstance(name, str):
        raise errors.BadRequest("invalid JSON: Container needs a string")
    if not name:
        raise errors.BadRequest('invalid name or ID supplied: ""')
    return daemon.store.get(name)


@route("DELETE", "/networks/{id}")
async def remove(daemon: Daemon, request: Request) -> Answer:
    await daemon.networks.remove(daemon.networks.get(request.params["id"]))
    return empty()
