"""Faults on request: only with the flag, only at the private socket, and gone when taken back."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import requests_unixsocket

from insidedocker_engine.process import Handle, start
from tests.support import patience
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user

FAULT = "/faults/one"
VOLUME = {"Name": "kept"}


def ask(url: str, method: str, path: str, **options: Any) -> requests.Response:
    base = "http+unix://" + quote(url.removeprefix("unix://"), safe="")
    with requests_unixsocket.Session() as session:
        return session.request(method, base + path, **{"timeout": 20, **options})


@pytest.fixture(scope="module")
def engine() -> Iterator[Handle]:
    with start(ephemeral=True, faults=True) as handle:
        yield handle


@pytest.fixture
def control(engine: Handle) -> Iterator[str]:
    yield engine.fault_control
    ask(engine.fault_control, "DELETE", FAULT)
    assert ask(engine.fault_control, "GET", "/faults").json() == {}


def test_an_engine_takes_no_faults_unless_started_to() -> None:
    with start(ephemeral=True) as plain:
        assert plain.fault_control == ""
        assert [each.name for each in plain.root.iterdir() if each.is_socket()] == ["engine.sock"]
        assert ask(plain.url, "PUT", FAULT, json={"kind": "disk-full"}).status_code == 404


def test_the_engine_api_has_no_way_to_the_faults(engine: Handle, control: str) -> None:
    assert ask(engine.url, "PUT", FAULT, json={"kind": "disk-full"}).status_code == 404
    assert ask(control, "GET", "/_ping").status_code == 404


def test_the_control_socket_is_its_owners_alone(engine: Handle) -> None:
    place = Path(engine.fault_control.removeprefix("unix://"))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(engine.root.stat().st_mode) == 0o700
    if os.geteuid() == 0:
        with skip_missing():
            somebody = as_ordinary_user()
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect({str(place)!r})"
        done = subprocess.run(
            [*somebody, sys.executable, "-c", connect], capture_output=True, check=False
        )
        assert b"PermissionError" in done.stderr or b"Permission denied" in done.stderr


def test_a_tcp_address_is_refused_for_the_control(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "insidedocker_engine", "--fault-control", "tcp://127.0.0.1:1"]
    own = {"HOME": str(tmp_path), "XDG_DATA_HOME": ""}
    done = subprocess.run(
        command,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=patience.EVENT,
        check=False,
    )
    assert done.returncode == 1
    assert "unix:///absolute/path" in done.stderr
    assert list(tmp_path.iterdir()) == [], "what is refused leaves no folder behind"


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "explode"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": "long"},
        {"kind": "fail", "status": 200},
        {"kind": "fail", "what": "all"},
        {"kind": "disk-full", "after": -1},
        {"kind": "disk-full", "after": True},
    ],
)
def test_what_is_no_fault_is_refused(control: str, fault: dict[str, Any]) -> None:
    answer = ask(control, "PUT", FAULT, json=fault)
    assert answer.status_code == 400
    assert "disk-full" in answer.json()["message"]


def test_answers_fail_where_asked_to_and_nowhere_else(engine: Handle, control: str) -> None:
    fault = {"kind": "fail", "on": "GET /images/*", "status": 503, "message": "not today"}
    assert ask(control, "PUT", FAULT, json=fault).status_code == 204
    for path in ("/images/json", "/v1.41/images/json"):
        answer = ask(engine.url, "GET", path)
        assert (answer.status_code, answer.json()) == (503, {"message": "not today"})
        assert answer.headers["Server"].startswith("Inside-Docker-Engine")
    assert ask(engine.url, "GET", "/_ping").text == "OK"
    assert ask(control, "DELETE", FAULT).status_code == 204
    assert ask(engine.url, "GET", "/images/json").status_code == 200


def test_a_head_fails_where_its_get_would(engine: Handle, control: str) -> None:
    ask(control, "PUT", FAULT, json={"kind": "fail", "on": "GET /_ping", "status": 503})
    assert ask(engine.url, "HEAD", "/_ping").status_code == 503
    ask(control, "PUT", FAULT, json={"kind": "fail", "on": "HEAD /_ping", "status": 503})
    assert ask(engine.url, "HEAD", "/_ping").status_code == 503
    assert ask(engine.url, "GET", "/_ping").status_code == 200
    ask(control, "DELETE", FAULT)
    assert ask(engine.url, "HEAD", "/_ping").status_code == 200


def test_an_answer_is_held_back_and_others_are_not(engine: Handle, control: str) -> None:
    ask(control, "PUT", FAULT, json={"kind": "delay", "on": "GET /info", "seconds": 60})
    with pytest.raises(requests.exceptions.ReadTimeout):
        ask(engine.url, "GET", "/info", timeout=0.3)
    assert ask(engine.url, "GET", "/version").status_code == 200
    ask(control, "DELETE", FAULT)
    assert ask(engine.url, "GET", "/info").status_code == 200


def test_a_full_disk_lets_read_and_not_write(engine: Handle, control: str) -> None:
    ask(control, "PUT", FAULT, json={"kind": "disk-full"})
    refused = ask(engine.url, "POST", "/volumes/create", json=VOLUME)
    assert refused.status_code == 500
    assert "space" in refused.json()["message"].lower()
    archive = {"fromSrc": "-", "repo": "made", "tag": "1"}
    imported = ask(engine.url, "POST", "/images/create", params=archive, data=bytes(10240))
    lines = [json.loads(line) for line in imported.text.splitlines()]
    assert not imported.ok or "error" in lines[-1]
    assert ask(engine.url, "GET", "/images/json").json() == []
    ask(control, "DELETE", FAULT)
    assert ask(engine.url, "POST", "/volumes/create", json=VOLUME).status_code == 201
    assert ask(engine.url, "DELETE", "/volumes/kept").status_code == 204


def test_a_killed_engine_starts_again_with_its_state_and_without_faults() -> None:
    with start(ephemeral=True, faults=True) as engine:
        ask(engine.url, "POST", "/volumes/create", json=VOLUME)
        ask(engine.fault_control, "PUT", FAULT, json={"kind": "fail"})
        engine.kill()
        with pytest.raises(requests.ConnectionError):
            ask(engine.url, "GET", "/_ping")
        engine.start_again()
        assert ask(engine.url, "GET", "/volumes/kept").status_code == 200
    assert not engine.root.exists()
