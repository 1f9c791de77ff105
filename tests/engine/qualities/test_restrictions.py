"""A restricted engine: what leads to its host is refused, all else is as ever."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from insidedocker.lab import Engine, need, text_of
from insidedocker_engine.base.restrictions import MOST
from insidedocker_engine.process import start


@pytest.fixture(scope="module")
def restricted() -> Iterator[Engine]:
    with start(ephemeral=True, restricted=True) as handle, Engine(handle.url) as engine:
        need(engine, "busybox", quiet=True)
        yield engine


HOST_CONFIGS = {
    "a folder of the host": {"Binds": ["/etc:/host"]},
    "the root folder": {"Binds": ["/:/host:ro"]},
    "a socket of the host": {"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
    "a mount of type bind": {"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/host"}]},
    "a volume with a driver": {
        "Mounts": [
            {
                "Type": "volume",
                "Target": "/host",
                "VolumeOptions": {
                    "DriverConfig": {
                        "Name": "local",
                        "Options": {"type": "none", "o": "bind", "device": "/etc"},
                    }
                },
            }
        ]
    },
    "the host's network": {"NetworkMode": "host"},
    "the host's processes": {"PidMode": "host"},
    "the host's ipc": {"IpcMode": "host"},
    "the host's name": {"UTSMode": "host"},
    "the host's users": {"UsernsMode": "host"},
    "everything": {"Privileged": True},
    "a device": {"Devices": [{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/x"}]},
    "device rules": {"DeviceCgroupRules": ["a *:* rwm"]},
    "devices by request": {"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]},
    "all capabilities": {"CapAdd": ["ALL"]},
    "the capability to mount": {"CapAdd": ["CAP_SYS_ADMIN"]},
    "no filter of system calls": {"SecurityOpt": ["seccomp=unconfined"]},
    "no masked paths": {"MaskedPaths": []},
    "a port of the host": {"PortBindings": {"80/tcp": [{"HostPort": "0"}]}},
    "all ports": {"PublishAllPorts": True},
}


@pytest.mark.parametrize("host_config", HOST_CONFIGS.values(), ids=HOST_CONFIGS.keys())
def test_a_container_that_leads_to_the_host_is_refused(
    restricted: Engine, host_config: dict[str, Any]
) -> None:
    before = restricted.get("/containers/json?all=1").json()
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": host_config}
    refused = restricted.post("/containers/create", json=body)
    # What this engine cannot do at all it refuses in its own words.
    assert refused.status_code in (400, 403, 404, 501), refused.text
    assert restricted.get("/containers/json?all=1").json() == before


def test_the_words_say_that_it_is_restricted(restricted: Engine) -> None:
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Binds": ["/etc:/host"]}}
    refused = restricted.post("/containers/create", json=body)
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        "this engine is restricted: it refuses a folder of the host as a mount"
    )


def test_volumes_and_networks_with_drivers_are_refused(restricted: Engine) -> None:
    options = {"type": "none", "o": "bind", "device": "/etc"}
    volume = {"Name": "host", "DriverOpts": options}
    assert restricted.post("/volumes/create", json=volume).status_code in (400, 403)
    network = {"Name": "wide", "Driver": "macvlan"}
    assert restricted.post("/networks/create", json=network).status_code in (400, 403, 404)


def test_a_container_of_its_own_runs_and_privileged_execs_are_refused(restricted: Engine) -> None:
    volume = {"Type": "volume", "Source": "data", "Target": "/data"}
    body = {
        "Image": "busybox",
        "Cmd": ["sleep", "100"],
        "HostConfig": {"Mounts": [volume], "Tmpfs": {"/scratch": ""}, "CapAdd": ["NET_ADMIN"]},
    }
    created = restricted.post("/containers/create", json=body)
    assert created.status_code == 201, created.text
    place = f"/containers/{created.json()['Id']}"
    try:
        started = restricted.post(f"{place}/start")
        assert started.status_code == 204, started.text
        plain = restricted.post(f"{place}/exec", json={"Cmd": ["true"]})
        assert plain.status_code == 201
        refused = restricted.post(f"{place}/exec", json={"Cmd": ["true"], "Privileged": True})
        assert refused.status_code == 403
    finally:
        assert restricted.delete(place, params={"force": "true", "v": "true"}).status_code == 204


def test_there_is_an_end_to_containers(restricted: Engine) -> None:
    made = []
    for _ in range(100):
        answer = restricted.post("/containers/create", json={"Image": "busybox", "Cmd": ["true"]})
        if answer.status_code != 201:
            break
        made.append(answer.json()["Id"])
    try:
        assert answer.status_code == 403
        assert answer.json()["message"] == "this engine is restricted: it has at most 64 containers"
    finally:
        for each in made:
            restricted.delete(f"/containers/{each}")


TOO_MUCH = {
    "a tmpfs": {"Tmpfs": {"/a": "size=3g"}},
    "a part of the host's memory": {"Tmpfs": {"/a": "size=50%"}},
    "a tmpfs without end": {"Tmpfs": {"/a": "size=0"}},
    "a tmpfs by its second size": {"Tmpfs": {"/a": "size=1m,SIZE=3g"}},
    "several tmpfs": {"Tmpfs": {f"/{n}": "size=200m" for n in range(3)}},
    "a mount": {
        "Mounts": [{"Type": "tmpfs", "Target": "/a", "TmpfsOptions": {"SizeBytes": 3 << 30}}]
    },
    "shared memory": {"ShmSize": 3 << 30},
    "a volume in memory": {
        "Mounts": [
            {
                "Type": "volume",
                "Target": "/a",
                "VolumeOptions": {
                    "DriverConfig": {
                        "Name": "local",
                        "Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=3g"},
                    }
                },
            }
        ]
    },
}


@pytest.mark.parametrize("host_config", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_more_files_in_memory_than_there_may_be_are_refused(
    restricted: Engine, host_config: dict[str, Any]
) -> None:
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": host_config}
    refused = restricted.post("/containers/create", json=body)
    assert refused.status_code in (400, 403), refused.text


def test_containers_may_keep_so_much_in_memory_together(restricted: Engine) -> None:
    def make(_: int) -> Any:
        body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Tmpfs": {"/a": "size=200m"}}}
        with Engine(restricted.url) as engine:  # at once, so that none is counted late
            return engine.post("/containers/create", json=body)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, range(8)))
    made = [each.json()["Id"] for each in answers if each.status_code == 201]
    try:
        assert len(made) == 2
        refused = next(each for each in answers if each.status_code != 201)
        assert refused.status_code == 403
        assert refused.json()["message"] == (
            "this engine is restricted: tmpfs mounts and shared memory of all its containers have "
            "at most 512 MiB together"
        )
    finally:
        for each in made:
            restricted.delete(f"/containers/{each}")


def test_what_is_kept_in_memory_has_a_size_and_a_number_of_files(restricted: Engine) -> None:
    tmpfs = {"/plain": "", "/pages": "nr_blocks=0,nr_inodes=0", "/sized": "size=1m,mode=1777"}
    script = (
        "df -k /plain /pages /sized /dev/shm /dev; echo; df -i /plain /pages /sized /dev/shm /dev"
    )
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "HostConfig": {"Tmpfs": tmpfs}}
    place = f"/containers/{restricted.post('/containers/create', json=body).json()['Id']}"
    try:
        restricted.post(f"{place}/start").raise_for_status()
        restricted.post(f"{place}/wait").raise_for_status()
        said = text_of(restricted.get(f"{place}/logs", params={"stdout": "1"}).content)
    finally:
        restricted.delete(place, params={"force": "true"})
    sizes, inodes = (
        [line.split() for line in part.splitlines()[1:]] for part in said.split("\n\n")
    )
    assert {line[5]: int(line[1]) for line in sizes} == {
        "/plain": 16 << 10,
        "/pages": 16 << 10,
        "/sized": 1 << 10,
        "/dev/shm": 4 << 10,
        "/dev": 64,
    }
    assert all(0 < int(line[1]) <= 4096 for line in inodes), said


UNCOUNTED = """\
import ctypes, errno, mmap, os, socket, sys
from insidedocker_engine.host import linux
from insidedocker_engine.host import seccomp
from insidedocker_engine.runtime import capabilities
program = {
    "container": lambda: seccomp.program(True, capabilities.DEFAULT, False, counted=True),
    "builder": seccomp.for_sandbox_builder,
}[sys.argv[1]]()
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
linux.install_seccomp(program)
libc = ctypes.CDLL(None, use_errno=True)
for call in (lambda: libc.memfd_create(b"x", 0), lambda: libc.shmget(0, 4096, 0o1600),
             lambda: libc.msgget(0, 0o1600), lambda: libc.semget(0, 1, 0o1600),
             lambda: libc.vmsplice(1, None, 0, 0)):
    assert call() == -1 and ctypes.get_errno() == errno.ENOSYS
with socket.socket() as one:
    before = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * before)
    assert one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == before
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
mmap.mmap(-1, 4096).close()
"""


@pytest.mark.parametrize("whose", ["container", "builder"])
def test_memory_that_cannot_be_counted_is_refused(whose: str) -> None:
    command = [sys.executable, "-c", UNCOUNTED, whose]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


MANY = {
    "containers": ("/containers/create", {"Image": "busybox"}),
    "networks": ("/networks/create", {"Name": "net-{}"}),
    "volumes": ("/volumes/create", {"Name": "volume-{}"}),
}


@pytest.mark.parametrize("kind", MANY)
def test_requests_at_once_do_not_pass_a_limit(kind: str) -> None:
    path, body = MANY[kind]
    with start(ephemeral=True, restricted=True) as handle, Engine(handle.url) as engine:
        need(engine, "busybox", quiet=True)

        def make(number: int) -> int:
            own = {name: value.format(number) for name, value in body.items()}
            return engine.post(path, json=own).status_code

        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(make, range(MOST[kind] + 40)))
        listed = engine.get(f"/{kind}/json?all=1" if kind == "containers" else f"/{kind}").json()
        made = listed["Volumes"] if kind == "volumes" else listed
        assert len(made) == MOST[kind]
        assert set(codes) == {201, 403}
