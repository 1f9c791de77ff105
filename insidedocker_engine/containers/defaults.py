"""Default values of Config and HostConfig: an inspect answer shows them for a container made
without options. Names and order are the API's."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

from ..runtime.contract import MASKED_PATHS, READ_ONLY_PATHS

CONFIG: dict[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": {},
}
CONFIG_OPTIONAL: dict[str, type] = {
    "ExposedPorts": dict,
    "Healthcheck": dict,
    "ArgsEscaped": bool,
    "NetworkDisabled": bool,
    "MacAddress": str,
    "StopSignal": str,
    "StopTimeout": int,
    "Shell": list,
}
"""Fields shown only where they are set."""
CONFIG_TYPES: dict[str, type] = {
    "Env": list,
    "Cmd": list,
    "Volumes": dict,
    "Entrypoint": list,
    "OnBuild": list,
}

HOST_CONFIG: dict[str, Any] = {
    "Binds": None,
    "ContainerIDFile": "",
    "LogConfig": {"Type": "json-file", "Config": {}},
    "NetworkMode": "bridge",
    "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "VolumeDriver": "",
    "VolumesFrom": None,
    "ConsoleSize": [0, 0],
    "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "private",
    "Dns": [],
    "DnsOptions": [],
    "DnsSearch": [],
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "private",
    "Cgroup": "",
    "Links": None,
    "OomScoreAdj": 0,
    "PidMode": "",
    "Privileged": False,
    "PublishAllPorts": False,
    "ReadonlyRootfs": False,
    "SecurityOpt": None,
    "UTSMode": "",
    "UsernsMode": "",
    "ShmSize": 64 << 20,
    "Runtime": "",
    "Isolation": "",
    "CpuShares": 0,
    "Memory": 0,
    "NanoCpus": 0,
    "CgroupParent": "",
    "BlkioWeight": 0,
    "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [],
    "BlkioDeviceWriteBps": [],
    "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": [],
    "CpuPeriod": 0,
    "CpuQuota": 0,
    "CpuRealtimePeriod": 0,
    "CpuRealtimeRuntime": 0,
    "CpusetCpus": "",
    "CpusetMems": "",
    "Devices": [],
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "MemoryReservation": 0,
    "MemorySwap": 0,
    "MemorySwappiness": None,
    "OomKillDisable": None,
    "PidsLimit": None,
    "Ulimits": [],
    "CpuCount": 0,
    "CpuPercent": 0,
    "IOMaximumIOps": 0,
    "IOMaximumBandwidth": 0,
    "MaskedPaths": list(MASKED_PATHS),
    "ReadonlyPaths": list(READ_ONLY_PATHS),
}
HOST_CONFIG_OPTIONAL: dict[str, type] = {
    "Annotations": dict,
    "Init": bool,
    "KernelMemory": int,
    "KernelMemoryTCP": int,
    "Mounts": list,
    "StorageOpt": dict,
    "Sysctls": dict,
    "Tmpfs": dict,
}
HOST_CONFIG_TYPES: dict[str, type] = {
    "Binds": list,
    "VolumesFrom": list,
    "CapAdd": list,
    "CapDrop": list,
    "ExtraHosts": list,
    "GroupAdd": list,
    "Links": list,
    "SecurityOpt": list,
    "DeviceCgroupRules": list,
    "DeviceRequests": list,
    "MemorySwappiness": int,
    "OomKillDisable": bool,
    "PidsLimit": int,
}
"""Types of fields whose default does not show the type; null is always allowed."""


def spelled(given: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """`given` with its fields spelled as in `names`: the Engine ignores case, and clients rely on
    that (docker-py sends detachKeys)."""
    known = {name.lower(): name for name in names}
    return {known.get(name.lower(), name): value for name, value in given.items()}


def fill(
    given: dict[str, Any],
    known: dict[str, Any],
    types: dict[str, type],
    optional: dict[str, type],
) -> dict[str, Any]:
    """`given` reduced to the API's fields; `known` gives the values of missing or null fields.

    Raises TypeError, with the field's name and the type it needs, for a value of the wrong type.
    """
    given = spelled(given, {*known, *optional})
    filled = pickle.loads(pickle.dumps(known))  # ten times as fast as copy.deepcopy
    for name, kind in {**{n: types.get(n, type(v)) for n, v in known.items()}, **optional}.items():
        value = given.get(name)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{name} needs {_WORDS[kind]}")
        if name in known or value or kind is bool or kind is int:
            filled[name] = value
    return filled


_WORDS = {
    bool: "true or false",
    dict: "an object",
    int: "a whole number",
    list: "a list",
    str: "a string",
}
