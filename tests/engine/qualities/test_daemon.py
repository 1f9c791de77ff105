"""The engine as a process: how it starts, refuses, answers and ends, run by an ordinary user."""

import contextlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine import lock
from insidedocker_engine.base import paths
from tests.support import engines, patience
from tests.support.engines import Runtime, need_embedded, own_folder
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python
from tests.support.versions import NEWEST

Start = Callable[..., "Foreground"]


def python(runtime: Runtime | None = None) -> list[str]:
    """A Python for an ordinary user, where that `runtime` can work."""
    with skip_missing():
        if runtime:
            need_embedded(runtime)
        return [*as_ordinary_user(), ordinary_python()]


class Foreground:
    """`python -m insidedocker_engine …`, waited for until it listens or ends."""

    def __init__(self, home: Path, *options: str, runtime: Runtime = "namespaces") -> None:
        self.process = subprocess.Popen(
            [*python(runtime), "-m", "insidedocker_engine", "--runtime", runtime, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=home,
            env={**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)},
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline().strip()

    @property
    def url(self) -> str:
        return self.first.removeprefix("listening on ")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(patience.EVENT)

    def refusal(self) -> str:
        """What it says instead of starting: one line, no traceback."""
        assert self.first == ""
        assert self.process.wait(patience.EVENT) == 1
        assert self.process.stderr is not None
        lines = self.process.stderr.read().splitlines()
        assert len(lines) == 1, lines
        return lines[0]


@pytest.fixture
def home() -> Iterator[Path]:
    with own_folder() as folder:
        give_away(folder)
        yield folder


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    started: list[Foreground] = []

    def begin(*options: str, **more: Any) -> Foreground:
        engine = Foreground(home, *options, **more)
        started.append(engine)
        return engine

    yield begin
    for engine in started:
        engine.process.kill()
        engine.process.wait()
        for pipe in (engine.process.stdout, engine.process.stderr):
            assert pipe is not None
            pipe.close()


def ask(path: Path, line: str = "GET /_ping") -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and body of one request to a socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience.EVENT)
        connection.connect(str(path))
        connection.sendall(f"{line} HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines[1:])
    return lines[0], headers, body


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [
        below for child in children for below in descendants(int(child))
    ]


def has_ended(pidfd: int) -> bool:
    """Wait for a process to end, for which the kernel makes its descriptor readable."""
    try:
        return bool(select.select([pidfd], [], [], patience.EVENT)[0])
    finally:
        os.close(pidfd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_it_listens_answers_and_leaves_no_socket(
    home: Path, start: Start, number: int, runtime: Runtime
) -> None:
    path = home / "new/folder/engine.sock"
    engine = start("--root", f"{home}/root", "--host", f"unix://{path}", runtime=runtime)
    assert engine.first == f"listening on unix://{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "root").stat().st_mode) == 0o700
    status, headers, body = ask(path)
    assert (status, body) == ("HTTP/1.1 200 OK", b"OK")
    assert headers["server"].startswith("inside-docker-engine/")
    assert (headers["api-version"], headers["ostype"]) == (NEWEST, "linux")
    status, headers, body = ask(path, "HEAD /_ping")
    assert (status, headers["content-length"], body) == ("HTTP/1.1 200 OK", "0", b"")
    inside = [os.pidfd_open(pid) for pid in descendants(engine.process.pid)]
    assert inside
    assert engine.end(number) == 0
    assert not path.exists()
    for pidfd in inside:
        assert has_ended(pidfd)
    assert lock.holder(home / "root") is None


def test_several_addresses_and_a_free_port(home: Path, start: Start) -> None:
    engine = start(
        *("--root", f"{home}/root", "--host", f"unix://{home}/a", "--host", f"unix://{home}/b"),
        *("--host", "tcp://127.0.0.1:0", "--host", "tcp://[::1]:0"),
    )
    assert engine.process.stdout is not None
    more = [engine.process.stdout.readline().split()[-1] for _ in range(3)]
    assert ask(home / "a")[2] == ask(home / "b")[2] == b"OK"
    port = int(more[1].removeprefix("tcp://127.0.0.1:"))
    with socket.create_connection(("127.0.0.1", port), patience.EVENT) as connection:
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").read().endswith(b"OK")
    assert more[2].startswith("tcp://[::1]:")


def test_tcp_for_others_only_when_meant(home: Path, start: Start) -> None:
    options = ("--root", f"{home}/root", "--host", "tcp://0.0.0.0:0")
    assert "--insecure-tcp" in start(*options).refusal()
    assert start(*options, "--insecure-tcp").url.startswith("tcp://0.0.0.0:")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("unix://{home}/" + "x" * 108, "longer than 107 bytes"),
        ("unix://relative", "unix:///absolute/path"),
        ("unix://{home}/file", "is not a socket"),
        ("unix://{home}/file/sock", "cannot be made"),
        ("unix:///proc/engine.sock", "cannot be made"),
        ("tcp://127.0.0.1", "is not an address"),
        ("tcp://127.0.0.1:99999", "is not an address"),
        ("tcp://192.0.2.1:0", "--insecure-tcp"),
        ("http://127.0.0.1:1", "is not an address"),
    ],
)
def test_addresses_that_cannot_be(home: Path, start: Start, host: str, told: str) -> None:
    (home / "file").touch()
    address = host.format(home=home)
    said = start("--root", f"{home}/root", "--host", address).refusal()
    assert said.startswith("insidedocker engine: ")
    assert told in said
    assert (home / "file").is_file()


def test_one_engine_for_each_root(home: Path, start: Start) -> None:
    first = start("--root", f"{home}/root", "--host", f"unix://{home}/a")
    said = start("--root", f"{home}/root", "--host", f"unix://{home}/b").refusal()
    assert f"process {first.process.pid}" in said
    assert not (home / "b").exists()
    assert ask(home / "a")[2] == b"OK"


def test_one_engine_for_each_socket(home: Path, start: Start) -> None:
    start("--root", f"{home}/one", "--host", f"unix://{home}/s")
    said = start("--root", f"{home}/two", "--host", f"unix://{home}/s").refusal()
    assert "already listens" in said
    assert ask(home / "s")[2] == b"OK"


def test_a_root_that_cannot_be(home: Path, start: Start) -> None:
    (home / "file").touch()
    assert "--root" in start("--root", f"{home}/file", "--host", f"unix://{home}/s").refusal()
    assert "--root" in start("--root", "/proc/root", "--host", f"unix://{home}/s").refusal()


def test_a_folder_with_something_else_in_it_is_not_taken_for_a_root(
    home: Path, start: Start
) -> None:
    """An engine empties tmp/ and clears away what it cannot read: not in a person's folder."""
    for name in ("tmp/thesis.txt", "networks/mine.json", "layers/photo.png"):
        (home / "mine" / name).parent.mkdir(parents=True)
        (home / "mine" / name).write_text("mine")
    give_away(home / "mine")
    for folder in ("tmp", "networks", "layers"):
        give_away(home / "mine" / folder)
    before = sorted((home / "mine").rglob("*"))
    said = start("--root", f"{home}/mine", "--host", f"unix://{home}/s").refusal()
    assert f"{home}/mine holds something else (layers): choose a new or empty folder" in said
    command = [*python(), "-m", "insidedocker", "engine", "start", "--root", f"{home}/mine"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "holds something else" in done.stderr
    assert sorted((home / "mine").rglob("*")) == before


@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_after_kill_9_nothing_runs_and_the_next_one_starts(
    home: Path, start: Start, runtime: Runtime
) -> None:
    options = ("--root", f"{home}/root", "--host", f"unix://{home}/s")
    engine = start(*options, runtime=runtime)
    identity = json.loads(ask(home / "s", "GET /info")[2])["ID"]
    inside = [os.pidfd_open(pid) for pid in descendants(engine.process.pid)]
    engine.end(signal.SIGKILL)
    for pidfd in inside:
        assert has_ended(pidfd)
    assert (home / "s").is_socket()
    again = start(*options, runtime=runtime)
    assert again.first == f"listening on unix://{home}/s"
    assert json.loads(ask(home / "s", "GET /info")[2])["ID"] == identity


def test_the_socket_of_somebody_else_is_left_alone(home: Path, start: Start) -> None:
    engine = start("--root", f"{home}/root", "--host", f"unix://{home}/s")
    (home / "s").unlink()
    (home / "s").write_text("theirs")
    assert engine.end() == 0
    assert (home / "s").read_text() == "theirs"


def test_a_default_socket_that_others_could_have_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_socket_folder", lambda: tmp_path / "shared")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(paths.PathError, match="only you can change"):
        paths.make_folder(tmp_path / "shared/engine.sock")
    (tmp_path / "shared").rmdir()
    (tmp_path / "shared").symlink_to("/tmp")
    with pytest.raises(paths.PathError, match="only you can change"):
        paths.make_folder(tmp_path / "shared/engine.sock")


# Started from Python

EPHEMERAL = """
import sys, insidedocker_engine
handle = insidedocker_engine.start(runtime=sys.argv[1], ephemeral=True)
print(handle.url, handle.pid, handle.root, flush=True)
sys.stdin.read()
if sys.argv[2] == "close":
    handle.close()
"""


@pytest.mark.parametrize("way", ["close", "leave", "kill"])
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_an_ephemeral_engine_goes_with_its_starter(home: Path, runtime: Runtime, way: str) -> None:
    starter = subprocess.Popen(
        [*python(runtime), "-c", EPHEMERAL, runtime, way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(home)},
    )
    assert starter.stdout is not None
    assert starter.stdin is not None
    with starter:
        url, pid, root = starter.stdout.readline().split()
        assert ask(Path(url.removeprefix("unix://")))[2] == b"OK"
        assert Path(root).is_relative_to(home)
        engine = os.pidfd_open(int(pid))
        if way == "kill":
            starter.kill()
        starter.stdin.close()
    assert has_ended(engine)
    assert list(home.iterdir()) == []


FAILING = """
import insidedocker_engine
try:
    insidedocker_engine.start({arguments})
except insidedocker_engine.StartFailed as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("host='unix:///proc/s'", "cannot be made"),
        ("root='/proc/nothing'", "/proc/nothing"),
        ("runtime='nonsense'", "invalid choice"),
    ],
)
def test_a_start_that_fails_says_why_and_leaves_nothing(
    home: Path, arguments: str, told: str
) -> None:
    ran = subprocess.run(
        [*python(), "-c", FAILING.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(home)},
    )
    assert told in ran.stdout
    assert list(home.iterdir()) == []


def test_a_module_beside_the_starter_cannot_shadow_the_engines(home: Path) -> None:
    (home / "asyncio.py").write_text("raise SystemExit('shadowed')\n")
    (home / "insidedocker").mkdir()
    script = "import insidedocker_engine as e; e.start(ephemeral=True).close(); print('fine')"
    ran = subprocess.run(
        [*python(), "-P", "-c", script], capture_output=True, text=True, cwd=home, check=False
    )
    assert ran.stdout == "fine\n", ran.stderr


# insidedocker engine start|stop|status


@pytest.fixture
def command(home: Path) -> Iterator[Callable[..., "subprocess.CompletedProcess[str]"]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*python(), "-m", "insidedocker", "engine", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=home,
            env={**clean, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)},
        )

    yield run
    run("stop")


def test_start_status_stop(
    home: Path, command: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    before = command("status")
    assert before.returncode == 3
    assert "insidedocker engine start" in before.stdout

    started = command("start", "--runtime", "namespaces")
    url = f"unix://{home}/insidedocker/engine.sock"
    assert (started.returncode, started.stdout) == (0, f"export DOCKER_HOST={url}\n")
    assert ask(Path(url.removeprefix("unix://")))[2] == b"OK"
    assert (home / ".local/share/insidedocker/engine/engine.log").is_file()

    again = command("start")
    assert (again.returncode, again.stdout) == (0, started.stdout)
    assert "already" in again.stderr

    status = command("status")
    assert status.returncode == 0
    pid = lock.holder(home / ".local/share/insidedocker/engine")
    for words in (f"process {pid}", url, "namespaces: ", "overlay2", "containers   0 (0 running)"):
        assert words in status.stdout

    stopped = command("stop")
    assert (stopped.returncode, f"process {pid}" in stopped.stdout) == (0, True)
    assert not Path(url.removeprefix("unix://")).exists()
    assert "No engine runs" in command("stop").stdout


def test_stop_hits_nobody_whose_process_id_is_left_in_a_file(
    home: Path, command: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    """A lock file without a holder means no engine, whatever it says."""
    root = home / ".local/share/insidedocker/engine"
    root.mkdir(parents=True)
    (root / "engine.lock").write_text(f"{os.getpid()}\n")
    for folder in (root, *root.parents):
        if folder.is_relative_to(home):
            with contextlib.suppress(PermissionError):
                give_away(folder)
    give_away(root / "engine.lock")
    assert "No engine runs" in command("stop").stdout


def test_start_says_in_one_sentence_what_is_wrong(
    command: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    ran = command("start", "--host", "tcp://0.0.0.0:2375")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert "--insecure-tcp" in ran.stderr


# Taking a root folder away

LOCKED = ["sh", "-c", "mkdir -p /locked/in; touch /locked/in/f; chmod 0 /locked/in /locked"]


def with_a_container(engine: engines.Engine, command: list[str]) -> None:
    body = {"Image": "busybox", "Cmd": command}
    made = engine.request("POST", "/containers/create", json=body).json()["Id"]
    engine.request("POST", f"/containers/{made}/start").raise_for_status()
    engine.request("POST", f"/containers/{made}/wait").raise_for_status()


def as_user(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*as_ordinary_user(), *words], capture_output=True, text=True, check=False, cwd="/"
    )


@pytest.mark.parametrize("how", ["stopped", "killed"])
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_an_ordinary_user_can_remove_a_root_folder(
    busybox: Path, home: Path, runtime: str, how: str
) -> None:
    with skip_missing(), engines.embedded(runtime, folder=home, images=(busybox,)) as engine:  # type: ignore[arg-type]
        with_a_container(engine, ["sleep", "0"])
        with_a_container(engine, ["touch", "/made"])
        if how == "killed":
            engine.process.kill()
            engine.process.wait()
    removed = as_user("rm", "-r", f"{home}/state")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert not (home / "state").exists()


@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
def test_remove_takes_away_what_rm_cannot(busybox: Path, home: Path, runtime: str) -> None:
    remove = (*python()[len(as_ordinary_user()) :], "-m", "insidedocker", "engine", "remove")
    root = home / "state"
    with skip_missing(), engines.embedded(runtime, folder=home, images=(busybox,)) as engine:  # type: ignore[arg-type]
        with_a_container(engine, LOCKED)
        running = as_user(*remove, "--root", str(root))
        assert running.returncode == 1
        assert "runs on" in running.stderr and "or add --stop" in running.stderr
        assert len(running.stderr.splitlines()) == 1
        assert len(engine.request("GET", "/containers/json?all=1").json()) == 1
    (root / "mine.txt").write_text("not the engine's")
    if os.geteuid():
        assert as_user("rm", "-r", str(root / "storage")).returncode != 0
    done = as_user(*remove, "--root", str(root))
    assert done.returncode == 0, done.stderr
    assert "not the engine's, and left: mine.txt" in done.stdout
    assert [each.name for each in root.iterdir()] == ["mine.txt"]


def test_remove_ends_an_engine_only_when_asked(
    home: Path, command: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    root = home / ".local/share/insidedocker/engine"
    assert command("start").returncode == 0
    assert command("remove").returncode == 1
    assert lock.holder(root)
    done = command("remove", "--stop")
    assert (done.returncode, done.stdout) == (0, f"Removed {root}.\n")
    assert not root.exists()


@pytest.mark.parametrize("what", ["nothing", "a file", "a folder", "half"])
def test_remove_removes_nothing_but_an_engines_root(
    home: Path, what: str, command: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    place = home / "place"
    if what == "a file":
        place.write_text("mine")
    elif what != "nothing":
        (place / "storage").mkdir(parents=True)
        (place / "storage/mine").write_text("mine")
        if what == "half":
            (place / "engine.lock").touch()
    done = command("remove", "--root", str(place))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Nothing was removed." in done.stderr
    if what in ("a folder", "half"):
        assert (place / "storage/mine").read_text() == "mine"
