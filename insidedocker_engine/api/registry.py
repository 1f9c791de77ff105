"""Endpoints that need a registry: pull (and import, which shares its path), push, search, /auth and
/distribution."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from ..base import errors, filters
from ..builder import changes
from ..images import platforms, references
from ..images.references import Reference
from ..server.http import Answer, Request, Stream, answer
from ..server.jobs import Body
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon
    from ..images.registry_client import Credentials

SEARCH_LIMIT = 100


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
    from ..images.pull import pull

    name = references.parse(request.get("fromImage").removesuffix(":"))
    tag = request.get("tag")
    if tag:
        name = name.with_digest(tag) if ":" in tag else name.with_tag(tag)
    platform = platforms.parse(request.get("platform")) if request.get("platform") else None
    return Stream(await pull(daemon.images, name, _credentials(request), platform))


async def _import(daemon: Daemon, request: Request) -> Answer:
    from ..images import imports

    settings: dict[str, Any] = {}
    changes.apply(settings, request.query.get("changes", []))
    options = imports.ImportOptions(
        request.get("fromSrc"),
        _name_for_import(request),
        platforms.parse(request.get("platform") or "linux"),
        request.get("message"),
        settings,
    )
    return await imports.import_archive(daemon.images, options, Body(request))


def _name_for_import(request: Request) -> Reference | None:
    if not request.get("repo"):
        return None
    name = references.parse(request.get("repo"))
    if name.digest:
        raise errors.BadRequest("cannot import digest reference")
    return name.with_tag(request.get("tag")) if request.get("tag") else name.tagged()


@route("POST", "/images/{name:path}/push")
async def push(daemon: Daemon, request: Request) -> Answer:
    from ..images.push import push

    name = references.parse(request.params["name"])
    if name.digest:
        raise errors.BadRequest("cannot push a digest reference")
    if request.get("tag"):
        name = name.with_tag(request.get("tag"))
    return await push(daemon.images, name, await _credentials_for_push(request))


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
    status = await asyncio.to_thread(registry.log_in, credentials, daemon.images.registries)
    return answer({"IdentityToken": "", "Status": status})


@route("GET", "/distribution/{name:path}/json")
async def distribution(daemon: Daemon, request: Request) -> Answer:
    from ..images import registry

    text = request.params["name"]
    if references.identifier(text):
        raise errors.BadRequest(f"unknown image reference format: {text}")
    name = references.parse(text).tagged()
    top, listed = await asyncio.to_thread(
        registry.look, name, _credentials(request), daemon.images.registries
    )
    return answer({"Descriptor": top.json(), "Platforms": listed})
