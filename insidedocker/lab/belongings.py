"""What lessons make on an engine: how it is marked, found again and removed.

It may be somebody's real engine: things go by the course's label or name, never by `prune`.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import requests

from insidedocker.lab.session import Engine

LABEL = "org.insidedocker.course"
NAMESPACE = "insidedocker"


def labels(lesson: str) -> dict[str, str]:
    """The labels of whatever `lesson` ("05-images") makes: containers, networks, volumes, builds.

    They go into the request as "Labels".
    """
    return {LABEL: lesson}


def repository(lesson: str, name: str) -> str:
    """The name under which `lesson` tags an image: a tag bears no label, so its name tells."""
    return f"{NAMESPACE}/{lesson}/{name}"


def clean_up(engine: Engine, lesson: str) -> list[str]:
    """Remove what `lesson` made, and nothing else; returns one line for each thing removed."""
    removed = []
    filters = quote(json.dumps({"label": [f"{LABEL}={lesson}"]}))
    for container in _ask(engine, f"/containers/json?all=1&filters={filters}"):
        _remove(engine, f"/containers/{container['Id']}?force=1&v=1")
        removed.append(f"container {container['Names'][0].lstrip('/')}")
    # Built ones by their Id, with the untagged images below them: the steps of the build.
    for image in _newest_first(_ask(engine, f"/images/json?filters={filters}")):
        _remove(engine, f"/images/{image}?force=1")
        removed.append(f"image {image}")
    for tag in _tags(engine, lesson):
        if "@" in tag and tag not in _tags(engine, lesson):
            continue  # a digest that went with its tag
        _remove(engine, f"/images/{tag}?noprune=1")
        removed.append(f"tag {tag}")
    for network in _ask(engine, f"/networks?filters={filters}"):
        _remove(engine, f"/networks/{network['Id']}")
        removed.append(f"network {network['Name']}")
    for volume in _ask(engine, f"/volumes?filters={filters}", "Volumes"):
        _remove(engine, f"/volumes/{volume['Name']}?force=1")
        removed.append(f"volume {volume['Name']}")
    return removed


def inventory(engine: Engine) -> dict[str, list[str]]:
    """What is on an engine, as plain data for a comparison of before and after."""
    images = _ask(engine, "/images/json?all=1")
    return {
        "containers": sorted(each["Id"] for each in _ask(engine, "/containers/json?all=1")),
        "images": sorted(each["Id"] for each in images),
        "tags": sorted(
            tag for each in images for tag in each.get("RepoTags") or [] if tag != "<none>:<none>"
        ),
        "networks": sorted(each["Name"] for each in _ask(engine, "/networks")),
        "volumes": sorted(each["Name"] for each in _ask(engine, "/volumes", "Volumes")),
    }


def _newest_first(images: list[dict[str, Any]]) -> list[str]:
    """Ids in an order in which they can be removed: what was built on another one before it."""
    return [each["Id"] for each in sorted(images, key=lambda each: -each["Created"])]


def _tags(engine: Engine, lesson: str) -> list[str]:
    """The names of the lesson's own repository, at whatever registry: tags, then digests."""
    own = re.compile(rf"([^/]+/)?{NAMESPACE}/{re.escape(lesson)}/")
    images = _ask(engine, "/images/json")
    return [
        name
        for kind in ("RepoTags", "RepoDigests")
        for name in sorted(name for image in images for name in image.get(kind) or [])
        if own.match(name)
    ]


def _ask(engine: Engine, path: str, key: str = "") -> list[dict[str, Any]]:
    """A list from the engine; empty where this engine has no such list yet."""
    answer = engine.get(path)
    if answer.status_code in (404, 501):
        return []
    answer.raise_for_status()
    found = answer.json()
    return (found[key] if key else found) or []


def _remove(engine: Engine, path: str) -> None:
    answer = engine.delete(path)
    if answer.status_code != 404:  # gone already, or going: what was wanted
        _complain(answer)


def _complain(answer: requests.Response) -> None:
    if not answer.ok:
        raise requests.HTTPError(
            f"The engine refused to remove {answer.request.path_url}: {answer.text.strip()}",
            response=answer,
        )
