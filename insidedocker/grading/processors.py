"""The number of processors that this process may use: its affinity, within its cgroups' quotas."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def allowed(proc: Path = Path("/proc/self")) -> int:
    """Return the number of processors, rounded down, at least 1 whatever the quotas say."""
    most = float(len(os.sched_getaffinity(0)))
    for folder in _folders(proc):
        most = min(most, _quota(folder))
    return max(1, int(most))


def _folders(proc: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroups (version 1 or 2) that may limit processors, and
    of the cgroups above."""
    try:
        groups = (proc / "cgroup").read_text().splitlines()
        mounts = (proc / "mountinfo").read_text().splitlines()
    except OSError:
        return
    paths = {
        ("cgroup2" if not controllers else "cgroup"): path
        for _, controllers, path in (line.split(":", 2) for line in groups)
        if not controllers or "cpu" in controllers.split(",")
    }
    for line in mounts:
        first, _, last = line.partition(" - ")
        kind, _, options = last.split(" ", 2)
        if kind not in paths or (kind == "cgroup" and "cpu" not in options.split(",")):
            continue
        root, place = first.split(" ")[3:5]
        # In a container the path may be the host's, and only its end is mounted here.
        below = Path("/" + os.path.relpath(paths[kind], root)) if root != "/" else Path(paths[kind])
        inner = [] if ".." in below.parts else [below, *below.parents]
        for each in inner or [Path("/")]:
            yield Path(place) / str(each).lstrip("/")


def _quota(folder: Path) -> float:
    """Return one cgroup's quota in processors; infinity where it has none."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        found = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", and groups without this controller
        return float("inf")
    return found if found > 0 else float("inf")
