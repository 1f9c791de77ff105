"""Checks of a container's Config and HostConfig: invalid values are refused with the Engine's own
words, before anything is created."""

from __future__ import annotations

import os
from typing import Any

from ..base import errors, schema, signals
from ..container import log_options
from ..runtime.capabilities import ALL

LEAST_MEMORY = 6 << 20
POLICIES = ("", "no", "always", "unless-stopped", "on-failure")
LONGEST_HOSTNAME = 64
NANO = 1_000_000_000
SECURITY_OPTIONS = ("apparmor", "label", "no-new-privileges", "seccomp", "systempaths", "writable")

LISTS_OF_STRINGS = (
    *("Binds", "CapAdd", "CapDrop", "DeviceCgroupRules", "Dns", "DnsOptions", "DnsSearch"),
    *("ExtraHosts", "GroupAdd", "Links", "MaskedPaths", "ReadonlyPaths", "SecurityOpt"),
    "VolumesFrom",
)
MAPS_OF_STRINGS = ("Annotations", "StorageOpt", "Sysctls", "Tmpfs")

RATES: schema.Shape = [{"Path": str, "Rate": schema.Unsigned}]
SHAPES: dict[str, schema.Shape] = {
    "BlkioWeightDevice": [{"Path": str, "Weight": schema.Unsigned}],
    "BlkioDeviceReadBps": RATES,
    "BlkioDeviceReadIOps": RATES,
    "BlkioDeviceWriteBps": RATES,
    "BlkioDeviceWriteIOps": RATES,
    "Devices": [{"PathOnHost": str, "PathInContainer": str, "CgroupPermissions": str}],
    "DeviceRequests": [
        {
            "Driver": str,
            "Count": int,
            "DeviceIDs": [str],
            "Capabilities": [[str]],
            "Options": schema.STRINGS,
        }
    ],
    "Ulimits": [{"Name": str, "Soft": int, "Hard": int}],
    "Mounts": [
        {
            "Type": str,
            "Source": str,
            "Target": str,
            "ReadOnly": bool,
            "Consistency": str,
            "BindOptions": {"Propagation": str, "NonRecursive": bool, "CreateMountpoint": bool},
            "VolumeOptions": {
                "NoCopy": bool,
                "Labels": schema.STRINGS,
                "DriverConfig": {"Name": str, "Options": schema.STRINGS},
                "Subpath": str,
            },
            "TmpfsOptions": {"SizeBytes": int, "Mode": int},
        }
    ],
    **{name: [str] for name in LISTS_OF_STRINGS},
    **dict.fromkeys(MAPS_OF_STRINGS, schema.STRINGS),
}
"""Shapes of the lists and objects in HostConfig."""


def config(wanted: dict[str, Any]) -> None:
    """Check Config. Raises BadRequest."""
    for name in ("Env", "Cmd", "Entrypoint", "OnBuild", "Shell"):
        schema.check(name, wanted.get(name), [str])
    schema.check("Labels", wanted.get("Labels"), schema.STRINGS)
    if wanted["WorkingDir"] and not wanted["WorkingDir"].startswith("/"):
        raise errors.BadRequest(
            f"the working directory '{wanted['WorkingDir']}' is invalid, "
            "it needs to be an absolute path"
        )
    for text in wanted["Env"] or []:
        if not text or text.startswith("="):
            raise errors.BadRequest(f"invalid environment variable: {text}")
    if wanted.get("StopSignal"):
        signals.parse(wanted["StopSignal"])
    for name in ("Hostname", "Domainname"):
        text = wanted[name]
        if len(text) > LONGEST_HOSTNAME or not (text.isprintable() and " " not in text):
            raise errors.BadRequest(f"invalid {name.lower()}: {text}")
    for name in ("User", "WorkingDir"):
        if not wanted[name].isprintable():
            raise errors.BadRequest(f"invalid {name}: {wanted[name]!r}")
    _check_health(wanted.get("Healthcheck") or {})


def host_config(wanted: dict[str, Any], version: tuple[int, int]) -> None:
    """Check HostConfig, and replace empty values that stand for a default. Raises BadRequest."""
    hold(wanted)
    policy = wanted["RestartPolicy"] = restart_policy(wanted["RestartPolicy"])
    if wanted["AutoRemove"] and policy["Name"] != "no":
        raise errors.BadRequest("can't create 'AutoRemove' container with restart policy")
    resources(wanted)
    _logging(wanted["LogConfig"])
    _namespaces(wanted, version)
    _security(wanted)
    if wanted["ShmSize"] < 0:
        raise errors.BadRequest("SHM size can not be less than 0")
    wanted["ShmSize"] = wanted["ShmSize"] or 64 << 20
    console_size(wanted["ConsoleSize"])
    if wanted["Isolation"] not in ("", "default"):
        raise errors.BadRequest(
            f"Invalid isolation: \"{wanted['Isolation']}\" - linux only supports 'default'"
        )


def console_size(value: Any) -> tuple[int, int]:
    """(rows, columns) of a terminal; 0 for unknown. Raises BadRequest."""
    size = [0, 0] if value is None else value
    numbers = isinstance(size, list) and all(type(each) is int for each in size)
    if not numbers or len(size) != 2 or not all(0 <= each < 1 << 16 for each in size):
        raise errors.BadRequest("invalid JSON: ConsoleSize needs [height, width]")
    return size[0], size[1]


def hold(wanted: dict[str, Any]) -> None:
    """Check the shapes of HostConfig's lists and objects. Raises BadRequest."""
    for name, shape in SHAPES.items():
        schema.check(name, wanted.get(name), shape)


def _logging(wanted: dict[str, Any]) -> None:
    wanted["Type"] = wanted.get("Type") or "json-file"
    wanted["Config"] = wanted.get("Config") or {}
    if wanted["Type"] not in (*log_options.DRIVERS, "none"):
        raise errors.BadRequest(
            f'error looking up logging plugin {wanted["Type"]}: plugin "{wanted["Type"]}" not found'
        )
    if not isinstance(wanted["Config"], dict):
        raise errors.BadRequest("invalid JSON: LogConfig.Config needs an object")
    schema.check("LogConfig.Config", wanted["Config"], schema.STRINGS)
    log_options.check(wanted)


def _namespaces(wanted: dict[str, Any], version: tuple[int, int]) -> None:
    if wanted["NetworkMode"] in ("", "default"):
        wanted["NetworkMode"] = "bridge"
    if wanted["NetworkMode"] == "container:":
        raise errors.BadRequest(
            "Invalid network mode: invalid container format container:<name|id>"
        )
    wanted["CgroupnsMode"] = wanted["CgroupnsMode"] or ("host" if version < (1, 41) else "private")
    wanted["IpcMode"] = wanted["IpcMode"] or "private"
    for name, words, known in (
        ("IpcMode", "IPC mode", ("private", "host", "shareable", "none")),
        ("PidMode", "PID mode", ("", "private", "host")),
        ("UTSMode", "UTS mode", ("", "host")),
        ("CgroupnsMode", "cgroup namespace mode", ("private", "host")),
    ):
        shared = name in ("IpcMode", "PidMode") and wanted[name].startswith("container:")
        if wanted[name] not in known and not shared:
            raise errors.BadRequest(f"invalid {words}: {wanted[name]}")


def _security(wanted: dict[str, Any]) -> None:
    for field in ("CapAdd", "CapDrop"):
        for text in wanted[field] or []:
            name = "CAP_" + text.upper().removeprefix("CAP_")
            if name not in ALL and name != "CAP_ALL":
                raise errors.BadRequest(f'invalid {field}: unknown capability: "{name}"')
    for text in wanted["SecurityOpt"] or []:
        if text.replace("=", ":").partition(":")[0] not in SECURITY_OPTIONS:
            raise errors.BadRequest(f'invalid --security-opt 1: "{text}"')


def restart_policy(policy: dict[str, Any]) -> dict[str, Any]:
    """A restart policy, checked and completed. Raises BadRequest."""
    name, most = policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0
    if name not in POLICIES:
        raise errors.BadRequest(
            f"invalid restart policy: unknown policy '{name}'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    if not isinstance(most, int) or isinstance(most, bool):
        raise errors.BadRequest("invalid JSON: MaximumRetryCount needs a whole number")
    if most and name != "on-failure":
        raise errors.BadRequest(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
        )
    if most < 0:
        raise errors.BadRequest("invalid restart policy: maximum retry count cannot be negative")
    return {"Name": name, "MaximumRetryCount": most}


def resources(wanted: dict[str, Any]) -> None:
    """Check the resources of HostConfig and complete them. Raises BadRequest."""
    _memory(wanted)
    _processors(wanted)
    if (wanted["PidsLimit"] or 0) <= 0:
        wanted["PidsLimit"] = None
    if not -1000 <= wanted["OomScoreAdj"] <= 1000:
        raise errors.BadRequest(
            f"Invalid value {wanted['OomScoreAdj']}, range for oom score adj is [-1000, 1000]"
        )
    if wanted["BlkioWeight"] and not 10 <= wanted["BlkioWeight"] <= 1000:
        raise errors.BadRequest("Range of blkio weight is from 10 to 1000")
    for limit in wanted["Ulimits"] or []:
        if limit.get("Name") is None:
            raise errors.BadRequest("invalid JSON: Ulimits needs Name, Soft and Hard")


def _memory(wanted: dict[str, Any]) -> None:
    memory, swap = wanted["Memory"], wanted["MemorySwap"]
    if memory != 0 and memory < LEAST_MEMORY:
        raise errors.BadRequest("Minimum memory limit allowed is 6MB")
    if memory > 0 and 0 < swap < memory:
        raise errors.BadRequest(
            "Minimum memoryswap limit should be larger than memory limit, see usage"
        )
    if memory == 0 and swap > 0:
        raise errors.BadRequest(
            "You should always set the Memory limit when using Memoryswap limit, see usage"
        )
    if memory > 0 and swap == 0:
        wanted["MemorySwap"] = 2 * memory
    swappiness = wanted["MemorySwappiness"]
    if swappiness == -1:  # clients send -1 for "unchanged"
        wanted["MemorySwappiness"] = None
    elif swappiness is not None and not 0 <= swappiness <= 100:
        raise errors.BadRequest(
            f"Invalid value: {swappiness}, valid memory swappiness range is 0-100"
        )


def _processors(wanted: dict[str, Any]) -> None:
    for other, words in (("CpuPeriod", "CPU Period"), ("CpuQuota", "CPU Quota")):
        if wanted["NanoCpus"] and wanted[other]:
            raise errors.BadRequest(
                f"Conflicting options: Nano CPUs and {words} cannot both be set"
            )
    most = os.cpu_count() or 1
    if not 0 <= wanted["NanoCpus"] <= most * NANO:
        raise errors.BadRequest(
            f"Range of CPUs is from 0.01 to {most}.00, as there are only {most} CPUs available"
        )


SHORTEST = 1_000_000
"""Nanoseconds (1 ms): the shortest time in a health check."""
_TIMES = ("Interval", "Timeout", "StartPeriod", "StartInterval")


def _check_health(wanted: dict[str, Any]) -> None:
    """Check a health check. Raises BadRequest."""
    for name in _TIMES:
        value = wanted.get(name) or 0
        if not isinstance(value, int) or isinstance(value, bool):
            raise errors.BadRequest(f"invalid JSON: Healthcheck.{name} needs a whole number")
        if value != 0 and value < SHORTEST:
            raise errors.BadRequest(f"{name} in Healthcheck cannot be less than 1ms")
    retries = wanted.get("Retries") or 0
    if not isinstance(retries, int) or retries < 0:
        raise errors.BadRequest("Retries in Healthcheck cannot be negative")
    test = wanted.get("Test") or []
    if not isinstance(test, list) or not all(isinstance(word, str) for word in test):
        raise errors.BadRequest("invalid JSON: Healthcheck.Test needs a list of strings")
