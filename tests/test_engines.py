"""The engines that the other tests rely on start, work, and leave nothing behind."""

import contextlib
import subprocess
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.engines import Engine
from tests.support.missing import skip_missing

pytestmark = [pytest.mark.real, pytest.mark.slow]

STARTERS = {
    "docker_20": engines.dockerd,
    "docker_26": lambda: engines.dockerd("trixie"),
    "podman": engines.podman,
    "embedded_namespaces": lambda: engines.embedded("namespaces"),
    "embedded_proot": lambda: engines.embedded("proot"),
}


def run(engine: Engine, command: list[str]) -> bytes:
    """What a container of busybox prints, by create, start, wait, logs and remove."""
    created = engine.request(
        "POST", "/containers/create", json={"Image": "busybox", "Cmd": command, "Tty": True}
    )
    assert created.status_code == 201, created.text
    path = f"/containers/{created.json()['Id']}"
    assert engine.request("POST", f"{path}/start").status_code == 204
    assert engine.request("POST", f"{path}/wait").json()["StatusCode"] == 0
    logs = engine.request("GET", f"{path}/logs?stdout=1").content
    assert engine.request("DELETE", path).status_code == 204
    return logs


def test_each_engine_answers_and_runs_a_container(any_engine: Engine, busybox: Path) -> None:
    assert any_engine.request("GET", "/_ping").text == "OK"
    any_engine.load(busybox)
    assert run(any_engine, ["echo", "hi"]) == b"hi\r\n"


def test_the_dockerds_are_of_two_versions(docker_20: Engine, docker_26: Engine) -> None:
    assert (docker_20.api, docker_26.api) == ("1.41", "1.45")


def test_what_an_engine_leaves_without_rights_goes_with_its_folder() -> None:
    with engines.own_folder() as folder:
        closed = folder / "work/work"  # as overlay makes it
        closed.mkdir(parents=True)
        (closed / "file").touch()
        closed.chmod(0)
        closed.parent.chmod(0o500)
    assert not folder.exists()


def traces(folder: Path) -> dict[str, list[str]]:
    """What is left of the engine that lived in `folder`, by kind."""
    return {
        "mounts": [line for line in _lines("/proc/self/mountinfo") if str(folder) in line],
        "processes": [str(pid) for pid in engines.marked(folder)],
        "networks": [link.name for link in Path("/sys/class/net").glob("docker*")],
        "groups": [str(path) for path in engines.CGROUPS.glob(f"**/*{folder.name}*")],
        "files": [str(folder)] if folder.exists() else [],
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


@pytest.mark.parametrize("name", STARTERS)
def test_nothing_is_left_of_an_engine_with_a_running_container(name: str, busybox: Path) -> None:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            engine = stack.enter_context(STARTERS[name]())
        engine.load(busybox)
        created = engine.request(
            "POST", "/containers/create", json={"Image": "busybox", "Cmd": ["sleep", "600"]}
        )
        assert created.status_code == 201, created.text
        path = f"/containers/{created.json()['Id']}"
        assert engine.request("POST", f"{path}/start").status_code == 204
    assert traces(engine.folder) == {kind: [] for kind in traces(engine.folder)}


@pytest.mark.parametrize("name", ["docker_20", "docker_26", "podman"])
def test_a_published_port_is_reached_inside(
    name: str, request: pytest.FixtureRequest, busybox: Path
) -> None:
    engine: Engine = request.getfixturevalue(name)
    engine.load(busybox)
    body = {
        "Image": "busybox",
        "Cmd": ["sh", "-c", "echo served > /tmp/page; httpd -f -p 80 -h /tmp"],
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}},
        "ExposedPorts": {"80/tcp": {}},
    }
    created = engine.request("POST", "/containers/create", json=body)
    engine.request("POST", f"/containers/{created.json()['Id']}/start")
    fetch = ["wget", "-q", "-O-", "--tries=20", "--retry-connrefused", "--waitretry=1"]
    page = subprocess.run(
        [*engine.inside, *fetch, "http://127.0.0.1:8080/page"], capture_output=True, check=False
    )
    engine.clear()
    assert page.stdout == b"served\n", page.stderr
