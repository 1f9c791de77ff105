"""What an inspect answer says of a container, in the newest version's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import errors, timestamps
from ..networks import links
from . import network
from .model import Container, MountPoint

if TYPE_CHECKING:
    from ..daemon import Engine


def describe(engine: Engine, container: Container) -> dict[str, Any]:
    """Everything but sizes (see `sizes`)."""
    record, folder = container.record, network.files_of(engine, container)
    return {
        "Id": record.id,
        "Created": timestamps.text(record.created),
        "Path": record.path,
        "Args": record.args,
        "State": _state(container),
        "Image": record.image,
        "ResolvConfPath": str(folder / "resolv.conf") if record.started_before else "",
        "HostnamePath": str(folder / "hostname") if record.started_before else "",
        "HostsPath": str(folder / "hosts") if record.started_before else "",
        "LogPath": str(container.log.path) if container.logged else "",
        "Name": f"/{record.name}",
        "RestartCount": record.restart_count,
        "Driver": engine.driver.name,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": sorted(container.exec_ids) or None,
        "HostConfig": {
            **record.host_config,
            "Links": links.shown(engine, container),
            "Runtime": _runtime(engine, container),
        },
        "GraphDriver": {
            "Data": engine.driver.describe(record.id),
            "Name": engine.driver.name,
        },
        "Mounts": mounts(container),
        "Config": dict(record.config),
        "NetworkSettings": network.settings(container),
    }


def _runtime(engine: Engine, container: Container) -> str:
    return str(container.host_config["Runtime"] or engine.runtime.name)


def _state(container: Container) -> dict[str, Any]:
    state = container.state
    shown = {
        "Status": "removing" if container.removing else state.status,
        "Running": state.running,
        "Paused": state.status == "paused",
        "Restarting": state.status == "restarting",
        "OOMKilled": state.out_of_memory,
        "Dead": state.status == "dead",
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": state.started,
        "FinishedAt": state.finished,
    }
    if state.health is not None:
        shown["Health"] = state.health
    return shown


def mounts(container: Container) -> list[dict[str, Any]]:
    """MountPoints, as inspect and list show them. What a Tmpfs option asks for is not one."""
    from_option = set(container.host_config.get("Tmpfs") or {})
    return [
        _mount(point)
        for point in container.record.mounts
        if not (point.type == "tmpfs" and point.destination in from_option)
    ]


def _mount(point: MountPoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"Type": point.type}
    if point.type == "volume":
        shown["Name"] = point.name
    shown |= {"Source": point.source, "Destination": point.destination}
    if point.type == "volume":
        shown["Driver"] = point.driver
    mode = "" if point.type == "tmpfs" else point.mode
    return {**shown, "Mode": mode, "RW": point.writable, "Propagation": point.propagation}


def sizes(engine: Engine, container: Container) -> dict[str, int]:
    """SizeRw and SizeRootFs. Walks the writable layer (blocking)."""
    try:
        own = engine.driver.size(container.id)
    except FileNotFoundError:  # it is being removed
        own = 0
    try:
        below = engine.images.base(container.record.image).size
    except errors.NotFound:  # one in the making: a step of a build
        below = 0
    return {"SizeRw": own, "SizeRootFs": own + below}
