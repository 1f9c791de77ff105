"""/volumes: list, create, inspect, remove, prune."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..base import errors, filters
from ..base.expressions import found_in
from ..files import directory_trees
from ..server.http import Answer, Request, answer
from ..volumes import Volume
from .routing import empty, reply, route

if TYPE_CHECKING:
    from ..daemon import Daemon

Filters = dict[str, list[str]]


@route("GET", "/volumes")
async def list_all(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    filters.check(wanted, {"dangling", "driver", "label", "name"})
    _check_flag(wanted, "dangling")
    used = daemon.volumes.used()
    found = [volume.describe() for volume in daemon.volumes.all() if _passes(volume, wanted, used)]
    return reply(request, {"Volumes": found, "Warnings": None})


def _passes(volume: Volume, wanted: Filters, used: dict[str, int]) -> bool:
    if wanted.get("dangling") and filters.flag(wanted, "dangling") == (volume.name in used):
        return False
    if wanted.get("driver") and volume.driver not in wanted["driver"]:
        return False
    if wanted.get("name") and not any(found_in(text, volume.name) for text in wanted["name"]):
        return False
    return filters.labels_match(volume.labels or {}, wanted.get("label", []))


def _check_flag(wanted: Filters, name: str) -> None:
    values = wanted.get(name, [])
    if not all(value in ("0", "1", "true", "false") for value in values):
        raise errors.BadRequest(f"invalid filter '{name}=[{' '.join(values)}]'")


@route("POST", "/volumes/create")
async def create(daemon: Daemon, request: Request) -> Answer:
    body = await request.json(required=False) or {}
    for name in ("Name", "Driver"):
        if not isinstance(body.get(name), str | None):
            raise errors.BadRequest(f"invalid JSON: {name} needs a string")
    if body.get("ClusterVolumeSpec"):
        raise errors.Unavailable(
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
            "to connect this node to swarm and try again."
        )
    volume = await daemon.volumes.create(
        body.get("Name") or "",
        body.get("Driver") or "",
        _texts(body, "DriverOpts"),
        _texts(body, "Labels"),
    )
    return reply(request, volume.describe(), 201)


def _texts(body: dict[str, Any], name: str) -> dict[str, str] | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise errors.BadRequest(f"invalid JSON: {name} needs an object of strings")
    return value


@route("POST", "/volumes/prune")
async def prune(daemon: Daemon, request: Request) -> Answer:
    """Remove unused volumes. Since API 1.42 only anonymous ones, unless the filter `all` is set."""
    wanted = filters.parse(request.get("filters"))
    _check_flag(wanted, "all")
    every = request.version < (1, 42) or filters.flag(wanted, "all")
    deleted, freed = await daemon.volumes.prune(wanted, every)
    daemon.events.emit("volume", "prune", "", {"reclaimed": str(freed)})
    return answer({"VolumesDeleted": deleted, "SpaceReclaimed": freed})


@route("GET", "/volumes/{name}")
async def inspect(daemon: Daemon, request: Request) -> Answer:
    return reply(request, daemon.volumes.get(request.params["name"]).describe())


@route("PUT", "/volumes/{name}")
async def update(_daemon: Daemon, _request: Request) -> Answer:
    raise errors.Unavailable(
        "volume update only valid for cluster volumes, but swarm is unavailable"
    )


@route("DELETE", "/volumes/{name}")
async def remove(daemon: Daemon, request: Request) -> Answer:
    """Remove a volume. With `force` a missing volume is no error; a volume in use stays."""
    try:
        volume = daemon.volumes.get(request.params["name"])
    except errors.NotFound:
        if not request.flag("force"):
            raise
        return empty()
    await daemon.volumes.remove(volume)
    return empty()


async def usage(daemon: Daemon) -> list[dict[str, Any]]:
    """Volumes for /system/df: with their sizes (bytes) and the number of containers that use
    them."""
    used = daemon.volumes.used()
    found = []
    for volume in daemon.volumes.all():
        size = await asyncio.to_thread(directory_trees.size, volume.path)
        data = {"RefCount": used.get(volume.name, 0), "Size": size}
        found.append({**volume.describe(), "UsageData": data})
    return found
