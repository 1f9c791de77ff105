"""Which engine is taken, and what is said about it."""

import asyncio
import grp
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import docker
import pytest

from insidedocker import lab
from insidedocker.lab.engines.stub_engine import Answer
from insidedocker_engine import process
from insidedocker_engine.base import paths
from insidedocker_engine.recording.proxy import loop_in_thread
from tests.support.engines import own_folder
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, ordinary_python

DOCKER: dict[str, Answer] = {
    "GET /_ping": (200, {"Server": "Docker/28.5.2 (linux)"}, b"OK"),
    "GET /version": (200, {}, {"Version": "28.5.2", "ApiVersion": "1.51"}),
}
PODMAN: dict[str, Answer] = {
    "GET /_ping": (200, {"Server": "Libpod/5.4.2 (linux)"}, b"OK"),
    "GET /version": (200, {}, {"Version": "5.4.2"}),
}
VARIABLES = [
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
    *("DOCKER_TLS", "CONTAINER_HOST", "COLIMA_HOME", "XDG_CONFIG_HOME", "TMPDIR"),
    *("INSIDEDOCKER_ENGINE", "NBGRADER_EXECUTION", "XDG_DATA_HOME"),
]


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def engines() -> Iterator[tuple[str, str]]:
    """Addresses of one that calls itself Docker and one that calls itself Podman."""
    with ExitStack() as stack:
        docker = stack.enter_context(lab.check.scripted_engine(DOCKER))
        podman = stack.enter_context(lab.check.scripted_engine(PODMAN))
        yield docker.url, podman.url


def name_context(home: Path, name: str, url: str) -> None:
    """What `docker context create` and `docker context use` leave."""
    folder = home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": url}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": name}))


def at(place: Path, url: str) -> None:
    """Put a scripted engine's socket where an engine's would be."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(url.removeprefix("unix://"))


def test_docker_host_comes_first(
    engines: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    docker, podman = engines
    name_context(tmp_path, "other", docker)
    monkeypatch.setenv("DOCKER_HOST", podman)
    assert lab.connect().url == podman
    assert capsys.readouterr().out == f"Engine: Podman 5.4.2 at {podman} (DOCKER_HOST names it)\n"


def test_a_named_engine_that_does_not_answer_is_an_error(
    engines: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(tmp_path / "docker.sock", engines[0])
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/gone.sock")
    with pytest.raises(lab.NoEngine, match="no socket of that name") as told:
        lab.connect()
    assert "start that engine, or unset" in str(told.value)
    assert "\n" not in str(told.value)


def test_the_clis_context_comes_next(
    engines: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docker, podman = engines
    at(tmp_path / "podman/podman.sock", podman)
    name_context(tmp_path, "mine", docker)
    assert lab.connect().url == docker
    assert "the docker CLI's context 'mine' names it" in capsys.readouterr().out


@pytest.mark.parametrize("config", ["", "[]", '{"currentContext": 5}', '{"currentContext": "x"}'])
def test_a_strange_config_of_the_cli_is_passed_over(
    config: str, engines: tuple[str, str], tmp_path: Path
) -> None:
    at(tmp_path / "docker.sock", engines[0])
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(config)
    assert lab.connect().get("/_ping").text == "OK"


def test_the_choice_narrows(
    engines: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker, podman = engines
    at(tmp_path / "docker.sock", docker)
    at(tmp_path / "podman/podman.sock", podman)
    monkeypatch.setenv("INSIDEDOCKER_ENGINE", "podman")
    assert lab.connect().kind == "podman"


def test_a_choice_that_nobody_meets_is_an_error(
    engines: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engines[0])
    monkeypatch.setenv("INSIDEDOCKER_ENGINE", "podman")
    if Path("/run/podman/podman.sock").exists():
        pytest.skip("this machine runs Podman")
    with pytest.raises(lab.NoEngine, match=r"asks for Podman, .* is Docker"):
        lab.connect()


def test_an_unknown_choice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIDEDOCKER_ENGINE", "rkt")
    with pytest.raises(lab.NoEngine, match="auto, docker, podman, embedded"):
        lab.connect()


PLACES = [
    *("docker.sock", ".docker/run/docker.sock", ".docker/desktop/docker.sock"),
    *(".orbstack/run/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock"),
    *(".config/colima/default/docker.sock", ".lima/docker/sock/docker.sock"),
    *("podman/podman.sock", ".local/share/containers/podman/machine/podman.sock"),
    *(".lima/podman/sock/podman.sock",),
]


@pytest.mark.parametrize("place", PLACES)
def test_an_engine_is_found_where_its_program_puts_its_socket(
    place: str, engines: tuple[str, str], own_home: Path
) -> None:
    if any(Path(each).exists() for each in ("/var/run/docker.sock", "/run/podman/podman.sock")):
        pytest.skip("this machine runs an engine of its own")
    at(own_home / place, engines["podman" in place])
    assert lab.connect().url == f"unix://{own_home}/{place}"


def test_podmans_own_variable_counts(
    engines: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTAINER_HOST", engines[1])
    assert lab.connect().url == engines[1]
    assert "CONTAINER_HOST names it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("ssh://ada@example.org/run/podman.sock", "ssh -nNT -L /tmp/engine.sock:/run/podman.sock"),
        ("npipe:////./pipe/docker_engine", "WSL 2"),
        ("ftp://example.org", "write unix:///path/to/docker.sock"),
        ("tcp://127.0.0.1:9", "nobody listens there"),
    ],
)
def test_what_is_named_and_cannot_be_used_is_told_with_a_way_out(
    host: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(lab.NoEngine) as found:
        lab.connect()
    assert told in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("npipe:////./pipe/docker_engine", "a named pipe of Windows"),
        ("tcp://127.0.0.1:9", "nobody listens there"),
        ("ssh://ada@example.org/run/podman.sock", "only ssh://USER@HOST:PORT"),
        ("", "the CLI has no address for it"),
    ],
)
def test_a_context_that_cannot_be_used_is_not_passed_over_silently(
    url: str,
    told: str,
    engines: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_context(tmp_path, "mine", url)
    at(tmp_path / "docker.sock", engines[0])
    assert lab.connect().kind == "docker"
    monkeypatch.setenv("INSIDEDOCKER_ENGINE", "podman")
    with pytest.raises(lab.NoEngine) as found:
        lab.connect()
    assert told in str(found.value)


def test_the_group_of_a_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root: another account may not open it."""
    if os.geteuid():
        pytest.skip("only root can give a socket to another group")
    with skip_missing(), own_folder() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/docker.sock")
        listening.listen()
        (folder / "docker.sock").chmod(0o660)
        os.chown(folder / "docker.sock", 0, 27)
        done = subprocess.run(
            [
                *as_ordinary_user(),
                ordinary_python(),
                "-c",
                "from insidedocker import lab; lab.connect()",
            ],
            env={**os.environ, "DOCKER_HOST": f"unix://{folder}/docker.sock", "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert f"sudo usermod -aG {grp.getgrgid(27).gr_name} $USER" in done.stderr


# Engines behind TLS and ssh


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """ca.pem, and cert.pem with key.pem for both sides, of one authority."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is missing: apt install openssl")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    run(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ca"),
        *("-keyout", "ca-key.pem", "-out", "ca.pem"),
    )
    run(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
        *("-keyout", "key.pem", "-out", "asked.pem"),
    )
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    run(
        *("x509", "-req", "-in", "asked.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem"),
        *("-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem"),
    )
    return folder


@contextmanager
def behind_tls(path: str, certificates: Path) -> Iterator[str]:
    """A port that leads to the engine's socket `path`, for those with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(path)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await source.read(1 << 16):
                    sink.write(data)
                    await sink.drain()
            with suppress(OSError, NotImplementedError):
                if sink.can_write_eof():
                    sink.write_eof()
                else:
                    sink.close()

        await asyncio.gather(pump(reader, ours), pump(theirs, writer))

    with loop_in_thread("behind TLS") as loop:
        start = asyncio.start_server(lead, "127.0.0.1", 0, ssl=context)
        server = asyncio.run_coroutine_threadsafe(start, loop).result()
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        loop.call_soon_threadsafe(server.close)


def used(engine: lab.Engine) -> None:
    """Use an engine by each kind of client."""
    assert engine.get("/_ping").text == "OK"
    client = engine.docker()
    assert client.ping()
    client.close()
    low = docker.APIClient(base_url=engine.url, version="auto")
    assert low.ping()
    low.close()
    with lab.tap(engine) as tap:
        assert lab.connect(tap.url).get("/_ping").text == "OK"


def test_an_engine_behind_tls(
    engines: tuple[str, str],
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with behind_tls(engines[0].removeprefix("unix://"), certificates) as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        with pytest.raises(lab.NoEngine):
            lab.connect()
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        with pytest.raises(lab.NoEngine, match=r"certificate.*DOCKER_CERT_PATH"):
            lab.connect()
        monkeypatch.setenv("DOCKER_CERT_PATH", str(certificates))
        used(lab.connect())
        assert f"Docker 28.5.2 at {url} (DOCKER_HOST names it)" in capsys.readouterr().out


def test_a_context_with_tls(engines: tuple[str, str], certificates: Path, tmp_path: Path) -> None:
    with behind_tls(engines[0].removeprefix("unix://"), certificates) as url:
        name_context(tmp_path, "far", url)
        key = hashlib.sha256(b"far").hexdigest()
        shutil.copytree(certificates, tmp_path / ".docker/contexts/tls" / key / "docker")
        engine = lab.connect()
        assert engine.place == url
        used(engine)


SSH = """\
#!{python}
import socket, sys, threading
if "nobody" in sys.argv:
    sys.exit("nobody@example.org: Permission denied (publickey).")
assert sys.argv[-4:] == ["example.org", "docker", "system", "dial-stdio"], sys.argv
engine = socket.socket(socket.AF_UNIX)
engine.connect({path!r})
def up():
    while data := sys.stdin.buffer.raw.read(65536):
        engine.sendall(data)
    engine.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := engine.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
"""


def test_an_engine_behind_ssh(
    engines: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As the docker CLI does it; the program `ssh` is played."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    path = engines[0].removeprefix("unix://")
    program.write_text(SSH.format(python=sys.executable, path=path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://nobody@example.org")
    with pytest.raises(lab.NoEngine, match="Permission denied"):
        lab.connect()
    monkeypatch.setenv("DOCKER_HOST", "ssh://ada@example.org:2222")
    used(lab.connect())
    assert "at ssh://ada@example.org:2222 (DOCKER_HOST names it)" in capsys.readouterr().out


@pytest.fixture
def own_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of a short name, for the socket's sake."""
    with own_folder() as home:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
        yield home


@pytest.mark.slow
def test_without_any_engine_the_embedded_one_is_started_and_stays(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if any(Path(each).exists() for each in ("/var/run/docker.sock", "/run/podman/podman.sock")):
        pytest.skip("this machine runs an engine of its own")
    try:
        first, second = lab.connect(), lab.connect()
        assert first.kind == "embedded"
        assert first.url == second.url == f"unix://{own_home}/insidedocker/engine.sock"
        told = capsys.readouterr().out.splitlines()
        assert len(told) == 2
        assert told[0].startswith("Engine: embedded (no DOCKER_HOST, no Docker or Podman socket")
    finally:
        process.stop(paths.default_root())
