"""The engine that a file's tests share: in either runtime, or one of the file's own. Between two
tests it is made clean."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.missing import skip_missing


@pytest.fixture(
    scope="module", params=["namespaces", pytest.param("proot", marks=pytest.mark.slow)]
)
def engine(request: pytest.FixtureRequest, busybox: Path) -> Engine:
    found: Engine = request.getfixturevalue(f"embedded_{request.param}")
    found.load(busybox)
    return found


@pytest.fixture
def api(engine: Engine) -> Iterator[Caller]:
    yield Caller(engine)
    engine.clear()


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    with skip_missing(), engines.embedded("namespaces") as started:
        yield started


@pytest.fixture
def empty_engine(own_engine: Engine) -> Engine:
    """One without images."""
    own_engine.empty()
    return own_engine
