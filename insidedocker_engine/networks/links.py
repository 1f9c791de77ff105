"""Links, Docker's older way for one container to find another on the default bridge: a name in
/etc/hosts, and environment variables.

A link is kept with the id of its target (`<id>:alias`), since the target's name may change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..base import errors

if TYPE_CHECKING:
    from ..container.record import Container
    from ..container.store import ContainerStore
    from .endpoints import Joined

NOT_PASSED_ON = ("HOME", "PATH")
OnBridge = Callable[["Container"], "Joined | None"]
"""Returns a running container's endpoint in the default bridge network, or None."""


def keep(containers: ContainerStore, host_config: dict[str, Any]) -> None:
    """Check the links of a new container and replace names by ids. Raises BadRequest."""
    mode, found = str(host_config["NetworkMode"]), []
    for text in host_config["Links"] or []:
        name, _, alias = text.partition(":")
        if not name:
            raise errors.BadRequest(f"bad format for links: {text}")
        if mode == "host" or mode.startswith("container:"):
            what = "host type networking" if mode == "host" else "container type network"
            raise errors.BadRequest(
                f"conflicting options: {what} can't be used with links. "
                "This would result in undefined behavior"
            )
        try:
            target = containers.get(name)
        except errors.NotFound as error:
            raise errors.BadRequest(
                f"could not get container for {name}: {error.message}"
            ) from None
        found.append(f"{target.id}:{alias.rpartition('/')[2] or target.name}")
    host_config["Links"] = found or None


def of(containers: ContainerStore, container: Container) -> Iterable[tuple[Container, str]]:
    """Yield (target, alias) of each link of `container` whose target exists."""
    for text in container.host_config["Links"] or []:
        identity, _, alias = text.partition(":")
        with contextlib.suppress(errors.NotFound):
            yield containers.get(identity), alias


def shown(containers: ContainerStore, container: Container) -> list[str] | None:
    """HostConfig.Links of an answer."""
    found = [
        f"/{target.name}:/{container.name}/{alias}" for target, alias in of(containers, container)
    ]
    return found or None


def check_running(containers: ContainerStore, container: Container, on_bridge: OnBridge) -> None:
    """Raise APIError where a link's target does not run: targets must start first."""
    for target, alias in of(containers, container):
        if on_bridge(container) and not target.state.running:
            raise errors.APIError(
                f"Cannot link to a non running container: /{target.name} "
                f"AS /{container.name}/{alias}"
            )


def host_lines(containers: ContainerStore, container: Container, on_bridge: OnBridge) -> list[str]:
    """Lines of /etc/hosts for the container's links, on the default bridge."""
    if not on_bridge(container):
        return []
    found = []
    for target, alias in of(containers, container):
        if joined := on_bridge(target):
            known = dict.fromkeys([alias, str(target.config["Hostname"]), target.name])
            found.append(f"{joined.address}\t{' '.join(known)}")
    return found


def environment(containers: ContainerStore, container: Container, on_bridge: OnBridge) -> list[str]:
    """Environment variables for the container's links, such as `ALIAS_PORT_80_TCP=tcp://…:80`."""
    found: list[str] = []
    for target, alias in of(containers, container):
        found += _variables(container, target, alias, on_bridge(target))
    return found


def _variables(
    container: Container, other: Container, alias: str, joined: Joined | None
) -> list[str]:
    prefix = alias.upper().replace("-", "_")
    found = [f"{prefix}_NAME=/{container.name}/{alias}"]
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
