"""The embedded engine beside a real dockerd and Podman: medians of the same calls in one run.

`python -m benchmarks.engines` prints a table; ratios are against dockerd. What is missing here
is said and left out. Rounds alternate between the engines, so that a busy moment hits all.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from insidedocker import catalog
from tests.support import engines

ROUNDS = 15
TRUE = {"Image": "busybox", "Cmd": ["true"]}

Call = Callable[[str, Any], Any]


class Client(http.client.HTTPConnection):
    """A connection to one engine that is kept between calls, with as little of its own as can
    be: libraries for requests take as long as some of the calls."""

    def __init__(self, engine: engines.Engine) -> None:
        super().__init__("engine", timeout=60)
        self.path = str(engine.socket)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON, where it is some. Raises RuntimeError for a status of an error."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.request(method, path, body and json.dumps(body), headers)
        answer = self.getresponse()
        raw = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {raw.decode()}")
        return json.loads(raw) if answer.getheader("Content-Type") == "application/json" else None


def ping(call: Client) -> None:
    call("GET", "/_ping")


def images(call: Client) -> None:
    call("GET", "/images/json")


def cycle(call: Client, **host: Any) -> None:
    """create, start, wait, logs, remove of `busybox true`."""
    name = call("POST", "/containers/create", {**TRUE, "HostConfig": host})["Id"]
    call("POST", f"/containers/{name}/start")
    call("POST", f"/containers/{name}/wait")
    call("GET", f"/containers/{name}/logs?stdout=1")
    call("DELETE", f"/containers/{name}")


def cycle_without_network(call: Client) -> None:
    cycle(call, NetworkMode="none")


MEASURES: dict[str, Callable[[Client], None]] = {
    "GET /_ping": ping,
    "GET /images/json": images,
    "run `true`": cycle,
    "run `true`, network none": cycle_without_network,
}


MAKERS: dict[str, Callable[[], contextlib.AbstractContextManager[engines.Engine]]] = {
    "embedded": lambda: engines.embedded("namespaces", recorded=False),
    "embedded, proot": lambda: engines.embedded("proot", recorded=False),
    "dockerd": engines.dockerd,
    "podman": engines.podman,
}


@contextlib.contextmanager
def started(*names: str) -> Iterator[dict[str, engines.Engine]]:
    """Those engines of `names` that can be had here, with busybox loaded."""
    with contextlib.ExitStack() as stack:
        found = {}
        for name in names:
            try:
                found[name] = stack.enter_context(MAKERS[name]())
            except engines.Missing as missing:
                print(f"left out: {name}: {missing}")
                continue
            found[name].load(catalog.archive("busybox"))
        yield found


def median_times(found: dict[str, engines.Engine]) -> dict[str, dict[str, float]]:
    """Median milliseconds by measure and engine; NaN where the engine refuses the calls here."""
    clients = {name: Client(engine) for name, engine in found.items()}
    times: dict[str, dict[str, list[float]]] = {
        measure: {name: [] for name in found} for measure in MEASURES
    }
    refused: set[tuple[str, str]] = set()
    for number in range(ROUNDS + 1):
        for measure, run in MEASURES.items():
            for name, client in clients.items():
                if (measure, name) in refused:
                    continue
                begin = time.perf_counter()
                try:
                    run(client)
                except (RuntimeError, OSError) as error:
                    print(f"left out: {measure} on {name}: {error}")
                    refused.add((measure, name))
                    times[measure][name] = [math.nan]
                    client.close()
                    continue
                if number:  # the first round warms up
                    times[measure][name].append(1000 * (time.perf_counter() - begin))
    return {
        measure: {name: statistics.median(values) for name, values in row.items()}
        for measure, row in times.items()
    }


def main() -> int:
    with started(*MAKERS) as found:
        table = median_times(found)
    print(f"\nmedian of {ROUNDS}, ms{'':<16}" + "".join(f"{name:>18}" for name in found))
    for measure, row in table.items():
        print(f"{measure:<32}" + "".join(f"{row[name]:>18.2f}" for name in found))
    if "dockerd" in found:
        print("\nas a multiple of dockerd's")
        for measure, row in table.items():
            ratios = (f"{row[name] / row['dockerd']:>18.2f}" for name in found)
            print(f"{measure:<32}" + "".join(ratios))
    return 0


if __name__ == "__main__":
    sys.exit(main())
