"""Health checks: their schedule, and the health status that follows from the results."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from ..base import errors, timestamps
from ..container.record import Container
from ..container.store import ContainerStore
from ..runtime.contract import StartError

if TYPE_CHECKING:
    from .execs import Execs

log = logging.getLogger(__name__)

NANO = 1_000_000_000
INTERVAL = TIMEOUT = 30 * NANO
START_INTERVAL = 5 * NANO
RETRIES = 3
KEPT = 5
"""Number of results kept."""
OUTPUT_LIMIT = 4096
"""Bytes kept of one check's output."""
KINDS = ("NONE", "CMD", "CMD-SHELL")


def command(container: Container) -> list[str] | None:
    """The words to run, or None where the container has no check."""
    test = (container.config.get("Healthcheck") or {}).get("Test") or []
    if len(test) < 2 or test[0] not in KINDS:
        return None
    if test[0] == "CMD-SHELL":
        return [*(container.config.get("Shell") or ["/bin/sh", "-c"]), test[1]]
    return list(test[1:]) if test[0] == "CMD" else None


class HealthChecks:
    """Runs the health checks of all containers of one engine."""

    def __init__(self, containers: ContainerStore, execs: Execs) -> None:
        self._containers = containers
        self._execs = execs

    def begin(self, container: Container) -> None:
        """Start checking a container that has just been started."""
        if command(container) is None:
            container.state.health = None
            return
        container.state.health = {"Status": "starting", "FailingStreak": 0, "Log": []}
        checking = self._watch(container)
        container.health_check = asyncio.get_running_loop().create_task(checking)

    def end(self, container: Container) -> None:
        """Stop checking; as with the Engine, a container that stops is unhealthy."""
        if container.health_check is not None:
            container.health_check.cancel()
            container.health_check = None
        if container.state.health is not None:
            container.state.health["Status"] = "unhealthy"

    async def _watch(self, container: Container) -> None:
        settings = container.config["Healthcheck"]
        began = time.monotonic()
        while True:
            wait = settings.get("Interval") or INTERVAL
            health = container.state.health or {}
            starting = health.get("Status") == "starting" and _in_start_period(settings, began)
            if starting:
                wait = min(wait, settings.get("StartInterval") or START_INTERVAL)
            await asyncio.sleep(wait / NANO)
            if container.state.status != "running":
                continue
            try:
                result = await self._probe(container)
            except (errors.APIError, StartError) as error:
                result = _result(time.time_ns(), -1, str(error))
            except Exception:
                log.exception("the health check of %s failed", container.name)
                return
            self._judge(container, result, _in_start_period(settings, began))

    async def _probe(self, container: Container) -> dict[str, Any]:
        start = time.time_ns()
        words = command(container) or []
        timeout = (container.config["Healthcheck"].get("Timeout") or TIMEOUT) / NANO
        code, output = await self._execs.run(container, words, timeout, OUTPUT_LIMIT)
        if code is None:
            text = f"Health check exceeded timeout ({timeout:g}s)"
            return _result(start, -1, f"{text}: {output}" if output else text)
        return _result(start, code, output)

    def _judge(self, container: Container, result: dict[str, Any], forgiving: bool) -> None:
        health = container.state.health
        if health is None:
            return
        before = health["Status"]
        health["Log"] = [*health["Log"], result][-KEPT:]
        if result["ExitCode"] == 0:
            health["FailingStreak"] = 0
            health["Status"] = "healthy"
        elif not (before == "starting" and forgiving):
            health["FailingStreak"] += 1
            retries = container.config["Healthcheck"].get("Retries") or RETRIES
            if health["FailingStreak"] >= retries:
                health["Status"] = "unhealthy"
        if health["Status"] != before:
            self._containers.emit(container, f"health_status: {health['Status']}")


def _in_start_period(settings: dict[str, Any], began: float) -> bool:
    return time.monotonic() - began < (settings.get("StartPeriod") or 0) / NANO


def _result(start: int, code: int, output: str) -> dict[str, Any]:
    return {
        "Start": timestamps.text(start),
        "End": timestamps.now(),
        "ExitCode": code,
        "Output": output,
    }
