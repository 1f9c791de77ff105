"""The places at which an engine may be found, in the order in which they are tried.

Knows the settings and sockets of Docker, its CLI, Podman and the programs that run them in a
virtual machine; asks no engine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insidedocker.lab.engines.bridge import TLS


@dataclass(frozen=True)
class Candidate:
    """An address at which an engine may answer, and the source of the address."""

    url: str
    says: str
    named: bool = False  # a person named it: nothing else may take its place
    tls: TLS | None = None
    wrong: str = ""  # why the settings give no address


def candidates() -> Iterator[Candidate]:
    """The addresses at which engines may answer, in the order in which they are tried."""
    if host := os.environ.get("DOCKER_HOST", "").strip():
        yield Candidate(host, "DOCKER_HOST names it", named=True, tls=_tls_of(host))
    elif context := _context():
        yield context
    if host := os.environ.get("CONTAINER_HOST", "").strip():
        yield Candidate(host, "CONTAINER_HOST names it")
    for path in _docker_sockets():
        yield Candidate(f"unix://{path}", "Docker's local socket")
    for path in _podman_sockets():
        yield Candidate(f"unix://{path}", "Podman's local socket")


def _runtime() -> Path | None:
    """The account's folder for sockets, also where a session (ssh, su, cron) does not set it."""
    if found := os.environ.get("XDG_RUNTIME_DIR", ""):
        return Path(found)
    usual = Path(f"/run/user/{os.getuid()}") if hasattr(os, "getuid") else None
    return usual if usual and usual.is_dir() else None


def _docker_sockets() -> Iterator[Path]:
    home, runtime = Path.home(), _runtime()
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    colima = os.environ.get("COLIMA_HOME")
    yield Path("/var/run/docker.sock")
    if runtime:
        yield runtime / "docker.sock"  # rootless Docker
    yield home / ".docker/run/docker.sock"  # Docker Desktop on macOS
    yield home / ".docker/desktop/docker.sock"  # Docker Desktop on Linux
    yield home / ".orbstack/run/docker.sock"
    for folder in (Path(colima) if colima else None, home / ".colima", settings / "colima"):
        if folder:
            yield folder / "default/docker.sock"
    yield home / ".rd/docker.sock"  # Rancher Desktop
    yield home / ".lima/docker/sock/docker.sock"


def _podman_sockets() -> Iterator[Path]:
    home, runtime = Path.home(), _runtime()
    if runtime:
        yield runtime / "podman/podman.sock"
    yield Path("/run/podman/podman.sock")
    yield home / ".local/share/containers/podman/machine/podman.sock"  # Podman machine
    if folder := os.environ.get("TMPDIR"):
        yield Path(folder) / "podman/podman-machine-default-api.sock"  # and since Podman 5
    yield home / ".lima/podman/sock/podman.sock"


def _tls_of(host: str) -> TLS | None:
    """TLS as the docker CLI takes it from the environment, for a TCP address."""
    verify = bool(os.environ.get("DOCKER_TLS_VERIFY"))
    if not host.startswith(("tcp://", "https://")) or not (verify or os.environ.get("DOCKER_TLS")):
        return None
    return TLS(Path(os.environ.get("DOCKER_CERT_PATH") or _settings()), verify)


def _settings() -> Path:
    """The folder of the docker CLI's settings."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _context() -> Candidate | None:
    """The docker CLI's current context; None for the default one, which is no address."""
    folder = _settings()
    name = os.environ.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    says = f"the docker CLI's context {name!r} names it"
    key = hashlib.sha256(name.encode()).hexdigest()
    found = _read(folder / "contexts/meta" / key / "meta.json")
    for step in ("Endpoints", "docker"):
        found = found.get(step) if isinstance(found.get(step), dict) else {}
    host = found.get("Host")
    if not isinstance(host, str) or not host:
        wrong = "the CLI has no address for it: `docker context ls` tells which there are"
        return Candidate(f"context {name}", says, wrong=wrong)
    material = folder / "contexts/tls" / key / "docker"
    skip = found.get("SkipTLSVerify") is True
    behind = host.startswith(("tcp://", "https://")) and (skip or material.is_dir())
    return Candidate(host, says, tls=TLS(material, not skip) if behind else None)


def _read(path: Path) -> Any:
    """The JSON object in a file of the CLI; empty where the file cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
