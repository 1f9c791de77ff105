"""Which engine is taken, and what is said about it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from insidedocker import lab
from insidedocker.lab.engines.stub_engine import Answer
from insidedocker_engine import process
from insidedocker_engine.base import paths
from tests.support.engines import own_folder

DOCKER: dict[str, Answer] = {
    "GET /_ping": (200, {"Server": "Docker/28.5.2 (linux)"}, b"OK"),
    "GET /version": (200, {}, {"Version": "28.5.2"}),
}
PODMAN: dict[str, Answer] = {
    "GET /_ping": (200, {"Server": "Libpod/5.4.2 (linux)"}, b"OK"),
    "GET /version": (200, {}, {"Version": "5.4.2"}),
}
VARIABLES = [
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
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
