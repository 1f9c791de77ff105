"""Which parts of a host a container would notice that its runtime does not isolate."""

from __future__ import annotations

from collections.abc import Iterable

from ..container.record import Record

_OWN_NETWORK = ("default", "bridge", "host")
"""Network modes in which a container without ports has nothing to miss."""
_ROOT = ("", "0", "root")


def noticed(missing: Iterable[str], record: Record) -> list[str]:
    """Those of the parts in `missing` (`runtime.isolation.missing()`) that the request for this
    container is about. /info lists them all."""
    config, host = record.config, record.host_config
    asked = {
        "users": config["User"].partition(":")[0] not in _ROOT or bool(host["GroupAdd"]),
        "network": host["NetworkMode"] not in _OWN_NETWORK
        or bool(config.get("ExposedPorts") or host["PortBindings"]),
        "hostname": config["Hostname"] != record.id[:12] and host["NetworkMode"] != "host",
        "processes": bool(host["PidMode"] or host.get("Init")),
        "read only mounts": host["ReadonlyRootfs"]
        or any(not point.writable for point in record.mounts),
    }
    return [part for part in missing if asked.get(part, True)]
