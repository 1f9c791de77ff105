"""The marks of a lesson's objects on an engine: a label, or for a tag its repository."""

from __future__ import annotations

import re

LABEL = "org.insidedocker.course"
NAMESPACE = "insidedocker"
NO_TAG = "<none>:<none>"


def labels(lesson: str) -> dict[str, str]:
    """The labels of all that `lesson` ("05-images") makes: containers, networks, volumes, builds.

    Requests carry them in the field "Labels".
    """
    return {LABEL: lesson}


def repository(lesson: str, name: str) -> str:
    """The repository for tags of `lesson`: a tag has no label, so its repository is the mark."""
    return f"{NAMESPACE}/{lesson}/{name}"


def named(tag: str, lesson: str = "") -> bool:
    """True for a tag in a repository of the course, or with `lesson` in one of that lesson."""
    return own_names(lesson).match(tag) is not None


def own_names(lesson: str) -> re.Pattern[str]:
    """A pattern for names in the lesson's own repositories, at any registry; with an empty `lesson`
    for those of all lessons."""
    return re.compile(rf"([^/]+/)?{NAMESPACE}/{re.escape(lesson) or '[^/]+'}/")
