"""The parts of a container engine and the paths between them; parts that calls touched are lit.

The tables below say which call touches which part, as in Docker's own engine. Another engine's
equivalents of the parts come from its own answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from insidedocker.lab.engines.session import Engine
from insidedocker.lab.pictures.drawing import TIMES, Drawing, Picture, Point


@dataclass(frozen=True)
class Part:
    """One part: its name, a short description, and its place in the picture."""

    name: str
    what: str
    x: float
    y: float
    width: float = 140
    height: float = 50

    @property
    def foot(self) -> float:
        return self.y + self.height


PARTS = {
    "client": Part("client", "a program that asks", 28, 12, 190),
    "registry": Part("registry", "keeps images for others", 422, 12, 190),
    "api": Part("REST API", "HTTP over a socket or TCP", 28, 106, 288),
    "daemon": Part("dockerd", "the daemon: answers, decides, delegates", 28, 180, 584),
    "containerd": Part("containerd", "keeps processes", 28, 260),
    "runc": Part("runc", "starts a process", 28, 334),
    "containers": Part("containers", "running or not", 28, 408),
    "images": Part("images", "read-only layers", 176, 260),
    "storage": Part("storage driver", "stacks layers", 176, 334),
    "networks": Part("network drivers", "link containers", 324, 260),
    "volumes": Part("volumes", "data that stays", 472, 260),
}

WAYS = [
    ("client", "api"),
    ("api", "daemon"),
    ("daemon", "registry"),
    ("daemon", "containerd"),
    ("containerd", "runc"),
    ("runc", "containers"),
    ("daemon", "images"),
    ("images", "storage"),
    ("daemon", "networks"),
    ("daemon", "volumes"),
]

WAY_IN = ("client", "api", "daemon")
RUN = ("containerd", "runc", "containers")

# Method, pattern of the path, and the parts touched besides WAY_IN; the first match counts.
TOUCHED: list[tuple[str, str, tuple[str, ...]]] = [
    ("POST", r"/images/create", ("registry", "images", "storage")),
    ("POST", r"/images/.+/push", ("registry", "images")),
    ("GET", r"/images/search", ("registry",)),
    ("GET", r"/distribution/.+/json", ("registry",)),
    ("POST", r"/auth", ("registry",)),
    ("POST", r"/images/load|/images/prune|/build|/build/prune", ("images", "storage")),
    ("DELETE", r"/images/.+", ("images", "storage")),
    ("GET", r"/images(/.+)?/get", ("images", "storage")),
    ("", r"/images/.+", ("images",)),
    ("POST", r"/commit", ("containers", "images", "storage")),
    ("POST", r"/containers/create", ("images", "containers", "storage")),
    ("POST", r"/containers/[^/]+/(start|restart|stop)", (*RUN, "storage", "networks")),
    ("POST", r"/containers/[^/]+/(kill|pause|unpause|update)|/exec/[^/]+/start", RUN),
    ("GET", r"/containers/[^/]+/(top|stats)", ("containerd", "containers")),
    ("", r"/containers/[^/]+/(archive|export|changes)", ("containers", "storage")),
    ("DELETE", r"/containers/.+", ("containers", "storage")),
    ("POST", r"/containers/prune", ("containers", "storage")),
    ("", r"/(containers|exec)/.+", ("containers",)),
    ("POST", r"/networks/.+/(connect|disconnect)", ("networks", "containers")),
    ("", r"/networks(/.*)?", ("networks",)),
    ("", r"/volumes(/.*)?", ("volumes",)),
    ("GET", r"/system/df", ("images", "containers", "volumes")),
    ("GET", r"/version", ("containerd", "runc")),
    ("GET", r"/info", ("containerd", "runc", "images", "containers", "storage")),
]

SHOWN = 4  # calls named in the picture; the picture's text names all


def architecture(
    calls: Iterable[Any] = (), engine: Engine | Mapping[str, Part] | None = None
) -> Picture:
    """A picture of the parts of an engine; the parts that `calls` touched are lit.

    A call is any object with `.method` and `.path`, or a pair of the two. A call with a `.status`
    of 400 or more was refused and counts as having reached the daemon only. With `engine` (or the
    result of `parts_of`) the picture shows that engine's parts, without it Docker's.
    """
    parts = parts_of(engine) if isinstance(engine, Engine) else engine or PARTS
    reached: dict[str, list[str]] = {}
    counted: dict[str, int] = {}
    for call in calls:
        method, path, status = _read(call)
        words = f"{method} {path}" + (f" (refused: {status})" if status >= 400 else "")
        reached[words] = [key for key in touched(method, path, status) if key in parts]
        counted[words] = counted.get(words, 0) + 1
    lit = {key: sum(counted[words] for words in reached if key in reached[words]) for key in parts}
    drawing = Drawing()
    _draw(drawing, parts, lit)
    _name_calls(drawing, counted)
    return drawing.picture(_title(sum(counted.values())), _in_words(parts, lit, reached, counted))


def touched(method: str, path: str, status: int = 0) -> tuple[str, ...]:
    """The keys of PARTS that a call touches; `path` has neither version nor query."""
    if status >= 400:
        return WAY_IN
    for wanted, pattern, beyond in TOUCHED:
        if wanted in ("", method) and re.fullmatch(pattern, path):
            return (*WAY_IN, *beyond)
    return WAY_IN


def _read(call: Any) -> tuple[str, str, int]:
    if isinstance(call, tuple | list):
        method, path, status = str(call[0]), str(call[1]), None
    else:
        method, path = str(call.method), str(call.path)
        status = getattr(call, "status", None)
    path = re.sub(r"^/v\d+\.\d+(?=/)", "", path.partition("?")[0])
    return method.upper(), path, status if isinstance(status, int) else 0


def parts_of(engine: Engine) -> Mapping[str, Part]:
    """Key -> part, with this engine's names, without the parts that this engine lacks.

    Raises EngineUnreachable.
    """
    info, version = engine.get("/info").json(), engine.get("/version").json()
    driver = str(info.get("Driver") or PARTS["storage"].what)
    parts = {**PARTS, "storage": replace(PARTS["storage"], what=driver)}
    if engine.kind == "embedded":
        runtime = str(info.get("DefaultRuntime", ""))
        parts["daemon"] = replace(PARTS["daemon"], name="embedded engine")
        tall = PARTS["runc"].foot - PARTS["containerd"].y
        parts["containerd"] = replace(
            PARTS["containerd"], name="launcher", what=runtime, height=tall
        )
        del parts["runc"]
    elif engine.kind == "podman":
        names = [str(each.get("Name", "")) for each in version.get("Components") or []]
        runtime = next((each for each in names if each.startswith("OCI Runtime")), "")
        runtime = runtime.partition("(")[2].rstrip(")") or str(info.get("DefaultRuntime", "runc"))
        what = "the API service: answers, decides, delegates"
        parts["daemon"] = replace(PARTS["daemon"], name="podman", what=what)
        parts["containerd"] = replace(PARTS["containerd"], name="conmon", what="watches each")
        parts["runc"] = replace(PARTS["runc"], name=runtime)
    return parts


def _draw(drawing: Drawing, parts: Mapping[str, Part], lit: Mapping[str, int]) -> None:
    drawing.box(12, 84, 616, PARTS["containers"].foot - 70, "frame")
    drawing.words(320, 78, "the engine's machine", "small", at="middle")
    for start, end in _ways(parts):
        drawing.line(*_way(parts[start], parts[end]), lit=bool(lit[start] and lit[end]))
    for key, part in parts.items():
        drawing.box(part.x, part.y, part.width, part.height, "box lit" if lit[key] else "box")
        drawing.words(part.x + 10, part.y + 21, part.name, "strong", room=part.width)
        drawing.words(part.x + 10, part.y + 39, part.what, "small", room=part.width - 28)
        if lit[key]:
            count = f"{lit[key]}{TIMES}"
            drawing.words(part.x + part.width - 8, part.y + 39, count, "strong", at="end")


def _ways(parts: Mapping[str, Part]) -> list[tuple[str, str]]:
    """Pairs of connected parts; without runc, the equivalent of containerd does its work."""
    return [(start if start in parts else "containerd", end) for start, end in WAYS if end in parts]


def _way(start: Part, end: Part) -> tuple[Point, Point]:
    """The ends of a straight line down from one part to the next, or up to the registry."""
    narrow = min(start, end, key=lambda part: part.width)
    x = narrow.x + narrow.width / 2
    return ((x, start.y), (x, end.foot)) if end.y < start.y else ((x, start.foot), (x, end.y))


def _name_calls(drawing: Drawing, counted: Mapping[str, int]) -> None:
    """Write the calls that touched parts into the free corner beside the containers."""
    lines = [words + (f"  {count}{TIMES}" if count > 1 else "") for words, count in counted.items()]
    if len(lines) > SHOWN:
        lines[SHOWN - 1 :] = [f"… and {len(lines) - SHOWN + 1} more"]
    for number, words in enumerate(lines):
        drawing.words(330, 344 + 18 * number, words, "code", room=288)


def _title(calls: int) -> str:
    if not calls:
        return "The parts of the engine"
    return f"The parts of the engine, and where {calls} {'call' if calls == 1 else 'calls'} went"


def _in_words(
    parts: Mapping[str, Part],
    lit: Mapping[str, int],
    reached: Mapping[str, list[str]],
    counted: Mapping[str, int],
) -> list[str]:
    lines = []
    for key, part in parts.items():
        onward = [parts[end].name for start, end in _ways(parts) if start == key]
        mark = f"{lit[key]}{TIMES}" if lit[key] else "-"
        leads = f" → {', '.join(onward)}" if onward else ""
        lines.append(f"{mark:>4}  {part.name}: {part.what}{leads}")
    for words, keys in reached.items():
        count = f" ({counted[words]}{TIMES})" if counted[words] > 1 else ""
        lines.append(f"{words}{count} touched: {', '.join(parts[key].name for key in keys)}")
    return lines
