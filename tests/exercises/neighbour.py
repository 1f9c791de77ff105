"""Other work on the engine while a lesson is played on the same engine.

Makes containers, networks, volumes, images and tags without the course's label or name, keeps
each for a while and removes it; records those that are missing by then, which the lesson must have
removed.
"""

import itertools
import threading
from collections import deque
from types import TracebackType

from tests.support.engines import Engine

AT_ONCE = 6
"""Number of rounds whose objects exist at the same time."""


class Neighbour:
    """Works in a thread during a `with` block. `missed` lists the paths of missing objects."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.missed: list[str] = []
        self.rounds = 0
        self._failed: list[str] = []
        self._there: deque[list[tuple[str, str]]] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Neighbour":
        self._there.append(self._round("always"))  # exists before the lesson and until the end
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        while self._there:
            self._remove(self._there.popleft())
        assert not self._failed, self._failed

    def _work(self) -> None:
        try:
            always = self._there.popleft()
            for number in itertools.count():
                self._there.append(self._round(str(number)))
                self.rounds += 1
                if len(self._there) > AT_ONCE:
                    self._remove(self._there.popleft())
                if self._over.wait(0.02):
                    break
            self._there.append(always)
        except Exception as error:
            self._failed.append(repr(error))

    def _round(self, word: str) -> list[tuple[str, str]]:
        """Make one object of each kind; returns (path to GET, path to DELETE) pairs; the latter is
        empty for an object that goes with another."""
        name = f"neighbour-{word}"
        recipe = {"Image": "busybox", "Cmd": ["sleep", "600"], "Volumes": {"/anonymous": {}}}
        container = self._make(f"/containers/create?name={name}", recipe)["Id"]
        network = self._make("/networks/create", {"Name": name})["Id"]
        self._make("/volumes/create", {"Name": name})
        image = self._make(f"/commit?container={container}&comment={word}", {})["Id"]
        self._make(f"/images/busybox/tag?repo={name}&tag=1", {})
        (anonymous,) = self._seen(f"/containers/{container}/json")["Mounts"]
        return [
            (f"/containers/{container}/json", f"/containers/{container}?force=1&v=1"),
            (f"/networks/{network}", f"/networks/{network}"),
            (f"/volumes/{name}", f"/volumes/{name}"),
            (f"/volumes/{anonymous['Name']}", ""),  # goes with its container
            (f"/images/{name}:1/json", f"/images/{name}:1?noprune=1"),
            (f"/images/{image}/json", f"/images/{image}?noprune=1"),
        ]

    def _remove(self, things: list[tuple[str, str]]) -> None:
        for look, _ in things:
            if not self.engine.request("GET", look).ok:
                self.missed.append(look)
        for _, remove in things:
            if remove:
                self.engine.request("DELETE", remove)

    def _make(self, path: str, body: object) -> dict[str, str]:
        answer = self.engine.request("POST", path, json=body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    def _seen(self, path: str) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = self.engine.request("GET", path).json()
        return found
