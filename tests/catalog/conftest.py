"""A cache of the test's own, apt, and a real registry to pull from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog import parts


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty catalogue, for this process and those it starts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/insidedocker/catalog"


@pytest.fixture
def apt() -> None:
    """The two programs that fetch and open Debian's packages."""
    parts.need("apt-get", "apt")
    parts.need("dpkg-deb", "dpkg")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[parts.Registry]:
    """An empty registry."""
    with parts.running_registry(tmp_path) as running:
        yield running
