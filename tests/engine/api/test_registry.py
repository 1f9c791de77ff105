"""Pull, push, login and what else needs a registry: with a real one and with one that lies."""

from __future__ import annotations

import base64
import concurrent.futures
import gzip
import itertools
import json
import socket
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.images import references
from insidedocker_engine.images import registry as client
from insidedocker_engine.images.blobs import Blobs
from insidedocker_engine.images.registry_client import base_url
from insidedocker_engine.images.registry_options import OptionError, Options
from tests.support import engines, patience
from tests.support.engines import Engine
from tests.support.made_images import Made, describe, digest, small, tar
from tests.support.missing import skip_missing
from tests.support.registries import INDEX, LAYER, MANIFEST, Fake, distribution, refusal

pytestmark = pytest.mark.real

IMAGE = Made([tar({"a": b"one" * 100_000}), tar({"b": b"two"})], {"Cmd": ["/a"]})


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    return empty_engine


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with skip_missing(), distribution(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="module")
def closed_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Lets in `learner` with the password `secret`."""
    folder = tmp_path_factory.mktemp("closed")
    with skip_missing(), distribution(folder, "learner", "secret") as host:
        yield host


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as started:
        yield started


def auth(username: str, password: str, **more: str) -> dict[str, str]:
    value = {"username": username, "password": password, **more}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(value).encode()).decode()}


NOBODY = {"X-Registry-Auth": "e30="}
LEARNER = auth("learner", "secret")


Lines = list[dict[str, Any]]


def pull(engine: Engine, name: str, tag: str = "", **headers: str) -> tuple[int, Lines]:
    """(status, lines) of a pull."""
    answer = engine.request(
        "POST", "/images/create", params={"fromImage": name, "tag": tag}, headers=headers
    )
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


def push(engine: Engine, name: str, tag: str, headers: dict[str, str]) -> Lines:
    answer = engine.request("POST", f"/images/{name}/push?tag={tag}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def ready(engine: Engine, folder: Path, name: str, image: Made = IMAGE) -> None:
    engine.load(image.docker_archive(folder / "image.tar", name))


# A real registry


def test_what_is_pushed_is_pulled_again(engine: Engine, registry: str, tmp_path: Path) -> None:
    name = f"{registry}/me/app"
    ready(engine, tmp_path, f"{name}:1")
    lines = push(engine, name, "1", NOBODY)
    assert lines[0] == {"status": f"The push refers to repository [{name}]"}
    short = [digest(layer)[7:19] for layer in IMAGE.layers]
    statuses = [(line.get("id"), line.get("status")) for line in lines]
    for identity in short:
        assert (identity, "Preparing") in statuses
        assert (identity, "Pushed") in statuses
    aux = lines[-1]["aux"]
    assert lines[-2] == {"status": f"1: digest: {aux['Digest']} size: {aux['Size']}"}
    told = engine.request("GET", f"/images/{name}:1/json").json()
    assert told["RepoDigests"] == [f"{name}@{aux['Digest']}"]
    again = push(engine, name, "1", NOBODY)
    assert [line["status"] for line in again if line.get("id")] == [
        *["Preparing"] * 2,
        *["Layer already exists"] * 2,
    ]
    assert again[-1] == lines[-1]
    engine.empty()
    status, lines = pull(engine, name, "1")
    assert status == 200
    assert lines[0] == {"status": "Pulling from me/app", "id": "1"}
    assert lines[-2] == {"status": f"Digest: {aux['Digest']}"}
    assert lines[-1] == {"status": f"Status: Downloaded newer image for {name}:1"}
    by_layer: dict[str, list[str]] = {}
    for line in lines[1:-2]:
        by_layer.setdefault(line["id"], []).append(line["status"])
    assert len(by_layer) == 2
    for steps in by_layer.values():
        assert [step for step, _ in itertools.groupby(steps)] == [
            "Pulling fs layer",
            "Downloading",
            "Verifying Checksum",
            "Download complete",
            "Extracting",
            "Pull complete",
        ]
    pulled = engine.request("GET", f"/images/{name}:1/json").json()
    assert pulled["Id"] == IMAGE.id
    assert pulled["RepoDigests"] == [f"{name}@{aux['Digest']}"]
    assert pull(engine, name, "1")[1] == [
        {"status": "Pulling from me/app", "id": "1"},
        {"status": f"Digest: {aux['Digest']}"},
        {"status": f"Status: Image is up to date for {name}:1"},
    ]
    status, lines = pull(engine, f"{name}@{aux['Digest']}")
    assert status == 200
    assert lines[0]["id"] == f"{name}@{aux['Digest']}"


def test_a_layer_is_mounted_from_another_repository(
    engine: Engine, registry: str, tmp_path: Path
) -> None:
    ready(engine, tmp_path, f"{registry}/first:1", small("mounted"))
    push(engine, f"{registry}/first", "1", NOBODY)
    engine.request("POST", f"/images/{registry}/first:1/tag?repo={registry}/second&tag=1")
    lines = push(engine, f"{registry}/second", "1", NOBODY)
    assert "Mounted from first" in [line.get("status") for line in lines]


def test_all_tags_go_and_come(engine: Engine, registry: str, tmp_path: Path) -> None:
    name = f"{registry}/many"
    for number in ("1", "2", "3"):
        ready(engine, tmp_path, f"{name}:{number}", small(number))
    lines = push(engine, name, "", NOBODY)
    assert {line["aux"]["Tag"] for line in lines if "aux" in line} == {"1", "2", "3"}
    engine.empty()
    status, lines = pull(engine, name)
    assert status == 200
    assert lines[-1] == {"status": f"Status: Downloaded newer image for {name}"}
    tags = [image["RepoTags"] for image in engine.request("GET", "/images/json").json()]
    assert sorted(itertools.chain(*tags)) == [f"{name}:{number}" for number in ("1", "2", "3")]


NOT_THERE = {
    ("app", "nope"): "manifest for {0}/app:nope not found: manifest unknown: manifest unknown",
    ("app", f"sha256:{'a' * 64}"): "manifest for {0}/app@sha256:aaaa",
    ("none", ""): "repository {0}/none not found: name unknown: repository name not known",
    ("App", "1"): "invalid reference format: repository name (App) must be lowercase",
    ("app", "a b"): "invalid tag format",
}


@pytest.mark.parametrize(("name", "tag"), NOT_THERE)
def test_what_is_not_there(engine: Engine, registry: str, name: str, tag: str) -> None:
    status, [line] = pull(engine, f"{registry}/{name}", tag)
    message = NOT_THERE[name, tag].format(registry)
    assert line["message"].startswith(message)
    assert status == (400 if message.startswith("invalid") else 404)


def test_a_registry_that_is_not_there(engine: Engine) -> None:
    status, [line] = pull(engine, "127.0.0.1:1/app", "1")
    assert status == 500
    assert line["message"] == (
        'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'
    )


def test_what_cannot_be_pushed(engine: Engine, registry: str, tmp_path: Path) -> None:
    ready(engine, tmp_path, f"{registry}/app:1")
    nothing = push(engine, f"{registry}/nothing", "1", NOBODY)[-1]
    assert nothing["error"] == (f"An image does not exist locally with the tag: {registry}/nothing")
    assert nothing["errorDetail"] == {"message": nothing["error"]}
    other = push(engine, f"{registry}/app", "2", NOBODY)[-1]
    assert other["error"] == f"tag does not exist: {registry}/app:2"
    answer = engine.request("POST", f"/images/{registry}/app/push?tag=1")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("bad parameters and missing X-Registry-Auth")


def test_basic_authentication(engine: Engine, closed_registry: str, tmp_path: Path) -> None:
    name = f"{closed_registry}/app"
    ready(engine, tmp_path, f"{name}:1")
    for headers, message in (
        (NOBODY, "no basic auth credentials"),
        (auth("learner", "wrong"), "unauthorized: authentication required"),
    ):
        assert message in push(engine, name, "1", headers)[-1]["error"]
        status, [line] = pull(engine, name, "1", **headers)
        assert status == 500
        assert message in line["message"]
    assert "aux" in push(engine, name, "1", LEARNER)[-1]
    engine.empty()
    assert pull(engine, name, "1", **LEARNER)[0] == 200


def test_login(engine: Engine, registry: str, closed_registry: str) -> None:
    def log_in(host: str, password: str) -> tuple[int, dict[str, str]]:
        body = {"username": "learner", "password": password, "serveraddress": host}
        answer = engine.request("POST", "/auth", json=body)
        return answer.status_code, answer.json()

    welcome = (200, {"IdentityToken": "", "Status": "Login Succeeded"})
    assert log_in(closed_registry, "secret") == welcome
    assert log_in(f"http://{closed_registry}/v1/", "secret") == welcome
    assert log_in(registry, "whatever") == welcome
    status, answer = log_in(closed_registry, "wrong")
    assert status == 401
    assert answer["message"] == (
        f"login attempt to http://{closed_registry}/v2/ failed with status: 401 Unauthorized"
    )
    assert log_in("127.0.0.1:1", "secret")[0] == 500
    assert log_in("no host/../", "secret")[0] == 400


def test_distribution_looks_without_pulling(engine: Engine, registry: str, tmp_path: Path) -> None:
    name = f"{registry}/looked-at"
    ready(engine, tmp_path, f"{name}:1")
    aux = push(engine, name, "1", NOBODY)[-1]["aux"]
    answer = engine.request("GET", f"/distribution/{name}:1/json")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "Descriptor": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": aux["Digest"],
            "size": aux["Size"],
        },
        "Platforms": [{"architecture": "amd64", "os": "linux"}],
    }


@pytest.mark.slow
def test_skopeo_understands_what_is_pushed_and_the_other_way(
    engine: Engine, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # for skopeo's cache
    with skip_missing():
        skopeo = engines.need("skopeo")
    ready(engine, tmp_path, f"{registry}/ours:1")
    push(engine, f"{registry}/ours", "1", NOBODY)
    config = subprocess.check_output(
        [
            *(skopeo, "inspect", "--tls-verify=false", "--config", "--raw"),
            f"docker://{registry}/ours:1",
        ]
    )
    assert digest(config) == IMAGE.id
    image = small("by skopeo")
    layout = image.oci_layout(tmp_path / "oci.tar", "docker.io/me/theirs:1")
    copy = (skopeo, "--insecure-policy", "copy", "--dest-tls-verify=false")
    for name, options in (("gzip", ()), ("zstd", ("--dest-compress-format", "zstd"))):
        target = f"docker://{registry}/theirs-{name}:1"
        subprocess.run([*copy, *options, f"oci-archive:{layout}", target], check=True)
        engine.empty()
        status, lines = pull(engine, f"{registry}/theirs-{name}", "1")
        assert status == 200, lines
        assert engine.request("GET", f"/images/{image.id}/json").status_code == 200


@pytest.mark.slow
def test_the_docker_command(
    engine: Engine, closed_registry: str, tmp_path: Path, every_docker_cli: list[str]
) -> None:
    """pull, push, login, tag, images, history, inspect, rmi, save, load by the real CLIs."""
    for number, cli in enumerate(every_docker_cli):
        engine.empty()
        environment = {**engine.environment, "DOCKER_CONFIG": str(tmp_path / f"cli{number}")}
        docker = Command(cli, environment)
        name = f"{closed_registry}/cli{number}:1"
        archive = IMAGE.docker_archive(tmp_path / "image.tar", "app:1")
        assert docker("load", "-i", str(archive)) == "Loaded image: app:1\n"
        docker("tag", "app:1", name)
        assert "no basic auth credentials" in docker("push", name, code=1)
        refused = docker("login", "-u", "learner", "-p", "wrong", closed_registry, code=1)
        assert "401 Unauthorized" in refused
        welcome = docker("login", "-u", "learner", "-p", "secret", closed_registry)
        assert "Login Succeeded" in welcome
        assert "1: digest: sha256:" in docker("push", name)
        assert f"Untagged: {name}" in docker("rmi", name)
        assert f"Deleted: {IMAGE.id}" in docker("rmi", "app:1")
        assert docker("images", "-q") == ""
        assert f"Status: Downloaded newer image for {name}" in docker("pull", name)
        assert "No such image: app:1" in docker("rmi", "app:1", code=1)
        shown = docker("images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}")
        assert shown == f"{IMAGE.id} {name}\n"
        assert len(docker("history", "-q", name).split()) == 3
        assert docker("inspect", "-f", "{{json .Config.Cmd}}", name) == '["/a"]\n'
        docker("save", "-o", str(tmp_path / "saved.tar"), name)
        docker("rmi", name)
        assert docker("load", "-qi", str(tmp_path / "saved.tar")) == f"Loaded image: {name}\n"
        docker("logout", closed_registry)
        assert "no basic auth credentials" in docker("pull", name, code=1)
        assert "Total reclaimed space" in docker("image", "prune", "-af")


class Command:
    """A docker CLI with its environment; called, it gives what was printed."""

    def __init__(self, cli: str, environment: dict[str, str]) -> None:
        self.cli = cli
        self.environment = environment

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [self.cli, *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


def test_search_says_what_is_the_matter(engine: Engine) -> None:
    for query, message in (
        ("term=", "a term"),
        ("term=a&limit=101", "outside the range"),
        ("term=%ff", "not UTF-8 text"),
    ):
        answer = engine.request("GET", f"/images/search?{query}")
        assert answer.status_code == 400
        assert message in answer.json()["message"]


# Tokens


def test_a_token_is_asked_for_where_the_registry_says(engine: Engine, fake: Fake) -> None:
    fake.serve(IMAGE)
    fake.token_needed = "abc"
    status, _ = pull(engine, f"{fake.host}/app", "1")
    assert status == 200
    [token, *_more] = [path for _, path, _ in fake.asked if path.startswith("/token")]
    assert "scope=repository%3Aapp%3Apull" in token


def test_the_password_goes_to_the_token_service_only(engine: Engine, fake: Fake) -> None:
    fake.serve(IMAGE)
    fake.token_needed, fake.password = "abc", "learner:secret"
    status, [line] = pull(engine, f"{fake.host}/app", "1", **auth("learner", "wrong"))
    assert status == 500
    assert line["message"] == "unauthorized: incorrect username or password"
    assert pull(engine, f"{fake.host}/app", "1", **LEARNER)[0] == 200
    for _, path, headers in fake.asked:
        if headers.get("Authorization", "").startswith("Basic"):
            assert path.startswith("/token")
    body = {"username": "learner", "password": "wrong", "serveraddress": fake.host}
    assert engine.request("POST", "/auth", json=body).status_code == 401
    body["password"] = "secret"
    assert engine.request("POST", "/auth", json=body).status_code == 200


def test_a_login_in_other_base64_counts_as_none(engine: Engine, fake: Fake) -> None:
    fake.serve(IMAGE)
    fake.token_needed, fake.password = "abc", "ann:??>>~~"
    [(name, good)] = auth("ann", "??>>~~").items()
    ordinary = good.translate(str.maketrans("-_", "+/"))
    assert ordinary != good
    assert good.endswith("=")
    for text, status in ((ordinary, 500), (good.rstrip("="), 500), (good, 200)):
        assert pull(engine, f"{fake.host}/app", "1", **{name: text})[0] == status, text


def test_a_token_that_has_expired_is_replaced(engine: Engine, fake: Fake) -> None:
    manifest = fake.serve(IMAGE)
    fake.token_needed = "first"
    config = f"/v2/app/blobs/{manifest['config']['digest']}"
    truth = fake.answers[config]

    def expire(request: Any) -> Any:
        if fake.token_needed == "first":
            fake.token_needed = "second"
            challenge = f'Bearer realm="http://{fake.host}/token",service="fake"'
            return 401, {"WWW-Authenticate": challenge}, refusal("UNAUTHORIZED", "expired")
        return truth(request)

    fake.answers[config] = expire
    assert pull(engine, f"{fake.host}/app", "1")[0] == 200


def test_a_redirect_takes_no_credentials_along(engine: Engine, fake: Fake) -> None:
    """Registries send clients to a storage service for their layers."""
    manifest = fake.serve(IMAGE)
    fake.token_needed = "abc"
    with Fake() as storage:
        for layer in manifest["layers"]:
            path = f"/v2/app/blobs/{layer['digest']}"
            storage.answers[path] = fake.answers[path]
            fake.say(path, 307, b"", Location=f"http://{storage.host}{path}")
        assert pull(engine, f"{fake.host}/app", "1")[0] == 200
        asked = [headers for _, path, headers in storage.asked if "/blobs/" in path]
        assert len(asked) == 2
        assert not any("Authorization" in headers for headers in asked)


# Platforms


def index(*entries: tuple[dict[str, Any], dict[str, str]]) -> dict[str, Any]:
    listed = [
        {**describe(json.dumps(manifest).encode(), MANIFEST), "platform": platform}
        for manifest, platform in entries
    ]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}


def test_an_index_gives_the_image_for_this_machine(engine: Engine, fake: Fake) -> None:
    here, there = small("here"), Made(small("there").layers, architecture="s390x")
    own = engine.request("GET", "/version").json()["Arch"]
    offered = index(
        (fake.serve(there), {"os": "linux", "architecture": "s390x"}),
        (fake.serve(small("note")), {"os": "unknown", "architecture": "unknown"}),
        (fake.serve(here), {"os": "linux", "architecture": own}),
    )
    top = fake.offer(offered)
    assert pull(engine, f"{fake.host}/app", "1")[0] == 200
    told = engine.request("GET", f"/images/{fake.host}/app:1/json").json()
    assert told["Id"] == here.id
    assert told["RepoDigests"] == [f"{fake.host}/app@{top}"]
    answer = engine.request("GET", f"/distribution/{fake.host}/app:1/json").json()
    assert answer["Descriptor"]["digest"] == top
    assert {"os": "linux", "architecture": "s390x"} in answer["Platforms"]

    def create(platform: str) -> tuple[int, str]:
        query = {"fromImage": f"{fake.host}/app", "tag": "1", "platform": platform}
        answer = engine.request("POST", "/images/create", params=query)
        return answer.status_code, answer.text

    assert create("linux/s390x")[0] == 200
    assert engine.request("GET", f"/images/{there.id}/json").json()["Architecture"] == "s390x"
    status, text = create("linux/riscv64")
    assert status == 404
    assert "no matching manifest for linux/riscv64 in the manifest list entries" in text
    status, text = create("a/b/c/d")
    assert status == 400
    assert "cannot parse platform specifier" in text


# The client by itself, as others of this project use it


def client_pull(fake: Fake, folder: Path, name: str, *mirrors: str) -> tuple[Blobs, client.Pulled]:
    blobs = Blobs(folder)
    told: list[tuple[object, ...]] = []
    pulled = client.pull(
        references.parse(name),
        blobs,
        lambda *args: told.append(args),
        options=Options(mirrors=mirrors),
    )
    assert told
    return blobs, pulled


def test_the_client_pulls_into_a_folder(fake: Fake, tmp_path: Path) -> None:
    fake.serve(IMAGE)
    blobs, pulled = client_pull(fake, tmp_path, f"{fake.host}/app:1")
    assert blobs.read(pulled.config) == IMAGE.config
    assert [blobs.read(layer.diff_id) for layer in pulled.layers] == IMAGE.layers


def test_a_mirror_answers_for_docker_hub(fake: Fake, tmp_path: Path) -> None:
    fake.serve(IMAGE, "library/busybox", "latest")
    _, pulled = client_pull(fake, tmp_path, "busybox", f"http://{fake.host}")
    assert pulled.config == IMAGE.id


def test_options_are_read_with_care() -> None:
    assert Options.of(["reg:5000"], ["http://127.0.0.1:5000/"]) == Options(
        frozenset({"reg:5000"}), ("http://127.0.0.1:5000",)
    )
    for insecure, mirrors in ((["http://reg"], []), ([], ["127.0.0.1:5000"]), ([], ["ftp://x"])):
        with pytest.raises(OptionError, match="write"):
            Options.of(insecure, mirrors)
    assert base_url("reg:5000", Options(frozenset({"reg:5000"}))) == "http://reg:5000"
    assert base_url("reg:5000", Options()) == "https://reg:5000"
    assert base_url("docker.io", Options()) == "https://registry-1.docker.io"
    assert base_url("localhost:5000", Options()) == "http://localhost:5000"
    assert base_url("127.0.0.1.example.org", Options()) == "https://127.0.0.1.example.org"


# Lies

Lie = Callable[[Fake, dict[str, Any]], None]
"""Changes what a registry says; gets the true manifest."""


def endless(_request: Any) -> Any:
    return 200, {"Content-Type": MANIFEST}, itertools.repeat(b" " * 65536)


def lie_about_manifest_digest(fake: Fake, manifest: dict[str, Any]) -> None:
    data = json.dumps(manifest).encode()
    wrong = f"sha256:{'0' * 64}"
    fake.say("/v2/app/manifests/1", 200, data, Content_Type=MANIFEST, Docker_Content_Digest=wrong)


def lie_about(path: str) -> Lie:
    """Other bytes of the right length."""

    def lie(fake: Fake, manifest: dict[str, Any]) -> None:
        blob = manifest["config"] if path == "config" else manifest["layers"][0]
        fake.say(f"/v2/app/blobs/{blob['digest']}", 200, b"x" * blob["size"])

    return lie


def layer_of(
    body: Callable[[dict[str, Any], bytes], Any],
) -> Callable[[Fake, dict[str, Any]], None]:
    def lie(fake: Fake, manifest: dict[str, Any]) -> None:
        blob = manifest["layers"][0]
        path = f"/v2/app/blobs/{blob['digest']}"
        truth = fake.answers[path](None)[2]  # type: ignore[arg-type]
        assert isinstance(truth, bytes)
        fake.answers[path] = lambda _request: (200, {}, body(blob, truth))

    return lie


def changed(**fields: Any) -> Lie:
    def lie(fake: Fake, manifest: dict[str, Any]) -> None:
        fake.offer({**manifest, **fields})

    return lie


def lie_about_diff_id(fake: Fake, manifest: dict[str, Any]) -> None:
    """A layer that is what its digest says, but not what the config says."""
    other = gzip.compress(tar({"other": b"x"}))
    fake.say(f"/v2/app/blobs/{digest(other)}", 200, other)
    fake.offer({**manifest, "layers": [describe(other, LAYER), manifest["layers"][1]]})


def lie_about_compression(fake: Fake, manifest: dict[str, Any]) -> None:
    other = b"\x1f\x8b" + b"no gzip at all"
    fake.say(f"/v2/app/blobs/{digest(other)}", 200, other)
    fake.offer({**manifest, "layers": [describe(other, LAYER), manifest["layers"][1]]})


def say(status: int, body: bytes, **headers: str) -> Lie:
    def lie(fake: Fake, _manifest: dict[str, Any]) -> None:
        fake.say("/v2/app/manifests/1", status, body, **headers)

    return lie


def set_endless(fake: Fake, _manifest: dict[str, Any]) -> None:
    fake.answers["/v2/app/manifests/1"] = endless


LIES: dict[str, tuple[Lie, int, str]] = {
    "manifest digest": (lie_about_manifest_digest, 500, "manifest verification failed for digest"),
    "config": (lie_about("config"), 200, "verification failed for digest"),
    "layer": (lie_about("layer"), 200, "filesystem layer verification failed for digest"),
    "short layer": (layer_of(lambda _blob, truth: truth[:-5]), 200, "bytes of sha256:"),
    "long layer": (layer_of(lambda _blob, truth: truth + b"x"), 200, "sent more than the"),
    "endless layer": (
        layer_of(lambda _blob, _truth: itertools.repeat(b"\0" * 65536)),
        200,
        "sent more than the",
    ),
    "diff id": (lie_about_diff_id, 200, "does not match the image configuration"),
    "no gzip": (lie_about_compression, 200, "the gzip data is broken"),
    "endless manifest": (set_endless, 500, "the manifest is larger than"),
    "html": (say(200, b"<html>", Content_Type="text/html"), 500, "the manifest is not JSON"),
    "list": (say(200, b"[]", Content_Type=MANIFEST), 500, "the manifest is not a JSON object"),
    "deep": (say(200, b"[" * 100_000, Content_Type=MANIFEST), 500, "the manifest is not JSON"),
    "schema 1": (changed(schemaVersion=1), 500, "not of schema version 2"),
    "other type": (changed(mediaType="application/x"), 500, "unsupported media type"),
    "index and manifest": (changed(manifests=[]), 500, "neither an index nor a manifest"),
    "fewer layers": (changed(layers=[]), 200, "layers from manifest don't match"),
    "negative size": (
        changed(layers=[{"mediaType": LAYER, "digest": f"sha256:{'0' * 64}", "size": -1}]),
        500,
        "is no number of bytes",
    ),
    "path as digest": (
        changed(layers=[{"mediaType": LAYER, "digest": "sha256:../../x", "size": 1}]),
        500,
        "is none of SHA-256",
    ),
    "foreign layer": (
        changed(layers=[describe(b"x", "application/octet-stream")]),
        500,
        "unsupported media type",
    ),
    "no image": (
        changed(config=describe(b"{}", "application/vnd.example+json")),
        500,
        "this is no image",
    ),
    "denied": (
        say(403, refusal("DENIED", "requested access to the resource is denied")),
        404,
        "repository does not exist or may require 'docker login': denied: requested access",
    ),
    "too many requests": (
        say(429, refusal("TOOMANYREQUESTS", "You have reached your pull rate limit")),
        500,
        "toomanyrequests: You have reached your pull rate limit",
    ),
    "too many, without a word": (say(429, b"no"), 500, "toomanyrequests:"),
    "broken": (say(503, b"<html>"), 500, "503"),
    "unauthorized": (say(401, b""), 500, "unauthorized: authentication required"),
    "redirected in circles": (say(302, b"", Location="/v2/app/manifests/1"), 500, "redirects"),
    "redirected to a file": (say(302, b"", Location="file:///etc/passwd"), 500, "refused"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_registry_that_lies_is_not_believed(engine: Engine, fake: Fake, case: str) -> None:
    lie, status, message = LIES[case]
    lie(fake, fake.serve(IMAGE))
    got, lines = pull(engine, f"{fake.host}/app", "1")
    assert got == status
    assert message in (lines[-1]["message"] if status != 200 else lines[-1]["error"])
    assert engine.request("GET", "/images/json?all=1").json() == []
    assert not any((engine.folder / "state" / "blobs" / "unfinished").iterdir())


def test_a_digest_that_is_asked_for_is_what_comes(engine: Engine, fake: Fake) -> None:
    fake.serve(IMAGE)
    wanted = f"sha256:{'1' * 64}"
    fake.answers[f"/v2/app/manifests/{wanted}"] = fake.answers["/v2/app/manifests/1"]
    status, [line] = pull(engine, f"{fake.host}/app@{wanted}")
    assert status == 500
    assert line["message"] == f"manifest verification failed for digest {wanted}"


def test_a_token_service_elsewhere_gets_no_password_in_the_clear(
    engine: Engine, fake: Fake
) -> None:
    challenge = 'Bearer realm="ftp://example.org/token",service="x"'
    for path in ("/v2/", "/v2/app/manifests/1"):
        fake.say(path, 401, b"", WWW_Authenticate=challenge)
    status, [line] = pull(engine, f"{fake.host}/app", "1", **LEARNER)
    assert status == 500
    assert "is not asked" in line["message"]


# Trouble on the way


def test_a_broken_connection_is_taken_up_where_it_broke(engine: Engine, fake: Fake) -> None:
    manifest = fake.serve(IMAGE)
    blob = manifest["layers"][0]
    path = f"/v2/app/blobs/{blob['digest']}"
    data = fake.answers[path](None)[2]  # type: ignore[arg-type]
    assert isinstance(data, bytes)
    ranges: list[str | None] = []

    def break_off(request: Any) -> Any:
        ranges.append(request.headers.get("Range"))
        if len(ranges) == 1:
            return 200, {"Content-Length": str(len(data))}, iter([data[:100]])
        start = int(ranges[-1].removeprefix("bytes=").removesuffix("-"))  # type: ignore[union-attr]
        return 206, {}, data[start:]

    fake.answers[path] = break_off
    assert pull(engine, f"{fake.host}/app", "1")[0] == 200
    assert ranges[0] is None
    assert ranges[-1] == "bytes=100-"


def test_the_pull_ends_with_the_client(engine: Engine, fake: Fake) -> None:
    """A layer that never ends is no longer fetched once nobody waits for it."""
    manifest = fake.serve(IMAGE)
    blob = {**manifest["layers"][0], "size": 1 << 40}
    fake.offer({**manifest, "layers": [blob, manifest["layers"][1]]})
    begun = threading.Event()

    def slow(_request: Any) -> Any:
        def pieces() -> Iterator[bytes]:
            packer = zlib.compressobj(wbits=31)  # gzip, and nothing wrong with it
            while not fake.hung_up.wait(0.01):
                yield packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
                begun.set()

        return 200, {}, pieces()

    fake.answers[f"/v2/app/blobs/{blob['digest']}"] = slow
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(engine.socket))
        client.sendall(
            f"POST /images/create?fromImage={fake.host}/app&tag=1 HTTP/1.1\r\n"
            "Host: x\r\nContent-Length: 0\r\n\r\n".encode()
        )
        while b"fs layer" not in client.recv(65536):
            pass
        assert begun.wait(patience.EVENT)  # who leaves before has nothing fetched at all
    assert fake.hung_up.wait(patience.EVENT), "the engine went on fetching"
    assert engine.request("GET", "/images/json?all=1").json() == []


def test_many_pull_the_same_at_once(engine: Engine, fake: Fake) -> None:
    fake.serve(IMAGE)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: pull(engine, f"{fake.host}/app", "1"), range(8)))
    assert {status for status, _ in answers} == {200}
    assert not any("error" in line for _, lines in answers for line in lines)
    [image] = engine.request("GET", "/images/json").json()
    assert image["Id"] == IMAGE.id
