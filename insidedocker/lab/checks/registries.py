"""A small registry with a password, as a container on an engine, for lessons and their checks.

The registry is real (the course's image registry:2), listens on this machine only and speaks plain
HTTP.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from insidedocker.lab import cleanup, web
from insidedocker.lab.checks import fixtures
from insidedocker.lab.checks.fixtures import free_port
from insidedocker.lab.checks.programs import set_up
from insidedocker.lab.engines.embedded import ending_with_us
from insidedocker.lab.engines.images import need
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import NoPage, SetupFailed
from insidedocker.lab.labels import labels as labels_of

START_SECONDS = 60.0
REQUEST_SECONDS = 2.0

# User -> password, and its hash for the registry as `htpasswd -nbB` writes it. The passwords are
# not secret. Encoded, two of them have characters for which base64 has two alphabets.
USERS = {
    "learner": ("open-sesame", "$2b$04$cNEcacJHce.TuNwDQFxmvuhZbgnozATPOtWnpE0VUZBYDBEBHcbkm"),
    "ada": ("loves>images?", "$2b$04$XN4jxs.gGPqxPdjKTVZwduQaELr5IINKdeltwRyZjkSgMx6btBVbK"),
    "grace": ("moths~are^bugs", "$2b$04$5sRGeZNp6RteCK0qn30JZOYodrI3EuwNcSTSuZfH1Nq4nqSkMoupm"),
}
PASSWORD_FILE = "htpasswd"
SETTINGS = "/etc/docker/registry"

# Media types of a manifest: without them in the request a registry answers in an older form.
OCI = "application/vnd.oci.image"
MANIFESTS = f"{OCI}.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Registry:
    """A registry's address ("127.0.0.1:40123"), and the user who may log in."""

    host: str
    username: str
    password: str

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request to the registry's own API, with the password."""
        with requests.Session() as session:
            session.trust_env = False  # a proxy is for the internet
            session.auth = (self.username, self.password)
            return session.request(
                method, f"http://{self.host}/v2/{path}", **{"timeout": 20, **options}
            )

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest of a tag; None without such a tag."""
        path = f"{repository}/manifests/{tag}"
        answer = self.ask("GET", path, headers={"Accept": MANIFESTS})
        return answer.headers["Docker-Content-Digest"] if answer.ok else None

    def layers(self, repository: str, tag: str) -> list[str] | None:
        """The digests of a tag's unpacked layers, as an engine lists them under RootFS; None
        without such a tag."""
        path = f"{repository}/manifests/{tag}"
        answer = self.ask("GET", path, headers={"Accept": MANIFESTS})
        if not answer.ok:
            return None
        config = self.ask("GET", f"{repository}/blobs/{answer.json()['config']['digest']}").json()
        return list(config["rootfs"]["diff_ids"])

    def as_oci(self, repository: str, tag: str) -> str:
        """Give an image a second manifest, in the form of the Open Container Initiative; returns
        its tag. A registry serves it only to who accepts this form."""
        answer = self.ask("GET", f"{repository}/manifests/{tag}", headers={"Accept": MANIFESTS})
        manifest = answer.json()
        manifest["mediaType"] = f"{OCI}.manifest.v1+json"
        manifest["config"]["mediaType"] = f"{OCI}.config.v1+json"
        for layer in manifest["layers"]:
            layer["mediaType"] = f"{OCI}.layer.v1.tar+gzip"
        kind = {"Content-Type": manifest["mediaType"]}
        path = f"{repository}/manifests/{tag}-oci"
        set_up(self.ask("PUT", path, json=manifest, headers=kind))
        return f"{tag}-oci"

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, sorted; none without such a repository."""
        answer = self.ask("GET", f"{repository}/tags/list")
        return sorted(answer.json()["tags"] or []) if answer.ok else []

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates an engine at the registry, for a pull or a push. It says
        what an engine needs, and less than lesson 07 has its learners write."""
        who = {"username": self.username, "password": self.password}
        return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(who).encode()).decode()}

    def push(self, engine: Engine, image: str, repository: str, tag: str) -> str:
        """Push an engine's image to the registry, under a temporary name; returns the digest."""
        name = f"{self.host}/{repository}"
        before = engine.get(f"/images/{name}:{tag}/json")
        set_up(engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag}))
        answer = engine.post(f"/images/{name}/push", params={"tag": tag}, headers=self.headers)
        if before.ok:  # the name was a learner's: it gets its image back
            there = before.json()["Id"]
            engine.post(f"/images/{there}/tag", params={"repo": name, "tag": tag})
        else:
            engine.delete(f"/images/{name}:{tag}", params={"noprune": "true"})
        digest = self.digest(repository, tag)
        if digest is None:
            raise SetupFailed(f"{name}:{tag} was not pushed: {answer.text.strip()}")
        return digest


@contextlib.contextmanager
def running(engine: Engine, lesson: str, username: str = "grace") -> Iterator[Registry]:
    """A new, empty registry on `engine` for a `with` block; only `username` may log in."""
    container, registry = _started(engine, lesson, username)
    try:
        yield registry
    finally:
        cleanup.remove_container(engine, container)


def start(engine: Engine, lesson: str, username: str = "learner") -> Registry:
    """A new, empty registry that stays until the lesson is cleaned up."""
    return _started(engine, lesson, username)[1]


def _started(engine: Engine, lesson: str, username: str) -> tuple[str, Registry]:
    """Start a registry; returns the Id of its container, and the registry once it answers."""
    need(engine, "registry:2", quiet=True)
    port = free_port()
    registry = Registry(f"127.0.0.1:{port}", username, USERS[username][0])
    created = engine.post("/containers/create", json=recipe(lesson, port))
    set_up(created)
    container = created.json()["Id"]
    try:
        passwords = password_archive(username)
        engine.put(f"/containers/{container}/archive", params={"path": SETTINGS}, data=passwords)
        set_up(engine.post(f"/containers/{container}/start"))
        await_answer(registry.host)
    except BaseException:
        cleanup.remove_container(engine, container)
        raise
    return container, registry


def recipe(lesson: str, port: int) -> dict[str, Any]:
    """The body of the create request for a registry that listens on `port`, in the container as on
    this machine."""
    return {
        "Image": "registry:2",
        "Labels": labels_of(lesson),
        "Env": [
            f"REGISTRY_HTTP_ADDR=0.0.0.0:{port}",
            "REGISTRY_AUTH=htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM=course",
            f"REGISTRY_AUTH_HTPASSWD_PATH={SETTINGS}/{PASSWORD_FILE}",
        ],
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {
            "PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        },
    }


def password_archive(username: str) -> bytes:
    """The registry's password file in a tar archive for PUT /containers/ID/archive."""
    return fixtures.packed({PASSWORD_FILE: f"{username}:{USERS[username][1]}\n".encode()})


def engine_for(engine: Engine, lesson: str) -> Engine:
    """`engine` if it can log in to a registry of this machine, else an embedded engine, announced
    in one printed line.

    Docker trusts registries at 127.0.0.0/8 without TLS; Podman does so only if its registries.conf
    says so; an engine on another machine has another 127.0.0.1. So the engine is tried.
    """
    with running(engine, lesson) as registry:
        who = {"username": registry.username, "password": registry.password}
        answer = engine.post("/auth", json={**who, "serveraddress": registry.host})
    if answer.ok:
        return engine
    print(
        "This engine does not talk to a registry on this machine without TLS "
        "(for Podman, registries.conf can allow it). An embedded engine is started instead."
    )
    return another()


def another() -> Engine:
    """A second, empty engine, which ends with this notebook's kernel."""
    return Engine(ending_with_us().url, "a second one, for this lesson")


def await_answer(host: str, path: str = "/v2/", seconds: float = START_SECONDS) -> None:
    """Return once a web server at `host` answers; raises SetupFailed after `seconds`."""
    try:
        web.fetch(f"http://{host}{path}", seconds, each=REQUEST_SECONDS)
    except NoPage:
        raise SetupFailed(f"Nobody answered at {host} within {seconds:.0f} seconds.") from None
