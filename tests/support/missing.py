"""What becomes of a test when a real part is not on this machine."""

import contextlib
import os
from collections.abc import Iterator

import pytest

CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


class Missing(Exception):
    """A real part is not on this machine; the text says which and how to get it."""


@contextlib.contextmanager
def skip_missing() -> Iterator[None]:
    """Turn a missing part into a skip that names it; in CI nothing real may be missing."""
    try:
        yield
    except Missing as missing:
        if CI:
            pytest.fail(f"in CI nothing real may be missing: {missing}")
        pytest.skip(str(missing))
