"""One line of shorthand for a graded cell, turned into nbgrader's metadata and back.

Works on the metadata of one cell; knows neither files nor the cell's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Metadata = dict[str, Any]

SCHEMA_VERSION = 3  # nbgrader's own metadata schema

# shorthand word -> nbgrader's flags
FLAGS: dict[str, dict[str, bool]] = {
    "answer": {"grade": False, "locked": False, "solution": True, "task": False},
    "tests": {"grade": True, "locked": True, "solution": False, "task": False},
    "manual": {"grade": True, "locked": False, "solution": True, "task": False},
    "locked": {"grade": False, "locked": True, "solution": False, "task": False},
}
WITH_POINTS = {"tests", "manual"}

_GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_POINTS = re.compile(r"\d+(\.\d+)?")

# Metadata that JupyterLab leaves in a cell by mere use, as opposed to what an author means.
_TRACES: dict[str, Callable[[Any], bool]] = {
    "ExecuteTime": lambda _: True,
    "execution": lambda _: True,
    "collapsed": lambda _: True,
    "scrolled": lambda _: True,
    "trusted": lambda _: True,
    "deletable": lambda value: value is True,
    "editable": lambda value: value is True,
    "slideshow": lambda value: value in ({}, {"slide_type": ""}),
    "tags": lambda value: value == [],
}


class ShorthandError(ValueError):
    """An unknown line of shorthand; the text is one sentence."""


def expand(written: Metadata) -> Metadata:
    """Notebook metadata from the metadata written in the text.

    `ng` becomes `nbgrader`, `covers` becomes `insidedocker.covers`; the rest is kept.
    Raises ShorthandError.
    """
    metadata = {key: value for key, value in written.items() if key not in ("ng", "covers")}
    if "ng" in written:
        metadata["nbgrader"] = _expand_ng(written["ng"])
    if "covers" in written:
        metadata["insidedocker"] = {"covers": _expand_covers(written["covers"])}
    return metadata


def _expand_ng(value: object) -> Metadata:
    words = value.split() if isinstance(value, str) else []
    kind = words[0] if words else ""
    if kind not in FLAGS:
        raise ShorthandError(f"ng: {value!r} must start with {', '.join(FLAGS)}")
    wanted = 3 if kind in WITH_POINTS else 2
    if len(words) != wanted:
        shape = f"{kind} ID POINTS" if kind in WITH_POINTS else f"{kind} ID"
        raise ShorthandError(f"ng: {value!r} must read '{shape}'")
    if not _GRADE_ID.fullmatch(words[1]):
        raise ShorthandError(
            f"ng: the id {words[1]!r} may hold only letters, digits, _ and - (at most 64)"
        )
    expanded: Metadata = {**FLAGS[kind], "grade_id": words[1], "schema_version": SCHEMA_VERSION}
    if kind in WITH_POINTS:
        if not _POINTS.fullmatch(words[2]):
            raise ShorthandError(f"ng: the points {words[2]!r} must be a number, such as 2")
        expanded["points"] = _number(float(words[2]))
    return expanded


def _expand_covers(value: object) -> list[str]:
    if not isinstance(value, str) or not value.split():
        raise ShorthandError(f"covers: {value!r} must name objectives, such as 'API1 API2'")
    return value.split()


def collapse(metadata: Metadata) -> Metadata:
    """The metadata to write in the text, from notebook metadata: the inverse of `expand`.

    Traces of mere use (run times, empty tags) are dropped. nbgrader metadata without a shorthand,
    such as a task cell's, is kept in full.
    """
    written: Metadata = {}
    rest = {key: value for key, value in metadata.items() if not _is_trace(key, value)}
    nbgrader = rest.pop("nbgrader", None)
    if nbgrader and any(nbgrader.get(flag) for flag in FLAGS["answer"]):
        ng = _collapse_ng(nbgrader)
        if ng:
            written["ng"] = ng
        else:
            rest["nbgrader"] = nbgrader
    ours = dict(rest.pop("insidedocker", {}))
    covers = ours.pop("covers", [])
    if covers:
        written["covers"] = " ".join(covers)
    if ours:
        rest["insidedocker"] = ours
    _drop_output_state(rest)
    return {**written, **{key: rest[key] for key in sorted(rest)}}


def _collapse_ng(nbgrader: Metadata) -> str | None:
    flags = {flag: bool(nbgrader.get(flag)) for flag in FLAGS["answer"]}
    for kind, wanted in FLAGS.items():
        if flags == wanted:
            words = [kind, str(nbgrader.get("grade_id", ""))]
            if kind in WITH_POINTS:
                words.append(str(_number(float(nbgrader.get("points", 0)))))
            return " ".join(words)
    return None


def _drop_output_state(rest: Metadata) -> None:
    jupyter = {
        key: value for key, value in rest.pop("jupyter", {}).items() if key != "outputs_hidden"
    }
    if jupyter:
        rest["jupyter"] = jupyter


def _is_trace(key: str, value: Any) -> bool:
    return key in _TRACES and _TRACES[key](value)


def _number(points: float) -> int | float:
    return int(points) if points == int(points) else points
