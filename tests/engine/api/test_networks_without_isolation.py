"""Networks under PRoot, where containers share the host's own: what can be kept of them is."""

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def engine(embedded_proot: Engine, busybox: Path) -> Engine:
    embedded_proot.load(busybox)
    return embedded_proot


@pytest.fixture
def port() -> int:
    """A port that nobody has; the containers' programs really take it."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def on(network: str, **endpoint: Any) -> dict[str, Any]:
    return {
        "HostConfig": {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: endpoint}},
    }


def test_what_is_not_kept_apart_is_said(api: Caller) -> None:
    plain = {"Image": "busybox", "Cmd": ["true"]}
    for asked, told in (
        ({}, []),
        ({"ExposedPorts": {"80/tcp": {}}}, ["network"]),
        ({"HostConfig": {"NetworkMode": "none"}}, ["network"]),
        ({"Hostname": "ship", "User": "1000"}, ["hostname", "users"]),
        ({"HostConfig": {"Init": True, "GroupAdd": ["12"]}}, ["processes", "users"]),
    ):
        made = api.good("POST", "/containers/create", {**plain, **asked})
        said = [f"not isolated on this host: {', '.join(told)}"] if told else []
        assert made["Warnings"] == said
    assert any("share the host's network" in text for text in api.good("GET", "/info")["Warnings"])


def test_addresses_are_such_that_lead_to_the_container(api: Caller, port: int) -> None:
    api.network("lan")
    made = api.serve("hello", port=port, **on("lan"))
    found = api.settings(made)["Networks"]["lan"]
    [pool] = api.good("GET", "/networks/lan")["IPAM"]["Config"]
    assert ipaddress.ip_address(found["IPAddress"]) in ipaddress.ip_network(pool["Subnet"])
    assert found["MacAddress"] == ""  # there is no interface that could have one
    assert (
        requests.get(f"http://{found['IPAddress']}:{port}/", timeout=patience.EVENT).text
        == "hello\n"
    )


def test_containers_find_each_other_by_name_all_the_same(api: Caller, port: int) -> None:
    for name in ("lan", "elsewhere"):
        api.network(name)
    early = api.start(name="early", **on("lan"))
    stranger = api.start(name="stranger", **on("elsewhere"))
    api.serve("hello", port=port, name="web", **on("lan", Aliases=["www"]))
    late = api.start(name="late", **on("lan"))
    for asker in (early, late):
        for name in ("web", "www", "web.lan"):
            assert api.exec(asker, "wget", "-qO-", f"http://{name}:{port}/") == (0, "hello\n")
    assert "web" not in api.exec(stranger, "cat", "/etc/hosts")[1]
    api.good("POST", "/networks/lan/connect", {"Container": "stranger"})
    assert "web" in api.exec(stranger, "cat", "/etc/hosts")[1]
    api.stop("web")
    assert "web" not in api.exec(early, "cat", "/etc/hosts")[1]


def test_what_a_program_adds_to_etc_hosts_stays(api: Caller) -> None:
    api.network("lan")
    made = api.start(**on("lan"))
    api.exec(made, "sh", "-c", "echo 192.0.2.1 mine >> /etc/hosts")
    api.start(name="web", **on("lan"))
    said = api.exec(made, "cat", "/etc/hosts")[1]
    assert "192.0.2.1 mine" in said
    assert "web" in said


def test_a_published_port_is_relayed_where_it_is_another(api: Caller, port: int) -> None:
    bindings = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}
    made = api.serve("hello", port=port, HostConfig={"PortBindings": bindings})
    [binding] = api.settings(made)["Ports"][f"{port}/tcp"]
    assert int(binding["HostPort"]) != port
    url = f"http://127.0.0.1:{binding['HostPort']}/"
    assert requests.get(url, timeout=patience.EVENT).text == "hello\n"
    api.stop(made)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=patience.EVENT)


def test_a_published_port_that_stays_the_same_is_the_program_s_own(api: Caller, port: int) -> None:
    bindings = {f"{port}/tcp": [{"HostPort": str(port)}]}
    made = api.serve("hello", port=port, name="first", HostConfig={"PortBindings": bindings})
    assert api.settings(made)["Ports"][f"{port}/tcp"][0]["HostPort"] == str(port)
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=patience.EVENT).text == "hello\n"
    second = api.create(HostConfig={"PortBindings": bindings})
    status, message = api.refused("POST", f"/containers/{second}/start")
    assert status == 500
    assert message.endswith(f"Bind for 0.0.0.0:{port} failed: port is already allocated")


def test_a_fixed_subnet_is_kept_in_the_books(api: Caller, port: int) -> None:
    api.network("fixed", IPAM={"Config": [{"Subnet": "10.82.0.0/24"}]})
    fields = on("fixed", IPAMConfig={"IPv4Address": "10.82.0.9"})
    made = api.serve("hello", port=port, name="web", **fields)
    assert api.settings(made)["Networks"]["fixed"]["IPAddress"] == "10.82.0.9"
    asker = api.start(**on("fixed"))
    assert api.exec(asker, "wget", "-qO-", f"http://web:{port}/") == (0, "hello\n")
