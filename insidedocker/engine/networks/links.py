"""Links, Docker's older way to let one container find another on the default bridge: a name in
/etc/hosts.

A container keeps its links by the id of what they lead to (`<id>:alias`), whose name may change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import errors

if TYPE_CHECKING:
    from ..containers import Container
    from ..daemon import Engine


def keep(engine: Engine, host_config: dict[str, Any]) -> None:
    """Check the links of a container that is to be made, and turn names into ids. BadRequest."""
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
            target = engine.containers.get(name)
        except errors.NotFound as error:
            raise errors.BadRequest(
                f"could not get container for {name}: {error.message}"
            ) from None
        found.append(f"{target.id}:{alias.rpartition('/')[2] or target.name}")
    host_config["Links"] = found or None


def of(engine: Engine, container: Container) -> Iterable[tuple[Container, str]]:
    """The containers that `container` has links to, with its names for them."""
    for text in container.host_config["Links"] or []:
        identity, _, alias = text.partition(":")
        with contextlib.suppress(errors.NotFound):
            yield engine.containers.get(identity), alias


def shown(engine: Engine, container: Container) -> list[str] | None:
    """HostConfig.Links as an answer has them."""
    found = [f"/{target.name}:/{container.name}/{alias}" for target, alias in of(engine, container)]
    return found or None


def check_running(engine: Engine, container: Container) -> None:
    """Raises APIError: a container starts only after those it has links to."""
    for target, alias in of(engine, container):
        if "bridge" in container.joined and not target.state.running:
            raise errors.APIError(
                f"Cannot link to a non running container: /{target.name} "
                f"AS /{container.name}/{alias}"
            )


def host_lines(engine: Engine, container: Container) -> list[str]:
    """What /etc/hosts says of them, on the default bridge."""
    if "bridge" not in container.joined:
        return []
    found = []
    for target, alias in of(engine, container):
        if "bridge" in target.joined:
            known = dict.fromkeys([alias, str(target.config["Hostname"]), target.name])
            found.append(f"{target.joined['bridge'].address}\t{' '.join(known)}")
    return found
