"""An engine against a model of it: made-up sequences of requests by several clients at once, with
kills of the engine, its ordinary ends, full disks and clients that hang up between them.

`python -m tests.engine.qualities.model --minutes 10 --runtime namespaces` goes on for longer than
the test. After each step: what was acknowledged is seen, what was refused is not, the records on
disk say the same as the answers, and the events are those of the step, in Docker's order.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import requests
import requests_unixsocket
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support import engines, patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.real.busybox import busybox_archive

LONG = ("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done")
"""Ends with 7 when it is asked to."""
BRIEF = ("sh", "-c", "exit 3")
POLICIES = ("no", "always", "unless-stopped")
NETWORK = "model-net"
MOST = 6
"""Containers at a time."""
SEQUENCES, STEPS = 20, 40
BETWEEN_ENDS = 8
"""Steps between two ends of the engine."""
LOST = 137
"""Exit code of a container that was killed, or lost its engine."""


@dataclass
class Known:
    """A container, as the answers so far leave it."""

    id: str
    name: str
    long: bool
    policy: str
    status: str = "created"
    code: int | None = 0
    """None: not known."""
    networks: set[str] = field(default_factory=lambda: {"bridge"})
    started: bool = False
    by_hand: bool = False

    @property
    def loops(self) -> bool:
        """True where it ends and is started again for ever: its status is any moment's."""
        return not self.long and self.policy != "no" and self.status == "running"

    @property
    def runs(self) -> bool:
        return self.status in ("running", "paused")

    def end(self, code: int, by_hand: bool = True) -> None:
        self.status, self.code = "exited", code
        self.by_hand = self.by_hand or by_hand

    def begin(self) -> None:
        """A start by a client has been answered."""
        self.started, self.by_hand = True, False
        self.status, self.code = "running", 0
        if not self.long and self.policy == "no":
            self.status, self.code = "exited", 3

    def engine_ended(self, killed: bool) -> None:
        """The engine has ended and was started again."""
        if self.runs:
            self.end(LOST if killed else 7 if self.long else 3, by_hand=False)
        again = self.policy == "always" or (self.policy == "unless-stopped" and not self.by_hand)
        if self.started and again:
            self.status, self.code = "running", 0


class World:
    """One engine over all sequences, killed and started again on the same folder."""

    def __init__(self, runtime: engines.Runtime, folder: Path) -> None:
        self.runtime = runtime
        self.folder = folder
        self._life = contextlib.ExitStack()
        self.engine: Engine
        self.steps: list[str] = []
        self.counts: dict[str, int] = {}

    def begin(self, *images: Path) -> None:
        self.engine = self._life.enter_context(
            engines.embedded(
                self.runtime,
                images=images,
                folder=self.folder,
                recorded=False,
                options=("--fault-control", f"unix://{self.folder}/f"),
            )
        )
        self.api = Caller(self.engine)

    def again(self, kill: bool) -> None:
        process = self.engine.process
        (process.kill if kill else process.terminate)()
        code = process.wait(patience.EVENT)
        assert kill or code == 0, f"the engine ended with {code}"
        self.close()
        self.begin()

    def close(self) -> None:
        self._life.close()

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        base = "http+unix://" + quote(f"{self.folder}/f", safe="") + "/faults/full"
        with requests_unixsocket.Session() as session:
            session.put(base, json={"kind": "disk-full"}).raise_for_status()
            try:
                yield
            finally:
                session.delete(base).raise_for_status()

    def record(self, container: Known) -> Any:
        """The container's record on disk."""
        path = self.folder / "state/containers" / container.id / "config.json"
        return json.loads(path.read_bytes())

    def note(self, text: str) -> None:
        self.steps.append(text)
        self.counts[text.split(maxsplit=1)[0]] = self.counts.get(text.split(maxsplit=1)[0], 0) + 1


some = st.integers(0, 1000)
ACTIONS = ("start", "stop", "kill", "restart", "pause", "unpause", "rename", "update", "remove")
action = st.sampled_from(ACTIONS)


class Model(RuleBasedStateMachine):
    """The rules pick containers by number, so that every choice is one."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Known] = []
        self.tags: set[str] = set()
        self.volumes: set[str] = set()
        self.networks: set[str] = set()
        self.serial = 0
        self.next_end = BETWEEN_ENDS

    @initialize()
    def clean(self) -> None:
        self.world.steps.clear()
        self.world.engine.clear()
        api = self.world.api
        for image in api.good("GET", "/images/json"):
            for tag in image["RepoTags"]:
                if not tag.startswith("busybox"):
                    api.good("DELETE", f"/images/{tag}")
        api.network(NETWORK)

    def pick(self, number: int) -> Known:
        return self.known[number % len(self.known)]

    def name(self) -> str:
        self.serial += 1
        return f"c{self.serial}"

    # Containers, one request at a time

    @precondition(lambda self: len(self.known) < MOST)
    @rule(long=st.booleans(), policy=st.sampled_from(POLICIES), full=st.booleans())
    def create(self, long: bool, policy: str, full: bool) -> None:
        name = self.name()
        body = {
            "Image": "busybox",
            "Cmd": list(LONG if long else BRIEF),
            "HostConfig": {"RestartPolicy": {"Name": policy}},
        }
        path = f"/containers/create?name={name}"
        self.world.note(f"create {name} {long=} {policy} {full=}")
        answer = self.sent("POST", path, body, full=full)
        if answer.ok:
            self.known.append(Known(answer.json()["Id"], name, long, policy))

    @precondition(lambda self: self.known)
    @rule(asked=st.lists(st.tuples(some, action, st.integers(0, 3)), min_size=1, max_size=5))
    def act(self, asked: list[tuple[int, str, int]]) -> None:
        """One client, one request after the other, now and then on a full disk."""
        for number, what, quarter in asked:
            if not self.known:
                return
            container = self.pick(number)
            # A restart on a full disk may have stopped what it then cannot start.
            full = quarter == 3 and what != "restart"
            self.world.note(f"{what} {container.name} {full=}")
            with self.world.full_disk() if full else contextlib.nullcontext():
                self.one(container, what)

    @precondition(lambda self: len(self.known) > 1)
    @rule(numbers=st.lists(st.tuples(some, action), min_size=2, max_size=5))
    def together(self, numbers: list[tuple[int, str]]) -> None:
        """Several clients, each with a container of its own."""
        pairs = {self.pick(number).id: (self.pick(number), what) for number, what in numbers}
        self.world.note(f"together {[(each.name, what) for each, what in pairs.values()]}")
        with ThreadPoolExecutor(len(pairs)) as pool:
            list(pool.map(lambda pair: self.one(*pair), pairs.values()))

    @precondition(lambda self: self.known)
    @rule(number=some, wishes=st.lists(action, min_size=2, max_size=4))
    def contend(self, number: int, wishes: list[str]) -> None:
        """Several clients ask for changes of one container."""
        container = self.pick(number)
        asked = [(what, self.name() if what == "rename" else "") for what in wishes]
        self.world.note(f"contend {container.name} {asked}")
        ran, before, paused = container.runs, time.time(), container.status == "paused"
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = list(
                pool.map(lambda each: self.request(container, each[0], new=each[1]), asked)
            )
        bad = [answer for answer in answers if answer.status_code >= 500]
        assert not bad or all("not paused" in answer.text for answer in bad), bad
        granted = [each for each, answer in zip(asked, answers, strict=True) if answer.ok]
        if any(what == "remove" for what, _ in granted):
            self.known.remove(container)
            return
        names = {new for what, new in granted if what == "rename"} or {container.name}
        if not container.long:
            self.thaw(container)
        found = self.settled(container)
        assert found["Name"].strip("/") in names, (found["Name"], names)
        policy = found["HostConfig"]["RestartPolicy"]["Name"]
        if container.long or {policy, container.policy} == {"no"}:  # else it begins by itself
            check_story(self.events(container, before), ran, paused, found["State"])
        container.name = found["Name"].strip("/")
        container.policy = policy
        state = found["State"]
        container.status = "running" if state["Restarting"] else state["Status"]
        container.code = None
        container.started = self.world.record(container)["started_before"]
        container.by_hand = self.world.record(container)["stopped_by_hand"]

    def thaw(self, container: Known) -> None:
        """Let a brief program go on that a pause met, perhaps at its end."""
        self.world.api.call("POST", f"/containers/{container.id}/unpause")

    def settled(self, container: Known) -> Any:
        """The container, once a brief program that was started has come to its end."""
        found: Any = None

        def calm() -> bool:
            nonlocal found
            found = self.world.api.good("GET", f"/containers/{container.id}/json")
            policy = found["HostConfig"]["RestartPolicy"]["Name"]
            return (
                container.long
                or policy != "no"
                or not found["State"]["Running"]
                or (found["State"]["Paused"])
            )

        patience.until(calm)
        return found

    def request(self, container: Known, what: str, new: str = "") -> requests.Response:
        path = f"/containers/{container.id}"
        if what == "remove":
            return self.world.api.call("DELETE", f"{path}?force=1")
        if what == "rename":
            return self.world.api.call("POST", f"{path}/rename?name={new}")
        if what == "update":
            following = POLICIES[(POLICIES.index(container.policy) + 1) % len(POLICIES)]
            return self.world.api.call(
                "POST", f"{path}/update", {"RestartPolicy": {"Name": following}}
            )
        return self.world.api.call("POST", f"{path}/{what}")

    def one(self, container: Known, what: str) -> None:
        """Ask for one change that nobody else asks for, and follow it in the model."""
        new = self.name() if what == "rename" else ""
        looped, before, status = container.loops, time.time(), container.status
        answer = self.request(container, what, new)
        wanted = STORIES[what](status)
        refused = answer.status_code >= 400
        assert not refused or wanted is None or full_disk(answer) or looped, answer.text
        if refused:
            if what == "start" and status in ("created", "exited"):
                container.code = None  # the failed start is told
            wanted = []
        elif wanted is None:
            assert looped or answer.status_code == 304, f"{what}: {answer.status_code}"
            wanted = []
        elif looped and what == "pause":
            self.thaw(container)
        else:
            self.follow(container, what, new)
        if what != "remove" or refused:
            self.await_brief(container)
        if not looped and not container.loops:
            if wanted and wanted[-1] in ("start", "restart") and not container.long:
                at = wanted.index("start")
                wanted = [*wanted[: at + 1], "die", *wanted[at + 1 :]]
                found = self.events(container, before)
                assert sorted(found) == sorted(wanted), (found, wanted)
            else:
                found = self.events(container, before)
                assert found == wanted, (found, wanted)

    def follow(self, container: Known, what: str, new: str) -> None:
        if what in ("start", "restart"):
            container.begin()
        elif what == "stop":
            container.end(7 if container.long else 3)
        elif what == "kill":
            container.end(LOST if container.long else 3)
        elif what in ("pause", "unpause"):
            container.status = "paused" if what == "pause" else "running"
        elif what == "rename":
            container.name = new
        elif what == "update":
            looped = container.loops
            container.policy = POLICIES[(POLICIES.index(container.policy) + 1) % len(POLICIES)]
            if looped and not container.loops:  # it begins no more
                container.status, container.code = "exited", 3
        elif what == "remove":
            self.known.remove(container)
        if what in ("stop", "kill") and not container.long:
            container.code = None  # it may have been between two runs, or just begun

    def await_brief(self, container: Known) -> None:
        """A brief program comes to its end by itself."""
        if not container.long and container.status == "exited":
            self.settled(container)

    def events(self, container: Known, since: float) -> list[str]:
        found = self.world.api.events("container", since)
        return [each["Action"] for each in found if each["Actor"]["ID"] == container.id]

    # Images, volumes and networks

    @rule(kind=st.sampled_from(("tag", "volume", "network")), number=some, full=st.booleans())
    def elsewhere(self, kind: str, number: int, full: bool) -> None:
        """Make something, or remove it where it is there."""
        name = f"{kind}{number % 4}"
        self.world.note(f"{kind} {name} {full=}")
        names, make, body, remove = {
            "tag": (self.tags, f"/images/busybox/tag?repo={name}", None, f"/images/{name}"),
            "volume": (self.volumes, "/volumes/create", {"Name": name}, f"/volumes/{name}"),
            "network": (self.networks, "/networks/create", {"Name": name}, f"/networks/{name}"),
        }[kind]
        if name in names:
            self.changed(names, name, full, "DELETE", remove)
        else:
            self.changed(names, name, full, "POST", make, body)

    @precondition(lambda self: self.known)
    @rule(number=some, full=st.booleans())
    def connection(self, number: int, full: bool) -> None:
        """Connect a container to a network, or disconnect it."""
        container = self.pick(number)
        if container.loops:
            return
        self.world.note(f"connection {container.name} {full=}")
        verb = "disconnect" if NETWORK in container.networks else "connect"
        path, body = f"/networks/{NETWORK}/{verb}", {"Container": container.id}
        self.changed(container.networks, NETWORK, full, "POST", path, body)

    def changed(self, names: set[str], name: str, full: bool, *asked: Any) -> None:
        """Add or remove a name; refused only for a full disk."""
        if self.sent(*asked, full=full).ok:
            names.symmetric_difference_update({name})

    def sent(self, method: str, path: str, body: Any = None, *, full: bool) -> requests.Response:
        with self.world.full_disk() if full else contextlib.nullcontext():
            answer = self.world.api.call(method, path, body)
        assert answer.ok or (full and full_disk(answer)), answer.text
        return answer

    # Clients that hang up, and the engine's ends

    @precondition(lambda self: self.known)
    @rule(number=some, what=st.sampled_from(("archive?path=/bin", "export")), taken=some)
    def hang_up(self, number: int, what: str, taken: int) -> None:
        container = self.pick(number)
        self.world.note(f"hang_up {container.name} {what} after {taken}")
        path = f"/containers/{container.id}/{what}"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.world.engine.socket))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: engine\r\n\r\n".encode())
            if taken:
                client.recv(taken)
        answer = self.world.api.call("GET", f"/containers/{container.id}/archive?path=/bin")
        assert answer.ok, answer.text
        assert b"busybox" in answer.content
        assert answer.content.endswith(bytes(1024)), "a whole archive ends with two empty blocks"

    @precondition(lambda self: self.known)
    @rule(number=some)
    def hang_up_in_a_stop(self, number: int) -> None:
        """The stop goes on."""
        container = self.pick(number)
        if container.loops or container.status != "running":
            return
        self.world.note(f"hang_up_in_a_stop {container.name}")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.world.engine.socket))
            path = f"/containers/{container.id}/stop"
            client.sendall(f"POST {path} HTTP/1.1\r\nHost: engine\r\n\r\n".encode())
        patience.until(lambda: not self.running(container))
        patience.until(lambda: self.stopped_by_hand(container))
        container.end(7)

    def stopped_by_hand(self, container: Known) -> bool:
        return bool(self.world.record(container)["stopped_by_hand"])

    @precondition(lambda self: len(self.world.steps) > self.next_end)
    @rule(kill=st.booleans())
    def engine_ends(self, kill: bool) -> None:
        self.world.note(f"engine_ends {kill=}")
        self.next_end = len(self.world.steps) + BETWEEN_ENDS
        loops = [each for each in self.known if each.loops]
        self.world.again(kill)
        for container in self.known:
            container.engine_ended(kill or container in loops)
            if container in loops:
                container.code = None
            if container.status == "running" and not container.loops:
                patience.until(partial(self.running, container))

    # After each step

    def inspected(self, container: Known) -> Any:
        return self.world.api.good("GET", f"/containers/{container.id}/json")

    def running(self, container: Known) -> bool:
        return bool(self.inspected(container)["State"]["Running"])

    @invariant()
    def the_engine_agrees(self) -> None:
        api = self.world.api
        listed = {each["Id"]: each for each in api.good("GET", "/containers/json?all=1")}
        assert listed.keys() == {each.id for each in self.known}
        folders = {each.name for each in (self.world.folder / "state/containers").iterdir()}
        assert folders == set(listed)
        for container in self.known:
            agree(container, self.inspected(container), self.world.record(container))
        tags = {tag for image in api.good("GET", "/images/json") for tag in image["RepoTags"]}
        assert {tag.removesuffix(":latest") for tag in tags} - {"busybox"} == self.tags
        assert {each["Name"] for each in api.good("GET", "/volumes")["Volumes"]} == self.volumes
        own = {*engines.OWN_NETWORKS, NETWORK}
        names = {each["Name"] for each in api.good("GET", "/networks")}
        assert names - own == self.networks


def full_disk(answer: requests.Response) -> bool:
    return answer.status_code == 500 and "No space left" in answer.text


def agree(container: Known, found: Any, record: Any) -> None:
    """The answer and the record say what the model says."""
    state = found["State"]
    assert found["Name"] == f"/{container.name}"
    assert record["name"] == container.name
    assert found["HostConfig"]["RestartPolicy"]["Name"] == container.policy
    assert record["host_config"]["RestartPolicy"]["Name"] == container.policy
    assert set(found["NetworkSettings"]["Networks"]) == container.networks
    assert set(record["networks"]) == container.networks
    if container.loops:
        assert state["Status"] in ("running", "restarting", "exited"), state
        return
    assert state["Status"] == container.status, (state, container)
    if container.status == "exited" and container.code is not None:
        assert state["ExitCode"] == container.code, (state, container)
    if container.status == "running":
        assert state["Pid"] > 0
        assert Path(f"/proc/{state['Pid']}").exists()


def check_story(events: list[str], ran: bool, paused: bool, state: Any) -> None:
    """Events of requests that met: each can have happened after the one before."""
    for each in events:
        if each == "start":
            assert not ran, events
            ran = True
        elif each == "die":
            assert ran, events
            ran = paused = False
        elif each in ("pause", "unpause"):
            assert ran, events
            assert paused == (each == "unpause"), events
            paused = each == "pause"
    assert state["Running"] == ran, (events, state)
    assert state["Paused"] == paused, (events, state)


def _life(running: list[str] | None, paused: list[str] | None, down: list[str] | None) -> Any:
    return {"running": running, "paused": paused, "created": down, "exited": down}.__getitem__


_STOPPED = ["kill", "die", "stop"]
_THAWED = ["kill", "unpause", "die", "stop"]
_AGAIN = ["start", "restart"]
STORIES: dict[str, Callable[[str], list[str] | None]] = {
    "start": _life(None, None, ["start"]),
    "stop": _life(_STOPPED, _THAWED, None),
    "kill": _life(["kill", "die"], ["unpause", "kill", "die"], None),
    "restart": _life([*_STOPPED, *_AGAIN], [*_THAWED, *_AGAIN], _AGAIN),
    "pause": _life(["pause"], None, None),
    "unpause": _life(None, ["unpause"], None),
    "rename": _life(["rename"], ["rename"], ["rename"]),
    "update": _life(["update"], ["update"], ["update"]),
    "remove": _life(["kill", "die", "destroy"], ["unpause", "kill", "die", "destroy"], ["destroy"]),
}
"""The events of an action by the container's status; None: the action is refused, or does nothing
(304)."""


def play(runtime: engines.Runtime, minutes: float, derandomize: bool = False) -> dict[str, int]:
    """Play sequences for so long; returns how often each kind of step was made. Raises
    AssertionError at the first disagreement, with the sequence's steps."""
    with engines.own_folder() as folder:
        archive = busybox_archive(folder / "busybox.tar")
        given = World(runtime, folder)
        given.begin(archive)
        playing = type("Playing", (Model,), {"world": given})
        settings = hypothesis.settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=derandomize,
            phases=(hypothesis.Phase.generate,),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        end = time.monotonic() + 60 * minutes
        try:
            while time.monotonic() < end:
                run_state_machine_as_test(playing, settings=settings)
                if derandomize:
                    break
        except BaseException:
            print("\n".join(given.steps), flush=True)
            raise
        finally:
            given.close()
        return given.counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--runtime", choices=("namespaces", "proot"), default="namespaces")
    chosen = parser.parse_args()
    for kind, number in sorted(play(chosen.runtime, chosen.minutes).items()):
        print(f"{number:6} {kind}")


if __name__ == "__main__":
    main()
