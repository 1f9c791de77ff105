"""What the tap costs: the same calls straight to an engine and through `lab.tap()`, side by side.

`python -m benchmarks.tap [ROUNDS]` asks an embedded engine by one session for each way, in turn,
so that whatever else the machine does falls on both, and prints medians, the ratio and the
difference. The clients' thread and the tap's share one Python, as in a notebook.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from insidedocker import lab

ROUNDS = 500
WARM_UP = 20
CALLS = ("/_ping", "/version", "/containers/json?all=1")


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(
    straight: lab.Engine, tapped: lab.Engine, path: str, rounds: int
) -> tuple[float, float]:
    """Medians of both ways, in seconds."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(WARM_UP + rounds):
        for engine, times in zip((straight, tapped), found, strict=True):
            took = seconds(lambda engine=engine: engine.get(path).content)  # type: ignore[misc]
            if turn >= WARM_UP:
                times.append(took)
    return statistics.median(found[0]), statistics.median(found[1])


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(f"{'call':<30} {'straight':>10} {'tapped':>10} {'ratio':>6} {'more':>10}")
    with lab.check.fresh_engine() as engine, lab.tap(engine.url) as tap:
        straight, tapped = lab.Engine(engine.url), tap.engine
        for path in CALLS:
            one, other = measure(straight, tapped, path, rounds)
            print(
                f"{'GET ' + path:<30} {one * 1e6:>7.0f} us {other * 1e6:>7.0f} us "
                f"{other / one:>6.2f} {(other - one) * 1e6:>7.0f} us"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
