"""Fuzzes an embedded engine from the API's own description and prints what came of it.

`python tests/conformance/fuzz.py --minutes 10 --runtime namespaces --seed 1` sends requests made
up by schemathesis and by our own maker (`made_up.py`), which knows what leads deep into an
engine, by several clients at once to an engine without a network. It prints how many were
sent, the classes of status, every kind of 5xx, answers against the description, the slowest
answers, and how much the engine grew. Exits with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import os
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conformance import by_schema
from tests.conformance.made_up import Known, Made, Maker
from tests.support import engines, openapi
from tests.support.versions import NEWEST

CLIENTS = 4
HANG_SECONDS = 25.0
"""More than the ten seconds that a stop waits for a program that does not listen."""
BODY_SECONDS = 0.3
"""How long a stream is read that may have no end."""
KEPT = 12
"""Containers that are there at a time."""
GROWTH_KB = 20000

# Answers of 500 and above that are the Engine's own for such a request.
WANTED = {
    r"503 ": "no swarm here, as with an engine that has not joined one",
    r"the embedded engine has no plugins": "no plugins here",
    r"Container \S+ is not paused": "as the Engine says it",
    r"is not connected to network": "as the Engine says it",
    r"Get \\\"https?://": "a registry out of reach, in the Engine's words",
    r"POST /build: .*(Cannot locate specified Dockerfile|cannot be fetched)": "no such Dockerfile",
    r"failed to create task for container": "a start that failed, in the Engine's words",
    r"unable to find user": "a start that failed, in the Engine's words",
    r"Cannot mkdir: \S+ is not a directory": "a start that failed, in the Engine's words",
    r"Couldn't find PID field in ps output": "as the Engine says it",
    r"501 GET /containers/\{id\}/logs": "the logging driver `none` has none",
}
# The description leaves these out, and the Engine has them (or we have not what it describes).
UNDESCRIBED = (
    r"POST /containers/\{id\}/(start|restart|pause|resize|attach) 409: .* no status 409",
    r"GET /containers/\{id\}/(top|attach/ws) 409: .* no status 409",
    r"POST /exec/\{id\}/resize 409: .* no status 409",
    r"GET /images/(\{name\}/)?get 404: .* no status 404",
    r"GET /distribution/\{name\}/json 404: .* no status 404",
    r"GET /containers/\{id\}/logs 501: .* no status 501",
    r"GET /(containers|images)/json 404: .* no status 404",  # a filter `before` what is not there
    r"POST /volumes/create (404|503): .* no status .*",
    r"POST /networks/\{id\}/(dis)?connect 409: .* no status 409",
    # A container that is removed while its figures are told has no more of them.
    r"GET /containers/\{id\}/stats 200: an empty body .*",
    r".* 413: .* no status 413",
)


@dataclass
class Report:
    sent: int = 0
    classes: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: collections.Counter[str] = field(default_factory=collections.Counter)
    """5xx by operation and words."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Answers against the description, each with a request that got it."""
    hung: list[str] = field(default_factory=list)
    broken: collections.Counter[str] = field(default_factory=collections.Counter)
    slow: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client(threading.Thread):
    """Sends requests one after the other until the time is over."""

    def __init__(
        self, path: Path, description: Any, seed: int, report: Report, until: float
    ) -> None:
        super().__init__(daemon=True)
        self.path, self.report, self.until, self.seed = path, report, until, seed
        self.maker = Maker(description, seed)
        self.number = 0
        self.known = Known()
        self.description = openapi.describe(NEWEST)

    def run(self) -> None:
        while time.monotonic() < self.until:
            if self.number % 40 == 0:
                self._look_around()
            if self.number % 10 == 0:
                self._one(self.maker.create(self.maker.random.randrange(KEPT)))
            self._one(self.maker.request(self.known))
            self.number += 1

    def _one(self, made: Made) -> None:
        began = time.monotonic()
        try:
            status, headers, body, whole = self._send(made)
        except TimeoutError:
            with self.report.lock:
                self.report.hung.append(f"{made.method} {made.target[:200]} {made.body!r:.300}")
            return
        except (OSError, http.client.HTTPException) as error:
            with self.report.lock:
                self.report.broken[f"{made.method} {made.template}: {error!r}"] += 1
            return
        self._note(made, status, body, time.monotonic() - began)
        if status == 201 and made.template == "/containers/{id}/exec":
            self.known.execs.append(body.decode()[7:71])
        # What the description says of the newest version counts for its own answers only.
        if made.target.startswith(f"/v{NEWEST}"):
            for problem in self.description.check(
                made.method, made.target, status, headers, body, complete=whole
            ):
                if any(re.fullmatch(pattern, problem) for pattern in UNDESCRIBED):
                    continue
                with self.report.lock:
                    self.report.wrong.setdefault(
                        problem, f"{made.method} {made.target[:300]} {made.body!r:.300}"
                    )

    def _send(self, made: Made) -> tuple[int, dict[str, str], bytes, bool]:
        """Status, headers, body, and whether the body was read to its end."""
        connection = http.client.HTTPConnection("engine")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(HANG_SECONDS)
        connection.sock.connect(str(self.path))
        with contextlib.closing(connection):
            connection.request(made.method, made.target, made.body, made.headers)
            sock = connection.sock
            answer = connection.getresponse()
            endless = "Content-Length" not in answer.headers
            body = b""
            try:
                if endless:
                    sock.settimeout(BODY_SECONDS)
                    end = time.monotonic() + 2 * BODY_SECONDS
                    while (data := answer.read1(65536)) and time.monotonic() < end:
                        body += data
                    return answer.status, dict(answer.headers), body, not data
                return answer.status, dict(answer.headers), answer.read(), True
            except TimeoutError:
                if not endless:
                    raise
                return answer.status, dict(answer.headers), body, False

    def _note(self, made: Made, status: int, body: bytes, seconds: float) -> None:
        name = f"{made.method} {made.template}"
        with self.report.lock:
            self.report.sent += 1
            self.report.classes[f"{status // 100}xx"] += 1
            self.report.slow[name] = max(seconds, self.report.slow.get(name, 0.0))
            if status >= 500:
                words = re.sub(r"[0-9a-f]{12,}|fuzz-\d+", "…", body.decode(errors="replace"))
                self.report.failures[f"{status} {name}: {words.strip()[:200]}"] += 1

    def _look_around(self) -> None:
        ask = self._list
        self.known.containers = [each["Id"] for each in ask("/containers/json?all=1")] + ["fuzz-0"]
        images = ask("/images/json")
        self.known.images = [tag for image in images for tag in image["RepoTags"]]
        self.known.networks = [each["Id"] for each in ask("/networks")] + ["bridge"]
        self.known.volumes = [each["Name"] for each in ask("/volumes")["Volumes"]]
        del self.known.execs[:-10]
        for each in self.known.containers[KEPT * 2 :]:
            self._one(Made("DELETE", "/containers/{id}", f"/containers/{each}?force=1&v=1"))
        if "busybox:latest" not in self.known.images:
            body = (self.path.parent / "busybox.tar").read_bytes()
            kind = {"Content-Type": "application/x-tar"}
            self._one(Made("POST", "/images/load", "/images/load?quiet=1", kind, body))
        for each in [tag for tag in self.known.images if tag != "busybox:latest"][20:]:
            self._one(Made("DELETE", "/images/{name}", f"/images/{each}?force=1"))
        for each in self.known.networks[20:]:
            self._one(Made("DELETE", "/networks/{id}", f"/networks/{each}"))

    def _list(self, path: str) -> Any:
        import json

        _, _, body, _ = self._send(Made("GET", path, path))
        return json.loads(body)


class ClientBySchema(Client):
    """The same with what schemathesis makes up."""

    def run(self) -> None:
        description = read_description()
        self._look_around()
        by_schema.send_all(description, self.seed, self.known, self._one_more, self._goes_on)

    def _one_more(self, made: Made) -> None:
        self.number += 1
        if self.number % 40 == 0:
            self._look_around()
            self._one(self.maker.create(self.maker.random.randrange(KEPT)))
        self._one(made)

    def _goes_on(self) -> bool:
        return time.monotonic() < self.until


def memory(folder: Path) -> int:
    """KB that the engine and its launcher hold; the containers' programs are not counted."""
    total = 0
    for pid in engines.marked(folder):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/status").read_text()
            if b"insidedocker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                total += int(re.search(r"VmRSS:\s+(\d+)", text)[1])  # type: ignore[index]
    return total


def settled(engine: engines.Engine) -> tuple[int, int]:
    """(KB, open files) of the engine without containers."""
    engine.clear()
    time.sleep(1)
    return memory(engine.folder), len(list(Path(f"/proc/{engine.process.pid}/fd").iterdir()))


def fuzz(runtime: engines.Runtime, seconds: float, seed: int) -> bool:
    """Fuzz a new engine, print the report, and say whether all was well."""
    report = Report()
    with (
        engines.own_folder() as folder,
        engines.embedded(runtime, folder=folder, recorded=False) as engine,
    ):
        engine.load(engines.busybox(folder))
        run(engine, report, min(20.0, seconds / 4), seed + 1000)  # until every module is there
        before = settled(engine)
        run(engine, report, seconds, seed)
        after = settled(engine)
        alive = engine.process.poll() is None and engine.request("GET", "/_ping").ok
        log = engine.log.read_text(errors="replace")
    return show(report, before, after, alive, log)


def read_description() -> Any:
    text = openapi.find_description(NEWEST).read_bytes()
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def run(engine: engines.Engine, report: Report, seconds: float, seed: int) -> None:
    description = read_description()
    until = time.monotonic() + seconds
    clients = [
        kind(engine.socket, description, seed * 100 + number, report, until)
        for number, kind in enumerate([ClientBySchema, *[Client] * CLIENTS])
    ]
    for each in clients:
        each.start()
    for each in clients:
        each.join(seconds + 2 * HANG_SECONDS)


def show(
    report: Report, before: tuple[int, int], after: tuple[int, int], alive: bool, log: str
) -> bool:
    print(f"requests: {report.sent}; {dict(sorted(report.classes.items()))}")
    unwanted = []
    for failure, count in report.failures.most_common():
        why = next((why for words, why in WANTED.items() if re.search(words, failure)), "")
        if not why:
            unwanted.append(failure)
        print(f"  {count:>5} x {failure}{f'  ({why})' if why else '  UNWANTED'}")
    for problem, example in report.wrong.items():
        print(f"against the description: {problem}\n    {example}")
    for each in report.hung:
        print(f"no answer within {HANG_SECONDS:.0f} s: {each}")
    for each, count in report.broken.most_common():
        print(f"connection broken, {count} times: {each}")
    slowest = sorted(report.slow.items(), key=lambda item: -item[1])[:5]
    print("slowest: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest))
    grown, files = after[0] - before[0], after[1] - before[1]
    print(f"memory: {before[0]} kB, then {after[0]} kB; open files: {before[1]}, then {after[1]}")
    traces = tracebacks(log)
    print(f"the engine is {'up' if alive else 'DOWN'}; tracebacks in its log: {traces.total()}")
    for trace, count in traces.most_common():
        print(f"{count} x {trace}")
    bad = unwanted or report.wrong or report.hung or report.broken or traces or not alive
    return not bad and grown < GROWTH_KB and files < 20


def tracebacks(log: str) -> collections.Counter[str]:
    """Every kind of traceback, by its last frames of the engine's own code and its error."""
    found: collections.Counter[str] = collections.Counter()
    for text in re.split(r"^(?=\d{4}-\d\d-\d\d )", log, flags=re.MULTILINE):
        if "Traceback" in text:
            frames = re.findall(r'File ".*?/insidedocker/(.*?)", line (\d+)', text)
            where = " < ".join(f"{file}:{line}" for file, line in reversed(frames[-4:]))
            error = re.sub(r"[0-9a-f]{12,}", "…", text.strip().splitlines()[-1])
            found[f"{error[:200]}\n      {where}"] += 1
    return found


def without_network() -> None:
    """Begin again where no made-up name can reach a registry."""
    if os.environ.get("INSIDEDOCKER_FUZZ_APART"):
        return
    os.environ["INSIDEDOCKER_FUZZ_APART"] = "1"
    mine = [] if os.geteuid() == 0 else ["--map-current-user"]
    command = ["unshare", *mine, "--net", sys.executable, *sys.argv]
    os.execvp("unshare", command)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--runtime", choices=("namespaces", "proot"), default="namespaces")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    without_network()
    return 0 if fuzz(options.runtime, options.minutes * 60, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
