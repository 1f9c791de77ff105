"""The inspect answer of a container, in the newest version's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps
from ..container.record import Container, MountPoint
from ..container.store import ContainerStore
from ..networks import endpoints, links
from . import etc_files

if TYPE_CHECKING:
    from ..images.store import Images
    from ..networks.attachments import Membership
    from ..runtime.contract import Runtime
    from ..storage.contract import Driver


def describe(
    container: Container,
    containers: ContainerStore,
    driver: Driver,
    runtime: Runtime,
    membership: Membership,
) -> dict[str, Any]:
    """The inspect answer without sizes (see `sizes`)."""
    has = membership.attachments(container)
    record, folder = container.record, etc_files.folder_of(containers, container)
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
        "Driver": driver.name,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": sorted(container.exec_ids) or None,
        "HostConfig": {
            **record.host_config,
            "Links": links.shown(containers, container),
            "Runtime": str(record.host_config["Runtime"] or runtime.name),
        },
        "GraphDriver": {
            "Data": driver.describe(record.id),
            "Name": driver.name,
        },
        "Mounts": mounts(container),
        "Config": dict(record.config),
        "NetworkSettings": endpoints.network_settings(container, has.joined, has.ports),
    }


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
    """MountPoints, as inspect and list show them. Mounts of the Tmpfs option are left out."""
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


def written(container: Container, driver: Driver) -> int:
    """Bytes of the container's writable layer. Blocking."""
    try:
        return driver.size(container.id)
    except FileNotFoundError:  # removed meanwhile
        return 0


def sizes(container: Container, driver: Driver, images: Images) -> dict[str, int]:
    """SizeRw and SizeRootFs (bytes). Blocking."""
    own = written(container, driver)
    try:
        below = images.base(container.record.image).size
    except errors.NotFound:  # a build step on an image in the making
        below = 0
    return {"SizeRw": own, "SizeRootFs": own + below}
