"""What a container in the runtime `namespaces` can see and do beyond itself, tried from inside
through the API: nothing of the host, of the engine, or of another container."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines
from tests.support.engines import Engine, own_folder
from tests.support.missing import skip_missing

pytestmark = pytest.mark.real

SECRET = "only the host knows"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            busybox = engines.busybox(tmp_path_factory.mktemp("images"))
            started = stack.enter_context(engines.embedded("namespaces", images=(busybox,)))
        yield started
        started.clear()


def start(engine: Engine, script: str, **host: Any) -> str:
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "Tty": True, "HostConfig": host}
    made = str(engine.request("POST", "/containers/create", json=body).json()["Id"])
    answer = engine.request("POST", f"/containers/{made}/start")
    assert answer.ok, answer.text
    return made


def run(engine: Engine, script: str, **host: Any) -> str:
    """What a script in a new container says."""
    made = start(engine, script, **host)
    engine.request("POST", f"/containers/{made}/wait")
    said = engine.request("GET", f"/containers/{made}/logs?stdout=1&stderr=1").text
    engine.request("DELETE", f"/containers/{made}?force=1&v=1")
    return said.replace("\r", "")


def execute(engine: Engine, container: str, script: str, **more: Any) -> str:
    body = {"Cmd": ["sh", "-c", script], "AttachStdout": True, "AttachStderr": True, "Tty": True}
    made = engine.request("POST", f"/containers/{container}/exec", json={**body, **more})
    identity = made.json()["Id"]
    answer = engine.request("POST", f"/exec/{identity}/start", json={"Tty": True})
    return answer.text.replace("\r", "")


@pytest.fixture
def other(engine: Engine) -> Iterator[str]:
    """Another container, with a secret in its file system and its environment."""
    made = start(engine, f"echo {SECRET} > /secret; SECRET='{SECRET}' exec sleep 60")
    yield made
    engine.request("DELETE", f"/containers/{made}?force=1")


def pid_of(engine: Engine, container: str) -> int:
    return int(engine.request("GET", f"/containers/{container}/json").json()["State"]["Pid"])


def test_no_process_but_its_own(engine: Engine, other: str) -> None:
    script = "ls -d /proc/[0-9]* | wc -l; cat /proc/[0-9]*/environ"
    said = run(engine, script)
    assert int(said.split()[0]) <= 4  # the shell and what it starts
    assert SECRET not in said
    strangers = (engine.process.pid, pid_of(engine, other))
    for pid in strangers:
        assert "No such process" in run(engine, f"kill -0 {pid}")
    mine = start(engine, "exec sleep 60")
    assert SECRET not in execute(engine, mine, "cat /proc/[0-9]*/environ; ls /proc/*/root/")
    for pid in strangers:
        assert "No such process" in execute(engine, mine, f"kill -0 {pid}")
    engine.request("DELETE", f"/containers/{mine}?force=1")


def test_no_file_but_its_own(engine: Engine, other: str) -> None:
    with own_folder() as folder:
        (folder / "secret").write_text(SECRET)
        places = f"{folder}/secret /proc/1/root{folder}/secret /proc/self/cwd/../..{folder}/secret"
        said = run(engine, f"cat {places} /secret; find / -name secret; find / -xdev -type s")
        assert SECRET not in said
        assert said.count("No such file") == 4


def test_a_link_out_of_a_container_ends_inside_it(engine: Engine) -> None:
    """What the engine itself reads and writes for a client follows the container's links."""
    with own_folder() as folder:
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o666)
        made = start(engine, f"ln -s {folder} /out; ln -s {folder}/secret /file; exec sleep 60")
        execute(engine, made, "true")
        for path in ("/out/secret", "/file", "/out", f"/proc/1/root{folder}/secret"):
            answer = engine.request("GET", f"/containers/{made}/archive?path={path}")
            assert SECRET.encode() not in answer.content
            engine.request("PUT", f"/containers/{made}/archive?path={path}", data=bytes(1024))
        assert (folder / "secret").read_text() == SECRET
        assert [each.name for each in folder.iterdir()] == ["secret"]
        engine.request("DELETE", f"/containers/{made}?force=1")


def test_the_engine_cannot_be_reached(engine: Engine) -> None:
    """Neither by a path nor by an open file that a program would inherit from it."""
    said = run(engine, f"ls {engine.folder}/s {engine.folder} || echo none")
    assert said.count("No such file") == 2
    mine = start(engine, "exec sleep 60")
    assert execute(engine, mine, "ls /proc/1/fd").split() == ["0", "1", "2"]
    ours = execute(engine, mine, "exec ls -l /proc/self/fd")
    assert "socket:" not in ours
    assert "pipe:" not in ours
    engine.request("DELETE", f"/containers/{mine}?force=1")


def test_no_service_of_the_host(engine: Engine) -> None:
    """On loopback or on any address of the host."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        accepted = threading.Event()

        def accept() -> None:
            with contextlib.suppress(OSError):
                server.accept()
                accepted.set()

        threading.Thread(target=accept, daemon=True).start()
        gateway = "$(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p')"
        places = f"127.0.0.1 {gateway} {' '.join(host_addresses())}"
        script = f"for each in {places}; do nc -w 1 $each {port} < /dev/null && echo open; done"
        assert "open" not in run(engine, f"{script}; true")
        assert not accepted.is_set()


def host_addresses() -> list[str]:
    found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    return sorted({str(each[4][0]) for each in found})


@pytest.mark.parametrize(
    "script",
    [
        "mount -t tmpfs none /tmp",
        "mount -t proc none /proc",
        "mount --bind /tmp /etc",
        "mount -o remount,rw /proc/sys",
        "umount /proc/sys",
        "echo 1 > /proc/sys/kernel/panic",
        "echo other > /proc/sys/kernel/hostname",
        "echo b > /proc/sysrq-trigger",
        "mkdir /sys/fs/cgroup/mine",
        "mknod /disk b 8 0 && head -c 1 /disk",
        "unshare -Urm true",
        "chroot /proc/1/root/../.. ls /home/none",
        "dmesg",
        "ip link set lo down",
    ],
)
def test_what_it_may_not_do(engine: Engine, script: str) -> None:
    """Not as its first process, and not as one that is started in it later."""
    assert "done" not in run(engine, f"{script} && echo done")
    mine = start(engine, "exec sleep 60")
    assert "done" not in execute(engine, mine, f"{script} && echo done")
    engine.request("DELETE", f"/containers/{mine}?force=1")


def interfaces() -> set[str]:
    return {each.name for each in Path("/sys/class/net").iterdir()}


def listening() -> set[str]:
    """Local addresses of the host's listening TCP sockets."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {line.split()[1] for line in lines if line.split()[3] == "0A"}


def test_nothing_of_it_in_the_hosts_network(busybox: Path) -> None:
    before = interfaces(), Path("/proc/net/route").read_text()
    with skip_missing(), engines.embedded("namespaces", images=(busybox,)) as engine:
        engine.request("POST", "/networks/create", json={"Name": "apart"})
        port = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}
        script = "nc -ll -p 80 -e echo hi & exec sleep 60"
        made = [start(engine, script, NetworkMode=mode, **port) for mode in ("bridge", "apart")]
        ports = set()
        for each in made:
            told = engine.request("GET", f"/containers/{each}/json").json()["NetworkSettings"]
            ports.add(int(told["Ports"]["80/tcp"][0]["HostPort"]))
        hexadecimal = {f"0100007F:{number:04X}" for number in ports}
        assert len(ports) == 2
        assert hexadecimal <= listening()
        assert (interfaces(), Path("/proc/net/route").read_text()) == before
    assert not hexadecimal & listening()
    assert (interfaces(), Path("/proc/net/route").read_text()) == before
