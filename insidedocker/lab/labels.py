"""What tells on an engine that something is a lesson's: a label, or for a tag its repository."""

from __future__ import annotations

import re

LABEL = "org.insidedocker.course"
NAMESPACE = "insidedocker"
NO_TAG = "<none>:<none>"


def labels(lesson: str) -> dict[str, str]:
    """The labels of whatever `lesson` ("05-images") makes: containers, networks, volumes, builds.

    They go into the request as "Labels".
    """
    return {LABEL: lesson}


def repository(lesson: str, name: str) -> str:
    """The name under which `lesson` tags an image: a tag bears no label, so its name tells."""
    return f"{NAMESPACE}/{lesson}/{name}"


def named(tag: str, lesson: str = "") -> bool:
    """Whether a tag is in the course's own repository, or in that of one lesson."""
    return own_names(lesson).match(tag) is not None


def own_names(lesson: str) -> re.Pattern[str]:
    """Names in the lesson's own repository, at whatever registry; without a lesson in any's."""
    return re.compile(rf"([^/]+/)?{NAMESPACE}/{re.escape(lesson) or '[^/]+'}/")
