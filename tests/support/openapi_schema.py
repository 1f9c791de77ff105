"""Swagger 2.0 schemas as JSON schemas, JSON bodies as documents, errors as sentences.

Knows nothing of HTTP or of the Engine's API.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError

# What a schema demands; the rest of it is for the reader.
KEYWORDS = ("type", "required", "enum", "pattern", "format", "minimum", "maximum")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FORMATS = FormatChecker(formats=())

Schema = dict[str, Any]


@FORMATS.checks("date-time")
@FORMATS.checks("dateTime")
def is_date(value: object) -> bool:
    """A time as RFC 3339 has it, with up to nanoseconds."""
    return not isinstance(value, str) or DATE.fullmatch(value) is not None


def convert(schema: Schema, place: str, nullable: frozenset[str]) -> Schema:
    """A Swagger 2.0 schema as a JSON schema: x-nullable becomes a type, notes are left out.

    `place` names it ("SystemInfo.Swarm.RemoteManagers[]"); at a `nullable` place null will do.
    """
    if "$ref" in schema:
        converted = {"$ref": schema["$ref"]}
    else:
        converted = {name: schema[name] for name in KEYWORDS if name in schema}
        if "properties" in schema:
            converted["properties"] = {
                name: convert(part, f"{place}.{name}", nullable)
                for name, part in schema["properties"].items()
            }
        if "items" in schema:
            converted["items"] = convert(schema["items"], f"{place}[]", nullable)
        if isinstance(more := schema.get("additionalProperties"), dict):
            converted["additionalProperties"] = convert(more, f"{place}.*", nullable)
        if "allOf" in schema:
            converted["allOf"] = [convert(part, place, nullable) for part in schema["allOf"]]
    if schema.get("x-nullable") or place in nullable:
        return {"anyOf": [converted, {"type": "null"}]}
    return converted


def is_map(schema: Schema) -> bool:
    """Whether a schema describes an object with names of the sender's choice."""
    return isinstance(schema.get("additionalProperties"), dict)


def json_documents(body: bytes, complete: bool) -> Iterator[Any]:
    """Each JSON value of a body: one, or a stream's many; raises ValueError for anything else."""
    decoder = json.JSONDecoder()
    text, start = body.decode(), 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        try:
            document, start = decoder.raw_decode(text, start)
        except ValueError:
            if complete:
                raise
            return
        yield document


def problems(error: ValidationError) -> Iterator[str]:
    """One sentence per thing that is wrong, of the alternatives only the one that is meant."""
    if error.validator == "anyOf":
        for inner in error.context or ():
            if inner.validator_value != "null":
                yield from problems(inner)
        return
    place = "$" + "".join(
        "[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    )
    yield f"{place}: {error.message[:300]}"
