"""Cold start to the first answer of /_ping, and idle memory: the embedded engine beside a real
dockerd (with its bridge and containerd) and Podman.

`python -m benchmarks.start` starts each on an empty folder, several times in turn, and prints
medians and ratios against dockerd. Memory is that of all processes of an engine: RSS counts what
processes share in each of them, PSS divides it between them.
"""

from __future__ import annotations

import compileall
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .engines import MAKERS, engines

ROUNDS = 5
SETTLING_SECONDS = 1.0
AROUND = ("setpriv", "unshare", str(engines.ENTER))
"""What the tests put around an engine."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Found:
    """Seconds, and MiB, of each round."""

    start: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)


def processes(engine: engines.Engine) -> list[Path]:
    """Of an engine, the oldest first: known by a mark in their environment, or by a parent."""
    facts = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            facts[int(folder.name)] = (int(text[1]), int(text[19]))
        except OSError:
            continue  # it has just ended
    found = set(engines.marked(engine.folder))
    while more := {pid for pid, (parent, _) in facts.items() if parent in found} - found:
        found |= more
    oldest = sorted(found & set(facts), key=lambda pid: facts[pid][1])
    folders = [Path("/proc", str(pid)) for pid in oldest]
    return [folder for folder in folders if not set(AROUND) & set(words(folder)[:2])]


def words(process: Path) -> list[str]:
    return (process / "cmdline").read_text(errors="replace").split("\0")


def began(process: Path) -> float:
    """By CLOCK_BOOTTIME."""
    text = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return int(text[19]) / TICKS


def memory(process: Path, kind: str) -> float:
    """MiB of one process: its Rss or Pss."""
    match = re.search(rf"^{kind}:\s+(\d+) kB$", (process / "smaps_rollup").read_text(), re.M)
    return int(match[1]) / 1024 if match else 0.0


def measure() -> dict[str, Found]:
    found = {name: Found() for name in MAKERS}
    for _ in range(ROUNDS):
        for name in list(found):
            try:
                with MAKERS[name]() as engine:
                    time.sleep(SETTLING_SECONDS)
                    own = processes(engine)
                    found[name].start.append(engine.answered - began(own[0]))
                    found[name].rss.append(sum(memory(process, "Rss") for process in own))
                    found[name].pss.append(sum(memory(process, "Pss") for process in own))
            except engines.Missing as missing:
                print(f"left out: {name}: {missing}")
                del found[name]
    return found


def main() -> int:
    # As any installation does; the ordinary user that runs the engine here may not.
    compileall.compile_dir(Path(__file__).parents[1] / "insidedocker", quiet=1)
    found = measure()
    print(f"median of {ROUNDS:<20}" + "".join(f"{name:>18}" for name in found))
    for title, kind in (("start, s", "start"), ("idle RSS, MiB", "rss"), ("idle PSS, MiB", "pss")):
        medians = {name: statistics.median(getattr(each, kind)) for name, each in found.items()}
        print(f"{title:<30}" + "".join(f"{value:>18.2f}" for value in medians.values()))
        if "dockerd" in medians:
            ratios = (value / medians["dockerd"] for value in medians.values())
            print(
                f"{'  as a multiple of dockerd':<30}"
                + "".join(f"{ratio:>18.2f}" for ratio in ratios)
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
