"""Tells failures of our own side, in a check, from those of the learner's work: by type, and only
where the checking process itself has raised them."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

from insidedocker.grading.pod.learner_proxy import FromLearner, Gone, Left

SCARCE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN),
    errno.EIO,
}
"""What a machine says that has run out of something."""


def fault(error: BaseException) -> str:
    """What has failed on our side; empty where this is a failure of the learner's work, or may
    have been."""
    behind = list(_behind(error))
    if any(isinstance(each, FromLearner | Gone | Left | AssertionError) for each in behind):
        return ""
    found = next((each for each in _causes(error) if _is_ours(each)), None)
    if found is None:
        return ""
    said = str(found).strip().splitlines()
    return f"{type(found).__name__}: {said[0] if said else ''}"[:300]


def _is_ours(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, _class("insidedocker.lab.errors", "NoPage")):
        return False  # a learner's container served none
    if isinstance(error, OSError) and (error.errno in SCARCE or isinstance(error, TimeoutError)):
        return True
    return isinstance(
        error,
        (
            *_class("insidedocker.lab.errors", "SetupFailed"),
            *_class("insidedocker.catalog.errors", "CatalogError"),
            *_class("requests.exceptions", "ConnectionError"),
            *_class("requests.exceptions", "Timeout"),
            *_class("urllib3.exceptions", "TimeoutError"),
        ),
    )


def _class(module: str, name: str) -> tuple[type[BaseException], ...]:
    """A class of a module that may not have been imported: then nothing of it was raised."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it."""
    queue, found = [error], 0
    while queue and found < 100:
        each = queue.pop()
        found += 1
        yield each
        queue += [more for more in (each.__cause__, each.__context__) if more is not None]
