"""A session with an engine: paths, addresses, and what is told when nobody answers."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from insidedocker import lab
from insidedocker.lab.engines.session import base_of, socket_of
from tests.support.engines import own_folder
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, ordinary_python

PING = {"GET /_ping": (200, {"Server": "Libpod/4.3.1 (linux)"}, b"OK")}


def test_a_path_and_a_whole_address_are_the_same_request() -> None:
    with lab.check.scripted_engine(PING) as scripted:
        engine = lab.connect(scripted.url)
        assert engine.get("/_ping").text == engine.get(engine.base + "/_ping").text == "OK"
        assert engine.url == scripted.url
        assert engine.base.startswith("http+unix://%2F")
        assert scripted.requests == ["GET /_ping", "GET /_ping"]


def test_an_engine_is_asked_nothing_and_nothing_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lab.connect("unix:///nobody/here.sock")
    assert capsys.readouterr().out == ""


def test_the_kind_is_what_the_engine_calls_itself() -> None:
    with lab.check.scripted_engine(PING) as scripted:
        assert lab.connect(scripted.url).kind == "podman"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("unix:///run/docker.sock", "http+unix://%2Frun%2Fdocker.sock"),
        ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375"),
        ("http://engine:2375/", "http://engine:2375"),
        ("http+unix://%2Frun%2Fdocker.sock/_ping", "http+unix://%2Frun%2Fdocker.sock"),
    ],
)
def test_addresses(url: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    assert base_of(url) == base


def test_tls_is_asked_for_as_the_cli_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", "/certificates")
    engine = lab.connect("tcp://127.0.0.1:2376")
    assert engine.base == "https://127.0.0.1:2376"
    assert engine.verify == "/certificates/ca.pem"
    assert engine.cert == ("/certificates/cert.pem", "/certificates/key.pem")


@pytest.mark.parametrize("url", ["", "ssh://host", "unix://relative", "tcp://", "npipe:////./pipe"])
def test_other_addresses_are_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(lab.NoEngine, match="write unix:///"):
        lab.connect(url)


def test_the_socket_of_an_address() -> None:
    assert socket_of("unix:///run/docker.sock") == Path("/run/docker.sock")
    assert socket_of("tcp://127.0.0.1:2375") is None


def test_a_missing_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(requests.ConnectionError, match="no socket of that name") as told:
        lab.connect(f"unix://{tmp_path}/none.sock").get("/_ping")
    assert isinstance(told.value, lab.EngineUnreachable)
    assert "lab.connect()" in str(told.value)


def test_a_socket_that_nobody_listens_on_is_told(tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(lab.EngineUnreachable, match="connection refused"):
        lab.connect(f"unix://{path}").get("/_ping")


def test_a_forbidden_socket_is_told() -> None:
    code = "import sys; from insidedocker import lab; lab.connect(sys.argv[1]).get('/_ping')"
    with socket.socket(socket.AF_UNIX) as private, own_folder() as folder:
        path = folder / "private.sock"
        private.bind(str(path))
        private.listen()
        path.chmod(0)
        with skip_missing():
            command = [*as_ordinary_user(), ordinary_python(), "-c", code, f"unix://{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert "this account may not open the socket" in done.stderr


def test_a_silent_engine_does_not_hold_a_lesson_up(tmp_path: Path) -> None:
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(requests.Timeout):
            lab.connect(f"unix://{path}").get("/_ping", timeout=0.05)


def test_a_proxy_is_not_for_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with lab.check.scripted_engine(PING) as scripted:
        assert lab.connect(scripted.url).get("/_ping").text == "OK"


ASKING = """\
import http.server, subprocess, sys, threading, urllib.request
import requests
from insidedocker import lab

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

server = http.server.HTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
page = f"http://127.0.0.1:{server.server_port}/"
print(requests.get(page).text, urllib.request.urlopen(page).read().decode())
code = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
print(subprocess.run([sys.executable, "-c", code, page], capture_output=True, text=True).stdout)
"""


@pytest.mark.parametrize("listed", ["", "example.org", " example.org , 127.0.0.1"])
def test_cells_reach_this_machine_without_the_proxy(listed: str) -> None:
    """By any library, and from the programs they start."""
    proxies = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    environment = {**os.environ, **proxies, "NO_PROXY": listed, "no_proxy": listed}
    done = subprocess.run(
        [sys.executable, "-c", ASKING], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["here"] * 3, done.stderr
