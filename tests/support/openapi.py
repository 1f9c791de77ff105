"""Judges an engine's HTTP answers by the Docker Engine's own OpenAPI (Swagger 2.0) descriptions.

`Description(version).check(…)` returns the violations in one answer, each with its place. The
module knows no engine: `openapi_tolerances.py` lists how real daemons deviate from their own
description, with reasons. There are descriptions of 1.41, 1.45 and 1.51. An answer is judged by
the oldest one that is not older than the version in the path; without a version in the path by
the engine's newest.
"""

import functools
import gzip
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jsonschema import Draft4Validator

from insidedocker.catalog.errors import CatalogError
from tests.support.missing import Missing
from tests.support.openapi_schema import FORMATS, Schema, convert, is_map, json_documents, problems
from tests.support.openapi_tolerances import nullable, tolerated
from tests.support.real.suite_root import api_description
from tests.support.recorder import Exchange
from tests.support.versions import DESCRIBED, NEWEST

# API version -> the Debian suite whose docker-doc has its description. Later editions of an old
# version's description have fewer mistakes.
DEBIAN = {"1.41": "trixie", "1.45": "trixie", NEWEST: "sid"}
OUT_OF_REACH: dict[str, str] = {}  # version -> why its fetch failed; it is not tried again
BESIDE = Path(__file__).parents[3] / "shared/conformance"

METHODS = ("get", "head", "post", "put", "delete")
PREFIX = re.compile(r"/v(\d+\.\d+)(?=/)")
ERROR = {"$ref": "#/definitions/ErrorResponse"}
# Progress streams: the descriptions define the schema of a line but do not refer to it.
LINES = {
    "/build": {"$ref": "#/definitions/BuildInfo"},
    "/images/create": {"$ref": "#/definitions/CreateImageInfo"},
    "/images/{name}/push": {"$ref": "#/definitions/PushImageInfo"},
    "/images/load": {"$ref": "#/definitions/BuildInfo"},
}

# Schemas of streams, which are empty if nothing has happened.
MAY_BE_EMPTY = (*LINES.values(), {"$ref": "#/definitions/EventMessage"})
# Statuses that an engine may answer to an operation that the API does not have.
UNKNOWN_OPERATION = (400, 404, 405)


class Operation(NamedTuple):
    """One method of one path of a description."""

    method: str
    template: str
    pattern: re.Pattern[str]
    responses: dict[str, Schema]


class Answer(NamedTuple):
    """An engine's answer; header names in lower case, `body` None when it was not kept."""

    method: str
    status: int
    headers: dict[str, str]
    body: bytes | None
    complete: bool

    @property
    def kind(self) -> str:
        """The answer's Content-Type."""
        return self.headers.get("content-type", "")


def judged_by(path: str, newest: str = NEWEST) -> str:
    """Return the version whose description judges an answer to `path`.

    That is the version in the path, else the next newer one with a description; without a prefix
    the engine's newest.
    """
    prefix = PREFIX.match(path)
    asked = _number(prefix.group(1) if prefix else newest)
    known = [version for version in DESCRIBED if asked <= _number(version) <= _number(newest)]
    return known[0] if known else newest


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def find_description(version: str) -> Path:
    """Return the Swagger file of `version`: from INSIDEDOCKER_OPENAPI, beside the checkout, or
    from Debian.

    Raises Missing if none of them has the file.
    """
    folders = [BESIDE]
    if chosen := os.environ.get("INSIDEDOCKER_OPENAPI"):
        folders.insert(0, Path(chosen))
    for folder in folders:
        file = folder / f"swagger-v{version}.yaml"
        if file.is_file():
            return file
    return debian_description(version)


def debian_description(version: str) -> Path:
    """Return the Swagger file of `version` from Debian's docker-doc; raises Missing."""
    if version not in OUT_OF_REACH:
        try:
            return api_description(version, DEBIAN[version])
        except (CatalogError, FileNotFoundError) as error:
            OUT_OF_REACH[version] = str(error)
    raise Missing(f"the Engine API's description {version} is missing: {OUT_OF_REACH[version]}")


@functools.cache
def describe(version: str) -> "Description":
    """Return the description of `version`, read once. Raises Missing."""
    return Description(version, find_description(version))


@functools.cache
def describe_by_debian(version: str) -> "Description":
    """Return the description in Debian's docker-doc, even if there is another edition."""
    return Description(version, debian_description(version))


class Description:
    """The description of one version of the Engine API."""

    def __init__(self, version: str, file: Path) -> None:
        self.version = version
        self._nullable = nullable(version)
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.definitions = {
            name: convert(schema, name, self._nullable)
            for name, schema in raw["definitions"].items()
        }
        self.operations = sorted(
            self._operations(raw["paths"]),
            key=lambda operation: (operation.template.count("{"), -len(operation.template)),
        )
        self._validators: dict[str, Draft4Validator] = {}

    def _operations(self, paths: dict[str, Any]) -> Iterator[Operation]:
        for template, methods in paths.items():
            # An image's or a plugin's name may have slashes, an id has none.
            pattern = re.escape(template).replace(r"\{name\}", "(.+)").replace(r"\{id\}", "([^/]+)")
            for method in [name.upper() for name in methods if name in METHODS]:
                responses = {}
                for status, response in methods[method.lower()]["responses"].items():
                    schema = response.get("schema")
                    place = f"{method} {template} {status}"
                    converted = schema and convert(schema, place, self._nullable)
                    responses[str(status)] = {**response, "schema": converted}
                yield Operation(method, template, re.compile(pattern), responses)

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation for `method` at `path` (with or without prefix and query), or
        None."""
        bare = PREFIX.sub("", path.partition("?")[0], count=1)
        for operation in self.operations:
            if operation.method == method.upper() and operation.pattern.fullmatch(bare):
                return operation
        return None

    def check(
        self,
        method: str,
        path: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        complete: bool = True,
    ) -> list[str]:
        """Return all violations in an answer; `body` None means the body was not kept.

        An answer that is not `complete` (a stream that the client left) may end within a line.
        """
        sent = {header.lower(): value for header, value in headers.items()}
        answer = Answer(method, status, sent, body, complete)
        operation = self.operation(method, path)
        name = f"{method} {operation.template if operation else path} {status}"
        if status >= 400:
            found = self._refusal(operation, answer)
        elif operation is None:
            found = iter(["the API has no such operation"])
        else:
            found = self._success(operation, answer)
        return [
            f"{name}: {problem}" for problem in found if not tolerated(self.version, name, problem)
        ]

    def _refusal(self, operation: Operation | None, answer: "Answer") -> Iterator[str]:
        if operation is None and answer.status not in UNKNOWN_OPERATION:
            yield f"status {answer.status} for what the API does not have"
        if operation and str(answer.status) not in operation.responses:
            yield f"the operation has no status {answer.status}"
        if answer.method != "HEAD":
            yield from self._json(ERROR, answer)

    def _success(self, operation: Operation, answer: "Answer") -> Iterator[str]:
        described = operation.responses.get(str(answer.status))
        if answer.status == 101:
            return  # the connection is a stream from here on
        if described is None:
            yield f"the operation has no status {answer.status}"
            return
        for header in described.get("headers", {}):
            if header.lower() not in answer.headers:
                yield f"the header {header} is missing"
        if answer.method != "HEAD":
            schema = LINES.get(operation.template, described.get("schema"))
            yield from self._body(schema, answer)

    def _body(self, schema: Schema | None, answer: "Answer") -> Iterator[str]:
        if schema is None:
            if answer.body and answer.status in (204, 304):
                yield "a body where there is none"
        elif schema.get("format") == "binary":
            return
        elif schema.get("type") == "string" and answer.kind != "application/json":
            if not answer.kind.startswith("text/plain"):
                yield f"Content-Type {answer.kind!r}, not text/plain"
        else:
            yield from self._json(schema, answer)

    def _json(self, schema: Schema, answer: "Answer") -> Iterator[str]:
        if not answer.kind.startswith("application/json"):
            yield f"Content-Type {answer.kind!r}, not application/json"
            return
        if answer.body is None:
            return
        try:
            documents = list(json_documents(answer.body, answer.complete))
        except ValueError as error:
            yield f"the body is not JSON: {error}"
            return
        if not documents and answer.complete and schema not in MAY_BE_EMPTY:
            yield "an empty body where JSON is described"
        for document in documents:
            for found in self._validator(schema).iter_errors(document):
                yield from problems(found)

    def _validator(self, schema: Schema) -> Draft4Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "definitions": self.definitions}
            if "$ref" in schema:  # a validator ignores everything beside $ref
                whole = {"allOf": [schema], "definitions": self.definitions}
            self._validators[key] = Draft4Validator(whole, format_checker=FORMATS)
        return self._validators[key]

    def unknown_fields(self, method: str, path: str, status: int, body: bytes) -> list[str]:
        """Return the fields that the description does not name: a stricter report, not a
        violation."""
        operation = self.operation(method, path)
        described = operation.responses.get(str(status), {}) if operation else {}
        schema = ERROR if status >= 400 else described.get("schema")
        if not schema:
            return []
        found: dict[str, None] = {}
        for document in json_documents(body, complete=False):
            for place in self._unknown(schema, document, "$"):
                found.setdefault(place)
        return list(found)

    def _unknown(self, schema: Schema, value: Any, place: str) -> Iterator[str]:
        parts = list(self._parts(schema))
        if isinstance(value, list):
            for part in parts:
                for entry in value if "items" in part else ():
                    yield from self._unknown(part["items"], entry, f"{place}[]")
        if not isinstance(value, dict):
            return
        known = {name: each for part in parts for name, each in part.get("properties", {}).items()}
        more = next((part["additionalProperties"] for part in parts if is_map(part)), None)
        for name, entry in value.items():
            if name in known:
                yield from self._unknown(known[name], entry, f"{place}.{name}")
            elif more is not None:
                yield from self._unknown(more, entry, f"{place}.*")
            elif known:
                yield f"{place}.{name}"

    def _parts(self, schema: Schema) -> Iterator[Schema]:
        """Yield a schema with its references resolved, and the parts of its allOf and anyOf."""
        if "$ref" in schema:
            yield from self._parts(self.definitions[schema["$ref"].rpartition("/")[2]])
            return
        yield schema
        for part in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
            yield from self._parts(part)


def judge(
    exchange: Exchange,
    newest: str = NEWEST,
    edition: Callable[[str], Description] = describe,
) -> list[str]:
    """Return the violations in a recorded answer of an engine whose newest version is `newest`."""
    if exchange.broken:
        return [f"{exchange.method} {exchange.path}: not HTTP/1.1: {exchange.broken}"]
    return edition(judged_by(exchange.path, newest)).check(
        exchange.method,
        exchange.path,
        exchange.status,
        exchange.headers,
        exchange.body,
        complete=exchange.complete,
    )
