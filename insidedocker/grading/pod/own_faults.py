"""Tells failures of the course's own side, in a check, from those of the learner's work: by the
error's type, and only where the checker process itself has raised the error."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

from insidedocker.grading.pod.learner_proxy import FromLearner, Gone, Left

SCARCE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN),
    errno.EIO,
}
"""Error numbers of a machine that has run out of something, or whose disk fails."""


def fault(error: BaseException) -> str:
    """Describe what failed on the course's own side, in at most 300 characters; empty where the
    learner's work failed, or may have."""
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
        return False  # a learner's container served no page
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
    """The class as a tuple of one; an empty tuple where its module is not imported: such an error
    cannot have been raised then."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and the errors it was raised from (`__cause__`), at most 20."""
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and all errors that led to it (`__cause__`, `__context__`), at most 100."""
    queue, found = [error], 0
    while queue and found < 100:
        each = queue.pop()
        found += 1
        yield each
        queue += [more for more in (each.__cause__, each.__context__) if more is not None]
