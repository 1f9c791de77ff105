"""A Binder session as its users have it: a container of the image, started as BinderHub starts it,
with the walls and limits of mybinder.org and without a network."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support import patience
from tests.support.engines import Engine

MEMORY = 2 << 30
TOKEN = "a-token-of-binderhub"
BASE_URL = "/user/somebody/"
SOCKET = "/tmp/insidedocker-1000/engine.sock"
PLAY_SECONDS = 900


@dataclass
class Session:
    """A running container of the image."""

    engine: Engine
    id: str
    address: str
    began: float
    peaks: dict[str, float] = field(default_factory=dict)
    """The most memory that was in use at a time, in bytes, by what was done."""

    def url(self, path: str) -> str:
        """An address for the browser, as BinderHub's launcher leads to it."""
        return f"http://{self.address}:8888{BASE_URL}{path}?token={TOKEN}"

    def run(self, *command: str, **variables: str) -> tuple[int, str]:
        """Run a command in the container as its user; exit code and output."""
        told = {
            "DOCKER_HOST": f"unix://{SOCKET}",
            "INSIDEDOCKER_CATALOG": "/home/jovyan/.catalog",
            **variables,
        }
        made = self.engine.request(
            "POST",
            f"/containers/{self.id}/exec",
            json={
                "Cmd": list(command),
                "Env": [f"{name}={value}" for name, value in told.items()],
                "AttachStdout": True,
                "AttachStderr": True,
                "Tty": True,
            },
        )
        started = self.engine.request(
            "POST", f"/exec/{made.json()['Id']}/start", json={"Tty": True}, timeout=PLAY_SECONDS
        )
        done = self.engine.request("GET", f"/exec/{made.json()['Id']}/json").json()
        return done["ExitCode"], started.text

    def said(self) -> str:
        """What the session has written until now, each line with its time."""
        query = f"/containers/{self.id}/logs?stdout=1&stderr=1&timestamps=1"
        frames = self.engine.request("GET", query).content
        lines = []
        while frames:
            size = int.from_bytes(frames[4:8], "big")
            lines.append(frames[8 : 8 + size].decode(errors="replace"))
            frames = frames[8 + size :]
        return "".join(lines)

    def seconds_until(self, line: str) -> float:
        """How long after the container's start this was written."""
        found = re.search(rf"^(\S+) .*{line}", self.said(), re.MULTILINE)
        assert found, f"{line!r} was not said:\n{self.said()}"
        started = self.inspect()["State"]["StartedAt"]
        return (moment(found[1]) - moment(started)).total_seconds()

    def inspect(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.engine.request("GET", f"/containers/{self.id}/json").json()
        return answer

    def memory(self) -> float:
        """Bytes in use, as `docker stats` counts them: without files that could be let go."""
        query = f"/containers/{self.id}/stats?stream=0&one-shot=1"
        stats = self.engine.request("GET", query).json()["memory_stats"]
        numbers = stats["stats"]
        idle = numbers.get("total_inactive_file", numbers.get("inactive_file", 0))
        return float(stats["usage"] - idle)

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Note the most memory in use during a block."""
        over = threading.Event()
        peak = [self.memory()]

        def watch() -> None:
            while not over.wait(0.5):
                peak[0] = max(peak[0], self.memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            self.peaks[what] = peak[0]


def moment(text: str) -> datetime:
    """A time with nanoseconds, as engines write it."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z$", r"\1+00:00", text))


@contextmanager
def session(engine: Engine, image: str) -> Iterator[Session]:
    """Start a session and wait until the server takes requests; removed at the end."""
    network = {"Name": "no-way-out", "Internal": True}
    engine.request("POST", "/networks/create", json=network).raise_for_status()
    # What BinderHub's spawner gives to the server that repo2docker has installed.
    options = {"base_url": BASE_URL, "token": TOKEN, "trust_xheaders": "True"}
    command = ["jupyter-notebook", "--ip=0.0.0.0", "--port=8888"]
    for app in ("NotebookApp", "ServerApp"):
        command += [f"--{app}.{name}={value}" for name, value in options.items()]
    wanted = {
        "Image": image,
        "Cmd": command,
        "HostConfig": {
            "Memory": MEMORY,
            "MemorySwap": MEMORY,
            "NanoCpus": 1_000_000_000,
            "NetworkMode": "no-way-out",
            "SecurityOpt": ["no-new-privileges"],
        },
    }
    made = engine.request("POST", "/containers/create", json=wanted)
    assert made.status_code == 201, made.text
    began = time.monotonic()
    engine.request("POST", f"/containers/{made.json()['Id']}/start").raise_for_status()
    found = Session(engine, made.json()["Id"], "", began)
    networks = found.inspect()["NetworkSettings"]["Networks"]
    found.address = networks["no-way-out"]["IPAddress"]
    await_line(found, "is running at")
    yield found


def await_line(found: Session, line: str, seconds: float = patience.START) -> None:
    """Until the session has written it."""
    until = time.monotonic() + seconds
    while line not in found.said():
        state = found.inspect()["State"]
        assert state["Running"], f"the session ended ({state['ExitCode']}):\n{found.said()}"
        assert time.monotonic() < until, f"{line!r} was not said:\n{found.said()}"
        time.sleep(0.1)


def play(found: Session, lesson: str) -> dict[str, Any]:
    """The report on the instructor's version of a lesson, played twice in the session."""
    report = f"/tmp/{lesson}.json"
    with found.watched(lesson):
        code, said = found.run(
            *("python", "/home/jovyan/tests/exercises/play.py", lesson, report),
        )
    assert code == 0, said[-4000:]
    told: dict[str, Any] = json.loads(found.run("cat", report)[1])
    return told
