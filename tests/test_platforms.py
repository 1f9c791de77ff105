"""The learner's side where Linux is not."""

import subprocess
import sys

EVERYTHING = """\
import tests.support.played_macos
import importlib, pkgutil, traceback
failed = []
for name in ("authoring", "catalog", "lab", "launch"):
    package = importlib.import_module(f"insidedocker.{name}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        try:
            importlib.import_module(module.name)
        except Exception:
            failed.append(f"{module.name}: {traceback.format_exc(-1)}")
print(*failed, sep="\\n", end="")
"""


def test_everything_of_the_learners_side_can_be_imported_on_macos() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
