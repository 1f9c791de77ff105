"""Steps that go on when their caller is cancelled: a client that hangs up stops no change half
way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_running: set[asyncio.Task[Any]] = set()
"""The loop itself holds tasks weakly."""


def begin(step: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Run `step` as a task of its own."""
    task = asyncio.get_running_loop().create_task(step)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def whole(step: Coroutine[Any, Any, Result]) -> Result:
    """Await `step`, which comes to its end even if this call is cancelled."""
    return await asyncio.shield(begin(step))


async def finished(patience: float) -> None:
    """Wait until the steps that are running have come to their end, at most `patience` seconds."""
    if _running:
        await asyncio.wait(_running, timeout=patience)
