"""An engine against its model, for about a minute; `model.py --minutes 10` goes on for longer."""

import pytest

from tests.engine.qualities import model
from tests.support import engines
from tests.support.missing import skip_missing

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.mark.usefixtures("busybox")
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_the_engine_does_as_its_model(runtime: engines.Runtime) -> None:
    with skip_missing():
        engines.need_embedded(runtime)
    # The same sequences each time: a find is the fault of the change that is being tested.
    counts = model.play(runtime, minutes=1, derandomize=True)
    assert sum(counts.values()) > 100, counts
