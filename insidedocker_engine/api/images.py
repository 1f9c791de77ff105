"""/images: list, inspect, history, tag, delete, prune, load and save."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any

from ..base import errors, filters, timestamps
from ..containers.defaults import CONFIG
from ..images import platforms, references
from ..images.deletion import Deletion, prune
from ..images.platforms import Platform
from ..images.references import Reference
from ..images.store import Image
from ..server.http import Answer, Request, Response, Stream, answer
from ..server.jobs import Body
from . import versions
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon
    from ..images import archive  # else imported when needed: an engine should start quickly

NANO = timestamps.NANO
TOGETHER = 512 << 10
"""Bytes of an archive that are made in one go."""
COUNTED_SINCE = (1, 51)
"""The API version since which the list of images tells the number of their containers."""
_LIST_FILTERS = {"before", "dangling", "label", "label!", "reference", "since", "until"}
_SETTINGS: dict[str, Any] = {**CONFIG, "Labels": None}
"""Settings of an image that are always told; the others only where they are set."""
_SETTINGS_IF_SET = ("ArgsEscaped", "ExposedPorts", "Healthcheck", "Shell", "StopSignal")


@route("GET", "/images/json")
async def list_images(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    if request.get("filter") and request.version < (1, 41):
        wanted.setdefault("reference", []).append(request.get("filter"))
    filters.check(wanted, _LIST_FILTERS)
    after, until = _bounds(daemon, wanted)
    images = [
        image
        for image in daemon.images.all()
        if after < (image.created or 0) < until and _labelled(image, wanted)
    ]
    shared = _shared_sizes(daemon) if request.flag("shared-size") else {}
    parents = daemon.images.parents()
    listed = []
    for image in images:
        names = _matching(daemon.images.names.of(image.id), wanted.get("reference"))
        if not names:
            if "reference" in wanted or "false" in wanted.get("dangling", []):
                continue
            if image.id in parents and not request.flag("all"):
                continue  # a step on the way to another image
        elif filters.flag(wanted, "dangling") and any(name.tag for name in names):
            continue
        containers = _containers(daemon, image) if request.version >= COUNTED_SINCE else -1
        listed.append(summary(image, names, request.version, shared.get(image.id, -1), containers))
    return answer(versions.fit("GET /images/json", request.version, listed))


def _containers(daemon: Daemon, image: Image) -> int:
    return len(daemon.store.using_image(image.id))


def _bounds(daemon: Daemon, wanted: dict[str, list[str]]) -> tuple[float, float]:
    """The moments between which an image has to be made, both excluded (nanoseconds)."""

    def moments(key: str) -> list[int]:
        return [daemon.images.get(name).created or 0 for name in wanted.get(key, [])]

    until = [timestamps.parse(text) + 1 for text in wanted.get("until", [])]
    return max(moments("since"), default=-math.inf), min(
        [*moments("before"), *until], default=math.inf
    )


def _labelled(image: Image, wanted: dict[str, list[str]]) -> bool:
    return filters.labels_match(image.labels, wanted.get("label", [])) and not any(
        filters.labels_match(image.labels, [text]) for text in wanted.get("label!", [])
    )


def _matching(names: list[Reference], patterns: list[str] | None) -> list[Reference]:
    if patterns is None:
        return names
    return [name for name in names if any(name.matches(pattern) for pattern in patterns)]


def summary(
    image: Image,
    names: list[Reference],
    version: tuple[int, int],
    shared_size: int = -1,
    containers: int = -1,
) -> dict[str, Any]:
    """An image in a list, as ImageSummary with what older versions have; -1 stands for what
    was not asked for."""
    tags = [name.familiar for name in names if name.tag]
    digests = [name.familiar for name in names if name.digest]
    if not names and version < (1, 43):
        tags, digests = ["<none>:<none>"], ["<none>@<none>"]
    return {
        "Id": image.id,
        "ParentId": image.parent,
        "RepoTags": tags,
        "RepoDigests": digests,
        "Created": (image.created or 0) // NANO,
        "Size": image.size,
        "SharedSize": shared_size,
        "VirtualSize": image.size,
        "Labels": image.labels or None,
        "Containers": containers,
    }


def _shared_sizes(daemon: Daemon) -> dict[str, int]:
    """id -> bytes of its layers that other images have as well."""
    images = daemon.images.all()
    count: dict[str, int] = {}
    for image in images:
        for link in set(image.chain):
            count[link] = count.get(link, 0) + 1
    return {
        image.id: sum(
            size for link, size in zip(image.chain, image.sizes, strict=True) if count[link] > 1
        )
        for image in images
    }


def usage(daemon: Daemon, version: tuple[int, int]) -> tuple[list[dict[str, Any]], int]:
    """Images (not yet fit for the version) and LayersSize as /system/df tells them."""
    shared = _shared_sizes(daemon)
    layers: dict[str, int] = {}
    listed = []
    for image in daemon.images.all():
        layers |= dict(zip(image.chain, image.sizes, strict=True))
        names = daemon.images.names.of(image.id)
        listed.append(summary(image, names, version, shared[image.id], _containers(daemon, image)))
    return listed, sum(layers.values())


@route("GET", "/images/{name:path}/json")
async def inspect(daemon: Daemon, request: Request) -> Answer:
    image = daemon.images.get(request.params["name"])
    if request.get("platform") and request.flag("manifests"):
        raise errors.BadRequest(
            "conflicting options: manifests and platform options cannot both be set"
        )
    _check_platform(image, request)
    value = description(daemon, image)
    return answer(versions.fit("GET /images/{}/json", request.version, value))


def description(daemon: Daemon, image: Image) -> dict[str, Any]:
    """All about an image, as ImageInspect, with what older versions of the API have."""
    config = image.config
    history = config.get("history") or []
    comment = config.get("comment") or (history[-1].get("comment") if history else "")
    value = {
        "Id": image.id,
        "RepoTags": daemon.images.tags(image.id),
        "RepoDigests": daemon.images.digests(image.id),
        "Parent": image.parent,
        "Comment": _text(comment),
        "Created": timestamps.ZERO if image.created is None else timestamps.text(image.created),
        "Container": _text(config.get("container")),
        "ContainerConfig": _settings(config.get("container_config")),
        "DockerVersion": _text(config.get("docker_version")),
        "Author": _text(config.get("author")),
        "Config": _settings(image.settings),
        "Architecture": _text(config.get("architecture")),
        "Os": _text(config.get("os")) or "linux",
        "Size": image.size,
        "VirtualSize": image.size,
        "GraphDriver": {"Name": daemon.driver.name, "Data": _folders(daemon, image)},
        "RootFS": {"Type": "layers", "Layers": image.diff_ids},
        "Metadata": {
            "LastTagTime": timestamps.text(image.tagged) if image.tagged else timestamps.ZERO
        },
    }
    for name, key in (("Variant", "variant"), ("OsVersion", "os.version")):
        if _text(config.get(key)):
            value[name] = config[key]
    return value


def _settings(settings: Any) -> dict[str, Any]:
    """The settings that containers start with, with the defaults that clients rely on."""
    given = settings if isinstance(settings, dict) else {}
    told = {name: given.get(name) or default for name, default in _SETTINGS.items()}
    return told | {name: given[name] for name in _SETTINGS_IF_SET if given.get(name)}


def _folders(daemon: Daemon, image: Image) -> dict[str, str]:
    """The folders of the unpacked layers, made or not, in the order in which overlayfs stacks
    them."""
    folders = [str(daemon.images.layer_folder(diff)) for diff in reversed(image.diff_ids)]
    if not folders:
        return {}
    below = {"LowerDir": ":".join(folders[1:])} if folders[1:] else {}
    return below | {"UpperDir": folders[0]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _check_platform(image: Image, request: Request) -> None:
    """Raise NotFound where a platform is asked for and the image is for another one."""
    wanted = _platform(request)
    if wanted is None:
        return
    actual = platforms.of(image.config)
    if not actual.suits(wanted):
        raise errors.NotFound(
            f"image with reference {request.params.get('name', image.id)} was found but its "
            f"platform ({actual}) does not match the specified platform ({wanted})"
        )


def _platform(request: Request) -> Platform | None:
    text = request.get("platform")
    return platforms.parse(text) if text else None


@route("GET", "/images/{name:path}/history")
async def history(daemon: Daemon, request: Request) -> Answer:
    image = daemon.images.get(request.params["name"])
    _check_platform(image, request)
    steps: list[dict[str, Any]] = []
    sizes = iter(image.sizes)
    for item in image.config.get("history") or []:
        size = 0 if item.get("empty_layer") else next(sizes, None)
        if size is None:
            raise errors.APIError("too many non-empty layers in History section")
        steps.append(
            {
                "Id": "<missing>",
                "Created": _moment(item.get("created")),
                "CreatedBy": _text(item.get("created_by")),
                "Tags": None,
                "Size": size,
                "Comment": _text(item.get("comment")),
            }
        )
    steps.reverse()
    current: Image | None = image
    for one in steps:  # the steps that are images of their own here
        if current is None:
            break
        one |= {"Id": current.id, "Tags": daemon.images.tags(current.id) or None}
        current = daemon.images.find(current.parent) if current.parent else None
    return answer(steps)


def _moment(text: Any) -> int:
    """Seconds since 1970; 0 where nothing is told."""
    try:
        return timestamps.parse(_text(text)) // NANO if text else 0
    except errors.BadRequest:
        return 0


@route("POST", "/images/{name:path}/tag")
async def tag(daemon: Daemon, request: Request) -> Answer:
    image = daemon.images.get(request.params["name"])
    repository = references.parse(request.get("repo"))
    if repository.digest:
        raise errors.BadRequest("refusing to create a tag with a digest reference")
    name = repository.with_tag(request.get("tag")) if request.get("tag") else repository.tagged()
    daemon.images.tag(image, name)
    daemon.images.emit("tag", image, name=name.familiar)
    return Response(201)


@route("DELETE", "/images/{name:path}")
async def delete(daemon: Daemon, request: Request) -> Answer:
    deletion = Deletion(daemon.images)
    prune_parents = not request.flag("noprune")
    return answer(
        await deletion.delete(request.params["name"], request.flag("force"), prune_parents)
    )


@route("POST", "/images/prune")
async def prune_images(daemon: Daemon, request: Request) -> Answer:
    records, reclaimed = await prune(daemon.images, filters.parse(request.get("filters")))
    daemon.events.emit("image", "prune", "", {"reclaimed": str(reclaimed)})
    return answer({"ImagesDeleted": records or None, "SpaceReclaimed": reclaimed})


@route("POST", "/images/load")
async def load(daemon: Daemon, request: Request) -> Answer:
    from ..images import imports

    platform, quiet = _platform(request), request.flag("quiet")
    return await imports.load(daemon.images, Body(request), platform, quiet)


@route("GET", "/images/get")
async def save_several(daemon: Daemon, request: Request) -> Answer:
    return _save(daemon, request, request.query.get("names", []))


@route("GET", "/images/{name:path}/get")
async def save(daemon: Daemon, request: Request) -> Answer:
    return _save(daemon, request, [request.params["name"]])


def _save(daemon: Daemon, request: Request, texts: list[str]) -> Stream:
    from ..images import archive

    exports: dict[str, archive.Export] = {}
    for text in texts:
        for image, name in _named(daemon, text):
            _check_platform(image, request)
            export = exports.setdefault(
                image.id, archive.Export(image.id, image.diff_ids, (image.created or 0) // NANO)
            )
            if name is not None and name not in export.names:
                export.names.append(name)
    if not exports:
        raise errors.BadRequest("no images were named: give at least one")
    for identity in exports:
        image = daemon.images.get(identity)
        daemon.images.emit("save", image)
    return Stream(_archive(daemon, list(exports.values())), "application/x-tar")


def _named(daemon: Daemon, text: str) -> list[tuple[Image, Reference | None]]:
    """The images to save for `text`, each with the name to save it under: a whole repository
    where there is no tag, an image without a name where an id is given."""
    images = daemon.images
    if references.identifier(text) is None:
        name = references.parse(text)
        if not name.tag and not name.digest:
            tagged = images.names.in_repository(name)
            if tagged:
                return [(images.get(one), name.with_tag(tag)) for tag, one in tagged.items()]
        elif images.names.get(name) is None:
            raise errors.NotFound("reference does not exist")
        elif name.tag and not name.digest:
            return [(images.get(text), name)]
    image = images.find(text)
    if image is None:
        raise errors.NotFound(f"No such image: {text}")
    return [(image, None)]


async def _archive(daemon: Daemon, exports: list[archive.Export]) -> AsyncGenerator[bytes, None]:
    from ..images import archive

    blobs = daemon.images.blobs
    needed = [digest for export in exports for digest in [export.id, *export.diff_ids]]
    with blobs.holding(needed):
        pieces = archive.save(exports, blobs)
        while data := await asyncio.to_thread(_together, pieces):
            yield data


def _together(pieces: Iterator[bytes]) -> bytes:
    """The next pieces as one: a thread's turn should be worth it."""
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) >= TOGETHER:
            break
    return bytes(data)
