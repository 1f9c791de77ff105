"""The tap from outside: whatever talks to an engine goes on as before, and is seen."""

import contextlib
import io
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from insidedocker import lab
from insidedocker.catalog.errors import CatalogError
from insidedocker.lab.engines.stub_engine import Answer
from insidedocker.lab.tapping import Call, Tap
from tests.support import patience
from tests.support.engines import Engine, own_folder
from tests.support.missing import Missing, skip_missing
from tests.support.real.suite_root import compose_plugin

OK: Answer = (200, {}, b"OK")
LABEL = {"Image": "busybox", "Cmd": ["sleep", "300"]}
PROJECT = """\
services:
  web: {image: busybox, command: sleep 300, volumes: ["data:/data"], depends_on: [db]}
  db: {image: busybox, command: sh -c 'echo from the database; exec sleep 300'}
volumes: {data: {}}
"""


@pytest.fixture(scope="module")
def engine(embedded_namespaces: Engine, busybox: Path) -> Engine:
    """An engine with busybox."""
    embedded_namespaces.load(busybox)
    return embedded_namespaces


@pytest.fixture
def tap(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tap]:
    """A tap that is on, in front of an engine with busybox."""
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.folder / "cli"))
    with lab.tap(engine.url) as tap:
        yield tap
    engine.clear()


@pytest.fixture
def cli(docker_cli: str) -> Callable[..., str]:
    """The docker command, told of no engine but by DOCKER_HOST; gives what it prints."""

    def run(*words: str, **options: Any) -> str:
        done = subprocess.run(
            [docker_cli, *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=patience.EVENT,
            env={**os.environ, "DOCKER_BUILDKIT": "0"},
            **options,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def lines(calls: list[Call]) -> list[str]:
    """The calls in short, with one word for every id."""
    return [f"{each.method} {'/'.join(map(plain, each.path.split('/')))}" for each in calls]


def plain(part: str) -> str:
    return "ID" if len(part) == 64 else part


def test_the_calls_of_docker_run(tap: Tap, cli: Callable[..., str]) -> None:
    assert cli("run", "--rm", "busybox", "echo", "hi") == "hi\n"
    calls = tap.calls
    assert lines(calls) == [
        "HEAD /_ping",
        "POST /containers/create",
        "POST /containers/ID/attach",
        "POST /containers/ID/wait",
        "POST /containers/ID/start",
    ]
    _, create, attach, wait, start = calls
    assert [create.status, attach.status, start.status] == [201, 101, 204]
    assert json.loads(create.request_body)["Image"] == "busybox"
    assert json.loads(create.answer_body)["Id"] in start.path
    assert create.version.startswith("1.")
    assert (attach.taken_over, attach.query["stdout"]) == (True, "1")
    assert attach.answer_body == b"\1\0\0\0\0\0\0\3hi\n"
    assert wait.query == {"condition": "removed"}
    begun = [call.started for call in calls]
    assert begun == sorted(begun)


def test_events_are_on_the_same_clock(engine: Engine, cli: Callable[..., str]) -> None:
    with lab.tap(engine.url) as tap:
        cli("run", "--rm", "busybox", "true")
    moments = {f"{each.type} {each.action}": each.at for each in tap.events}
    create = next(call for call in tap.calls if call.path == "/containers/create")
    start = next(call for call in tap.calls if call.path.endswith("/start"))
    assert create.seconds is not None
    assert create.started <= moments["container create"] <= create.started + create.seconds + 0.05
    assert start.started <= moments["container start"] <= moments["container die"]
    assert moments["container destroy"] <= tap.seconds


@pytest.mark.parametrize("program", ["run -i --rm busybox", "exec -i here"])
def test_input_and_its_end_pass(tap: Tap, cli: Callable[..., str], program: str) -> None:
    cli("run", "-d", "--name", "here", "busybox", "sleep", "300")
    assert cli(*program.split(), "wc", "-c", input="twelve bytes") == "12\n"


def test_a_log_that_is_followed_comes_at_once(
    tap: Tap, cli: Callable[..., str], docker_cli: str
) -> None:
    cli("run", "-d", "--name", "here", "busybox", "sh", "-c", "echo one; cat /dev/zero | sleep 300")
    command = [docker_cli, "logs", "-f", "here"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == b"one\n"
        following.terminate()
    logs = next(call for call in tap.calls if call.path.endswith("/logs"))
    patience.until(lambda: logs.seconds is not None)
    assert logs.problem == "the client left before the answer was complete"


def test_a_build_is_seen_line_by_line(tap: Tap, cli: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo from the build\n")
    assert "from the build" in cli("build", "--tag", "tapped", str(tmp_path))
    build = next(call for call in tap.calls if call.path == "/build")
    assert (build.status, build.streamed, build.query["t"]) == (200, True, "tapped")
    assert isinstance(build.answer_body, str)
    streams = [json.loads(line).get("stream", "") for line in build.answer_body.splitlines()]
    assert "from the build\n" in streams
    assert isinstance(build.request_body, bytes)
    with tarfile.open(fileobj=io.BytesIO(build.request_body)) as archive:
        assert "Dockerfile" in archive.getnames()
    cli("rmi", "tapped")


def test_the_sdk_and_curl_and_a_session_pass_without_being_told(
    tap: Tap, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(docker.from_env()) as client:
        assert client.containers.run("busybox", ["echo", "sdk"], remove=True) == b"sdk\n"
    seen = len(tap.calls)
    lab.connect().get("/info")
    assert "GET /info" in lines(tap.calls[seen:])
    assert "DOCKER_HOST names it" in capsys.readouterr().out
    seen = len(tap.calls)
    command = ["curl", "--silent", "--unix-socket", tap.url.removeprefix("unix://")]
    done = subprocess.run([*command, "http://localhost/v1.41/_ping?a=1&b=2&b=3"], check=True)
    (ping,) = tap.calls[seen:]
    assert (ping.path, ping.version, ping.query) == ("/_ping", "1.41", {"a": "1", "b": ["2", "3"]})
    assert done.returncode == 0


def test_the_socket_is_private_and_everything_is_as_before_afterwards(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///somebody/elses.sock")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    before = dict(os.environ), threading.active_count()
    with lab.tap(engine.url) as tap:
        place = Path(tap.url.removeprefix("unix://"))
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert os.environ["DOCKER_HOST"] == tap.url
        assert "DOCKER_TLS_VERIFY" not in os.environ
    assert (dict(os.environ), threading.active_count()) == before
    assert not place.parent.exists()


def test_an_inner_tap_is_in_front_of_the_outer_one(tap: Tap) -> None:
    with lab.tap() as inner:
        inner.engine.get("/info")
        assert os.environ["DOCKER_HOST"] == inner.url
    assert os.environ["DOCKER_HOST"] == tap.url
    assert lines(inner.calls) == ["GET /info"]
    assert lines(tap.calls)[-1] != "GET /info"  # the inner one asked for its events besides
    assert "GET /info" in lines(tap.calls)


def test_while_grading_a_session_passes_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with lab.tap(engine.url) as tap:
        lab.connect().get("/info")
    assert "GET /info" in lines(tap.calls)


def test_twenty_clients_at_a_time(tap: Tap) -> None:
    def ask(number: int) -> list[str]:
        with lab.connect(tap.url) as session:
            path = "/containers/json?limit="
            return [session.get(f"{path}{number}-{turn}").text for turn in range(10)]

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    asked = {call.query["limit"] for call in tap.calls}
    assert asked == {f"{number}-{turn}" for number in range(20) for turn in range(10)}
    assert all(call.seconds is not None and call.status for call in tap.calls)


def test_a_hundred_megabytes_pass_without_being_kept(tap: Tap) -> None:
    def archive() -> Iterator[bytes]:
        for _ in range(1600):
            yield bytes(64 * 1024)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = tap.engine.post("/images/load", data=archive(), timeout=patience.EVENT)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    (load,) = tap.calls
    assert load.status == answer.status_code
    assert load.request_size == 1600 * 64 * 1024
    assert len(load.request_body) == 64 * 1024
    assert grown < 40_000, f"{grown} KiB more"


def test_secrets_are_masked() -> None:
    answers: dict[str, Answer] = {
        "POST /auth": (200, {}, {"Status": "Login Succeeded", "IdentityToken": "hush-5"}),
        "POST /images/create": OK,
    }
    headers = {
        "X-Registry-Auth": "hush-1",
        "x-registry-config": "hush-2",
        "Authorization": "hush-3",
    }
    with lab.check.scripted_engine(answers) as scripted, lab.tap(scripted.url) as tap:
        tap.engine.post("/images/create", headers=headers)
        login = {"username": "ada", "password": "hush-4", "identitytoken": "hush-6"}
        told = tap.engine.post("/v1.41/auth", json=login).json()
        tap.engine.post("/auth", data=b'{"password": "hush-7"')
    assert told["IdentityToken"] == "hush-5"
    create, auth, _ = tap.calls
    assert create.request_headers["X-Registry-Auth"] == "(masked)"
    assert json.loads(auth.request_body)["username"] == "ada"
    for shown in (repr(tap.calls), str(tap), *tap._repr_mimebundle_().values()):
        assert "hush" not in shown


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    with lab.tap(f"unix://{tmp_path}/nobody.sock") as tap, pytest.raises(lab.EngineUnreachable):
        tap.engine.get("/info")
    (call,) = tap.calls
    assert (call.method, call.path, call.status) == ("GET", "/info", 0)
    assert call.problem == "no engine answered: there is no socket of that name"
    assert call.problem in str(tap)


def test_an_engine_that_dies_in_the_middle(embedded: Callable[..., Engine]) -> None:
    started = embedded(recorded=False)
    with lab.tap(started.url) as tap:
        answer = tap.engine.get("/events", stream=True, timeout=patience.EVENT)
        started.process.kill()
        started.process.wait()
        with pytest.raises(requests.RequestException):
            list(answer.iter_content())
        with pytest.raises(lab.EngineUnreachable):
            tap.engine.get("/info")
    stream, info = tap.calls
    assert "engine closed the connection" in stream.problem
    assert "nobody listens" in info.problem


def test_a_client_that_goes_away(tap: Tap) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(tap.url.removeprefix("unix://"))
        client.sendall(b"GET /events HTTP/1.1\r\nHost: engine\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
    (call,) = tap.calls
    patience.until(lambda: call.seconds is not None)
    assert call.problem == "the client left before the answer was complete"


def test_what_is_open_at_the_end_is_closed_and_said(engine: Engine) -> None:
    with lab.tap(engine.url) as tap:
        answer = tap.engine.get("/events", stream=True, timeout=patience.EVENT)
    with pytest.raises(requests.RequestException):
        list(answer.iter_content())
    assert [call.problem for call in tap.calls] == ["still open when the tap was closed"]


def test_what_is_not_http_does_no_harm(tap: Tap) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(patience.EVENT)
        client.connect(tap.url.removeprefix("unix://"))
        client.sendall(b"\x16\x03\x01 hello, is this TLS?\r\n\r\n")
        while client.recv(4096):
            pass
    assert tap.engine.get("/_ping").text == "OK"


def test_an_engine_on_tcp(tcp_engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", tcp_engine)
    with lab.tap() as tap:
        assert tap.engine.get("/_ping").text == "OK"
    assert lines(tap.calls) == ["GET /_ping"]


@pytest.fixture
def tcp_engine(engine: Engine) -> Iterator[str]:
    """The engine's own socket behind a port, as an engine on another machine is."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            inner.connect(str(engine.socket))
            for pair in ((client, inner), (inner, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_on_call_hears_of_begin_answer_and_end(engine: Engine) -> None:
    heard: list[tuple[str, int, bool]] = []
    with lab.tap(
        engine.url,
        on_call=lambda call: heard.append((call.path, call.status, call.seconds is not None)),
    ) as tap:
        tap.engine.get("/_ping")
    assert heard == [("/_ping", 0, False), ("/_ping", 200, False), ("/_ping", 200, True)]


def test_an_on_call_that_fails_harms_nothing(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with lab.tap(engine.url, on_call=lambda call: 1 / 0) as tap:
        assert [tap.engine.get("/_ping").text for _ in range(2)] == ["OK", "OK"]
    assert len(caplog.records) == 1


def test_a_tap_has_one_block(engine: Engine) -> None:
    with lab.tap(engine.url) as tap:
        pass
    with pytest.raises(RuntimeError, match=r"make a new one with lab\.tap\(\)"), tap:
        pass


def test_an_interrupt_leaves_nothing_behind(engine: Engine) -> None:
    program = (
        "import os, signal, threading\n"
        "from insidedocker import lab\n"
        "try:\n"
        f"    with lab.tap({engine.url!r}) as tap:\n"
        "        tap.engine.get('/_ping')\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        threading.Event().wait(10)\n"
        "except KeyboardInterrupt:\n"
        "    print(os.path.exists(tap.url[7:]), threading.active_count(), len(tap.calls))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=patience.EVENT,
        check=False,
    )
    assert done.stdout == "False 1 1\n"
    assert done.stderr == ""


@pytest.fixture(scope="module")
def compose() -> Path:
    """The docker command's plugin `compose`, version 2."""
    with skip_missing():
        try:
            return compose_plugin()
        except CatalogError as error:
            raise Missing(f"docker compose is missing: {error}") from error


@pytest.mark.real
@pytest.mark.slow
def test_compose_brings_a_project_up_and_down(
    engine: Engine, tap: Tap, cli: Callable[..., str], compose: Path, tmp_path: Path
) -> None:
    plugins = engine.folder / "cli/cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    (plugins / "docker-compose").symlink_to(compose)
    (tmp_path / "compose.yaml").write_text(PROJECT)
    project = ("compose", "--project-name", "tapped", "--file", str(tmp_path / "compose.yaml"))
    cli(*project, "up", "--detach")
    patience.until(lambda: "from the database" in cli(*project, "logs", "db"))
    assert cli(*project, "exec", "-T", "web", "wc", "-c", input="twelve bytes") == "12\n"
    cli(*project, "down", "--volumes", "--timeout", "0")

    asked = lines(tap.calls)
    made = ["/networks/create", "/volumes/create", "/containers/create", "/containers/create"]
    assert [line.split()[1] for line in asked if line.endswith("/create")] == made
    assert asked.count("POST /containers/ID/start") == 2
    services = [
        json.loads(call.request_body)["Labels"]["com.docker.compose.service"]
        for call in tap.calls
        if call.path == "/containers/create"
    ]
    assert services == ["db", "web"], "what web depends on comes first"
    assert any(call.taken_over and call.status == 101 for call in tap.calls), "the exec"
    assert asked.count("DELETE /containers/ID") == 2
    assert {"network destroy", "volume destroy"} <= {
        f"{event.type} {event.action}" for event in tap.events
    }
    assert [call for call in tap.calls if call.status >= 500] == []


@pytest.mark.real
@pytest.mark.slow
def test_every_engine_is_tapped(
    any_engine: Engine, busybox: Path, docker_cli: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_engine.load(busybox)
    monkeypatch.setenv("DOCKER_CONFIG", str(any_engine.folder / "cli"))
    with lab.tap(any_engine.url) as tap:
        command = [docker_cli, "run", "-i", "--rm", "busybox", "cat"]
        done = subprocess.run(command, input=b"in and out", stdout=subprocess.PIPE, check=True)
        with contextlib.closing(docker.from_env()) as client:
            assert client.containers.run("busybox", ["echo", "sdk"], remove=True) == b"sdk\n"
    assert done.stdout == b"in and out"
    paths = lines(tap.calls)
    assert paths.count("POST /containers/create") == 2
    assert paths.count("POST /containers/ID/start") == 2
    told = [f"{each.type} {each.action}" for each in tap.events]
    assert told.count("container start") == 2
    assert all(0 <= event.at <= tap.seconds for event in tap.events)


def test_a_socket_below_a_long_tmpdir(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with own_folder() as folder:
        long = folder / ("long" * 30)
        long.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(long))
        with lab.tap(engine.url) as tap:
            assert tap.engine.get("/_ping").text == "OK"
