"""Fresh engines come quickly, and go with whoever asked for them."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from insidedocker import lab
from insidedocker.lab.engines import embedded
from insidedocker_engine import process, sharing
from insidedocker_engine.base import paths
from tests.support import patience
from tests.support.engines import own_folder

GRADING = """
import os
from insidedocker import lab
first, second = lab.connect(), lab.connect()
assert first.url == second.url and first.kind == "embedded"
print(first.url.removeprefix("unix://"), flush=True)
input()
"""


def test_a_fresh_engine_is_new_and_ends_with_its_block() -> None:
    with lab.check.fresh_engine() as one, lab.check.fresh_engine() as other:
        assert one.kind == "embedded"
        assert one.url != other.url
        assert one.get("/images/json").json() == []
        socket = Path(one.url.removeprefix("unix://"))
        assert socket.exists()
    assert not socket.exists()
    with pytest.raises(lab.EngineUnreachable):
        lab.connect(one.url).get("/_ping")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_grading_has_an_engine_of_its_own_that_ends_with_the_kernel(
    how: signal.Signals | None,
) -> None:
    environment = {**os.environ, "NBGRADER_EXECUTION": "autograde", "DOCKER_HOST": "unix:///none"}
    kernel = subprocess.Popen(
        [sys.executable, "-c", GRADING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert kernel.stdout is not None
    lines = [kernel.stdout.readline().strip() for _ in range(3)]
    assert lines[0] == lines[1] and lines[0].startswith("Engine: embedded (a fresh one for grading")
    with lab.connect(f"unix://{lines[2]}") as engine:
        events = engine.get("/events", stream=True, timeout=patience.EVENT)
        if how is None:
            kernel.communicate("\n")
        else:
            kernel.send_signal(how)
            kernel.wait()
        with contextlib.suppress(urllib3.exceptions.ProtocolError):  # how it ends does not matter
            assert events.raw.read() == b""


def test_what_keeps_an_engine_from_starting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIDEDOCKER_RUNTIME", "no-such-runtime")
    with pytest.raises(lab.NoEngine, match="no-such-runtime"):
        embedded.ending_with_us()


# One engine for each checkout and home, and who uses it

USER = """
import os, sys
from insidedocker.lab.engines import discovery, embedded
if sys.argv[1] == "a notebook":
    os.environ["INSIDEDOCKER_ENGINE"] = "embedded"
    print(discovery.find().url, flush=True)
else:
    print(embedded.while_used(sys.argv[1]).running.urls[0], flush=True)
input()
"""


class User:
    """A process of its own that uses the embedded engine: as `make lab` does, or a notebook."""

    def __init__(self, what: str, home: Path, **variables: str) -> None:
        environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **variables}
        for name in ("XDG_DATA_HOME", "DOCKER_HOST", "INSIDEDOCKER_ENGINE"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, what],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def socket(self) -> str:
        """Of its engine, once it has one."""
        if not hasattr(self, "_socket"):
            assert self.process.stdout is not None
            self._socket = self.process.stdout.readline().strip().removeprefix("unix://")
        return self._socket

    def leave(self, how: int | None = None) -> None:
        if how is None:
            self.process.communicate("\n")
        else:
            self.process.send_signal(how)
            self.process.wait()


Enter = Callable[..., User]


@pytest.fixture
def home() -> Iterator[Path]:
    with own_folder() as folder:
        yield folder


@pytest.fixture
def enter(home: Path) -> Iterator[Enter]:
    entered: list[User] = []

    def new(what: str, home: Path = home, **variables: str) -> User:
        entered.append(User(what, home, **variables))
        return entered[-1]

    yield new
    for user in entered:
        user.process.kill()
        user.process.communicate()
    for root in home.rglob("insidedocker/engine*"):
        if root.is_dir():
            process.stop(root)


def engine_of(root: Path) -> process.Running:
    found = process.find(root)
    assert found is not None
    return found


def answers(place: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(place)
        except OSError:
            return False
        return True


def in_home(home: Path) -> Path:
    return home / ".local/share/insidedocker/engine"


@pytest.mark.parametrize("how", [None, signal.SIGTERM, signal.SIGKILL])
def test_the_last_one_out_ends_it(home: Path, enter: Enter, how: int | None) -> None:
    first = enter("the first")
    assert answers(first.socket)
    engine = engine_of(in_home(home))
    second = enter("the second")
    assert second.socket == first.socket
    assert sorted(sharing.users(in_home(home))) == ["the first", "the second"]
    first.leave(how)
    assert not engine.await_end(0)
    assert sharing.users(in_home(home)) == ["the second"]
    assert answers(second.socket)
    second.leave(how)
    assert engine.await_end()
    assert sharing.users(in_home(home)) == []


def test_many_that_come_at_once_share_one_and_the_last_ends_it(home: Path, enter: Enter) -> None:
    users = [enter(f"user {number}") for number in range(6)]
    assert len({user.socket for user in users}) == 1
    engine = engine_of(in_home(home))
    for user in users:
        assert not engine.await_end(0)
        user.leave(signal.SIGKILL)
    assert engine.await_end()


def test_whoever_comes_while_it_ends_gets_a_new_one(home: Path, enter: Enter) -> None:
    """What the one made before is there for the next."""
    for _ in range(4):
        user = enter("somebody")
        assert answers(user.socket)
        user.leave(signal.SIGKILL)
        # Without waiting for the engine's end.
    assert answers(enter("the last").socket)


def test_homes_that_share_a_runtime_folder_have_engines_of_their_own(
    home: Path, enter: Enter
) -> None:
    others = [home / "one", home / "two"]
    one, two = (enter("lab", each, XDG_RUNTIME_DIR=str(home)) for each in others)
    assert one.socket != two.socket
    engines = [engine_of(in_home(each)) for each in others]
    assert engines[0].pid != engines[1].pid
    one.leave()
    assert engines[0].await_end()
    assert answers(two.socket)
    again = enter("lab", others[0], XDG_RUNTIME_DIR=str(home))
    assert again.socket == one.socket, "the address stays that of its home"


def test_a_home_without_a_runtime_folder_shares_nothing_either(home: Path, enter: Enter) -> None:
    others = [home / "one", home / "two"]
    one, two = (enter("lab", each, XDG_RUNTIME_DIR="") for each in others)
    assert one.socket != two.socket
    assert Path(one.socket).parent == Path(f"/tmp/insidedocker-{os.getuid()}")


def test_an_engine_is_found_whatever_the_runtime_folder_is(home: Path, enter: Enter) -> None:
    (home / "run").mkdir()
    first = enter("lab", XDG_RUNTIME_DIR=str(home / "run"))
    assert answers(first.socket)
    assert enter("lab").socket == first.socket


def test_a_runtime_folder_with_a_long_path_is_passed_over(home: Path, enter: Enter) -> None:
    long = home / ("x" * 100)
    long.mkdir()
    user = enter("lab", XDG_RUNTIME_DIR=str(long))
    assert user.socket.startswith("/tmp/insidedocker-") and answers(user.socket)


def test_a_notebook_keeps_the_engine_of_a_lab_and_one_of_its_own_stays(
    home: Path, enter: Enter
) -> None:
    first = enter("lab")
    assert answers(first.socket)
    notebook = enter("a notebook")
    assert notebook.socket == first.socket
    engine = engine_of(in_home(home))
    first.leave(signal.SIGINT)
    assert not engine.await_end(0)
    assert answers(notebook.socket)
    notebook.leave()
    assert engine.await_end()
    enter("a notebook").leave()  # nobody's lab: another kernel shall find its containers running
    engine = engine_of(in_home(home))
    assert engine.stays and engine.answers()


def test_one_that_was_asked_to_stay_outlives_its_users(home: Path, enter: Enter) -> None:
    user = enter("lab")
    assert answers(user.socket)
    engine = engine_of(in_home(home))
    assert not engine.stays
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    command = [sys.executable, "-m", "insidedocker", "engine"]

    def run(word: str) -> str:
        return subprocess.run(
            [*command, word], env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert "used by      lab\nends         with the last of its users" in run("status")
    assert run("start") == f"export DOCKER_HOST=unix://{user.socket}\n"
    user.leave()
    assert not engine.await_end(1)
    assert "ends         when it is stopped" in run("status")
    assert f"process {engine.pid}" in run("stop")


# Whose root folder it is


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder, with checkouts `a` and `b` beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("INSIDEDOCKER_ROOT", raising=False)
    for name in "ab":
        (tmp_path / name).mkdir()
    yield tmp_path


def test_each_checkout_has_a_root_folder_of_its_own(places: Path) -> None:
    roots = [paths.own_root(places / name) for name in "abab"]
    assert [root.name for root in roots] == ["engine", "engine-2", "engine", "engine-2"]
    assert [paths.owner(root) for root in roots[:2]] == [places / "a", places / "b"]


def test_a_root_folder_from_before_goes_on_with_the_first_that_comes(places: Path) -> None:
    old = places / "data/insidedocker/engine"
    old.mkdir(parents=True)
    (old / "engine-id").write_text("kept")
    assert paths.own_root(places / "b") == old
    assert paths.own_root(places / "a").name == "engine-2"
    assert (old / "engine-id").read_text() == "kept"


def test_a_checkout_that_is_moved_keeps_its_own_and_a_copy_does_not(places: Path) -> None:
    first, second = paths.own_root(places / "a"), paths.own_root(places / "b")
    (places / "b").rename(places / "moved")
    shutil.copytree(places / "a", places / "copy")
    assert paths.own_root(places / "copy").name == "engine-3"
    assert paths.own_root(places / "moved") == second
    assert paths.owner(second) == places / "moved"
    (places / "link").symlink_to(places / "a")
    assert paths.root_of(places / "link") == first


def test_checkouts_that_come_at_once_get_different_ones(places: Path) -> None:
    script = "import sys, pathlib; from insidedocker_engine.base import paths; "
    script += "print(paths.own_root(pathlib.Path(sys.argv[1])))"
    for number in range(8):
        (places / str(number)).mkdir()
    all_of_them = [
        subprocess.Popen(
            [sys.executable, "-c", script, places / str(number)], stdout=subprocess.PIPE, text=True
        )
        for number in range(8)
    ]
    assert len({each.communicate()[0] for each in all_of_them}) == 8


def test_another_root_is_used_by_choice(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = paths.own_root(places / "a")
    monkeypatch.setenv("INSIDEDOCKER_ROOT", str(other))
    assert paths.own_root(places / "b") == paths.default_root() == other
    assert paths.owner(other) == places / "a"
    monkeypatch.setenv("INSIDEDOCKER_ROOT", "relative")
    with pytest.raises(paths.PathError, match="by its whole path"):
        paths.own_root(places / "b")


LONG = """\\
from insidedocker import lab
with lab.check.fresh_engine() as engine, lab.tap(engine), lab.check.scripted_engine({}) as other:
    print(lab.connect().get("/_ping").text, lab.connect(other.url).get("/_ping").text)
"""


@pytest.mark.parametrize("variable", ["TMPDIR", "XDG_RUNTIME_DIR"])
def test_long_names_of_folders_are_no_obstacle(tmp_path: Path, variable: str) -> None:
    """A socket's path has at most 107 bytes."""
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LONG],
        env={**os.environ, variable: str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split()[-2:] == ["OK", "OK"], done.stdout + done.stderr
