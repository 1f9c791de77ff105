"""Missing real parts (engines, tools): a skip of the test, or in CI its failure."""

import contextlib
import os
from collections.abc import Iterator

import pytest

CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


class Missing(Exception):
    """A real part is not on this machine; the text says which and how to get it."""


@contextlib.contextmanager
def skip_missing() -> Iterator[None]:
    """Turn Missing into a skip that names the part; in CI into a failure."""
    try:
        yield
    except Missing as missing:
        if CI:
            pytest.fail(f"in CI nothing real may be missing: {missing}")
        pytest.skip(str(missing))
