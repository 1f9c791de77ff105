"""/networks: list, create, look at, connect, disconnect, remove, prune."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import errors, filters, timestamps
from ..http import Answer, Request, answer
from ..networks import Network, creating
from . import empty, reply, route

if TYPE_CHECKING:
    from ..containers import Container
    from ..daemon import Engine

Filters = dict[str, list[str]]
KINDS = ("builtin", "custom")
_KNOWN = {"dangling", "driver", "id", "label", "name", "scope", "type"}


@route("GET", "/networks")
async def list_all(engine: Engine, request: Request) -> Answer:
    found = choose(engine, filters.parse(request.get("filters")))
    return reply(request, [network.describe() for network in found])


def choose(engine: Engine, wanted: Filters) -> list[Network]:
    """The networks that pass every filter."""
    filters.check(wanted, _KNOWN)
    for value in wanted.get("type", []):
        if value not in KINDS:
            raise errors.BadRequest(f"invalid filter: 'type'='{value}'")
    dangling = _dangling(wanted.get("dangling", []))
    tests: dict[str, Callable[[Network, str], bool]] = {
        "driver": lambda network, value: network.driver == value,
        "id": lambda network, value: network.id.startswith(value),
        "name": lambda network, value: value in network.name,
        "scope": lambda _network, value: value == "local",
        "type": lambda network, value: (value == "builtin") == network.predefined,
    }
    return [
        network
        for network in engine.networks.all()
        if all(
            any(test(network, value) for value in wanted[name])
            for name, test in tests.items()
            if wanted.get(name)
        )
        and filters.labels_match(network.labels, wanted.get("label", []))
        and dangling in (None, engine.networks.dangling(network))
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
async def create(engine: Engine, request: Request) -> Answer:
    network = await engine.networks.create(await request.json())
    return answer({"Id": network.id, "Warning": creating.warning(network)}, 201)


@route("POST", "/networks/prune")
async def prune(engine: Engine, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    filters.check(wanted, {"until", "label", "label!"})
    until = min((timestamps.parse(text) for text in wanted.get("until", [])), default=None)
    deleted = []
    for network in engine.networks.all():
        if network.config_only or not engine.networks.dangling(network):
            continue
        if until is not None and network.created > until:
            continue
        if not filters.labels_match(network.labels, wanted.get("label", [])):
            continue
        unwanted = wanted.get("label!", [])
        if unwanted and filters.labels_match(network.labels, unwanted):
            continue
        await engine.networks.remove(network)
        deleted.append(network.name)
    engine.events.emit("network", "prune", "", {"reclaimed": "0"})
    return answer({"NetworksDeleted": deleted or None})


@route("GET", "/networks/{id}")
async def inspect(engine: Engine, request: Request) -> Answer:
    network = engine.networks.get(request.params["id"])
    if request.get("scope") not in ("", "local"):
        raise errors.NotFound(f"network {request.params['id']} not found")
    members = engine.networks.membership.of(network)
    shown = {each.container.id: each.member() for each in members}
    return reply(request, {**network.describe(), "Containers": shown})


@route("POST", "/networks/{id}/connect")
async def connect(engine: Engine, request: Request) -> Answer:
    body = await request.json()
    container = _container(engine, body)
    network = engine.networks.get(request.params["id"])
    await engine.networks.membership.connect(network, container, body.get("EndpointConfig"))
    return empty(200)


@route("POST", "/networks/{id}/disconnect")
async def disconnect(engine: Engine, request: Request) -> Answer:
    """Force means nothing more: what has ended has left already."""
    container = _container(engine, await request.json())
    network = engine.networks.get(request.params["id"])
    await engine.networks.membership.disconnect(network, container)
    return empty(200)


def _container(engine: Engine, body: dict[str, Any]) -> Container:
    name = body.get("Container") or ""
    if not isinstance(name, str):
        raise errors.BadRequest("invalid JSON: Container needs a string")
    if not name:
        raise errors.BadRequest('invalid name or ID supplied: ""')
    return engine.containers.get(name)


@route("DELETE", "/networks/{id}")
async def remove(engine: Engine, request: Request) -> Answer:
    await engine.networks.remove(engine.networks.get(request.params["id"]))
    return empty()
