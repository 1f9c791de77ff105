"""Requests that schemathesis makes up from the Engine API's OpenAPI description.

Beside `made_up.py`, which knows what leads deep into an engine, this knows only the description.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.result import Ok, Result
from schemathesis.schemas import APIOperation

from tests.conformance.made_up import PATIENCE, Known, Made
from tests.support.versions import NEWEST

EXAMPLES = 15
"""Of each operation, before its turn comes again."""
KNOWN_SHARE = 0.5
"""How often an id or a name is one that the engine has."""
# schemathesis makes up bytes for it, and asks how to send them.
schemathesis.serializer("application/x-tar")(lambda _context, value: value)
TOLD = ("method", "url", "params", "headers", "json", "data")


def send_all(
    description: dict[str, Any],
    number: int,
    known: Known,
    send: Callable[[Made], object],
    go_on: Callable[[], bool],
) -> None:
    """Send cases of every operation in turn, and again with other ones, while `go_on` says so."""
    schema = schemathesis.openapi.from_dict(description)
    operations = [_read(found) for found in schema.get_all_operations()]
    chance = random.Random(number)
    while go_on():
        chance.shuffle(operations)
        for operation in operations:
            if not go_on():
                return
            number += 1

            @seed(number)
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def one(case: schemathesis.Case) -> None:
                if go_on():
                    send(made(case, known, chance))

            one()


def _read(found: Result[APIOperation, InvalidSchema]) -> APIOperation:
    assert isinstance(found, Ok), found.err()
    return found.ok()


def made(case: schemathesis.Case, known: Known, chance: random.Random) -> Made:
    """A case as the request it is on the wire."""
    there = known.of(case.path)
    for name in case.path_parameters or {}:
        if there and chance.random() < KNOWN_SHARE:
            case.path_parameters[name] = chance.choice(there)
    if case.path in PATIENCE and case.query:
        case.query.pop("t", None)
    told = case.as_transport_kwargs(base_url="http://engine")
    prepared = requests.Request(**{name: told.get(name) for name in TOLD}).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    headers = {name: str(value) for name, value in prepared.headers.items()}
    return Made(case.method.upper(), case.path, f"/v{NEWEST}{prepared.path_url}", headers, body)
