"""The table of fields by version of the API, against the Engine's own descriptions."""

import copy
import re
from typing import Any

import pytest

from insidedocker_engine.api import versions
from tests.support import openapi
from tests.support.versions import NEWEST

ANSWER: dict[str, Any] = {
    "GET /containers/json": [{"HostConfig": {"NetworkMode": "x", "Annotations": {"a": "b"}}}],
    "GET /images/json": [{"Id": "x", "VirtualSize": 1}, {"Id": "y"}],
    "GET /images/{}/json": {"Id": "x", "VirtualSize": 1, "Container": "", "Config": {"Tty": True}},
}


@pytest.mark.parametrize(
    ("route", "version", "expected"),
    [
        ("GET /containers/json", (1, 45), [{"HostConfig": {"NetworkMode": "x"}}]),
        ("GET /containers/json", (1, 46), ANSWER["GET /containers/json"]),
        ("GET /images/json", (1, 43), ANSWER["GET /images/json"]),
        ("GET /images/json", (1, 44), [{"Id": "x"}, {"Id": "y"}]),
        ("GET /images/{}/json", (1, 41), ANSWER["GET /images/{}/json"]),
        ("GET /images/{}/json", (1, 51), {"Id": "x", "Config": {}}),
        ("GET /nothing", (1, 24), ANSWER["GET /images/json"]),
    ],
)
def test_fields_come_and_go(route: str, version: tuple[int, int], expected: Any) -> None:
    value = copy.deepcopy(ANSWER.get(route, ANSWER["GET /images/json"]))
    assert versions.fit(route, version, value) == expected


@pytest.mark.parametrize("value", [[], {}, None, [1], {"Config": None}, "text"])
def test_answers_of_other_shapes_pass(value: Any) -> None:
    for route in versions.FIELDS:
        versions.fit(route, (1, 24), value)


def test_every_route_of_the_table_is_one_of_the_api() -> None:
    described = {
        re.sub(r"\{[^}]*\}", "{}", f"{operation.method.upper()} {operation.template}")
        for operation in openapi.describe(NEWEST).operations
    }
    assert set(versions.FIELDS) <= described
