"""/build: images out of Dockerfiles."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, filters
from ..files import directory_trees
from ..images import platforms, references
from ..images.compression import CompressionError, Decompressor
from ..images.references import Reference
from ..server.http import Answer, Request, Response, Stream
from .routing import reply, route

if TYPE_CHECKING:
    from ..builder.build import Options, Output  # else imported when needed
    from ..daemon import Daemon
    from ..images.registry_client import Credentials
    from ..images.store import Image

NO_BUILDKIT = (
    "this engine has the classic builder only, no BuildKit: set DOCKER_BUILDKIT=0 and build again"
)
_NUMBERS = {
    "memory": "Memory",
    "memswap": "MemorySwap",
    "cpushares": "CpuShares",
    "cpuperiod": "CpuPeriod",
    "cpuquota": "CpuQuota",
    "shmsize": "ShmSize",
}
_TEXTS = {
    "cpusetcpus": "CpusetCpus",
    "cpusetmems": "CpusetMems",
    "cgroupparent": "CgroupParent",
    "networkmode": "NetworkMode",
}


@route("POST", "/build")
async def build(daemon: Daemon, request: Request) -> Answer:
    from ..builder import context, dockerfile
    from ..builder.build import Build

    options = _options(request)
    folder = Path(tempfile.mkdtemp(dir=daemon.temporary, prefix="context-"))
    try:
        await _receive(daemon, request, folder)
        name = request.get("dockerfile")
        text = await asyncio.to_thread(context.read_dockerfile, folder, name)
        pull = _Pull(daemon, request)
        made = Build(
            options,
            dockerfile.parse(text),
            folder,
            pull.image,
            store=daemon.store,
            containers=daemon.containers,
            images=daemon.images,
            driver=daemon.driver,
        )
    except BaseException:
        await asyncio.to_thread(directory_trees.remove, folder)
        raise
    return Stream(made.lines())


async def _receive(daemon: Daemon, request: Request, folder: Path) -> None:
    from ..builder import context

    if request.get("remote"):
        remote, name = request.get("remote"), request.get("dockerfile") or "Dockerfile"
        await asyncio.to_thread(context.fetch, remote, folder, name)
        return
    with tempfile.TemporaryFile(dir=daemon.temporary) as archive:
        plain = Decompressor(archive)
        try:
            async for data in request.stream():
                await asyncio.to_thread(plain.write, data)
            await asyncio.to_thread(plain.close)
        except CompressionError as error:
            raise errors.BadRequest(f"the context cannot be unpacked: {error}") from None
        finally:
            with contextlib.suppress(Exception):
                plain.abort()
        archive.seek(0)
        await asyncio.to_thread(context.unpack, archive, folder)


def _options(request: Request) -> Options:
    from ..builder.build import Options

    if request.get("version") == "2":
        raise errors.BadRequest(NO_BUILDKIT)
    if request.flag("squash"):
        raise errors.BadRequest("squash is only supported with experimental mode")
    if request.get("outputs") not in ("", "[]", "null"):
        raise errors.BadRequest("the classic builder has no outputs but an image")
    if request.get("platform"):
        platforms.parse(request.get("platform"))
    force_remove = request.flag("forcerm")
    cache_from = _json(request, "cachefrom", list)
    return Options(
        tags=_tags(request.query.get("t", [])),
        arguments=_strings(request, "buildargs", nothing=True),
        labels=_strings(request, "labels"),
        target=request.get("target"),
        host_config=_host_config(request),
        quiet=request.flag("q"),
        use_cache=not request.flag("nocache"),
        cache_from=[each for each in cache_from if isinstance(each, str) and each],
        remove=force_remove or request.flag("rm", default=True) or request.get("rm") == "",
        force_remove=force_remove,
        platform=request.get("platform"),
    )


def _tags(texts: list[str]) -> list[Reference]:
    names = []
    for text in filter(None, texts):
        try:
            name = references.parse(text)
        except errors.BadRequest as error:
            raise errors.BadRequest(f'invalid argument "{text}": {error.message}') from None
        if name.digest:
            raise errors.BadRequest("build tag cannot contain a digest")
        if name.tagged() not in names:
            names.append(name.tagged())
    return names


def _json(request: Request, name: str, kind: type) -> Any:
    text = request.get(name)
    if not text:
        return kind()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.BadRequest(f"error reading {name}: it is not JSON") from None
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise errors.BadRequest(f"error reading {name}: a JSON {kind.__name__} is needed")
    return value


def _strings(request: Request, name: str, nothing: bool = False) -> dict[str, Any]:
    """An object of strings; with `nothing` null counts as left out."""
    value = _json(request, name, dict)
    if nothing:
        value = {key: each for key, each in value.items() if each is not None}
    if not all(isinstance(each, str) for each in value.values()):
        raise errors.BadRequest(f"error reading {name}: its values have to be strings")
    return dict(value)


def _host_config(request: Request) -> dict[str, Any]:
    """The settings of the containers of RUN."""
    host: dict[str, Any] = {}
    for name, field in _NUMBERS.items():
        number = request.number(name)
        if number:
            host[field] = number
    for name, field in _TEXTS.items():
        if request.get(name):
            host[field] = request.get(name)
    hosts = [each for text in request.query.get("extrahosts", []) for each in text.split(",")]
    if any(hosts):
        host["ExtraHosts"] = [each for each in hosts if each]
    ulimits = _json(request, "ulimits", list)
    if ulimits:
        host["Ulimits"] = ulimits
    security = _json(request, "securityopt", list)
    if security:
        host["SecurityOpt"] = security
    return host


class _Pull:
    """Finds the images that a Dockerfile names, and pulls those that are missing."""

    def __init__(self, daemon: Daemon, request: Request) -> None:
        self._daemon = daemon
        self._always = request.flag("pull")
        self._credentials = _credentials(request)
        self._pulled: set[str] = set()

    async def image(self, name: str, platform: str, output: Output) -> Image:
        """Raises APIError."""
        from ..images.pull import pull

        images = self._daemon.images
        wanted = platforms.parse(platform) if platform else None
        found = images.find(name)
        fresh = not self._always or name in self._pulled or references.identifier(name)
        if found is not None and fresh and self._suits(found, wanted):
            return found
        reference = references.parse(name)
        auth = self._credentials.get(reference.domain)
        lines = await pull(images, reference.tagged(), auth, wanted)
        try:
            async for line in lines:
                problem = json.loads(line).get("error")
                if problem:
                    raise errors.APIError(problem)
                output.send(line)
        finally:
            await lines.aclose()
        self._pulled.add(name)
        return images.get(name)

    @staticmethod
    def _suits(image: Image, wanted: platforms.Platform | None) -> bool:
        return wanted is None or platforms.of(image.config).suits(wanted)


def _credentials(request: Request) -> dict[str, Credentials]:
    """By registry, from X-Registry-Config; what cannot be read counts as nothing."""
    from ..images.registry_client import Credentials, json_of_header

    text = request.headers.get("x-registry-config", "")
    try:
        value = json_of_header(text)
        found = {str(host): Credentials.of(each) for host, each in value.items()}
    except (ValueError, RecursionError, AttributeError, errors.BadRequest):
        return {}
    hub = found.get("https://index.docker.io/v1/") or found.get("index.docker.io")
    return found if hub is None else {references.DEFAULT_DOMAIN: hub, **found}


@route("POST", "/session")
@route("POST", "/grpc")
async def buildkit(_daemon: Daemon, _request: Request) -> Answer:
    raise errors.BadRequest(NO_BUILDKIT)


@route("POST", "/build/prune")
async def prune(daemon: Daemon, request: Request) -> Answer:
    """The classic builder's cache are its images: there is nothing else to remove."""
    filters.parse(request.get("filters"))
    daemon.events.emit("builder", "prune", "", {"reclaimed": "0"})
    return reply(request, {"CachesDeleted": None, "SpaceReclaimed": 0})


@route("POST", "/build/cancel")
async def cancel(_daemon: Daemon, request: Request) -> Answer:
    if not request.get("id"):
        raise errors.BadRequest("build ID not provided")
    return Response(200)
