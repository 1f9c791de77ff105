"""POST /commit: an image from a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..builder import changes
from ..containers.commit import CommitOptions, check_settings
from ..images import references
from ..server.http import Answer, Request, answer
from .routing import route

if TYPE_CHECKING:
    from ..daemon import Daemon


@route("POST", "/commit")
async def commit_container(daemon: Daemon, request: Request) -> Answer:
    container = daemon.store.get(request.get("container"))
    settings = check_settings(await request.json(required=False))
    changes.apply(settings, request.query.get("changes", []))
    name = None
    if request.get("repo"):
        name = references.parse(request.get("repo"))
        name = name.with_tag(request.get("tag")) if request.get("tag") else name.tagged()
    options = CommitOptions(
        settings,
        name,
        request.get("comment"),
        request.get("author"),
        request.flag("pause", default=True),
    )
    image = await daemon.commits.commit(container, options)
    return answer({"Id": image.id}, 201)
