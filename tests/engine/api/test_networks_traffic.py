"""What really passes between containers, and between them and the host: names, isolation,
published ports, links."""

import json
import os
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def engine(embedded_namespaces: Engine, busybox: Path) -> Engine:
    embedded_namespaces.load(busybox)
    return embedded_namespaces


def on(network: str, **endpoint: Any) -> dict[str, Any]:
    """Fields of a create call for a container in one network."""
    return {
        "HostConfig": {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: endpoint}},
    }


def published(bindings: dict[str, list[dict[str, str]]], **more: Any) -> dict[str, Any]:
    return {"HostConfig": {"PortBindings": bindings, **more}}


def port_of(api: Caller, container: str, port: str) -> int:
    return int(api.settings(container)["Ports"][port][0]["HostPort"])


def reaches(api: Caller, container: str, url: str) -> bool:
    code, _ = api.exec(container, "timeout", "2", "wget", "-qO-", url)
    return code == 0


# Names


def test_containers_find_each_other_by_every_name(api: Caller) -> None:
    api.network("lan")
    made = api.serve("hello", name="web", **on("lan", Aliases=["www", "Front"]))
    asker = api.start(**on("lan"))
    for name in ("web", "www", "front", "WEB", made[:12], "web.lan", "web."):
        assert api.exec(asker, "wget", "-qO-", f"http://{name}/") == (0, "hello\n"), name
    address = api.settings(made)["Networks"]["lan"]["IPAddress"]
    assert "web.lan" in api.exec(asker, "nslookup", address)[1]


def test_a_name_is_known_from_the_first_instant(api: Caller) -> None:
    api.network("lan")
    api.serve("hello", name="web", **on("lan"))
    for _ in range(5):
        assert api.output("wget", "-qO-", "http://web/", **on("lan")) == "hello\n"


def test_one_alias_of_several_containers_gives_all_their_addresses(api: Caller) -> None:
    api.network("lan")
    wanted = set()
    for _ in range(3):
        made = api.start(**on("lan", Aliases=["pool"]))
        wanted.add(api.settings(made)["Networks"]["lan"]["IPAddress"])
    asker = api.start(**on("lan"))
    _, said = api.exec(asker, "nslookup", "-type=a", "pool")
    found = {line.split()[-1] for line in said.splitlines() if line.startswith("Address: ")}
    assert wanted <= found


def test_names_change_with_containers_and_networks(api: Caller) -> None:
    api.network("lan")
    made = api.serve("hello", name="before", **on("lan"))
    asker = api.start(name="asker")
    assert not reaches(api, asker, "http://before/")
    api.good("POST", "/networks/lan/connect", {"Container": "asker"})
    assert reaches(api, asker, "http://before/")
    api.good("POST", f"/containers/{made}/rename?name=after")
    assert reaches(api, asker, "http://after/")
    assert not reaches(api, asker, "http://before/")
    api.good("POST", "/networks/lan/disconnect", {"Container": "asker"})
    assert not reaches(api, asker, "http://after/")
    assert "127.0.0.11" in api.exec(asker, "cat", "/etc/resolv.conf")[1]


def test_the_default_bridge_knows_no_names(api: Caller) -> None:
    made = api.serve("hello", name="web")
    asker = api.start()
    assert not reaches(api, asker, "http://web/")
    assert reaches(api, asker, f"http://{api.settings(made)['IPAddress']}/")
    assert "127.0.0.11" not in api.exec(asker, "cat", "/etc/resolv.conf")[1]


def test_links_of_an_endpoint_are_names_of_one_container_only(api: Caller) -> None:
    api.network("lan")
    api.serve("hello", name="web", **on("lan"))
    linked = api.start(**on("lan", Links=["web:store"]))
    other = api.start(**on("lan"))
    assert reaches(api, linked, "http://store/")
    assert not reaches(api, other, "http://store/")


def test_links_on_the_default_bridge(api: Caller) -> None:
    made = api.serve("hello", name="web", ExposedPorts={"80/tcp": {}}, Env=["KEY=value"])
    linked = api.start(name="client", HostConfig={"Links": ["web:store"]})
    assert reaches(api, linked, "http://store/")
    address = api.settings(made)["IPAddress"]
    assert f"{address}\tstore {made[:12]} web" in api.exec(linked, "cat", "/etc/hosts")[1]
    found = api.good("GET", f"/containers/{linked}/json")
    assert found["HostConfig"]["Links"] == ["/web:/client/store"]
    told = api.output("env", name="teller", HostConfig={"Links": ["web:store"]})
    told_of = (f"PORT=tcp://{address}:80", "ENV_KEY=value", "NAME=/teller/store")
    for line in (f"STORE_{each}" for each in told_of):
        assert line in told.splitlines()
    api.stop("web")
    filler = api.start()  # takes the address that web had
    api.good("POST", "/containers/web/start")
    moved = api.settings("web")["IPAddress"]
    assert moved != address
    assert f"{moved}\tstore" in api.exec(linked, "cat", "/etc/hosts")[1]
    api.remove(filler)
    body = {"Image": "busybox", "HostConfig": {"Links": ["nope"]}}
    message = "could not get container for nope: No such container: nope"
    assert api.refused("POST", "/containers/create", body) == (400, message)


def test_other_names_are_asked_of_the_servers_that_are_named(api: Caller) -> None:
    """A name server of the host's that knows one name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(("127.9.9.9", 53))
        except PermissionError:
            pytest.skip("port 53 is missing: run the tests as root to include it")
        threading.Thread(target=answer_once, args=(server,), daemon=True).start()
        api.network("lan")
        fields = on("lan")
        fields["HostConfig"]["Dns"] = ["127.9.9.9"]
        said = api.output("nslookup", "-type=a", "far.example.org", **fields)
    assert "192.0.2.7" in said


def answer_once(server: socket.socket) -> None:
    message, asker = server.recvfrom(512)
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + bytes([192, 0, 2, 7])
    question = message[12 : message.index(b"\0", 12) + 5]
    server.sendto(message[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + record, asker)


def test_names_are_answered_over_tcp_as_well(api: Caller) -> None:
    api.network("lan")
    made = api.start(name="web", **on("lan"))
    question = (
        r"\000\025\000\001\001\000\000\001\000\000\000\000\000\000\003web\000\000\001\000\001"
    )
    asked = f"printf '{question}' | nc -w 2 127.0.0.11 53 | tail -c 4 | hexdump -e '4/1 \"%d.\"'"
    address = api.settings(made)["Networks"]["lan"]["IPAddress"]
    assert api.exec(made, "sh", "-c", asked)[1].startswith(f"{address}.")


# Isolation


def test_two_networks_do_not_reach_each_other(api: Caller) -> None:
    for name in ("north", "south"):
        api.network(name)
    made = api.serve("hello", name="web", **on("north"))
    address = api.settings(made)["Networks"]["north"]["IPAddress"]
    for network in ("south", "bridge"):
        asker = api.start(**on(network))
        assert not reaches(api, asker, f"http://{address}/")
        assert not reaches(api, asker, "http://web/")
    both = api.start(name="both", **on("south"))
    api.good("POST", "/networks/north/connect", {"Container": "both"})
    assert reaches(api, both, f"http://{address}/")


def test_nobody_answers_for_the_address_of_one_that_has_ended(api: Caller) -> None:
    """Its network may live on in a container that shares it, but on no bridge."""
    host = api.serve("old", name="host")
    guest = api.start(name="guest", HostConfig={"NetworkMode": "container:host"})
    api.exec(guest, "sh", "-c", "mkdir /w; echo old > /w/index.html; httpd -p 81 -h /w")
    address = api.settings(host)["IPAddress"]
    api.stop(host)
    successor = api.serve("new")
    assert api.settings(successor)["IPAddress"] == address
    asker = api.start()
    assert api.exec(asker, "wget", "-qO-", f"http://{address}/") == (0, "new\n")
    assert not reaches(api, asker, f"http://{address}:81/")


def test_none_has_only_its_own_loopback(api: Caller) -> None:
    made = api.start(HostConfig={"NetworkMode": "none"})
    assert api.exec(made, "ls", "/sys/class/net")[1].split() == ["lo"]
    assert api.exec(made, "ping", "-c", "1", "127.0.0.1")[0] == 0


def test_host_has_the_networks_of_the_host(api: Caller) -> None:
    made = api.start(HostConfig={"NetworkMode": "host"})
    found = set(api.exec(made, "ls", "/sys/class/net")[1].split())
    assert found == {path.name for path in Path("/sys/class/net").iterdir()}


def test_an_internal_network_leads_nowhere(api: Caller) -> None:
    api.network("inner", Internal=True)
    api.serve("hello", name="web", **on("inner"))
    fields = on("inner")
    fields["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostPort": "0"}]}
    made = api.start(**fields)
    assert reaches(api, made, "http://web/")
    assert "default" not in api.exec(made, "ip", "route")[1]
    assert api.settings(made)["Networks"]["inner"]["Gateway"] == ""
    assert api.settings(made)["Ports"] == {}


def test_the_host_s_own_network_is_not_touched(api: Caller) -> None:
    before = {path.name for path in Path("/sys/class/net").iterdir()}
    api.network("lan")
    api.serve("hello", **on("lan"))
    assert {path.name for path in Path("/sys/class/net").iterdir()} == before


def test_ipv6_where_it_is_asked_for(api: Caller) -> None:
    if not Path("/proc/sys/net/ipv6").exists():
        pytest.skip("IPv6 is missing: this kernel has none")
    config = {"Config": [{"Subnet": "fd00:77::/64"}]}
    api.network("six", EnableIPv6=True, IPAM=config)
    made = api.start(name="web", **on("six", IPAMConfig={"IPv6Address": "fd00:77::99"}))
    found = api.settings(made)["Networks"]["six"]
    assert found["GlobalIPv6Address"] == "fd00:77::99"
    assert found["GlobalIPv6PrefixLen"] == 64
    assert found["IPAddress"]  # there is a subnet of IPv4 as well
    asker = api.start(**on("six"))
    code, said = api.exec(asker, "ping", "-6", "-c", "1", "-W", "2", "web")
    assert (code, "fd00:77::99" in said) == (0, True), said
    api.network("four")
    only = api.start(**on("four"))
    assert "inet6" not in api.exec(only, "ip", "addr", "show", "eth0")[1]


# Published ports


def test_a_published_port_is_reached_from_the_host(api: Caller) -> None:
    made = api.serve("hello", **published({"80/tcp": [{"HostPort": "0"}]}))
    bindings = api.settings(made)["Ports"]["80/tcp"]
    assert {binding["HostIp"] for binding in bindings} <= {"0.0.0.0", "::"}
    port = port_of(api, made, "80/tcp")
    for host in ("127.0.0.1", "[::1]")[: len(bindings)]:
        assert requests.get(f"http://{host}:{port}/", timeout=patience.EVENT).text == "hello\n"
    [shown] = [each for each in api.good("GET", "/containers/json") if each["Id"] == made]
    assert {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": port, "Type": "tcp"} in shown["Ports"]
    api.stop(made)
    assert api.settings(made)["Ports"] == {}
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/", timeout=patience.EVENT)
    api.good("POST", f"/containers/{made}/start")
    assert port_of(api, made, "80/tcp")


def test_only_the_address_that_was_named_is_bound(api: Caller) -> None:
    wanted = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}
    made = api.serve("hello", **published(wanted))
    [binding] = api.settings(made)["Ports"]["80/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    port = int(binding["HostPort"])
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=patience.EVENT).text == "hello\n"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.2:{port}/", timeout=patience.EVENT)


def test_all_exposed_ports_are_published_when_asked(api: Caller) -> None:
    exposed: dict[str, dict[str, Any]] = {"80/tcp": {}, "53/udp": {}}
    made = api.serve("hello", ExposedPorts=exposed, HostConfig={"PublishAllPorts": True})
    ports = api.settings(made)["Ports"]
    assert set(ports) == set(exposed)
    assert len({ports[port][0]["HostPort"] for port in exposed}) == 2
    unpublished = api.start(ExposedPorts=exposed)
    assert api.settings(unpublished)["Ports"] == dict.fromkeys(exposed)


def test_a_taken_port_is_refused_and_the_container_not_started(api: Caller) -> None:
    first = api.start(**published({"80/tcp": [{"HostPort": "0"}]}))
    port = port_of(api, first, "80/tcp")
    second = api.create(name="second", **published({"80/tcp": [{"HostPort": str(port)}]}))
    status, message = api.refused("POST", f"/containers/{second}/start")
    assert status == 500
    head = "failed to set up container networking: driver failed programming external connectivity"
    assert message.startswith(f"{head} on endpoint second (")
    assert message.endswith(f"): Bind for 0.0.0.0:{port} failed: port is already allocated")
    found = api.good("GET", f"/containers/{second}/json")
    assert found["State"]["Status"] == "created"
    assert found["State"]["Error"] == message
    api.remove(first)
    api.good("POST", f"/containers/{second}/start")


def test_a_port_that_somebody_else_has_is_refused(api: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wanted = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        made = api.create(**published(wanted))
        status, message = api.refused("POST", f"/containers/{made}/start")
    assert status == 500
    assert message.endswith(f"127.0.0.1:{port}: address already in use")


def test_a_range_gives_the_first_free_port(api: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wanted = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": f"{port}-{port + 20}"}]}
        made = api.start(**published(wanted))
        assert port < port_of(api, made, "80/tcp") <= port + 20


@pytest.mark.parametrize(
    ("port", "binding"),
    [("80/tcp", {"HostPort": "x"}), ("80/tcp", {"HostPort": "9-1"}), ("0/tcp", {}), ("x", {})],
)
def test_bindings_that_mean_nothing_are_refused(
    api: Caller, port: str, binding: dict[str, str]
) -> None:
    body = {"Image": "busybox", "Cmd": ["true"], **published({port: [binding]})}
    status, message = api.refused("POST", "/containers/create", body)
    assert status == 400
    assert message.startswith("invalid port specification: ")


def test_much_passes_in_both_directions_and_ends_are_seen(api: Caller) -> None:
    made = api.start(
        "nc", "-l", "-p", "7", "-e", "cat", **published({"7/tcp": [{"HostPort": "0"}]})
    )
    data = bytes(range(256)) * 20_000
    with connected(port_of(api, made, "7/tcp")) as client:

        def send() -> None:
            client.sendall(data)
            client.shutdown(1)

        sender = threading.Thread(target=send)
        sender.start()
        received = bytearray()
        while piece := client.recv(1 << 16):
            received += piece
        sender.join()
    assert len(received) == len(data)
    assert bytes(received) == data, "other bytes"  # a difference of megabytes is no help


def connected(port: int) -> socket.socket:
    """A connection that a program in a container has taken, which may need its time to listen."""
    deadline = time.monotonic() + patience.EVENT
    while True:
        client = socket.create_connection(("127.0.0.1", port), timeout=patience.EVENT)
        client.setblocking(False)
        time.sleep(0.05)  # a relay that reaches nobody closes
        try:
            client.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            client.settimeout(patience.EVENT)
            return client
        except ConnectionError:
            pass
        client.close()
        assert time.monotonic() < deadline


def test_published_ports_follow_the_container_to_another_network(api: Caller) -> None:
    api.network("zone")
    made = api.serve("hello", name="web", **published({"80/tcp": [{"HostPort": "0"}]}))
    port = port_of(api, made, "80/tcp")
    api.good("POST", "/networks/zone/connect", {"Container": "web"})
    api.good("POST", "/networks/bridge/disconnect", {"Container": "web"})
    assert port_of(api, made, "80/tcp") == port
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=patience.EVENT).text == "hello\n"


# As compose does it


def test_a_project_comes_up_and_goes_down(api: Caller) -> None:
    label = {"com.docker.compose.project": "cmp"}
    api.network("cmp_default", Labels=label)
    api.good("POST", "/volumes/create", {"Name": "cmp_data", "Labels": label})
    services = {}
    for service in ("web", "app"):
        services[service] = api.serve(
            service,
            name=f"cmp-{service}-1",
            Labels={**label, "com.docker.compose.service": service},
            HostConfig={"NetworkMode": "cmp_default", "Binds": ["cmp_data:/data"]},
            NetworkingConfig={"EndpointsConfig": {"cmp_default": {"Aliases": [service]}}},
        )
    assert api.exec(services["web"], "wget", "-qO-", "http://app/") == (0, "app\n")
    api.exec(services["web"], "sh", "-c", "echo kept > /data/file")
    assert api.exec(services["app"], "cat", "/data/file") == (0, "kept\n")
    chosen = json.dumps({"label": ["com.docker.compose.project=cmp"]})
    for container in api.good("GET", f"/containers/json?all=1&filters={chosen}"):
        api.remove(container["Id"])
    for network in api.good("GET", f"/networks?filters={chosen}"):
        api.good("DELETE", f"/networks/{network['Id']}")
    api.good("DELETE", "/volumes/cmp_data")


# Ends


def test_a_container_that_ends_while_it_is_connected_has_joined_for_its_next_start(
    api: Caller,
) -> None:
    api.network("more")
    api.start(**on("more"))
    made = api.start(name="short")
    first = api.good("GET", f"/containers/{made}/json")["State"]["Pid"]
    [parent] = re.findall(r"PPid:\t(\d+)", Path(f"/proc/{first}/status").read_text())
    launcher = int(parent)
    with ThreadPoolExecutor(1) as pool:
        os.kill(launcher, signal.SIGSTOP)  # it hears of the end after the request
        try:
            os.kill(first, signal.SIGKILL)
            body = {"Container": "short"}
            answer = pool.submit(api.good, "POST", "/networks/more/connect", body)
            while made not in api.good("GET", "/networks/more")["Containers"]:
                assert not answer.done()
        finally:
            os.kill(launcher, signal.SIGCONT)
        answer.result()
    api.good("POST", f"/containers/{made}/wait")
    assert made not in api.good("GET", "/networks/more")["Containers"]
    api.good("POST", f"/containers/{made}/start")
    assert api.settings(made)["Networks"]["more"]["IPAddress"]
