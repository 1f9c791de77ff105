"""Removals of whole trees of files, which can take long. They have few threads of their own: they
take none from short work, and the event loop has few rivals for the interpreter."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

_threads = ThreadPoolExecutor(2, thread_name_prefix="bulk")


async def run(
    function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
) -> Result:
    """Like asyncio.to_thread."""
    work = functools.partial(function, *given, **named)
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
