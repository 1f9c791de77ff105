"""The body of a create call and an image's settings, turned into a container's Config and
HostConfig: completed with defaults, checked, refused where invalid.

Uses no disk and no process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..base import errors
from ..container.record import Record
from . import defaults, validation

PLAIN_NETWORKS = ("default", "bridge", "host")
"""Network modes in which a container without ports misses nothing where networks are shared."""
ROOT = ("", "0", "root")


@dataclass
class CreateRequest:
    """A create call, complete and checked."""

    config: dict[str, Any]
    host_config: dict[str, Any]
    networks: dict[str, dict[str, Any]]
    """Network name -> EndpointsConfig."""

    @property
    def command(self) -> list[str]:
        return [*(self.config["Entrypoint"] or []), *(self.config["Cmd"] or [])]


def read(body: Any, version: tuple[int, int]) -> CreateRequest:
    """Read and check the body of a create call, without the image. Raises BadRequest."""
    if not isinstance(body, dict) or not body:
        raise errors.BadRequest("config cannot be empty in order to create a container")
    given = defaults.spelled(body, _TOP)
    host_given = given.pop("HostConfig", None) or {}
    networking = given.pop("NetworkingConfig", None) or {}
    if not isinstance(host_given, dict) or not isinstance(networking, dict):
        raise errors.BadRequest("invalid JSON: HostConfig and NetworkingConfig need objects")
    if given.get("Runtime"):  # docker-py puts Runtime here
        host_given = {"Runtime": given["Runtime"], **host_given}
    for name in ("Cmd", "Entrypoint", "Shell"):
        if isinstance(given.get(name), str):  # the API accepts a string in place of a list
            given[name] = [given[name]]
    try:
        config = defaults.fill(
            given, defaults.CONFIG, defaults.CONFIG_TYPES, defaults.CONFIG_OPTIONAL
        )
        host_config = defaults.fill(
            host_given,
            defaults.HOST_CONFIG,
            defaults.HOST_CONFIG_TYPES,
            defaults.HOST_CONFIG_OPTIONAL,
        )
    except TypeError as error:
        raise errors.BadRequest(f"invalid JSON: {error}") from None
    validation.config(config)
    validation.host_config(host_config, version)
    return CreateRequest(config, host_config, _endpoints(networking, host_config))


_TOP = ("HostConfig", "NetworkingConfig", "Runtime", "Cmd", "Entrypoint", "Shell")


def check_restart_policy(host: dict[str, Any], policy: Any) -> dict[str, Any]:
    """The policy of an update call, complete. Raises BadRequest, or Conflict with AutoRemove."""
    if not isinstance(policy, dict):
        raise errors.BadRequest("invalid JSON: RestartPolicy needs an object")
    wanted = validation.restart_policy(policy)
    if host["AutoRemove"] and wanted["Name"] != "no":
        raise errors.Conflict("Restart policy cannot be updated because AutoRemove is enabled")
    return wanted


def check_update(host: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """HostConfig with the resources of an update call. Raises BadRequest."""
    wanted = {name: value for name, value in changes.items() if name in _RESOURCES and value}
    try:
        filled = defaults.fill(
            {**host, **wanted},
            defaults.HOST_CONFIG,
            defaults.HOST_CONFIG_TYPES,
            defaults.HOST_CONFIG_OPTIONAL,
        )
    except TypeError as error:
        raise errors.BadRequest(f"invalid JSON: {error}") from None
    if "MemorySwap" not in wanted and 0 < host["MemorySwap"] < wanted.get("Memory", 0):
        raise errors.BadRequest(
            "Memory limit should be smaller than already set memoryswap limit, "
            "update the memoryswap at the same time"
        )
    validation.hold(filled)
    validation.resources(filled)
    return filled


_RESOURCES = {
    *(
        "CpuShares",
        "Memory",
        "CgroupParent",
        "BlkioWeight",
    ),
    *(
        "BlkioWeightDevice",
        "BlkioDeviceReadBps",
        "BlkioDeviceWriteBps",
        "BlkioDeviceReadIOps",
    ),
    *(
        "BlkioDeviceWriteIOps",
        "CpuPeriod",
        "CpuQuota",
        "CpuRealtimePeriod",
    ),
    *(
        "CpuRealtimeRuntime",
        "CpusetCpus",
        "CpusetMems",
        "Devices",
    ),
    *(
        "DeviceCgroupRules",
        "DeviceRequests",
        "KernelMemoryTCP",
        "MemoryReservation",
    ),
    *(
        "MemorySwap",
        "MemorySwappiness",
        "NanoCpus",
        "OomKillDisable",
    ),
    *(
        "Init",
        "PidsLimit",
        "Ulimits",
    ),
}


def _endpoints(networking: dict[str, Any], host: dict[str, Any]) -> dict[str, dict[str, Any]]:
    asked = networking.get("EndpointsConfig") or {}
    if not isinstance(asked, dict) or not all(
        value is None or isinstance(value, dict) for value in asked.values()
    ):
        raise errors.BadRequest("invalid JSON: EndpointsConfig needs objects")
    endpoints = {"bridge" if name == "default" else name: value for name, value in asked.items()}
    mode = host["NetworkMode"]
    if mode.startswith("container:"):
        if endpoints:
            raise errors.BadRequest(
                "conflicting options: container type network can't be used with links or networks"
            )
        return {}
    return endpoints or {mode: {}}


def merge(request: CreateRequest, image: dict[str, Any]) -> None:
    """Add the settings of an image. Raises BadRequest where neither gives a command."""
    config = request.config
    config["User"] = config["User"] or image.get("User") or ""
    config["WorkingDir"] = config["WorkingDir"] or image.get("WorkingDir") or ""
    config["Labels"] = {**(image.get("Labels") or {}), **config["Labels"]}
    config["Env"] = _merge_env(config["Env"] or [], image.get("Env") or [])
    if config["Entrypoint"] is None:
        if config["Cmd"] is None or config["Cmd"] == []:
            config["Cmd"] = image.get("Cmd") or None
        config["Entrypoint"] = image.get("Entrypoint") or None
    elif config["Entrypoint"] in ([], [""]):  # `--entrypoint ""` removes the image's
        config["Entrypoint"] = None
    for name in ("ExposedPorts", "Volumes"):
        both = {**(image.get(name) or {}), **(config.get(name) or {})}
        if both:
            config[name] = both
    _expose_published(request)
    for name in ("StopSignal", "Shell", "ArgsEscaped"):
        if not config.get(name) and image.get(name):
            config[name] = image[name]
    merged = _merged_health(config.get("Healthcheck") or {}, image.get("Healthcheck") or {})
    if merged:
        config["Healthcheck"] = merged
    if image.get("OnBuild"):
        config["OnBuild"] = image["OnBuild"]
    if not request.command:
        raise errors.BadRequest("no command specified")


def _expose_published(request: CreateRequest) -> None:
    bindings = request.host_config["PortBindings"]
    if bindings:
        exposed = request.config.setdefault("ExposedPorts", {})
        for port in bindings:
            exposed.setdefault(port if "/" in port else f"{port}/tcp", {})


def _merge_env(own: list[str], image: list[str]) -> list[str]:
    """The container's variables, then those of the image that it does not set."""
    names = {text.partition("=")[0] for text in own}
    return own + [text for text in image if text.partition("=")[0] not in names]


def _merged_health(own: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """The container's health check, completed by the image's."""
    merged = {**image, **{name: value for name, value in own.items() if value}}
    return {name: value for name, value in merged.items() if value}


def noticed(missing: Iterable[str], record: Record) -> list[str]:
    """Those of the parts in `missing` (`runtime.isolation.missing()`) that the request for this
    container is about. /info lists them all."""
    config, host = record.config, record.host_config
    asked = {
        "users": config["User"].partition(":")[0] not in ROOT or bool(host["GroupAdd"]),
        "network": host["NetworkMode"] not in PLAIN_NETWORKS
        or bool(config.get("ExposedPorts") or host["PortBindings"]),
        "hostname": config["Hostname"] != record.id[:12] and host["NetworkMode"] != "host",
        "processes": bool(host["PidMode"] or host.get("Init")),
        "read only mounts": host["ReadonlyRootfs"]
        or any(not point.writable for point in record.mounts),
    }
    return [part for part in missing if asked.get(part, True)]
