"""What needs a registry: pull (and import, which shares its path), push, search, /auth and
/distribution."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ..base import errors, filters, timestamps
from ..base.version import VERSION
from ..builder import changes
from ..images import manifests, platforms, references
from ..images.references import Reference
from ..images.registry_options import Options
from ..images.store import Image
from ..server.http import Answer, Request, Stream, answer
from ..server.jobs import Body, Work
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon
    from ..images import registry  # else imported when needed: an engine should start quickly
    from ..images.registry_client import Credentials

SEARCH_LIMIT = 100


def options(daemon: Daemon) -> Options:
    return daemon.images.registries


def _credentials(request: Request) -> Credentials:
    from ..images.registry_client import Credentials

    return Credentials.from_header(request.headers.get("x-registry-auth", ""))


async def _credentials_for_push(request: Request) -> Credentials:
    """From the header, or as in old times from the body: one of both has to be there."""
    from ..images.registry_client import Credentials

    if "x-registry-auth" in request.headers:
        return _credentials(request)
    missing = "bad parameters and missing X-Registry-Auth"
    try:
        return Credentials.of(json.loads(await request.body()))
    except (ValueError, RecursionError):
        raise errors.BadRequest(f"{missing}: invalid X-Registry-Auth header: EOF") from None


@route("POST", "/images/create")
async def create(daemon: Daemon, request: Request) -> Answer:
    if request.get("fromImage"):
        return await _pull(daemon, request)
    if request.get("fromSrc"):
        return await _import(daemon, request)
    raise errors.BadRequest("fromImage (to pull) or fromSrc (to import) is needed")


async def _pull(daemon: Daemon, request: Request) -> Answer:
    name = references.parse(request.get("fromImage").removesuffix(":"))
    tag = request.get("tag")
    if tag:
        name = name.with_digest(tag) if ":" in tag else name.with_tag(tag)
    platform = platforms.parse(request.get("platform")) if request.get("platform") else None
    return Stream(await pull(daemon, name, _credentials(request), platform))


async def pull(
    daemon: Daemon,
    name: Reference,
    auth: Credentials | None,
    platform: platforms.Platform | None,
) -> AsyncGenerator[bytes, None]:
    """Pull `name` (every tag of it where it has none) and tell of it line by line. Raises
    APIError where that fails before there is something to tell; later it is the last line."""
    from ..images import registry
    from ..images.registry_client import Credentials

    known = auth or Credentials()

    def job(work: Work) -> None:
        wanted = [name]
        if not name.tag and not name.digest:
            with registry.Source(name, known, options(daemon), work.cancel) as source:
                wanted = [name.with_tag(tag) for tag in source.tags()]
        newer = [_pull_one(daemon, work, one, known, platform) for one in wanted]
        news = "Downloaded newer image" if any(newer) else "Image is up to date"
        work.report.status(f"Status: {news} for {name.familiar}")

    return (await Work(job).stream()).chunks


def _pull_one(
    daemon: Daemon,
    work: Work,
    name: Reference,
    auth: Credentials,
    platform: platforms.Platform | None,
) -> bool:
    """Pull one image, in the work's thread; False where it was here by that name already."""
    from ..images import registry

    report, images = work.report, daemon.images
    pulled = registry.pull(
        name,
        images.blobs,
        report,
        auth,
        platform=platform,
        options=options(daemon),
        cancel=work.cancel,
        found=lambda _found: report.status(f"Pulling from {name.path}", name.tag or str(name)),
    )
    diffs = [layer.diff_id for layer in pulled.layers]
    with images.blobs.holding([*diffs, pulled.config]):
        sizes = []
        for layer in pulled.layers:
            sizes.append(images.measure(layer.diff_id))
            if layer.diff_id in pulled.fetched:
                identity = registry.short(layer.blob.digest)
                report(identity, "Extracting", layer.blob.size, layer.blob.size)
                report(identity, "Pull complete")
        newer = work.in_loop(_keep, daemon, name, pulled, sizes)
    report.status(f"Digest: {pulled.digest}")
    return newer


def _keep(daemon: Daemon, name: Reference, pulled: registry.Pulled, sizes: list[int]) -> bool:
    """Make the image visible; False where that name stood for it already."""
    images = daemon.images
    image = images.add(pulled.config, sizes)
    images.remember_forms(name, [(layer.diff_id, layer.blob) for layer in pulled.layers])
    newer = images.names.get(name) != image.id
    if newer:
        images.tag(image, name)
    images.tag(image, name.with_digest(pulled.digest))
    daemon.images.emit("pull", image, name.familiar, name.familiar_name)
    return newer


async def _import(daemon: Daemon, request: Request) -> Answer:
    name = _name_for_import(request)
    platform = platforms.parse(request.get("platform") or "linux")
    settings: dict[str, Any] = {}
    changes.apply(settings, request.query.get("changes", []))
    source, message, body = request.get("fromSrc"), request.get("message"), Body(request)

    def job(work: Work) -> None:
        from ..images.compression import CompressionError, decompress

        blobs = daemon.images.blobs
        with blobs.writing() as writer:
            try:
                if source == "-":
                    decompress(body, writer)
                else:
                    _download(work, source, writer)
            except CompressionError as error:
                raise errors.BadRequest(f"the archive to import is no good: {error}") from None
            diff = writer.keep()
        with blobs.holding([diff]):
            size = daemon.images.measure(diff)
            moment = timestamps.now()
            comment = message or f"Imported from {source}"
            config = {
                "architecture": platform.architecture,
                **({"variant": platform.variant} if platform.variant else {}),
                "os": platform.os,
                "comment": comment,
                "config": settings,
                "created": moment,
                "docker_version": VERSION,
                "history": [{"created": moment, "comment": comment}],
                "rootfs": {"type": "layers", "diff_ids": [diff]},
            }
            identity = blobs.put(manifests.compact(config))
            with blobs.holding([identity]):
                image = work.in_loop(daemon.images.add, identity, [size])
        work.in_loop(_name_import, daemon, image, name)
        work.report.status(image.id)

    return await Work(job).stream()


def _name_for_import(request: Request) -> Reference | None:
    if not request.get("repo"):
        return None
    name = references.parse(request.get("repo"))
    if name.digest:
        raise errors.BadRequest("cannot import digest reference")
    return name.with_tag(request.get("tag")) if request.get("tag") else name.tagged()


def _name_import(daemon: Daemon, image: Image, name: Reference | None) -> None:
    if name is not None:
        daemon.images.tag(image, name)
        daemon.images.emit("tag", image, name=name.familiar)
    daemon.images.emit("import", image)


def _download(work: Work, source: str, sink: Any) -> None:
    """Fetch an archive to import from the address that the client names."""
    import requests

    from ..images.compression import Decompressor

    url = source if "://" in source else f"http://{source}"
    if not url.startswith(("http://", "https://")):
        raise errors.BadRequest(f"{source!r} cannot be imported: an http address is needed")
    work.report.status(f"Downloading from {url}")
    plain = Decompressor(sink)
    try:
        with requests.get(url, stream=True, timeout=(10, 60)) as response:
            if not response.ok:
                raise errors.APIError(f"{url} answered {response.status_code} {response.reason}")
            total, done = int(response.headers.get("Content-Length") or 0), 0
            for data in response.iter_content(1 << 18):
                done += len(data)
                work.report("", "Importing", done, total)
                plain.write(data)
        plain.close()
    except (requests.RequestException, ValueError) as error:  # a host name that cannot be one
        raise errors.APIError(f"{url} cannot be fetched: {error}") from None


@route("POST", "/images/{name:path}/push")
async def push(daemon: Daemon, request: Request) -> Answer:
    from ..images import registry

    name = references.parse(request.params["name"])
    if name.digest:
        raise errors.BadRequest("cannot push a digest reference")
    if request.get("tag"):
        name = name.with_tag(request.get("tag"))
    auth = await _credentials_for_push(request)

    def job(work: Work) -> None:
        images = daemon.images
        work.report.status(f"The push refers to repository [{name.repository()}]")
        tags = work.in_loop(images.names.in_repository, name)
        if not tags:
            raise errors.NotFound(
                f"An image does not exist locally with the tag: {name.familiar_name}"
            )
        if name.tag:
            if name.tag not in tags:
                raise errors.NotFound(f"tag does not exist: {name.familiar}")
            tags = {name.tag: tags[name.tag]}
        with registry.Target(name, auth, options(daemon), work.cancel) as target:
            for tag, identity in tags.items():
                _push_one(daemon, work, target, name.with_tag(tag), images.get(identity))

    return await Work(job).stream()


def _push_one(
    daemon: Daemon, work: Work, target: registry.Target, name: Reference, image: Image
) -> None:
    from ..images import registry

    images = daemon.images
    layers = [registry.Outgoing(diff, images.forms(diff)) for diff in image.diff_ids]
    with images.blobs.holding([image.id, *image.diff_ids]):
        sent = target.push(name.tag, image.id, layers, images.blobs, work.report)
        forms = [(layer.diff_id, layer.sent) for layer in layers if layer.sent is not None]
        work.in_loop(_remember_push, daemon, name, image, sent, forms)
    work.report.status(f"{name.tag}: digest: {sent.digest} size: {sent.size}")
    work.report.aux({"Tag": name.tag, "Digest": sent.digest, "Size": sent.size})


def _remember_push(
    daemon: Daemon,
    name: Reference,
    image: Image,
    sent: manifests.Descriptor,
    forms: list[tuple[str, manifests.Descriptor]],
) -> None:
    daemon.images.remember_forms(name, forms)
    daemon.images.tag(image, name.with_digest(sent.digest))
    daemon.images.emit("push", image, name.familiar, name.familiar_name)


@route("GET", "/images/search")
async def search(_daemon: Daemon, request: Request) -> Answer:
    from ..images import registry

    term, limit = request.get("term"), request.number("limit", 25) or 25
    if not term:
        raise errors.BadRequest("a term to search for is needed")
    if not 1 <= limit <= SEARCH_LIMIT:
        raise errors.BadRequest(f"limit {limit} is outside the range of [1, {SEARCH_LIMIT}]")
    wanted = filters.parse(request.get("filters"))
    filters.check(wanted, {"is-automated", "is-official", "stars"})
    stars = [text for text in wanted.get("stars", []) if not re.fullmatch(r"\d{1,9}", text)]
    if stars:
        raise errors.BadRequest(f"invalid filter 'stars={stars[0]}'")
    least = max((int(text) for text in wanted.get("stars", [])), default=0)
    official = filters.flag(wanted, "is-official") if "is-official" in wanted else None
    found = [_result(item) for item in await asyncio.to_thread(registry.search, term, limit)]
    return answer(
        [
            one
            for one in found
            if one["star_count"] >= least and official in (None, one["is_official"])
        ]
    )


def _result(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": str(item.get("name") or ""),
        "description": str(item.get("description") or ""),
        "star_count": int(item.get("star_count") or 0),
        "is_official": bool(item.get("is_official")),
        "is_automated": False,
    }


@route("POST", "/auth")
async def authenticate(daemon: Daemon, request: Request) -> Answer:
    from ..images import registry
    from ..images.registry_client import Credentials

    credentials = Credentials.of(await request.json() or {})
    status = await asyncio.to_thread(registry.log_in, credentials, options(daemon))
    return answer({"IdentityToken": "", "Status": status})


@route("GET", "/distribution/{name:path}/json")
async def distribution(daemon: Daemon, request: Request) -> Answer:
    from ..images import registry

    text = request.params["name"]
    if references.identifier(text):
        raise errors.BadRequest(f"unknown image reference format: {text}")
    name = references.parse(text).tagged()
    top, listed = await asyncio.to_thread(
        registry.look, name, _credentials(request), options(daemon)
    )
    return answer({"Descriptor": top.json(), "Platforms": listed})
