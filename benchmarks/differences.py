"""The same requests to the embedded engine and to real ones: where its answers differ.

`python -m benchmarks.differences` runs the tests' tour of the API on each engine that can be had
and compares status codes and sets of fields. It prints what `differences.toml` does not explain,
and fails then; `--write` puts the explanations into docs/engine.md. Two Docker Engines are
followed, each in its own version of the API, by both runtimes. Podman differs from Docker in its
own ways; what it has in common with Docker must be here, too, or be explained.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import fnmatch
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from .engines import engines

# isort: split
from tests.support import api_tour

EXPLAINED = Path(__file__).with_name("differences.toml")
PAGE = Path(__file__).parents[1] / "docs/engine.md"
BEGIN, END = "<!-- differences: begin -->\n", "<!-- differences: end -->\n"

REAL: dict[str, tuple[Callable[[], AbstractContextManager[engines.Engine]], str]] = {
    # name: (how it is started, the version of the API it is asked by)
    "Docker 20.10": (engines.dockerd, "1.41"),
    "Docker 26.1": (lambda: engines.dockerd("trixie"), "1.45"),
    "Podman": (engines.podman, "1.41"),
}
OURS: dict[str, Callable[[], AbstractContextManager[engines.Engine]]] = {
    "namespaces": lambda: engines.embedded("namespaces", recorded=False),
    "proot": lambda: engines.embedded("proot", recorded=False),
}
OTHERWISE = {"Podman": "Docker 20.10"}
"""Where this engine answers as the second, the first has its own ways."""

MAPS = re.compile(
    r"(^|\.)(Labels|Networks|Ports|PortBindings|ExposedPorts|Volumes|Options|DriverOpts|Sysctls"
    r"|Tmpfs|Containers|Attributes|networks|IndexConfigs|Runtimes|Annotations|Config|Data)$"
)
"""Objects whose names are data: what is in them is compared under `*`."""
SETTINGS = ("Env", "Cmd")
"""What tells that an object called Config is a container's, and no map."""

Fields = dict[str, frozenset[str]]
"""By the path of an object in an answer, the names in it; of those that are not empty."""


@dataclass
class Answered:
    status: int
    fields: Fields


Answers = dict[tuple[str, str, int], Answered]
"""By request, the tour's stop that made it, and how often it had by then."""


@dataclass(frozen=True)
class Difference:
    request: str
    kind: str
    """status, or the side that has a field the other one lacks: ours, theirs."""
    what: str
    """`ours/theirs` for a status, the field's path."""


class Watched(api_tour.Tour):
    """A tour that notes what each call was answered."""

    def __init__(self, engine: engines.Engine, version: str) -> None:
        super().__init__(engine, version)
        self.answers: Answers = {}
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.stop = ""

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = super().call(method, path, **options)
        request = f"{method} {re.sub('[0-9a-f]{64}', '{id}', path)}"
        self._counts[self.stop, request] += 1
        place = (request, self.stop, self._counts[self.stop, request])
        self.answers[place] = Answered(answer.status_code, fields(answer))
        return answer


def fields(answer: requests.Response) -> Fields:
    """Of a JSON answer, or of all the lines of a stream of JSON."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    if "json" in answer.headers.get("Content-Type", ""):
        with contextlib.suppress(ValueError):
            for line in answer.text.splitlines():
                collect(json.loads(line), "", found)
    return {path: frozenset(names) for path, names in found.items()}


def collect(value: Any, path: str, found: dict[str, set[str]]) -> None:
    if isinstance(value, list):
        for each in value:
            collect(each, f"{path}[]", found)
    elif isinstance(value, dict):
        is_map = MAPS.search(path) and not set(SETTINGS) & set(value)
        for name, each in value.items():
            shown = "*" if is_map else name
            found[path].add(shown)
            collect(each, f"{path}.{shown}".lstrip("."), found)


def oddities(tour: api_tour.Tour) -> None:
    """Requests that no client makes on purpose."""
    tour.call("POST", "/images/create")
    tour.call("POST", "/images/create?fromSrc=-&repo=broken", data=b"no archive")
    tour.call("GET", "/images/get")
    tour.call("GET", "/images/search?term=")
    tour.call("POST", "/images/busybox/tag?repo=")
    tour.call("GET", "//info", allow_redirects=False)
    tour.call("GET", "/swarm")
    tour.call("GET", "/plugins")
    for path in ("/session", "/grpc", "/plugins/nope/enable", "/swarm/leave"):
        tour.call("POST", path)


def take_tour(
    maker: Callable[[], AbstractContextManager[engines.Engine]], version: str, archive: Path
) -> Answers:
    with maker() as engine:
        tour = Watched(engine, version)
        tour.stop = "images"
        api_tour.images(tour, archive)
        for stop in (*api_tour.STOPS, oddities):
            tour.stop = stop.__name__
            try:
                stop(tour)
            except (AssertionError, KeyError, requests.RequestException) as error:
                print(f"{engine.name}, {tour.stop}: cut short: {error!r:.200}")
        return tour.answers


def compare(ours: Answers, theirs: Answers) -> set[Difference]:
    found = set()
    for key, mine in ours.items():
        if key not in theirs:
            continue
        request, other = key[0], theirs[key]
        if mine.status != other.status:
            found.add(Difference(request, "status", f"{mine.status}/{other.status}"))
            continue
        for path in mine.fields.keys() & other.fields.keys():
            for kind, more, less in (("ours", mine, other), ("theirs", other, mine)):
                for name in more.fields[path] - less.fields[path]:
                    found.add(Difference(request, kind, f"{path}.{name}".lstrip(".")))
    return found


@dataclass
class Explanation:
    """One entry of differences.toml."""

    what: str
    """For people."""
    why: str
    requests: list[str] = field(default_factory=list)
    """`METHOD path` with * for anything; none where the tour cannot make it."""
    status: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)

    def covers(self, difference: Difference) -> bool:
        known: list[str] = getattr(self, difference.kind)
        return any(fnmatch.fnmatchcase(difference.request, each) for each in self.requests) and any(
            fnmatch.fnmatchcase(difference.what, each.replace("[]", "[[]]")) for each in known
        )


def explanations() -> list[Explanation]:
    return [Explanation(**each) for each in tomllib.loads(EXPLAINED.read_text())["difference"]]


def section() -> str:
    """How docs/engine.md tells of the explanations."""
    rows = [f"| {each.what} | {each.why} |" for each in explanations()]
    return "\n".join(["| what | why |", "|---|---|", *rows, ""])


def with_section(text: str) -> str:
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{section()}{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Where the embedded engine answers differently.")
    parser.add_argument("--write", action="store_true", help="only bring docs/engine.md up to date")
    if parser.parse_args().write:
        PAGE.write_text(with_section(PAGE.read_text()))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        archive = engines.busybox(Path(folder))
        return report(archive)


def report(archive: Path) -> int:
    known, unexplained = explanations(), 0
    used: set[int] = set()
    real: dict[str, Answers] = {}
    own: dict[tuple[str, str], Answers] = {}
    for name, (maker, version) in REAL.items():
        try:
            theirs = real[name] = take_tour(maker, version, archive)
        except engines.Missing as missing:
            print(f"left out: {name}: {missing}")
            continue
        for runtime, make in OURS.items():
            if (runtime, version) not in own:
                own[runtime, version] = take_tour(make, version, archive)
            found = compare(own[runtime, version], theirs)
            shared = len(own[runtime, version].keys() & theirs.keys())
            print(f"\n{runtime} and {name}, API {version}: {shared} calls compared", end="")
            if (followed := OTHERWISE.get(name)) in real:
                own_ways = found & compare(real[followed], theirs)
                print(f", {len(own_ways)} where {followed} differs as we do", end="")
                found -= own_ways
            left = []
            for each in sorted(found, key=lambda each: (each.request, each.what)):
                reasons = {n for n, reason in enumerate(known) if reason.covers(each)}
                used |= reasons
                if not reasons:
                    left.append(each)
            print(f", {len(found)} differences, {len(left)} of them unexplained")
            for each in left:
                print(f"  {each.request}: {each.kind} {each.what}")
            unexplained += len(left)
    for number, reason in enumerate(known):
        if reason.requests and number not in used:
            print(f"explained, but not met: {reason.what}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
