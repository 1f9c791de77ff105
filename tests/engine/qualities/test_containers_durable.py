"""Containers and kill -9: whatever was acknowledged is there after the next start, whole."""

import contextlib
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.support import patience
from tests.support.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROUNDS = 8
CLIENTS = 4


class Book:
    """What was acknowledged. A container is in doubt while its removal is not answered."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.started: set[str] = set()
        self.gone: set[str] = set()
        self.in_doubt: set[str] = set()

    def busy(self) -> bool:
        return len(self.there) + len(self.gone) > CLIENTS

    def live(self, engine: Engine, stop: threading.Event) -> None:
        """Create, start and remove containers until the engine is gone."""
        with contextlib.suppress(requests.RequestException):
            while not stop.is_set():
                body = {"Image": "busybox", "Cmd": ["sleep", "100"]}
                answer = engine.request("POST", "/containers/create", json=body)
                answer.raise_for_status()
                made = answer.json()["Id"]
                self.there.add(made)
                if random.random() < 0.7:
                    engine.request("POST", f"/containers/{made}/start").raise_for_status()
                    self.started.add(made)
                if random.random() < 0.6:
                    self.in_doubt.add(made)
                    engine.request("DELETE", f"/containers/{made}?force=1").raise_for_status()
                    self.there.discard(made)
                    self.gone.add(made)


def test_kill_at_random_moments(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    folder = engine_folder
    engine = embedded(images=(busybox,), folder=folder)
    for _ in range(ROUNDS):
        book, stop = Book(), threading.Event()
        clients = [threading.Thread(target=book.live, args=(engine, stop)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        stop.wait(random.uniform(0.05, 0.6))
        engine.process.kill()
        engine.process.wait()
        stop.set()
        for client in clients:
            client.join()
        engine = embedded(folder=folder)
        found = {
            each["Id"]: each for each in engine.request("GET", "/containers/json?all=1").json()
        }
        assert book.there - book.in_doubt <= set(found)
        assert not book.gone & set(found)
        assert {found[each]["State"] for each in book.started & set(found)} <= {"exited"}
        assert {each.name for each in (folder / "state/containers").iterdir()} == set(found)
        for each in list(found)[:3]:  # whole: they start, and their file systems are there
            assert engine.request("POST", f"/containers/{each}/start").status_code == 204
            assert engine.request("GET", f"/containers/{each}/changes").json() is None
        engine.clear()
    patience.until(lambda: list((folder / "state/tmp").iterdir()) == [])
