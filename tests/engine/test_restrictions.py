"""A restricted engine: what leads to its host is refused, all else is as ever."""

from collections.abc import Iterator
from typing import Any

import pytest

from insidedocker.engine.process import start
from insidedocker.lab import Engine, need


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
