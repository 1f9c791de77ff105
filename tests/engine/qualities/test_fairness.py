"""One container, or one client, does not hold up the others: every request is answered, whatever
an expression, a program's output or a large tree of files asks of the engine."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = [pytest.mark.real]

ENDLESS = "^(a+)+$"
"""Python's own `re` would try 2^60 ways to match it with NAME."""
NAME = "a" * 60 + "b"


@pytest.fixture
def api(embedded_namespaces: Engine, busybox: object) -> Iterator[Caller]:
    embedded_namespaces.load(busybox)  # type: ignore[arg-type]
    yield Caller(embedded_namespaces)
    embedded_namespaces.clear()


# Expressions


def listed(api: Caller, kind: str, expression: str) -> list[str]:
    """The names of the objects that a filter by name finds."""
    filters = quote(json.dumps({"name": [expression]}))
    path = {
        "containers": "/containers/json?all=1&",
        "networks": "/networks?",
        "volumes": "/volumes?",
    }
    found = api.good("GET", f"{path[kind]}filters={filters}")
    if kind == "containers":
        return sorted(each["Names"][0].removeprefix("/") for each in found)
    return sorted(each["Name"] for each in (found["Volumes"] if kind == "volumes" else found))


def make(api: Caller, kind: str, name: str) -> None:
    if kind == "containers":
        api.create(name=name)
    else:
        api.good("POST", f"/{kind}/create", {"Name": name})


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_filters_by_name_are_expressions_in_bounded_time(api: Caller, kind: str) -> None:
    for name in (NAME, "aaaa", "web.1", "web-1"):
        make(api, kind, name)
    assert listed(api, kind, ENDLESS) == ["aaaa"]
    assert listed(api, kind, "^web.1$") == ["web-1", "web.1"]
    assert listed(api, kind, "web-") == ["web-1"]
    assert listed(api, kind, "^(web|aaaa)$") == ["aaaa"]
    # As with the Engine, what is no expression finds only that very name.
    for wrong in ("(", "web[", "(?=web)"):
        assert listed(api, kind, wrong) == []


def test_patterns_of_a_build_take_bounded_time(api: Caller) -> None:
    stars = "*a" * 40 + "*b"
    files = {
        "Dockerfile": f'FROM busybox\nARG N={"a" * 300}\nENV M="${{N%%{stars}}}"\nCOPY . /c\n',
        ".dockerignore": f"{stars}\n{'**/' * 20}{stars}\n",
        "a" * 200: "",
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as context:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            context.addfile(entry, io.BytesIO(text.encode()))
    told = api.call(
        "POST",
        "/build?t=stars",
        data=archive.getvalue(),
        headers={"Content-Type": "application/x-tar"},
    )
    assert "Successfully tagged stars:latest" in told.text, told.text
    assert api.output("ls", "/c", Image="stars").split() == ["Dockerfile", "a" * 200]
    api.good("DELETE", "/images/stars?force=1")


def test_long_times_are_read_in_bounded_time(api: Caller) -> None:
    for text in ("1" * 500_000, "1h" * 100_000 + "x"):
        status, told = api.refused("GET", f"/events?until=0&since={text}")
        assert status == 400 and told.startswith("invalid time"), told[:200]
