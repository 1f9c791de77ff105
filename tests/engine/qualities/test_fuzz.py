"""A short while of made-up requests; `conformance/fuzz.py --minutes 10` goes on for longer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import engines, openapi
from tests.support.missing import skip_missing
from tests.support.versions import NEWEST

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).parents[3]


# Not in the standard run: what it meets is another thing each time, as it depends on how fast the
# machine is, and a find is no fault of the change that is being tested.
ASKED_FOR = "fuzz" in os.environ.get("INSIDEDOCKER_MORE", "").split()


@pytest.mark.skipif(not ASKED_FOR, reason="finds what it finds: INSIDEDOCKER_MORE=fuzz")
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_made_up_requests_do_no_harm(runtime: engines.Runtime) -> None:
    with skip_missing():
        engines.need_embedded(runtime)
        openapi.describe(NEWEST)
    command = [
        sys.executable,
        "-m",
        "tests.conformance.fuzz",
        "--minutes",
        "0.2",
        "--runtime",
        runtime,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
