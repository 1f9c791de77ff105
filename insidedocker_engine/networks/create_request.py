"""Turn the body of a create call into a network: fill in defaults, refuse invalid settings. This
module knows the subnets in use, but no bridges."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Iterable
from typing import Any

from ..base import errors, schema
from . import addresses
from .model import Config, Network

DRIVERS = {"", "default", "bridge", "host", "null"}
SWARM_DRIVERS = {"overlay"}
_TYPES: dict[str, tuple[type, str]] = {
    "Name": (str, "a string"),
    "Driver": (str, "a string"),
    "Scope": (str, "a string"),
    "Internal": (bool, "true or false"),
    "Attachable": (bool, "true or false"),
    "Ingress": (bool, "true or false"),
    "ConfigOnly": (bool, "true or false"),
    "EnableIPv4": (bool, "true or false"),
    "EnableIPv6": (bool, "true or false"),
    "Options": (dict, "an object"),
    "Labels": (dict, "an object"),
    "IPAM": (dict, "an object"),
    "ConfigFrom": (dict, "an object"),
}


def read(body: dict[str, Any], others: list[Network], isolated: bool) -> Network:
    """Make a new network from a request's `body`, not yet saved; `isolated` is true where
    containers have networks of their own. Raises BadRequest, Forbidden, NotFound, Conflict."""
    _check_types(body)
    name = body.get("Name") or ""
    _check_name(name, others)
    driver = _driver(body)
    network = Network(secrets.token_hex(32), name, time.time_ns(), driver)
    network.internal = bool(body.get("Internal"))
    network.attachable = bool(body.get("Attachable"))
    network.ipv4 = body.get("EnableIPv4") is not False
    network.ipv6 = bool(body.get("EnableIPv6"))
    network.config_only = bool(body.get("ConfigOnly"))
    network.options = dict(body.get("Options") or {})
    network.labels = dict(body.get("Labels") or {})
    ipam = body.get("IPAM") or {}
    network.ipam_driver = _ipam_driver(ipam)
    network.ipam_options = ipam.get("Options")
    if not network.ipv4 and not network.ipv6:
        raise errors.BadRequest("IPv4 or IPv6 must be enabled")
    given = _configs(ipam)
    network.config_from = str((body.get("ConfigFrom") or {}).get("Network") or "")
    if network.config_from:
        given = _copy_from(network, given, others)
    if network.config_only:
        network.driver, network.shown = "null", given or None
        return network
    check_configs(given, network)
    taken = [ipaddress.ip_network(pool["Subnet"]) for each in others for pool in each.pools]
    network.pools = _pools(network, given, taken, isolated)
    network.chosen_by_user = bool(given)
    network.shown = _shown(given, network.pools)
    return network


WITHOUT_EFFECT = {
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.driver.mtu": "1500",
}
"""Option of Docker's bridges that is kept and shown without effect -> the value in force."""


def warning(network: Network) -> str:
    """Warning that names the request's options without effect here; empty without such options."""
    idle = [
        name for name, value in WITHOUT_EFFECT.items() if network.options.get(name, value) != value
    ]
    return f"kept, but without effect on this engine: {', '.join(idle)}" if idle else ""


def _check_types(body: dict[str, Any]) -> None:
    for field, (kind, words) in _TYPES.items():
        if not isinstance(body.get(field), kind | None):
            raise errors.BadRequest(f"invalid JSON: {field} needs {words}")
    for field in ("Options", "Labels"):
        schema.check(field, body.get(field), schema.STRINGS)


def _check_name(name: str, others: list[Network]) -> None:
    if not name.strip():
        raise errors.BadRequest("invalid name: name is empty")
    if name in ("default", *[each.name for each in others if each.predefined]):
        raise errors.Forbidden(f"operation is not permitted on predefined {name} network ")
    if any(each.name == name for each in others):
        raise errors.Conflict(f"network with name {name} already exists")


def _driver(body: dict[str, Any]) -> str:
    """Check the driver; only bridge networks can be created. Raises Forbidden, NotFound."""
    driver = body.get("Driver") or "bridge"
    if body.get("Ingress"):
        raise errors.Forbidden("Ingress network can only be global scope network")
    if driver in SWARM_DRIVERS:
        raise errors.Forbidden(
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
            "to connect this node to swarm and try again."
        )
    if body.get("Scope") not in (None, "", "local"):
        raise errors.Forbidden("cannot create a swarm scoped network when swarm is not active")
    if driver not in DRIVERS:
        raise errors.NotFound(f'plugin "{driver}" not found')
    if driver in ("host", "null"):
        raise errors.Forbidden(f'only one instance of "{driver}" network is allowed')
    return "bridge"


def _ipam_driver(ipam: dict[str, Any]) -> str:
    driver = ipam.get("Driver") or "default"
    if driver != "default":
        raise errors.NotFound(f'plugin "{driver}" not found')
    return "default"


def _configs(ipam: dict[str, Any]) -> list[Config]:
    """The entries of IPAM.Config without empty fields. Raises BadRequest."""
    given = ipam.get("Config") or []
    if not isinstance(given, list) or not all(isinstance(each, dict | None) for each in given):
        raise errors.BadRequest("invalid JSON: IPAM.Config needs a list of objects")
    found = []
    for each in given:
        config = {}
        for field in ("Subnet", "IPRange", "Gateway", "AuxiliaryAddresses"):
            value = (each or {}).get(field)
            if not isinstance(value, (dict if field.startswith("Aux") else str) | None):
                raise errors.BadRequest(f"invalid JSON: IPAM.Config has a wrong {field}")
            if value:
                config[field] = value
        if config:
            found.append(config)
    return found


def _copy_from(network: Network, given: list[Config], others: list[Network]) -> list[Config]:
    """Copy the settings of the config-only network that the request names; returns its
    IPAM.Config. Raises NotFound, Forbidden."""
    source = next((each for each in others if network.config_from in (each.name, each.id)), None)
    if source is None:
        raise errors.NotFound(f"network {network.config_from} not found")
    if not source.config_only:
        raise errors.Forbidden("configuration network does not have a config-only type")
    if given or network.options or network.internal or network.ipv6:
        raise errors.Forbidden(
            "user-specified configurations are not supported if the network depends on a "
            "configuration network"
        )
    network.options, network.labels = dict(source.options), dict(source.labels)
    network.internal, network.ipv6 = source.internal, source.ipv6
    return [dict(config) for config in source.shown or []]


def check_configs(given: list[Config], network: Network) -> None:
    """Raise BadRequest, naming every fault, for an invalid IPAM.Config. An IPv6 subnet switches
    the network's IPv6 on."""
    faults = [fault for config in given for fault in _faults(config)]
    if not faults and not network.ipv6 and any(":" in each["Subnet"] for each in given):
        network.ipv6 = True  # a request with an IPv6 subnet wants IPv6
    if faults:
        raise errors.BadRequest("\n".join(["invalid network config:", *faults]))


def _faults(config: Config) -> Iterable[str]:
    text = config.get("Subnet", "")
    try:
        if "/" not in text:
            raise ValueError(text)
        subnet = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield f"invalid subnet {text}: invalid CIDR block notation"
        return
    if ipaddress.ip_interface(text).ip != subnet.network_address:
        yield f"invalid subnet {text}: it should be {subnet}"
    if subnet.is_loopback or subnet.is_multicast or subnet.network_address.is_unspecified:
        yield f"invalid subnet {text}: no interface can have its addresses"
    if config.get("IPRange"):
        yield from _range_faults(config["IPRange"], subnet)
    auxiliary = (config.get("AuxiliaryAddresses") or {}).items()
    named = [("gateway", config.get("Gateway") or "")]
    named += [(f"auxiliary address {name}:", str(value)) for name, value in auxiliary]
    for what, value in named:
        if not value and what == "gateway":
            continue
        try:
            inside = ipaddress.ip_address(value) in subnet
        except ValueError:
            yield f"invalid {what} {value}: invalid address"
            continue
        if not inside:
            yield f"invalid {what} {value}: parent subnet {subnet} doesn't contain this address"


def _range_faults(text: str, subnet: addresses.Subnet) -> Iterable[str]:
    try:
        if "/" not in text:
            raise ValueError(text)
        within = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield f"invalid ip-range {text}: invalid CIDR block notation"
        return
    if ipaddress.ip_interface(text).ip != within.network_address:
        yield f"invalid ip-range {text}: it should be {within}"
    if within.prefixlen < subnet.prefixlen:
        yield f"invalid ip-range {text}: CIDR block is bigger than its parent subnet {subnet}"
    elif within.version != subnet.version or within.network_address not in subnet:
        yield f"invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range"


def _shown(given: list[Config], pools: list[Config]) -> list[Config]:
    """IPAM.Config of an answer: entries as requested, and the chosen pool of each address family
    that the request did not name."""
    asked = {":" in each["Subnet"] for each in given}
    return given + [dict(pool) for pool in pools if (":" in pool["Subnet"]) not in asked]


def _pools(
    network: Network, given: list[Config], taken: list[addresses.Subnet], isolated: bool
) -> list[Config]:
    """One pool for each address family of the network: as requested, or chosen. Raises Forbidden,
    NotFound."""
    pools = []
    for version, wanted in ((4, network.ipv4), (6, network.ipv6)):
        asked = [each for each in given if (":" in each["Subnet"]) == (version == 6)]
        if not wanted and not asked:
            continue
        if len(asked) > 1:
            raise errors.Forbidden("bridge driver doesn't support multiple subnets")
        if asked:
            pool = dict(asked[0])
            if addresses.overlap(ipaddress.ip_network(pool["Subnet"]), taken):
                raise errors.Forbidden(
                    "invalid pool request: Pool overlaps with other one on this address space"
                )
        else:
            pool = {"Subnet": str(addresses.choose_subnet(version, taken, isolated))}
        pool.setdefault("Gateway", "")
        pool["Gateway"] = pool["Gateway"] or addresses.first_gateway(pool)
        pools.append(pool)
    return pools
