"""The engine about itself: ping, version, info, events, disk usage."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, filters, timestamps
from ..base.events import Event
from ..base.version import VERSION
from ..containers import inspect, listing
from ..server.http import Answer, Request, Response, Stream, answer
from . import images, volumes
from .routing import MAXIMUM, MINIMUM, reply, route, version_text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ..daemon import Daemon

PLATFORM = "Inside Docker embedded engine"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
"""The kernel's name -> Go's name."""


@route("HEAD", "/_ping")
@route("GET", "/_ping")
async def ping(_daemon: Daemon, request: Request) -> Answer:
    headers = {
        "Builder-Version": "1",
        "Swarm": "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
    }
    body = b"" if request.method == "HEAD" else b"OK"
    return Response(200, body, headers, "text/plain; charset=utf-8")


def architecture() -> str:
    machine = os.uname().machine
    return ARCHITECTURES.get(machine, machine)


@route("GET", "/version")
async def version(_daemon: Daemon, _request: Request) -> Answer:
    details = {
        "ApiVersion": version_text(MAXIMUM),
        "MinAPIVersion": version_text(MINIMUM),
        "GoVersion": f"none (Python {platform.python_version()})",
        "Os": "linux",
        "Arch": architecture(),
        "KernelVersion": os.uname().release,
    }
    return answer(
        {
            "Platform": {"Name": PLATFORM},
            "Version": VERSION,
            **details,
            "Components": [
                {
                    "Name": "Engine",
                    "Version": VERSION,
                    "Details": details,
                }
            ],
        }
    )


@route("GET", "/info")
async def info(daemon: Daemon, request: Request) -> Answer:
    kernel, system = os.uname(), _operating_system()
    return reply(
        request,
        {
            "ID": daemon.id,
            **_container_counts(daemon),
            "Images": len(daemon.images.all()),
            "Driver": daemon.driver.name,
            "DriverStatus": daemon.driver.status(),
            "DockerRootDir": str(daemon.root),
            "Name": daemon.name,
            "ServerVersion": VERSION,
            "KernelVersion": kernel.release,
            "OperatingSystem": system.get("PRETTY_NAME", "Linux"),
            "OSVersion": system.get("VERSION_ID", ""),
            "OSType": "linux",
            "Architecture": kernel.machine,
            "NCPU": len(os.sched_getaffinity(0)),
            "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "SystemTime": timestamps.now(),
            "Labels": [],
            "NFd": sum(1 for _ in Path("/proc/self/fd").iterdir()),
            "NEventsListener": daemon.events.followers,
            **_runtime(daemon),
            "SecurityOptions": _security(daemon),
            **_NOT_HERE,
            **_registries(daemon),
        },
    )


def _container_counts(daemon: Daemon) -> dict[str, int]:
    states = [container.state.status for container in daemon.store.all()]
    running, paused = states.count("running"), states.count("paused")
    return {
        "Containers": len(states),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": len(states) - running - paused,
    }


@functools.cache
def _operating_system() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _runtime(daemon: Daemon) -> dict[str, Any]:
    """The runtime that runs the containers, the reason for its choice, and warnings about what it
    cannot do."""
    runtime = daemon.runtime
    status = {
        "insidedocker.why": runtime.why,
        "insidedocker.not-isolated": ", ".join(runtime.isolation.missing()),
    }
    return {
        "DefaultRuntime": runtime.name,
        "Runtimes": {runtime.name: {"path": "", "status": status}},
        "Warnings": [
            *runtime.isolation.warnings(),
            *daemon.networks.warnings(),
            *daemon.kept_aside.warnings(),
            *(
                f"WARNING: No {_LIMITS[name]} support: this host gives the engine no control group"
                for name in _LIMITS
                if name not in runtime.limits
            ),
        ],
        **_limits(daemon),
    }


def _security(daemon: Daemon) -> list[str]:
    filtered = ["name=seccomp,profile=builtin"] if daemon.runtime.name == "namespaces" else []
    return [*filtered, *(["name=rootless"] if daemon.rootless else [])]


_LIMITS = {
    "memory": "memory limit",
    "swap": "swap limit",
    "cpu": "cpu limit",
    "pids": "pids limit",
}


def _limits(daemon: Daemon) -> dict[str, Any]:
    """Limits on containers that this host supports."""
    has = daemon.runtime.limits
    return {
        "CgroupDriver": "cgroupfs" if daemon.runtime.groups else "none",
        "CgroupVersion": daemon.runtime.groups or "2",
        "MemoryLimit": "memory" in has,
        "SwapLimit": "swap" in has,
        **dict.fromkeys(("CpuCfsPeriod", "CpuCfsQuota", "CPUShares"), "cpu" in has),
        "PidsLimit": "pids" in has,
    }


_NOT_HERE = {
    "KernelMemory": False,
    "KernelMemoryTCP": False,
    "CPUSet": False,
    "OomKillDisable": False,
    "BridgeNfIptables": False,
    "BridgeNfIp6tables": False,
    "IPv4Forwarding": True,
    "Debug": False,
    "ExperimentalBuild": False,
    "LiveRestoreEnabled": False,
    "Isolation": "",
    "InitBinary": "",
    "LoggingDriver": "json-file",
    "Plugins": {
        "Volume": ["local"],
        "Network": ["bridge", "host", "null"],
        "Authorization": None,
        "Log": ["json-file"],
    },
    "GenericResources": None,
    "CDISpecDirs": [],
    "ContainerdCommit": {"ID": "", "Expected": ""},
    "RuncCommit": {"ID": "", "Expected": ""},
    "InitCommit": {"ID": "", "Expected": ""},
    "Swarm": {
        "NodeID": "",
        "NodeAddr": "",
        "LocalNodeState": "inactive",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": None,
    },
}


def _registries(daemon: Daemon) -> dict[str, Any]:
    """Registries, and the proxies of the engine's environment."""
    proxies = {
        f"{field}Proxy": os.environ.get(name.upper()) or os.environ.get(name, "")
        for field, name in (("Http", "http_proxy"), ("Https", "https_proxy"), ("No", "no_proxy"))
    }
    options = daemon.images.registries
    mirrors = [f"{url}/" for url in options.mirrors]
    indexes = {
        host: {"Name": host, "Mirrors": [], "Secure": False, "Official": False}
        for host in sorted(options.insecure)
    }
    hub = {"Name": "docker.io", "Mirrors": mirrors, "Secure": True, "Official": True}
    return {
        **proxies,
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {
            "AllowNondistributableArtifactsCIDRs": [],
            "AllowNondistributableArtifactsHostnames": [],
            "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
            "IndexConfigs": {"docker.io": hub, **indexes},
            "Mirrors": mirrors,
        },
    }


@route("GET", "/system/df")
async def disk_usage(daemon: Daemon, request: Request) -> Answer:
    known = {"container", "image", "volume", "build-cache"}
    asked = set(request.query.get("type", [])) if request.version >= (1, 42) else set()
    asked = asked or known
    if not asked <= known:
        raise errors.BadRequest(f"unknown object type: {min(asked - known)}")
    used: dict[str, Any] = {}
    if "image" in asked:
        used["Images"], used["LayersSize"] = images.usage(daemon, request.version)
    if "container" in asked:
        used["Containers"] = []
        lists = listing.Listing(daemon.store, daemon.images, daemon.networks.membership)
        for container in daemon.store.all():
            sizes = await asyncio.to_thread(inspect.sizes, container, daemon.driver, daemon.images)
            used["Containers"].append(lists.entry(container) | sizes)
    if "volume" in asked:
        used["Volumes"] = await volumes.usage(daemon)
    if "build-cache" in asked:
        used["BuildCache"] = []
    return reply(request, used)


@route("GET", "/events")
async def events(daemon: Daemon, request: Request) -> Answer:
    wanted = filters.parse(request.get("filters"))
    since, until = (
        timestamps.parse(text) if (text := request.get(name)) else None
        for name in ("since", "until")
    )
    if since is not None and until is not None and since > until:
        raise errors.BadRequest(
            f"`since` time ({request.get('since')}) cannot be after "
            f"`until` time ({request.get('until')})"
        )
    return Stream(_lines(daemon.events.follow(since, until, wanted)))


async def _lines(found: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
    try:
        async for event in found:
            yield json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    finally:
        await found.aclose()
