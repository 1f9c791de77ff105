"""Lists of 10, 100 and 1000 containers and images: the embedded engine beside a real dockerd.

`python -m benchmarks.scale` prints medians, ratios against dockerd, and how much longer an
engine takes for ten times as many. Containers are created, never started; images share a layer.
An engine that would need too long for the next 900 containers stops where it is.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import itertools
import json
import statistics
import sys
import tarfile
import time

from .engines import Client, started

SIZES = (10, 100, 1000)
ROUNDS = 15
PATIENCE = 60.0
"""Seconds that making the containers of the next size may take."""
LISTS = ("/containers/json?all=1", "/images/json")

Times = dict[str, dict[str, dict[int, float]]]
"""Median milliseconds by list, engine and size."""


def images(numbers: range) -> bytes:
    """An archive of small images, which differ in a label, for POST /images/load."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("file"))
    files = {"layer.tar": layer.getvalue()}
    digest = hashlib.sha256(files["layer.tar"]).hexdigest()
    manifest = []
    for number in numbers:
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"number": str(number)}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
        files[f"{number}.json"] = json.dumps(config).encode()
        tags = [f"scale:{number}"]
        manifest.append({"Config": f"{number}.json", "RepoTags": tags, "Layers": ["layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as packed:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return whole.getvalue()


def fill(client: Client, numbers: range) -> float:
    """Make one container and one image for each number. The seconds the containers took."""
    begin = time.perf_counter()
    for number in numbers:
        body = {"Image": "busybox", "Cmd": ["true"], "Labels": {"number": str(number)}}
        client("POST", f"/containers/create?name=scale-{number}", body)
    taken = time.perf_counter() - begin
    kind = {"Content-Type": "application/x-tar"}
    client.request("POST", "/images/load?quiet=1", images(numbers), kind)
    answer = client.getresponse()
    text = answer.read()
    if answer.status != http.client.OK or b"error" in text:
        raise RuntimeError(f"the images were not loaded: {text.decode()}")
    return taken


def median_times(clients: dict[str, Client], path: str) -> dict[str, float]:
    """Milliseconds of one call. The engines take turns, so that a busy moment hits all."""
    found: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(ROUNDS + 1):
        for name, client in clients.items():
            begin = time.perf_counter()
            client("GET", path)
            if number:  # the first round warms up
                found[name].append(1000 * (time.perf_counter() - begin))
    return {name: statistics.median(values) for name, values in found.items()}


def measure() -> Times:
    found: Times = {path: {} for path in LISTS}
    with started("embedded", "dockerd") as engines:
        clients = {name: Client(engine) for name, engine in engines.items()}
        for before, size in itertools.pairwise((0, *SIZES)):
            taken = {name: fill(each, range(before, size)) for name, each in clients.items()}
            for path in LISTS:
                for name, median in median_times(clients, path).items():
                    found[path].setdefault(name, {})[size] = median
            for name, seconds in taken.items():
                if 10 * seconds > PATIENCE and size != SIZES[-1]:
                    print(f"{name}: the last containers took {seconds:.0f} s, it stops at {size}")
                    clients.pop(name)
    return found


def main() -> int:
    for path, row in measure().items():
        print(f"\nGET {path}, median of {ROUNDS}, ms")
        print(f"{'objects':<24}" + "".join(f"{size:>12}" for size in SIZES))
        for name, by_size in row.items():
            print(f"{name:<24}" + "".join(f"{time:>12.2f}" for time in by_size.values()))
            steps = (later / first for first, later in itertools.pairwise(by_size.values()))
            print(f"{'  growth (10: linear)':<36}" + "".join(f"{step:>12.1f}" for step in steps))
        if len(row) == 2:
            ratios = (row["embedded"][size] / time for size, time in row["dockerd"].items())
            print(f"{'as a multiple':<24}" + "".join(f"{ratio:>12.2f}" for ratio in ratios))
    return 0


if __name__ == "__main__":
    sys.exit(main())
