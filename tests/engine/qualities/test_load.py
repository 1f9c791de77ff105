"""An engine under load and on a full disk: it answers, in the API's own words, and afterwards it
holds no more memory and no more open files than before."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import socket
import struct
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines, patience
from tests.support.engines import Engine
from tests.support.made_images import Made
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

pytestmark = [pytest.mark.real, pytest.mark.slow]

CLIENTS = 50
GROWTH = 30_000
"""KB that an engine may keep for later after a storm: arenas of memory, threads that wait."""
DISK = 24 << 20
"""Bytes of the small disk."""


@pytest.fixture(scope="module")
def one_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            busybox = engines.busybox(tmp_path_factory.mktemp("images"))
            started = stack.enter_context(engines.embedded(images=(busybox,), recorded=False))
        many(started, 8, lambda number: run(started, "true"))  # every module is there
        yield started


@pytest.fixture
def engine(one_engine: Engine) -> Iterator[Engine]:
    """An engine that must be as lean after the test as before."""
    kb, files = lean(one_engine)
    yield one_engine
    patience.until(lambda: lean(one_engine)[1] <= files + 2)
    assert lean(one_engine)[0] < kb + GROWTH


def lean(engine: Engine) -> tuple[int, int]:
    """Memory in KB and open files of an engine without containers."""
    engine.clear()
    return memory(engine, "VmRSS"), open_files(engine)


def open_files(engine: Engine) -> int:
    return len(list(Path(f"/proc/{engine.process.pid}/fd").iterdir()))


def memory(engine: Engine, which: str) -> int:
    """In KB: VmRSS now, VmHWM at most so far."""
    text = Path(f"/proc/{engine.process.pid}/status").read_text()
    found = re.search(rf"{which}:\s+(\d+)", text)
    assert found
    return int(found[1])


def many(engine: Engine, count: int, work: Callable[[int], Any]) -> list[Any]:
    """`work` by up to CLIENTS clients at once; the results."""
    with ThreadPoolExecutor(min(count, CLIENTS)) as pool:
        return list(pool.map(work, range(count)))


def create(engine: Engine, script: str, **fields: Any) -> str:
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], **fields}
    answer = engine.request("POST", "/containers/create", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["Id"])


def start(engine: Engine, script: str, **fields: Any) -> str:
    made = create(engine, script, **fields)
    answer = engine.request("POST", f"/containers/{made}/start")
    assert answer.status_code == 204, answer.text
    return made


def wait(engine: Engine, container: str) -> int:
    return int(engine.request("POST", f"/containers/{container}/wait").json()["StatusCode"])


def run(engine: Engine, script: str) -> int:
    return wait(engine, start(engine, script))


def test_a_hundred_containers_up_at_once(engine: Engine) -> None:
    up = many(engine, 100, lambda number: start(engine, f"echo {number}; exec sleep 600"))
    running = engine.request("GET", "/containers/json").json()
    assert {each["Id"] for each in running} == set(up)
    said = many(
        engine, 100, lambda n: engine.request("GET", f"/containers/{up[n]}/logs?stdout=1").content
    )
    assert said == [
        f"{n}\n".encode().join([struct.pack(">BxxxL", 1, len(f"{n}\n")), b""]) for n in range(100)
    ]
    gone = many(
        engine, 100, lambda n: engine.request("DELETE", f"/containers/{up[n]}?force=1").status_code
    )
    assert set(gone) == {204}


def test_many_execs_at_once(engine: Engine) -> None:
    container = start(engine, "exec sleep 600")

    def execute(number: int) -> bytes:
        body = {"Cmd": ["echo", str(number)], "AttachStdout": True, "Tty": True}
        made = engine.request("POST", f"/containers/{container}/exec", json=body).json()["Id"]
        return engine.request("POST", f"/exec/{made}/start", json={"Tty": True}).content

    assert many(engine, 200, execute) == [f"{number}\r\n".encode() for number in range(200)]


def test_many_small_requests(engine: Engine) -> None:
    paths = ("/_ping", "/version", "/info", "/containers/json?all=1", "/images/json", "/networks")
    answers = many(engine, 1500, lambda n: engine.request("GET", paths[n % len(paths)]).status_code)
    assert set(answers) == {200}


def connect(engine: Engine, path: str, method: str = "GET") -> socket.socket:
    """A connection on which a request has been sent, and nothing read."""
    connection = socket.socket(socket.AF_UNIX)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(patience.EVENT)
    connection.connect(str(engine.socket))
    connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: engine\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("what", ["logs?follow=1&stdout=1", "attach?stream=1&stdout=1&logs=1"])
def test_a_slow_reader_costs_nothing(engine: Engine, what: str) -> None:
    """It reads nothing while a program writes 64 MB: the others go on, memory stays bounded."""
    before = memory(engine, "VmRSS")
    line = "x" * 1000
    made = create(engine, f"yes {line} | head -c {64 << 20}; echo; echo end")
    method = "POST" if what.startswith("attach") else "GET"
    with contextlib.closing(connect(engine, f"/containers/{made}/{what}", method)) as slow:
        engine.request("POST", f"/containers/{made}/start")
        began = time.monotonic()
        while time.monotonic() < began + 1.5:
            assert engine.request("GET", "/_ping", timeout=patience.EVENT).ok
            assert memory(engine, "VmRSS") < before + GROWTH
        assert run(engine, "true") == 0
        slow.recv(100)
    # Once it is gone the program is not held up by it any more.
    assert wait(engine, made) == 0
    assert memory(engine, "VmRSS") < before + GROWTH
    tail = engine.request("GET", f"/containers/{made}/logs?stdout=1&tail=1").content
    assert tail.endswith(b"end\n")


def test_followers_that_vanish(engine: Engine) -> None:
    """Of logs, events, statistics and waits: nothing stays open for them."""
    made = start(engine, "while true; do echo tick; sleep 0.05; done")
    files = open_files(engine)
    paths = (
        ("GET", f"/containers/{made}/logs?follow=1&stdout=1"),
        ("POST", f"/containers/{made}/attach?stream=1&stdout=1"),
        ("GET", "/events"),
        ("GET", f"/containers/{made}/stats"),
        ("POST", f"/containers/{made}/wait"),
    )
    for _ in range(10):
        connections = [connect(engine, path, method) for method, path in paths]
        for connection in connections:
            assert connection.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 101")
            # Not politely, either: a reset.
            connection.close()
    patience.until(lambda: open_files(engine) <= files + 1)


def test_a_large_layer_in_bounded_memory(engine: Engine) -> None:
    """An image with one layer of 256 MB, as it comes over the socket."""
    before = memory(engine, "VmRSS")
    size = 256 << 20
    layer_head, padding = entry("big", size), bytes(-size % 512 + 1024)
    digest = hashlib.sha256(layer_head)
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        digest.update(block)
    digest.update(padding)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest.hexdigest()}"]},
    }
    manifest = [{"Config": "c.json", "RepoTags": ["large:1"], "Layers": ["l/layer.tar"]}]

    def archive() -> Iterator[bytes]:
        for name, value in (("c.json", config), ("manifest.json", manifest)):
            data = json.dumps(value).encode()
            yield entry(name, len(data)) + data + bytes(-len(data) % 512)
        yield entry("l/layer.tar", len(layer_head) + size + len(padding)) + layer_head
        for _ in range(size >> 20):
            yield block
        yield padding + bytes(1024)

    kind = {"Content-Type": "application/x-tar"}
    answer = engine.request("POST", "/images/load?quiet=1", data=archive(), headers=kind)
    assert "Loaded image: large:1" in answer.text
    assert memory(engine, "VmHWM") < before + 2 * GROWTH
    assert engine.request("DELETE", "/images/large:1").ok


def entry(name: str, size: int) -> bytes:
    made = tarfile.TarInfo(name)
    made.size = size
    return made.tobuf()


# A disk that is full


@pytest.fixture
def small_disk(busybox: Path) -> Iterator[Engine]:
    """An engine whose root folder is a file system of DISK bytes of its own."""
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(engines.own_folder())
        with skip_missing():
            engines.need_embedded("namespaces")
            python = ordinary_python()
        give_away(here)
        (here / "state").mkdir()
        mine = ["--map-root-user"] if os.geteuid() != 0 else []
        mount = f'mount -t tmpfs -o size={DISK},mode=0777 small "$0" && exec "$@"'
        command = [
            *("unshare", *mine, "--mount", "sh", "-c", mount, f"{here}/state"),
            *(*as_ordinary_user(), python, "-m", "insidedocker_engine"),
            *("--root", f"{here}/state/root", "--host", f"unix://{here}/s"),
        ]
        own = {"HOME": str(here), "XDG_RUNTIME_DIR": str(here)}
        with skip_missing():
            started = stack.enter_context(
                engines.running("embedded", here, command, environment=own)
            )
        started.load(busybox)
        yield started


def test_a_full_disk(small_disk: Engine, tmp_path: Path) -> None:
    """What needs room is refused with that reason, the rest goes on, and removing makes room."""
    engine = small_disk
    kept = start(engine, "echo kept; exec sleep 600")
    filler = start(engine, "dd if=/dev/zero of=/big bs=64k")
    assert wait(engine, filler) == 1
    told = engine.request("GET", f"/containers/{filler}/json").json()["State"]
    assert (told["Status"], told["ExitCode"]) == ("exited", 1)
    large = Made([b"\1" * (4 << 20)]).docker_archive(tmp_path / "large.tar", "large:1")
    refused = {
        "create": engine.request("POST", "/containers/create", json={"Image": "busybox"}),
        "commit": engine.request("POST", f"/commit?container={filler}&repo=made", json={}),
        "volume": engine.request("POST", "/volumes/create", json={"Name": "vol"}),
        "network": engine.request("POST", "/networks/create", json={"Name": "n"}),
        "tag": engine.request("POST", "/images/busybox/tag?repo=other"),
        "files": engine.request(
            "PUT", f"/containers/{kept}/archive?path=/", data=packed("file", bytes(1 << 20))
        ),
        "load": engine.request(
            "POST",
            "/images/load?quiet=1",
            data=large.read_bytes(),
            headers={"Content-Type": "application/x-tar"},
        ),
    }
    for what, answer in refused.items():
        assert "no space left on device" in answer.text.lower(), (what, answer.text)
    assert engine.request("GET", "/info").ok
    assert engine.request("GET", f"/containers/{kept}/logs?stdout=1").content.endswith(b"kept\n")
    names = [each["Names"] for each in engine.request("GET", "/containers/json?all=1").json()]
    assert len(names) == 2
    assert engine.request("DELETE", f"/containers/{filler}?force=1").status_code == 204
    patience.until(lambda: engine.request("POST", "/images/busybox/tag?repo=other").ok)
    assert run(engine, "echo again > /file") == 0
    assert engine.request("POST", f"/containers/{kept}/stop?t=0").status_code == 204
    assert "Traceback" not in engine.log.read_text()


def packed(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        made = tarfile.TarInfo(name)
        made.size = len(data)
        archive.addfile(made, io.BytesIO(data))
    return buffer.getvalue()
