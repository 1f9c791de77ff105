"""Links of the default bridge: the variables that tell a container of another one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .. import errors

if TYPE_CHECKING:
    from . import Containers
    from .model import Container

NOT_PASSED_ON = ("HOME", "PATH")


def environment(containers: Containers, container: Container) -> list[str]:
    """Variables for each of the container's links, as `ALIAS_PORT_80_TCP=tcp://…:80`."""
    found: list[str] = []
    for text in container.host_config["Links"] or []:
        name, _, alias = text.partition(":")
        with contextlib.suppress(errors.NotFound):
            found += _of_link(container, containers.get(name), alias or name)
    return found


def _of_link(container: Container, other: Container, alias: str) -> list[str]:
    prefix = alias.upper().replace("-", "_")
    found = [f"{prefix}_NAME=/{container.name}/{alias}"]
    joined = other.joined.get("bridge")
    if joined is None or not joined.address:
        return found
    ports = [text.partition("/") for text in other.config.get("ExposedPorts") or {}]
    by_number = sorted((int(port), kind or "tcp") for port, _, kind in ports if port.isdigit())
    for at, (port, kind) in enumerate(by_number):
        url = f"{kind}://{joined.address}:{port}"
        head = f"{prefix}_PORT_{port}_{kind.upper()}"
        found += [f"{prefix}_PORT={url}"] if at == 0 else []
        found += [f"{head}={url}", f"{head}_ADDR={joined.address}"]
        found += [f"{head}_PORT={port}", f"{head}_PROTO={kind}"]
    for variable in other.config["Env"] or []:
        if variable.partition("=")[0] not in NOT_PASSED_ON:
            found.append(f"{prefix}_ENV_{variable}")
    return found
