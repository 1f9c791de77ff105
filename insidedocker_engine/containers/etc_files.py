"""The files that the engine writes for each container and binds into it: /etc/hostname, /etc/hosts
and /etc/resolv.conf; and the base layer with the empty files they are bound over."""

from __future__ import annotations

import contextlib
import ipaddress
from pathlib import Path

from ..base import errors
from ..container.record import Container
from ..container.store import ContainerStore
from ..networks import etc_hosts

LOCAL_HOSTS = (
    ("127.0.0.1", "localhost"),
    ("::1", "localhost ip6-localhost ip6-loopback"),
    ("fe00::0", "ip6-localnet"),
    ("ff00::0", "ip6-mcastprefix"),
    ("ff02::1", "ip6-allnodes"),
    ("ff02::2", "ip6-allrouters"),
)
DEVICES = (
    *("console", "full", "init", "null", "ptmx", "random", "stderr", "stdin", "stdout"),
    *("tty", "urandom", "zero"),
)
EMPTY = (
    *(".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf"),
    *(f"dev/{name}" for name in DEVICES),
)
FOLDERS = ("dev", "dev/fd", "dev/pts", "dev/shm", "etc", "proc", "sys")


def make_base_layer(folder: Path) -> None:
    """Make the layer directly below every container's own: empty files and folders for the engine's
    mounts, so that the mounts do not show as changes of the container. Done once."""
    if (folder / "etc/mtab").is_symlink():
        return
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
    for name in EMPTY:
        (folder / name).touch(mode=0o755 if name == ".dockerenv" else 0o644)
    (folder / "etc/mtab").symlink_to("/proc/mounts")


def hosts(container: Container) -> list[str]:
    """The lines of /etc/hosts that do not depend on networks."""
    lines = [f"{address}\t{names}" for address, names in LOCAL_HOSTS]
    for text in container.host_config["ExtraHosts"] or []:
        names, address = split_extra_host(text)
        lines.append(f"{address}\t{names}")
    return lines


def write(container: Container, *, named: bool, shared: bool) -> None:
    """Write /etc/hostname and /etc/resolv.conf; see `etc_hosts.resolv_conf`. The files of a
    container that others share are mounted there while it starts. Blocking."""
    folder = container.folder
    etc_hosts.write(folder / "hostname", [str(container.config["Hostname"])], mounted=True)
    lines = etc_hosts.resolv_conf(container, named=named, shared=shared)
    etc_hosts.write(folder / "resolv.conf", lines, mounted=True)


def split_extra_host(text: str) -> tuple[str, str]:
    """(name, address) of `name:address` or `name=address`. Raises BadRequest."""
    name, _, address = text.partition("=" if "=" in text else ":")
    if address == "host-gateway":
        return name, "127.0.0.1"
    try:
        ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        raise errors.BadRequest(f'bad format for add-host: "{text}"') from None
    return name, address.strip("[]")


def folder_of(containers: ContainerStore, container: Container) -> Path:
    """The folder with the container's hosts, hostname and resolv.conf."""
    mode = container.network_mode
    if mode.startswith("container:"):
        with contextlib.suppress(errors.NotFound):
            return containers.get(mode.removeprefix("container:")).folder
    return container.folder
