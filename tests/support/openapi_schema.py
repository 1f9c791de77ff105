"""Conversions: Swagger 2.0 schemas to JSON schemas, JSON bodies to documents, errors to sentences.

Knows nothing of HTTP or of the Engine's API.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError

# Keywords that a validator checks; the others are for the reader.
KEYWORDS = ("type", "required", "enum", "pattern", "format", "minimum", "maximum")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FORMATS = FormatChecker(formats=())

Schema = dict[str, Any]


@FORMATS.checks("date-time")
@FORMATS.checks("dateTime")
def is_date(value: object) -> bool:
    """Return True for an RFC 3339 time, with a fraction of any length, and for any non-string."""
    return not isinstance(value, str) or DATE.fullmatch(value) is not None


def convert(schema: Schema, place: str, nullable: frozenset[str]) -> Schema:
    """Convert a Swagger 2.0 schema to a JSON schema: x-nullable becomes a type, notes are left out.

    `place` names the schema ("SystemInfo.Swarm.RemoteManagers[]"); at a `nullable` place null is
    valid too.
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
    """Return True if a schema describes an object with arbitrary names."""
    return isinstance(schema.get("additionalProperties"), dict)


def json_documents(body: bytes, complete: bool) -> Iterator[Any]:
    """Yield each JSON value of a body: one, or a stream's many.

    Raises ValueError for anything else; a body that is not `complete` may end within a value.
    """
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
    """Yield one sentence per violation; of a schema-or-null alternative, those of the schema."""
    if error.validator == "anyOf":
        for inner in error.context or ():
            if inner.validator_value != "null":
                yield from problems(inner)
        return
    place = "$" + "".join(
        "[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    )
    yield f"{place}: {error.message[:300]}"
