"""Requests made up from the Engine API's OpenAPI description: mostly as described, partly hostile.

Knows the description's form and a few words that lead deep into an engine; sends nothing.
"""

from __future__ import annotations

import io
import json
import random
import tarfile
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from tests.support.versions import NEWEST

METHODS = ("get", "head", "post", "put", "delete")
VERSIONS = ("/v1.24", "/v1.30", "/v1.41", "/v1.45", *[f"/v{NEWEST}"] * 3, "")
JSON = {"Content-Type": "application/json"}

HOSTILE: list[Any] = [
    *("", " ", "\x00", "..", "../../etc/passwd", "/", "//", "a" * 300, "a" * 70000, "%", "%00"),
    *("ä€😀", "\ud800", "-1", "a b", "a\nb", "{}", "[]", "null", "sha256:", "sha256:" + "0" * 64),
    *("*", "(", "[", ":", "@", "a:b:c:d", "0.0.0.0/99", "::/0", "1e400", "container:", "0x10"),
    *(0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, 1e308),
    *(True, False, None, [], {}, [None], {"": None}, [[[[]]]], {"a": {"b": {"c": {}}}}, [{}], [0]),
]
# Words that mean something where the description only says "string".
WORDS: dict[str, list[Any]] = {
    "Image": ["busybox", "busybox:latest", "fuzzed"],
    "fromImage": ["127.0.0.1:9/none", "localhost:9/a/b"],
    "fromSrc": ["-", "http://127.0.0.1:9/none"],
    "repo": ["fuzzed", "fuzzed/deep", "127.0.0.1:9/fuzzed"],
    "tag": ["latest", "1", "x"],
    "t": ["0", "1", "-1", "fuzzed:1"],
    "signal": ["KILL", "SIGTERM", "9", "0", "CONT", "STOP"],
    "path": ["/", "/tmp", "/etc/passwd", "/bin/busybox", "/none", "tmp/..", "/proc/self"],
    "since": ["0", "1700000000", "1700000000.5"],
    "until": ["1", "1700000001"],
    "tail": ["all", "0", "3"],
    "condition": ["not-running", "next-exit", "removed"],
    "NetworkMode": ["none", "bridge", "host", "default", "container:fuzz-0"],
    "PidMode": ["", "host", "container:fuzz-0"],
    "IpcMode": ["", "private", "host", "shareable"],
    "Binds": [["/tmp:/tmp:ro"], ["fuzz-volume:/data"], ["/none/such:/data"]],
    "RestartPolicy": [{"Name": "no"}, {"Name": "on-failure", "MaximumRetryCount": 1}],
    "Entrypoint": [[], ["sh", "-c"], ["/none"]],
    "User": ["", "root", "1000:1000", "nobody", "none"],
    "WorkingDir": ["", "/tmp", "/made/here", "/bin/busybox"],
    "Driver": ["bridge", "local", "null", "host"],
    "Container": ["fuzz-0", "fuzz-1"],
    "Isolation": ["", "default"],
    "Type": ["bind", "volume", "tmpfs", "json-file", "none"],
    "Source": ["/tmp", "fuzz-volume"],
    "Target": ["/data", "/data/deeper"],
    "detachKeys": ["ctrl-a", "ctrl-p,ctrl-q"],
    "remote": ["", "http://127.0.0.1:9/none"],
    "dockerfile": ["Dockerfile", "../Dockerfile", "none"],
}
COMMANDS: list[Any] = [
    ["true"],
    ["false"],
    ["sleep", "2"],
    ["sh", "-c", "echo out; echo err >&2; exit 3"],
    ["sh", "-c", "trap 'exit 0' TERM; while true; do echo x; sleep 0.1; done"],
    ["/none"],
]
# Waiting for these is what was asked for: the made-up numbers stay small.
PATIENCE = {"/containers/{id}/stop", "/containers/{id}/restart"}


@dataclass
class Made:
    """One request, ready to send. `template` is the description's path."""

    method: str
    template: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass
class Known:
    """What there is in the engine, for requests that shall find something."""

    containers: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    execs: list[str] = field(default_factory=list)

    def of(self, template: str) -> list[str]:
        """The names for a template's placeholder."""
        return getattr(self, template.split("/")[1] + "s", None) or getattr(
            self, template.split("/")[1], []
        )


class Maker:
    """Makes requests up; the same seed gives the same ones while the engine answers the same."""

    def __init__(self, description: dict[str, Any], seed: int) -> None:
        self.random = random.Random(seed)
        self.definitions = description["definitions"]
        self.operations = [
            (method.upper(), template, operation.get("parameters", []))
            for template, methods in description["paths"].items()
            for method, operation in methods.items()
            if method in METHODS
        ]
        # Most of what can go wrong is in what an engine has: containers, images, networks…
        rare = ("/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs", "/plugins")
        self.weights = [0.1 if each[1].startswith(rare) else 1.0 for each in self.operations]

    def request(self, known: Known) -> Made:
        """One of any operation."""
        [(method, template, parameters)] = self.random.choices(self.operations, self.weights)
        query: list[tuple[str, str]] = []
        headers: dict[str, str] = {}
        body: bytes | None = None
        path = template
        for parameter in parameters:
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                path = path.replace(f"{{{name}}}", self._segment(known.of(template)))
            elif place == "body":
                body = self._body(parameter.get("schema", {}), template)
            elif parameter.get("required") or self.random.random() < 0.3:
                if place == "query":
                    query.append((name, self._text(self._parameter(parameter, template))))
                elif value := self._header(parameter):
                    headers[name] = value
        if body is not None and "Content-Type" not in headers:
            headers |= JSON if body[:1] in b'{[n"' else {"Content-Type": "application/x-tar"}
        target = self.random.choice(VERSIONS) + path
        if query:
            target += "?" + urlencode(query, errors="surrogatepass")
        return Made(method, template, target, headers, body)

    def create(self, number: int) -> Made:
        """A container that other requests can find."""
        body = {"Image": "busybox", "Cmd": self.random.choice(COMMANDS)}
        body |= {"Tty": self.random.random() < 0.2, "OpenStdin": self.random.random() < 0.3}
        if self.random.random() < 0.5:
            body["HostConfig"] = {"NetworkMode": "none"}
        target = f"/v{NEWEST}/containers/create?name=fuzz-{number}"
        return Made("POST", "/containers/create", target, JSON, json.dumps(body).encode())

    # Places

    def _segment(self, names: list[str]) -> str:
        if names and self.random.random() < 0.85:
            return quote(self.random.choice(names), safe="/:@")
        return quote(self._text(self.random.choice(HOSTILE)), errors="surrogatepass")

    def _parameter(self, parameter: dict[str, Any], template: str) -> Any:
        name = parameter["name"]
        if template in PATIENCE and name == "t":
            return self.random.choice((0, 1, "x", "", "1.5"))
        if name == "filters":
            return self._filters()
        return self._value(parameter, name, 2)

    def _filters(self) -> str:
        keys = ("label", "name", "id", "status", "dangling", "before", "until", "reference", "type")
        values: list[Any] = [["true"], ["a=b"], ["busybox"], ["running"], ["1h"], {"a": True}, "x"]
        chosen = {
            self.random.choice((*keys, "none")): self.random.choice((*values, *HOSTILE))
            for _ in range(self.random.randrange(3))
        }
        return self._dumps(chosen if self.random.random() < 0.9 else self.random.choice(HOSTILE))

    def _header(self, parameter: dict[str, Any]) -> str:
        if parameter["name"] == "Content-type":
            return self.random.choice(("application/x-tar", "text/plain", "application/json"))
        chosen = self.random.choice(("e30=", "eyJ1c2VybmFtZSI6ICJhIn0=", "%%%", "e30", "W10="))
        return str(chosen)

    def _body(self, schema: dict[str, Any], template: str) -> bytes:
        if schema.get("format") == "binary" or "x-tar" in str(schema):
            return self._archive(template)
        chance = self.random.random()
        if chance < 0.03:
            return self.random.choice((b"", b"{", b"null", b"[]", b'"', b"\xff{", b"[" * 100000))
        if chance < 0.06:
            return self._dumps(self.random.choice(HOSTILE)).encode()
        return self._dumps(self._value(schema, "", 0)).encode()

    def _archive(self, template: str) -> bytes:
        buffer = io.BytesIO()
        kinds = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)
        mode: Literal["w:", "w:gz"] = self.random.choice(("w:", "w:gz"))
        with tarfile.open(fileobj=buffer, mode=mode) as archive:
            if template == "/build":
                text = self.random.choice((b"FROM busybox\nRUN true\n", b"FROM none\n", b"\0", b""))
                entry = tarfile.TarInfo("Dockerfile")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
            for _ in range(self.random.randrange(4)):
                names = ("a", "tmp/b", "../c", "/d", "a/e", "manifest.json", "f" * 300)
                entry = tarfile.TarInfo(self.random.choice(names))
                entry.type = self.random.choice((*kinds, tarfile.CHRTYPE, tarfile.FIFOTYPE))
                entry.linkname = self.random.choice(names)
                text = b"[]" if entry.name == "manifest.json" else b"text"
                entry.size = len(text) if entry.isreg() else 0
                archive.addfile(entry, io.BytesIO(text))
        data = bytearray(buffer.getvalue())
        if self.random.random() < 0.2:
            del data[self.random.randrange(len(data)) :]
        if data and self.random.random() < 0.2:
            data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    # Values

    def _value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        if self.random.random() < 0.06:
            return self.random.choice(HOSTILE)
        if name == "Cmd":
            return self.random.choice(COMMANDS)
        if name in WORDS and self.random.random() < 0.9:
            return self.random.choice(WORDS[name])
        if "$ref" in schema:
            return self._value(self.definitions[schema["$ref"].split("/")[-1]], name, depth)
        if "allOf" in schema:
            parts = [self._value(part, "", depth) for part in schema["allOf"]]
            return {k: v for part in parts if isinstance(part, dict) for k, v in part.items()}
        if schema.get("enum"):
            return self.random.choice(schema["enum"])
        if "example" in schema and depth > 0 and self.random.random() < 0.5:
            return schema["example"]
        return self._typed(schema, name, depth)

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type", "object")
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            items = schema.get("items", {})
            return [self._value(items, "", depth + 1) for _ in range(self.random.randrange(3))]
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind in ("integer", "number"):
            return self.random.choice((0, 1, 2, 10, -1, 10**6, 2**33))
        return self.random.choice(("", "fuzz", "fuzz-0", "a=b", "1", "busybox", "80/tcp"))

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        chance = min(1.0, 3 / (len(properties) or 1)) if depth < 6 else 0.0
        made = {
            name: self._value(part, name, depth + 1)
            for name, part in properties.items()
            if self.random.random() < chance or name in ("Image", "Cmd", "Name")
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and depth < 6:
            for key in self.random.sample(("a", "80/tcp", "fuzz", "bridge", ""), 2):
                made[key] = self._value(more, "", depth + 1)
        return made

    def _dumps(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=True)

    def _text(self, value: Any) -> str:
        return value if isinstance(value, str) else self._dumps(value)
