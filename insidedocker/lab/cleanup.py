"""Removing the objects that lessons made on an engine, and listing an engine's objects.

The engine may be a person's real one: objects are removed by the course's label or name, never by
`prune`, and an object stays while another person's object uses it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import requests

from insidedocker.lab.engines.session import Engine
from insidedocker.lab.labels import LABEL, NO_TAG, own_names

LEFT = "left:"


def clean_up(engine: Engine, lesson: str) -> list[str]:
    """Remove the objects that `lesson` made and no others; returns one line for each removed
    object, and for each that stays because another person's object uses it."""
    told = []
    filters = quote(json.dumps({"label": [f"{LABEL}={lesson}"]}))
    for container in _ask(engine, f"/containers/json?all=1&filters={filters}"):
        name = container["Names"][0].lstrip("/")
        told += _told(remove_container(engine, container["Id"]), f"container {name}")
    labelled = _ask(engine, f"/images/json?filters={filters}")
    for image in _newest_first(engine, labelled):
        told += remove_image(engine, lesson, image)
    for tag in _tags(engine, lesson):
        if "@" in tag and tag not in _tags(engine, lesson):
            continue  # a digest that was removed with its tag
        told += _removed(engine, f"/images/{tag}?noprune=1", f"tag {tag}")
    for network in _ask(engine, f"/networks?filters={filters}"):
        told += remove_network(engine, network["Id"], f"network {network['Name']}")
    for volume in _ask(engine, f"/volumes?filters={filters}", "Volumes"):
        # No force: with force, Podman also removes all containers that use the volume.
        told += _removed(engine, f"/volumes/{volume['Name']}", f"volume {volume['Name']}")
    return told


def remove_container(engine: Engine, container: str) -> requests.Response:
    """Remove a container, running or not, with its anonymous volumes; returns the answer."""
    if engine.kind == "podman":  # its removal by force asks the program first, and waits 10 s
        engine.post(f"/containers/{container}/kill")
    return engine.delete(f"/containers/{container}", params={"force": "true", "v": "true"})


def remove_image(engine: Engine, lesson: str, image: str) -> list[str]:
    """Remove an image that `lesson` has built, with the untagged images below it, which are the
    steps of the build.

    The label does not prove ownership: images built on a labelled image inherit the label, and any
    user can add a name. So an image with a name outside the lesson's, or with a container, stays.
    A step stays while another image is based on it.
    """
    found = engine.get(f"/images/{image}/json")
    if not found.ok:
        return []  # removed together with another image
    seen = found.json()
    identity, own = seen["Id"], own_names(lesson)
    names = [name for name in seen.get("RepoTags") or [] if name != NO_TAG]
    others = [name for name in names if not own.match(name)]
    users = _containers_of(engine, identity)
    if others or users:
        for name in names:
            if name not in others and len(names) > 1:
                _removed(engine, f"/images/{name}?noprune=1", f"tag {name}")
        return [f"{LEFT} image {identity}, which belongs to {', '.join(others or users)} as well"]
    steps = _steps(engine, identity)
    # noprune: containerd's store would remove steps on which other images are based.
    told = _removed(engine, f"/images/{identity}?force=1&noprune=1", f"image {identity}")
    remove_steps(engine, steps)
    return told


def remove_steps(engine: Engine, images: Iterable[str]) -> None:
    """Remove those of `images` that are untagged and on which no other image is based, the last
    step of a build first."""
    for image in images:
        found = engine.get(f"/images/{image}/json")
        if not found.ok or found.json().get("RepoTags"):
            continue
        identity = found.json()["Id"]
        if identity not in _parents(engine).values() and not _containers_of(engine, identity):
            _removed(engine, f"/images/{identity}?noprune=1", f"image {identity}")


def remove_network(engine: Engine, network: str, what: str) -> list[str]:
    """Remove one of the course's networks. Containers still on it are only disconnected."""
    found = engine.get(f"/networks/{network}")
    for container in (found.json().get("Containers") or {}) if found.ok else ():
        body = {"Container": container, "Force": True}
        engine.post(f"/networks/{network}/disconnect", json=body)
    return _removed(engine, f"/networks/{network}", what)


def inventory(engine: Engine) -> dict[str, list[str]]:
    """Kind -> objects on an engine, as plain data for a comparison of before and after."""
    images = _ask(engine, "/images/json?all=1")
    return {
        "containers": sorted(each["Id"] for each in _ask(engine, "/containers/json?all=1")),
        "images": sorted(each["Id"] for each in images),
        "tags": sorted(
            tag for each in images for tag in each.get("RepoTags") or [] if tag != NO_TAG
        ),
        "networks": sorted(each["Name"] for each in _ask(engine, "/networks")),
        "volumes": sorted(each["Name"] for each in _ask(engine, "/volumes", "Volumes")),
    }


def _newest_first(engine: Engine, images: list[dict[str, Any]]) -> list[str]:
    """Ids in an order that allows removal: an image before the image on which it was built."""
    created = {each["Id"]: each["Created"] for each in images}
    below = {image: len(_below(image, _parents(engine))) for image in created}
    return sorted(created, key=lambda image: (created[image], below[image]), reverse=True)


def _steps(engine: Engine, image: str) -> list[str]:
    """The images below an image, the nearest first, up to but without the first that has a name."""
    tagged = {
        each["Id"]
        for each in _ask(engine, "/images/json")
        if set(each.get("RepoTags") or []) - {NO_TAG}
    }
    below = _below(image, _parents(engine))
    return list(itertools.takewhile(lambda each: each not in tagged, below))


def _below(image: str, parents: dict[str, str]) -> list[str]:
    """The images on which an image was built, the nearest first."""
    found: list[str] = []
    while (image := parents.get(image, "")) and image not in found:
        found.append(image)
    return found


def _parents(engine: Engine) -> dict[str, str]:
    """Image -> the image on which it was built; without images that were not built."""
    images = _ask(engine, "/images/json?all=1")
    return {each["Id"]: each["ParentId"] for each in images if each.get("ParentId")}


def _containers_of(engine: Engine, image: str) -> list[str]:
    """The names of the containers that were made from an image."""
    found = _ask(engine, "/containers/json?all=1")
    return [each["Names"][0].lstrip("/") for each in found if each["ImageID"] == image]


def _tags(engine: Engine, lesson: str) -> list[str]:
    """The names of the lesson's own repository: tags, then digests."""
    own = own_names(lesson)
    images = _ask(engine, "/images/json")
    return [
        name
        for kind in ("RepoTags", "RepoDigests")
        for name in sorted(name for image in images for name in image.get(kind) or [])
        if own.match(name)
    ]


def _ask(engine: Engine, path: str, key: str = "") -> list[dict[str, Any]]:
    """A list from the engine; empty where the engine lacks this list (404, 501)."""
    answer = engine.get(path)
    if answer.status_code in (404, 501):
        return []
    answer.raise_for_status()
    found = answer.json()
    return (found[key] if key else found) or []


def _removed(engine: Engine, path: str, what: str) -> list[str]:
    """Remove one object; returns as `_told`."""
    return _told(engine.delete(path), what)


def _told(answer: requests.Response, what: str) -> list[str]:
    """A line that says that an object was removed, or that it is in use and stays."""
    if answer.status_code == 404:
        return []  # removed already, or being removed
    if answer.status_code in (403, 409):
        return [f"{LEFT} {what}: {_reason(answer)}"]
    if not answer.ok:
        raise requests.HTTPError(
            f"The engine refused to remove {answer.request.path_url}: {answer.text.strip()}",
            response=answer,
        )
    return [what]


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, LookupError, TypeError):
        return answer.text.strip()
