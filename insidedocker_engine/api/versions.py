"""The fields of each answer in each version of the API: one table, applied to finished answers.

The parts of the engine give the newest form plus the fields of older versions; `fit` removes the
fields that the requested version does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Version = tuple[int, int]

_ALWAYS: Version = (0, 0)
_NEVER: Version = (99, 0)

# Fields of an image's Config that belong to containers (gone from images in 1.50).
_CONTAINER_ONLY = [
    *("AttachStderr", "AttachStdin", "AttachStdout", "Domainname", "Hostname", "Image"),
    *("MacAddress", "NetworkDisabled", "OpenStdin", "StdinOnce", "StopTimeout", "Tty"),
]

FIELDS: dict[str, list[tuple[str, Version, Version]]] = {
    # route: (path, first version with the field, first version without it)
    "GET /containers/json": [
        ("[].HostConfig.Annotations", (1, 46), _NEVER),
        ("[].NetworkSettings.Networks.*.DNSNames", (1, 44), _NEVER),
        ("[].NetworkSettings.Networks.*.GwPriority", (1, 48), _NEVER),
    ],
    "GET /containers/{}/json": [
        ("Config.Healthcheck.StartInterval", (1, 44), _NEVER),
        ("HostConfig.Annotations", (1, 43), _NEVER),
        ("HostConfig.KernelMemory", _ALWAYS, (1, 42)),
        ("NetworkSettings.Networks.*.DNSNames", (1, 44), _NEVER),
        ("NetworkSettings.Networks.*.GwPriority", (1, 48), _NEVER),
    ],
    "GET /images/json": [("[].VirtualSize", _ALWAYS, (1, 44))],
    "GET /images/{}/json": [
        ("VirtualSize", _ALWAYS, (1, 44)),
        ("Container", _ALWAYS, (1, 45)),
        ("ContainerConfig", _ALWAYS, (1, 45)),
        ("Config.Healthcheck.StartInterval", (1, 44), _NEVER),
        *((f"Config.{name}", _ALWAYS, (1, 50)) for name in _CONTAINER_ONLY),
    ],
    "GET /info": [
        ("ClusterAdvertise", _ALWAYS, (1, 42)),
        ("ClusterStore", _ALWAYS, (1, 42)),
        ("KernelMemory", _ALWAYS, (1, 42)),
        ("CDISpecDirs", (1, 44), _NEVER),
        ("BridgeNfIptables", _ALWAYS, (1, 50)),
        ("BridgeNfIp6tables", _ALWAYS, (1, 50)),
        ("DiscoveredDevices", (1, 50), _NEVER),
        ("ContainerdCommit.Expected", _ALWAYS, (1, 49)),
        ("RuncCommit.Expected", _ALWAYS, (1, 49)),
        ("InitCommit.Expected", _ALWAYS, (1, 49)),
        ("RegistryConfig.AllowNondistributableArtifactsCIDRs", _ALWAYS, (1, 49)),
        ("RegistryConfig.AllowNondistributableArtifactsHostnames", _ALWAYS, (1, 49)),
    ],
    "GET /networks": [("[].EnableIPv4", (1, 47), _NEVER)],
    "GET /networks/{}": [("EnableIPv4", (1, 47), _NEVER)],
    "GET /system/df": [
        ("Images.[].VirtualSize", _ALWAYS, (1, 44)),
        ("BuildCache.[].Parent", _ALWAYS, (1, 42)),
        ("BuildCache.[].Parents", (1, 42), _NEVER),
        ("Containers.[].HostConfig.Annotations", (1, 46), _NEVER),
        ("Containers.[].NetworkSettings.Networks.*.DNSNames", (1, 44), _NEVER),
        ("Containers.[].NetworkSettings.Networks.*.GwPriority", (1, 48), _NEVER),
    ],
    "GET /volumes": [("Volumes.[].ClusterVolume", (1, 42), _NEVER)],
}


def fit(route: str, version: Version, value: Any) -> Any:
    """`value`, the answer of `route` (`GET /containers/{}/json`), as `version` has it.

    Changes the value in place: the caller must not share it.
    """
    for path, since, until in FIELDS.get(route, ()):
        if not since <= version < until:
            *way, last = path.split(".")
            for holder in _reach([value], way):
                if isinstance(holder, dict):
                    holder.pop(last, None)
    return value


def _reach(values: Iterable[Any], way: list[str]) -> list[Any]:
    """The values at the end of `way`: names of fields, [] for each item of a list, * for each value
    of an object."""
    found = list(values)
    for step in way:
        if step == "[]":
            found = [item for value in found if isinstance(value, list) for item in value]
        elif step == "*":
            found = [item for value in found if isinstance(value, dict) for item in value.values()]
        else:
            found = [value[step] for value in found if isinstance(value, dict) and step in value]
    return found
