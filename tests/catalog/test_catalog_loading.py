"""Archives loaded into engines, and every image run there for real."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests_unixsocket

from insidedocker import catalog
from insidedocker.catalog import loading, store
from insidedocker.catalog.errors import CatalogError
from insidedocker.lab.checks.fixtures import free_port
from insidedocker_engine import process
from tests.support import patience
from tests.support.engines import Engine
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python


@pytest.mark.parametrize(
    "url", ["", "/run/docker.sock", "ssh://me@host", "unix://relative", "tcp://"]
)
def test_what_names_no_engine_is_refused(url: str) -> None:
    with pytest.raises(CatalogError, match="does not name an engine; write unix:///"):
        catalog.load(["hello-world"], url)


@pytest.mark.parametrize("url", ["unix:///nowhere/d.sock", "tcp://127.0.0.1:9"])
def test_no_engine_there_is_told_before_anything_is_built(cache: Path, url: str) -> None:
    line = [sys.executable, "-m", "insidedocker", "catalog", "load", "hello-world"]
    done = subprocess.run(
        line,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DOCKER_HOST": url},
    )
    assert (done.returncode, done.stderr.strip()) == (
        1,
        f"No engine answers at {url}; start it, or name another with --host or DOCKER_HOST.",
    )
    assert not cache.exists()


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (200, '{"stream":"Loaded image: busybox:latest\\n"}', ""),
        (200, '{"status":"Loading"}\r\n{"error":"no space left on device."}', "no space left"),
        (500, '{"message":"archive/tar: invalid tar header"}', "invalid tar header"),
        (502, "<html>", "status 502"),
    ],
)
def test_a_failure_in_the_answer_is_found(status: int, text: str, reason: str) -> None:
    class Answer:
        status_code = status

    answer: Any = Answer()
    answer.text = text
    found = loading._failure(answer)
    assert (reason in found) if reason else (found == "")


class Runs:
    """Containers of an engine, without a network, gone afterwards."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, image: str, *command: str) -> str:
        body: dict[str, Any] = {"Image": image, "HostConfig": {"NetworkMode": "none"}}
        if command:
            body["Cmd"] = list(command)
        made = self._engine.request("POST", "/containers/create", json=body)
        assert made.status_code == 201, made.text
        identity: str = made.json()["Id"]
        started = self._engine.request("POST", f"/containers/{identity}/start")
        assert started.status_code == 204, started.text
        return identity

    def output(self, image: str, *command: str) -> str:
        """What the command wrote, after it ended well."""
        identity = self.start(image, *command)
        ended = self._engine.request("POST", f"/containers/{identity}/wait").json()
        written = self.logs(identity)
        assert ended["StatusCode"] == 0, written
        return written

    def logs(self, identity: str) -> str:
        raw = self._engine.request("GET", f"/containers/{identity}/logs?stdout=1&stderr=1").content
        text = b""
        while raw:
            size = int.from_bytes(raw[4:8], "big")
            text, raw = text + raw[8 : 8 + size], raw[8 + size :]
        return text.decode()

    def until(self, identity: str, *command: str) -> None:
        """Run `command` in the container until it ends well."""
        deadline = time.monotonic() + patience.EVENT
        while time.monotonic() < deadline:
            body = {"Cmd": list(command), "AttachStdout": True}
            path = f"/containers/{identity}/exec"
            made = self._engine.request("POST", path, json=body).json()
            # Attached: the answer ends with the command, on every engine.
            self._engine.request("POST", f"/exec/{made['Id']}/start", json={"Detach": False})
            state = self._engine.request("GET", f"/exec/{made['Id']}/json").json()
            if state["ExitCode"] == 0:
                return
            time.sleep(0.1)
        pytest.fail(f"{command} never ended well; the container wrote:\n{self.logs(identity)}")

    def stop(self, identity: str) -> int:
        """Stop it; gives its exit code, which is 137 where it had to be killed."""
        self._engine.request("POST", f"/containers/{identity}/stop?t=20")
        told = self._engine.request("GET", f"/containers/{identity}/json").json()
        return int(told["State"]["ExitCode"])


@pytest.fixture
def loaded(any_engine: Engine) -> Callable[..., Runs]:
    """Loads images of the user's own catalogue into the engine at hand."""

    def load(*names: str) -> Runs:
        catalog.load(names, any_engine.url, replace=True)  # other tests have a busybox of theirs
        return Runs(any_engine)

    return load


def test_every_image_is_loaded_once(any_engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    catalog.load(None, any_engine.url, replace=True)
    for name in catalog.names():
        assert any_engine.request("GET", f"/images/{name}/json").status_code == 200
    said = catalog.Lines(sys.stdout)
    catalog.load(None, any_engine.url, said)
    assert capfd.readouterr().out.splitlines() == [
        f"{name} is there already." for name in catalog.names()
    ]


def test_a_name_that_another_image_bears_is_taken_only_when_meant() -> None:
    """It may be somebody's own nginx: without a name it would go at the next prune."""
    with process.start(ephemeral=True) as engine:
        catalog.load(["busybox"], engine.url)
        session, base = requests_unixsocket.Session(), loading._base(engine.url)
        session.post(f"{base}/images/busybox/tag?repo=hello-world&tag=latest").raise_for_status()

        def load(*words: str) -> str:
            line = [sys.executable, "-m", "insidedocker", "catalog", "load", *words, "hello-world"]
            host = {**os.environ, "DOCKER_HOST": engine.url}
            done = subprocess.run(line, capture_output=True, text=True, check=True, env=host)
            return done.stderr

        def bears() -> list[str]:
            tags: list[str] = session.get(f"{base}/images/busybox/json").json()["RepoTags"]
            return sorted(tags)

        assert "hello-world:latest is another image on this engine" in load()
        assert bears() == ["busybox:latest", "hello-world:latest"]
        assert "hello-world:latest is loaded." in load("--replace")
        assert bears() == ["busybox:latest"]


def test_images_that_share_layers_share_them_in_the_engine(
    any_engine: Engine, loaded: Callable[..., Runs]
) -> None:
    names = ["nginx", "python:3-slim", "registry:2"]
    loaded(*names)
    inspected = [any_engine.request("GET", f"/images/{name}/json").json() for name in names]
    if {store.stored()[store.resolve(name)].origin for name in names} == {"debian"}:
        assert len({image["RootFS"]["Layers"][0] for image in inspected}) == 1


def test_hello_world_greets(loaded: Callable[..., Runs]) -> None:
    assert "Hello from" in loaded("hello-world").output("hello-world")


def test_busybox_has_its_commands(loaded: Callable[..., Runs]) -> None:
    runs = loaded("busybox")
    assert runs.output("busybox", "echo", "hi") == "hi\n"
    assert runs.output("busybox", "sh", "-c", "id -u; ls -d /bin/wget /tmp").split() == [
        "0",
        "/bin/wget",
        "/tmp",
    ]


def test_python_runs_with_its_library(loaded: Callable[..., Runs]) -> None:
    program = (
        "import asyncio, bz2, ctypes, curses, http.server, lzma, readline, sqlite3, ssl, sys\n"
        "print(sys.version_info[0], len(ssl.create_default_context().get_ca_certs()) > 50)"
    )
    runs = loaded("python")
    assert runs.output("python:3-slim", "python", "-c", program) == "3 True\n"


def test_nginx_serves_and_stops(any_engine: Engine, loaded: Callable[..., Runs]) -> None:
    runs = loaded("nginx")
    port, command = 80, ["nginx", "-g", "daemon off;"]
    if any_engine.runtime == "proot":
        # Without a network of its own it listens on the host, where low ports may be refused.
        port, run = free_port(), "nginx -g 'daemon off;'"
        edit = f"sed -i 's/listen 80;/listen {port};/' /etc/nginx/conf.d/default.conf"
        command = ["sh", "-c", f"{edit} && exec {run}"]
    identity = runs.start("nginx", *command)
    runs.until(identity, "sh", "-c", f"wget -qO- http://127.0.0.1:{port}/ | grep -q nginx")
    assert runs.stop(identity) == 0
    assert '"GET / HTTP/1.1" 200' in runs.logs(identity)


def test_registry_answers(loaded: Callable[..., Runs]) -> None:
    runs = loaded("registry")
    identity = runs.start("registry:2")
    runs.until(identity, "wget", "-qO-", "http://127.0.0.1:5000/v2/")


def test_without_a_name_the_engine_is_the_one_that_lessons_take(engine_folder: Path) -> None:
    give_away(engine_folder)
    own = {"HOME": str(engine_folder), "XDG_RUNTIME_DIR": str(engine_folder)}
    clean = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*as_ordinary_user(), ordinary_python(), "-m", "insidedocker", *words],
            env={**clean, **own, "INSIDEDOCKER_ENGINE": "embedded"},
            cwd=engine_folder,
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        first, again = (run("catalog", "load", "hello-world") for _ in range(2))
        assert first.returncode == 0, first.stderr
        assert first.stdout.startswith("Engine: embedded (INSIDEDOCKER_ENGINE asks for it)")
        assert "is loaded" in first.stderr and "is there already" in again.stderr
    finally:
        run("engine", "stop")
