"""Networks as the engine keeps and shows them: made, found, refused, joined and removed."""

import ipaddress
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.caller import Caller
from tests.support.engines import Engine

pytestmark = pytest.mark.real


def names(found: list[Any]) -> set[str]:
    return {network["Name"] for network in found}


def listed(api: Caller, filters: str) -> set[str]:
    return names(api.good("GET", f"/networks?filters={filters}"))


# Made and found


def test_every_engine_has_three_networks(api: Caller) -> None:
    found = {network["Name"]: network for network in api.good("GET", "/networks")}
    assert {name: network["Driver"] for name, network in found.items()} == {
        "bridge": "bridge",
        "host": "host",
        "none": "null",
    }
    [pool] = found["bridge"]["IPAM"]["Config"]
    assert ipaddress.ip_address(pool["Gateway"]) in ipaddress.ip_network(pool["Subnet"])
    assert found["host"]["IPAM"]["Config"] is None


def test_a_network_is_made_with_what_was_asked_for(api: Caller) -> None:
    made = api.network(
        "given",
        Driver="bridge",
        Internal=True,
        Attachable=True,
        Labels={"course": "docker"},
        Options={"com.docker.network.driver.mtu": "1400"},
        IPAM={
            "Config": [
                {
                    "Subnet": "10.77.0.0/16",
                    "IPRange": "10.77.5.0/24",
                    "Gateway": "10.77.5.254",
                    "AuxiliaryAddresses": {"router": "10.77.5.1"},
                }
            ]
        },
    )
    found = api.good("GET", f"/networks/{made[:12]}")
    assert found["Id"] == made
    assert found["Internal"] and found["Attachable"]
    assert found["Labels"] == {"course": "docker"}
    assert found["Options"] == {"com.docker.network.driver.mtu": "1400"}
    assert found["IPAM"]["Config"][0]["IPRange"] == "10.77.5.0/24"
    assert found["Containers"] == {}
    assert found["Scope"] == "local"


def test_a_network_that_asks_for_nothing_gets_a_subnet_of_its_own(api: Caller) -> None:
    for name in ("one", "two"):
        api.network(name)
    subnets = [
        ipaddress.ip_network(network["IPAM"]["Config"][0]["Subnet"])
        for network in api.good("GET", "/networks")
        if network["IPAM"]["Config"]
    ]
    assert len(subnets) == 3
    assert not any(a.overlaps(b) for a in subnets for b in subnets if a is not b)
    before = api.good("GET", "/networks/one")["IPAM"]["Config"]
    api.good("DELETE", "/networks/one")
    api.network("three")
    assert api.good("GET", "/networks/three")["IPAM"]["Config"] == before  # free again


def test_settings_can_be_copied_from_a_network_that_is_only_that(api: Caller) -> None:
    api.network(
        "template",
        ConfigOnly=True,
        Labels={"a": "b"},
        IPAM={"Config": [{"Subnet": "10.78.0.0/24"}]},
    )
    api.network("copy", ConfigFrom={"Network": "template"})
    found = api.good("GET", "/networks/copy")
    assert found["ConfigFrom"] == {"Network": "template"}
    assert found["IPAM"]["Config"] == [{"Subnet": "10.78.0.0/24"}]
    assert found["Labels"] == {"a": "b"}


def test_filters_choose_networks(api: Caller) -> None:
    made = api.network("filtered", Labels={"tier": "db"})
    api.network("other")
    assert listed(api, '{"type":["custom"]}') == {"filtered", "other"}
    assert listed(api, '{"type":["builtin"]}') == {"bridge", "host", "none"}
    assert listed(api, '{"name":["filt"]}') == {"filtered"}
    assert listed(api, json.dumps({"id": [made[:8]]})) == {"filtered"}
    assert listed(api, '{"label":["tier=db"]}') == {"filtered"}
    assert listed(api, '{"driver":["host"]}') == {"host"}
    assert listed(api, '{"scope":["swarm"]}') == set()
    assert listed(api, '{"dangling":["true"]}') == {"filtered", "other"}
    assert api.refused("GET", '/networks?filters={"nope":["1"]}') == (400, "invalid filter 'nope'")
    answer = (400, "invalid filter: 'type'='own'")
    assert api.refused("GET", '/networks?filters={"type":["own"]}') == answer


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "invalid name: name is empty"),
    ({"Name": "bridge"}, 403, "operation is not permitted on predefined bridge network "),
    ({"Name": "n", "Driver": "nope"}, 404, 'plugin "nope" not found'),
    ({"Name": "n", "Driver": "host"}, 403, 'only one instance of "host" network is allowed'),
    ({"Name": "n", "Labels": ["a"]}, 400, "invalid JSON: Labels needs an object"),
    ({"Name": "n", "Internal": "yes"}, 400, "invalid JSON: Internal needs true or false"),
    ({"Name": "n", "EnableIPv4": False}, 400, "IPv4 or IPv6 must be enabled"),
    (
        {"Name": "n", "Scope": "swarm"},
        403,
        "cannot create a swarm scoped network when swarm is not active",
    ),
    (
        {"Name": "n", "IPAM": {"Config": [{"Subnet": "10.0.0.1/8"}]}},
        400,
        "invalid network config:\ninvalid subnet 10.0.0.1/8: it should be 10.0.0.0/8",
    ),
    (
        {"Name": "n", "IPAM": {"Config": [{"Subnet": "127.0.0.0/8"}]}},
        400,
        "invalid network config:\ninvalid subnet 127.0.0.0/8: no interface can have its addresses",
    ),
    (
        {"Name": "n", "IPAM": {"Config": [{"Subnet": "10.0.0.0/99"}]}},
        400,
        "invalid network config:\ninvalid subnet 10.0.0.0/99: invalid CIDR block notation",
    ),
    (
        {"Name": "n", "IPAM": {"Config": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.1.1"}]}},
        400,
        "invalid network config:\n"
        "invalid gateway 10.0.1.1: parent subnet 10.0.0.0/24 doesn't contain this address",
    ),
]


@pytest.mark.parametrize(("body", "status", "message"), REFUSED)
def test_what_no_network_can_be_is_refused(
    api: Caller, body: dict[str, Any], status: int, message: str
) -> None:
    assert api.refused("POST", "/networks/create", body) == (status, message)
    assert names(api.good("GET", "/networks")) == {"bridge", "host", "none"}


def test_names_and_subnets_are_given_once(api: Caller) -> None:
    config = {"Config": [{"Subnet": "10.79.0.0/24"}]}
    api.network("mine", IPAM=config)
    again = {"Name": "mine"}
    taken = {"Name": "other", "IPAM": config}
    assert api.refused("POST", "/networks/create", again) == (
        409,
        "network with name mine already exists",
    )
    assert api.refused("POST", "/networks/create", taken) == (
        403,
        "invalid pool request: Pool overlaps with other one on this address space",
    )


def test_what_is_not_there_or_needed_cannot_be_removed(api: Caller) -> None:
    assert api.refused("DELETE", "/networks/nope") == (404, "network nope not found")
    assert api.refused("DELETE", "/networks/bridge") == (
        403,
        "bridge is a pre-defined network and cannot be removed",
    )
    api.network("used")
    api.start(name="user", HostConfig={"NetworkMode": "used"})
    status, message = api.refused("DELETE", "/networks/used")
    assert status == 403
    assert message.startswith(
        'error while removing network: network used has active endpoints (name:"user" id:"'
    )
    api.stop("user")
    api.good("DELETE", "/networks/used")
    assert api.refused("POST", "/containers/user/start") == (
        404,
        "failed to set up container networking: network used not found",
    )


def test_prune_takes_what_no_running_container_is_in(api: Caller) -> None:
    api.network("used")
    api.network("unused", Labels={"keep": "no"})
    api.network("labelled", Labels={"keep": "yes"})
    api.start(HostConfig={"NetworkMode": "used"})
    found = api.good("POST", '/networks/prune?filters={"label!":["keep=yes"]}')
    assert found == {"NetworksDeleted": ["unused"]}
    assert api.good("POST", "/networks/prune") == {"NetworksDeleted": ["labelled"]}
    assert api.good("POST", "/networks/prune") == {"NetworksDeleted": None}


# Containers in them


def test_a_running_container_has_addresses_in_its_network(api: Caller) -> None:
    api.network("lan")
    made = api.start(
        name="member",
        HostConfig={"NetworkMode": "lan"},
        NetworkingConfig={"EndpointsConfig": {"lan": {"Aliases": ["alias"]}}},
    )
    network = api.good("GET", "/networks/lan")
    settings = api.settings(made)
    [(name, found)] = settings["Networks"].items()
    pool = network["IPAM"]["Config"][0]
    assert name == "lan"
    assert ipaddress.ip_address(found["IPAddress"]) in ipaddress.ip_network(pool["Subnet"])
    assert found["Gateway"] == pool["Gateway"]
    assert found["NetworkID"] == network["Id"]
    assert found["Aliases"] == ["alias"]
    assert found["DNSNames"] == ["member", "alias", made[:12]]
    assert settings["IPAddress"] == ""  # only the default bridge shows here
    assert network["Containers"] == {
        made: {
            "Name": "member",
            "EndpointID": found["EndpointID"],
            "MacAddress": found["MacAddress"],
            "IPv4Address": f"{found['IPAddress']}/16",
            "IPv6Address": "",
        }
    }
    api.stop(made)
    ended = api.settings(made)["Networks"]["lan"]
    assert (ended["IPAddress"], ended["EndpointID"]) == ("", "")
    assert ended["NetworkID"] == network["Id"]
    assert api.good("GET", "/networks/lan")["Containers"] == {}


def test_the_default_bridge_shows_at_the_top_as_well(api: Caller) -> None:
    settings = api.settings(api.start())
    bridge = settings["Networks"]["bridge"]
    for field in ("EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress"):
        assert settings[field] == bridge[field]
    assert bridge["IPAddress"].endswith(".0.2")
    assert bridge["DNSNames"] is None


def test_the_first_free_address_is_taken_and_given_back(api: Caller) -> None:
    first, second = api.start(), api.start()
    before = api.settings(first)["IPAddress"]
    assert api.settings(second)["IPAddress"] != before
    api.remove(first)
    assert api.settings(api.start())["IPAddress"] == before


def test_host_and_none_have_no_address(api: Caller) -> None:
    for mode in ("host", "none"):
        made = api.start(HostConfig={"NetworkMode": mode})
        found = api.settings(made)["Networks"][mode]
        assert (found["IPAddress"], found["MacAddress"]) == ("", "")
        assert found["EndpointID"]
        assert list(api.good("GET", f"/networks/{mode}")["Containers"]) == [made]


def test_addresses_are_fixed_where_the_subnet_is(api: Caller) -> None:
    api.network("fixed", IPAM={"Config": [{"Subnet": "10.80.0.0/24"}]})
    api.network("chosen")

    def wanted(network: str, address: str) -> dict[str, Any]:
        config = {"IPAMConfig": {"IPv4Address": address}, "MacAddress": "02:00:00:00:00:07"}
        return {
            "HostConfig": {"NetworkMode": network},
            "NetworkingConfig": {"EndpointsConfig": {network: config}},
        }

    made = api.start(**wanted("fixed", "10.80.0.77"))
    found = api.settings(made)["Networks"]["fixed"]
    assert found["IPAddress"] == "10.80.0.77"
    assert found["MacAddress"] == "02:00:00:00:00:07"
    twice = api.create(**wanted("fixed", "10.80.0.77"))
    assert api.refused("POST", f"/containers/{twice}/start") == (
        403,
        "failed to set up container networking: Address already in use",
    )
    for network, address, reason in (
        ("fixed", "10.81.0.1", "no configured subnet contains IP address 10.81.0.1"),
        (
            "chosen",
            "10.80.0.5",
            "user specified IP address is supported only when connecting to networks with user "
            "configured subnets",
        ),
    ):
        body = {"Image": "busybox", "Cmd": ["true"], **wanted(network, address)}
        status, message = api.refused("POST", "/containers/create", body)
        assert (status, message.splitlines()) == (
            400,
            [f"invalid config for network {network}: invalid endpoint settings:", reason],
        )


def test_a_running_container_is_connected_and_disconnected(api: Caller) -> None:
    api.network("more")
    made = api.start(name="mover")
    body = {"Container": "mover", "EndpointConfig": {"Aliases": ["a"], "GwPriority": -1}}
    api.good("POST", "/networks/more/connect", body)
    assert set(api.settings(made)["Networks"]) == {"bridge", "more"}
    assert api.settings(made)["Networks"]["more"]["IPAddress"]
    assert made in api.good("GET", "/networks/more")["Containers"]
    assert api.refused("POST", "/networks/more/connect", body) == (
        403,
        "endpoint with name mover already exists in network more",
    )
    api.good("POST", "/networks/bridge/disconnect", {"Container": "mover"})
    assert set(api.settings(made)["Networks"]) == {"more"}
    assert api.refused("POST", "/networks/bridge/disconnect", {"Container": "mover"}) == (
        500,
        f"container {made} is not connected to network bridge",
    )
    api.stop(made)
    api.good("POST", f"/containers/{made}/start")  # what was changed stays
    assert set(api.settings(made)["Networks"]) == {"more"}


def test_a_stopped_container_is_connected_for_its_next_start(api: Caller) -> None:
    api.network("later")
    made = api.create(name="waiting")
    api.good("POST", "/networks/later/connect", {"Container": "waiting"})
    found = api.settings(made)["Networks"]["later"]
    assert (found["IPAddress"], found["EndpointID"]) == ("", "")
    api.good("POST", f"/containers/{made}/start")
    assert api.settings(made)["Networks"]["later"]["IPAddress"]
    api.stop(made)
    api.good("POST", "/networks/later/disconnect", {"Container": "waiting", "Force": True})
    assert set(api.settings(made)["Networks"]) == {"bridge"}


def test_modes_that_allow_no_other_network(api: Caller) -> None:
    api.network("other")
    api.start(name="of-host", HostConfig={"NetworkMode": "host"})
    api.start(name="alone", HostConfig={"NetworkMode": "none"})
    api.start(name="bridged")
    api.start(name="guest", HostConfig={"NetworkMode": "container:bridged"})
    shared = (
        "container sharing network namespace with another container or host "
        "cannot be connected to any other network"
    )
    alone = (
        "container cannot be connected to multiple networks with one of the networks in "
        "private (none) mode"
    )
    for network, container, message in (
        ("other", "of-host", shared),
        ("other", "guest", shared),
        ("other", "alone", alone),
        ("none", "bridged", alone),
        (
            "host",
            "bridged",
            "cannot connect container to host network - "
            "container must be created in host network mode",
        ),
    ):
        body = {"Container": container}
        assert api.refused("POST", f"/networks/{network}/connect", body) == (400, message)
    assert api.refused("POST", "/networks/other/connect", {"Container": "nobody"}) == (
        404,
        "No such container: nobody",
    )
    assert api.settings("guest")["Networks"] == {}


def test_a_shared_network_brings_its_names_along(api: Caller) -> None:
    host = api.start(name="landlord")
    guest = api.start(name="tenant", HostConfig={"NetworkMode": "container:landlord"})
    found = api.good("GET", f"/containers/{guest}/json")
    assert found["HostConfig"]["NetworkMode"] == f"container:{host}"
    assert found["Config"]["Hostname"] == host[:12]
    own = api.good("GET", f"/containers/{host}/json")
    assert found["HostsPath"] == own["HostsPath"]
    for path in ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname"):
        assert api.exec(guest, "cat", path) == api.exec(host, "cat", path)


def test_older_clients_see_names_as_they_know_them(api: Caller) -> None:
    api.network("old")
    made = api.start(
        name="elder",
        HostConfig={"NetworkMode": "old"},
        NetworkingConfig={"EndpointsConfig": {"old": {"Aliases": ["e"]}}},
    )
    for version, aliases, has_names in (
        ("1.41", ["e", made[:12]], False),
        ("1.44", ["e", made[:12]], True),
        ("1.45", ["e"], True),
    ):
        found = Caller(api.engine, version).settings(made)["Networks"]["old"]
        assert found["Aliases"] == aliases
        assert ("DNSNames" in found) == has_names
    body = {
        "Image": "busybox",
        "NetworkingConfig": {"EndpointsConfig": {"old": {}, "bridge": {}}},
    }
    status, message = Caller(api.engine, "1.43").refused("POST", "/containers/create", body)
    assert status == 400
    assert message.startswith("Container cannot be connected to network endpoints: ")


def test_events_tell_of_networks(api: Caller) -> None:
    began = time.time()
    network = api.network("told")
    made = api.start(HostConfig={"NetworkMode": "told"})
    api.remove(made)
    api.good("DELETE", "/networks/told")
    found = [
        (event["Action"], event["Actor"]["ID"], event["Actor"]["Attributes"])
        for event in api.events("network", began)
    ]
    about = {"name": "told", "type": "bridge"}
    assert found == [
        ("create", network, about),
        ("connect", network, {**about, "container": made}),
        ("disconnect", network, {**about, "container": made}),
        ("destroy", network, about),
    ]


def test_networks_outlive_an_engine_that_is_killed(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    first = embedded(folder=engine_folder, images=(busybox,))
    before = Caller(first)
    made = before.network("kept", IPAM={"Config": [{"Subnet": "10.90.0.0/24"}]})
    before.start(name="member", HostConfig={"NetworkMode": "kept"})
    bridge = before.good("GET", "/networks/bridge")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    (engine_folder / "r").unlink()  # the recorder's socket
    after = Caller(embedded(folder=engine_folder))
    assert after.good("GET", "/networks/kept")["Id"] == made
    assert after.good("GET", "/networks/kept")["Containers"] == {}
    assert after.good("GET", "/networks/bridge")["Id"] == bridge["Id"]
    after.good("POST", "/containers/member/start")
    assert after.settings("member")["Networks"]["kept"]["IPAddress"] == "10.90.0.2"
