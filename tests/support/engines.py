"""Engines for the tests: real dockerd, real Podman and the embedded engine.

Every engine has its own folder, socket and processes and leaves nothing behind; none is the
system's daemon. The real ones run in their own mount, network and process namespaces, with a
bridge and iptables rules invisible outside: a client of their published ports must run with the
prefix `engine.inside`. A part that is not on this machine raises `Missing`.
"""

import contextlib
import dataclasses
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import requests
import requests_unixsocket

from insidedocker.catalog.errors import CatalogError
from insidedocker_engine.files import directory_trees
from tests.support import patience
from tests.support.missing import Missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python
from tests.support.real.busybox import BUSYBOX, busybox_archive
from tests.support.real.suite_root import suite_root
from tests.support.recorder import recording

MARK = "INSIDEDOCKER_TEST_ENGINE"
CGROUPS = Path("/sys/fs/cgroup")
ENTER = Path(__file__).parent / "real/enter.py"
# Docker 20.10 (a key) and Podman (addresses in use, a cache) write here whatever their options.
HIDDEN = ("/etc/docker", "/var/lib/cni", "/var/lib/containers")

OWN_NETWORKS = ("bridge", "host", "none", "podman")

ENGINES = ["docker_20", "docker_26", "podman", "embedded_namespaces", "embedded_proot"]
# Not in the standard run, since Debian unstable's version changes: INSIDEDOCKER_MORE=docker_28
ENGINES += [word for word in os.environ.get("INSIDEDOCKER_MORE", "").split() if word == "docker_28"]

Runtime = Literal["namespaces", "proot"]


@dataclass
class Engine:
    """A running engine and how to reach it."""

    name: str  # "Docker Engine 26.1.5", "Podman 4.3.1", "embedded engine (proot)"
    kind: Literal["docker", "podman", "embedded"]
    url: str  # unix:///…
    folder: Path  # contains every file that the engine writes
    log: Path
    process: "subprocess.Popen[bytes]"
    inside: list[str] = field(default_factory=list)  # command prefix into its network
    runtime: Runtime | None = None  # of the embedded engine
    version: str = ""
    api: str = ""
    answered: float = 0.0
    """Time of the engine's first answer, in seconds of CLOCK_BOOTTIME."""

    @property
    def socket(self) -> Path:
        """The path of the engine's Unix socket."""
        return Path(self.url.removeprefix("unix://"))

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with DOCKER_HOST set, for the CLI and the SDK."""
        clean = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
        return {**clean, "DOCKER_HOST": self.url, "DOCKER_CONFIG": str(self.folder / "cli")}

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Make one API call; `path` begins with a slash, `options` are those of requests."""
        base = "http+unix://" + quote(str(self.socket), safe="")
        with requests_unixsocket.Session() as session:
            return session.request(method, base + path, **{"timeout": patience.EVENT, **options})

    def load(self, archive: Path) -> str:
        """Load an image archive and return what the engine answered."""
        with archive.open("rb") as body:
            answer = self.request(
                "POST",
                "/images/load?quiet=1",
                data=body,
                headers={"Content-Type": "application/x-tar"},
            )
        answer.raise_for_status()
        return answer.text

    def clear(self) -> None:
        """Remove every container and volume and every network that a test made; keep images.

        Bypasses the recorder: these requests are not part of a test.
        """
        direct = dataclasses.replace(self, url=f"unix://{self.folder}/s")
        for container in direct.request("GET", "/containers/json?all=1").json():
            direct.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        volumes, networks = direct.request("GET", "/volumes"), direct.request("GET", "/networks")
        for volume in (volumes.json()["Volumes"] or []) if volumes.ok else []:
            direct.request("DELETE", f"/volumes/{volume['Name']}?force=1")
        for network in networks.json() if networks.ok else []:
            if network["Name"] not in OWN_NETWORKS:
                direct.request("DELETE", f"/networks/{network['Id']}")

    def empty(self) -> None:
        """Clear the engine and remove every image; the answers to image requests are judged."""
        self.clear()
        for image in self.request("GET", "/images/json?all=1").json():
            self.request("DELETE", f"/images/{image['Id']}?force=1")


@contextlib.contextmanager
def dockerd(
    suite: str | None = None, *, options: tuple[str, ...] = (), unified: bool = False
) -> Iterator[Engine]:
    """Run this machine's Docker Engine, or that of another Debian `suite` ("trixie": 26.1, "sid").

    `options` are dockerd's own; `unified` shows dockerd only control groups of version 2 on a
    machine that has both versions. Raises Missing.
    """
    need_root("dockerd")
    if unified and not (CGROUPS / "unified").is_dir():
        raise Missing(f"control groups version 2 beside version 1 are missing: {CGROUPS}/unified")
    if suite is None:
        need("dockerd", "docker.io")
    root = Path("/") if suite is None else other_suite(suite)
    with own_folder() as folder:
        command = [
            "dockerd",
            *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"),
            *("--pidfile", f"{folder}/engine.pid", "--host", f"unix://{folder}/s"),
            *("--config-file", f"{folder}/daemon.json", "--cgroup-parent", f"/{folder.name}"),
            *options,
            *([] if iptables_work() else ["--iptables=false", "--ip6tables=false"]),
        ]
        (folder / "daemon.json").write_text("{}")
        with in_namespaces(
            "docker", folder, command, root=root, cgroup=folder.name, unified=unified
        ) as engine:
            engine.name = f"Docker Engine {engine.version.partition('+')[0]}"
            yield engine


@contextlib.contextmanager
def podman() -> Iterator[Engine]:
    """Run this machine's `podman system service`. Raises Missing."""
    need_root("podman")
    need("podman")
    with own_folder() as folder:
        command = [
            *("podman", "--root", f"{folder}/data", "--runroot", f"{folder}/run"),
            *("--tmpdir", f"{folder}/tmp", "--network-config-dir", f"{folder}/networks"),
            *("--volumepath", f"{folder}/volumes", "--cgroup-manager", "cgroupfs"),
            *("--events-backend", "file"),
            *("system", "service", "--time", "0", f"unix://{folder}/s"),
        ]
        (folder / "networks").mkdir()
        with in_namespaces("podman", folder, command, cgroup="libpod_parent") as engine:
            engine.name = f"Podman {engine.version}"
            yield engine


@contextlib.contextmanager
def embedded(
    runtime: Runtime = "namespaces",
    *,
    images: tuple[Path, ...] = (),
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    recorded: bool = True,
    options: tuple[str, ...] = (),
    before: tuple[str, ...] = (),
    program: tuple[str, ...] = ("-m", "insidedocker_engine"),
) -> Iterator[Engine]:
    """Run an embedded engine as an ordinary user; `folder` keeps its state across two starts.
    `before` is a command prefix that runs as the user who runs the tests; `program` are Python's
    arguments.

    The engine's `url` leads through a recorder, so that every answer is judged; with
    `recorded=False` it leads to the engine directly. `options` are the engine's own. Raises
    Missing.
    """
    need_embedded(runtime)
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(own_folder()) if folder is None else folder
        give_away(here)
        command = [
            *before,
            *as_ordinary_user(),
            *(ordinary_python(), *program, "--root", f"{here}/state"),
            *("--host", f"unix://{here}/s", "--runtime", runtime, *options),
        ]
        own = {"HOME": str(here), "XDG_RUNTIME_DIR": str(here), "XDG_CACHE_HOME": f"{here}/cache"}
        engine = stack.enter_context(
            running("embedded", here, command, environment={**own, **(environment or {})})
        )
        engine.name, engine.runtime = f"embedded engine ({runtime})", runtime
        if recorded:
            stack.enter_context(recording(engine.socket, here / "r", judged=True))
            engine.url = f"unix://{here}/r"
        for image in images:
            engine.load(image)
        yield engine


@contextlib.contextmanager
def in_namespaces(
    kind: Literal["docker", "podman"],
    folder: Path,
    command: list[str],
    *,
    root: Path = Path("/"),
    cgroup: str,
    unified: bool = False,
) -> Iterator[Engine]:
    """Run an engine in new namespaces; the kernel clears them when their init is killed."""
    init = folder / "init.pid"
    wrapped = [
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child"),
        *(sys.executable, str(ENTER), "--root", str(root), "--pid-file", str(init)),
        *(word for path in HIDDEN for word in ("--empty", path)),
        *(["--unified"] if unified else []),
        "--",
        *command,
    ]
    try:
        with running(kind, folder, wrapped, environment={}, init=init) as engine:
            # unshare itself is in the new network; its namespace lasts as long as the engine.
            engine.inside = ["nsenter", f"--net=/proc/{engine.process.pid}/ns/net", "--"]
            yield engine
    finally:
        remove_cgroups(cgroup)


@contextlib.contextmanager
def running(
    kind: Literal["docker", "podman", "embedded"],
    folder: Path,
    command: list[str],
    *,
    environment: dict[str, str],
    init: Path | None = None,
) -> Iterator[Engine]:
    """Start `command`, wait until its socket answers, and at the end kill all its processes.

    Raises RuntimeError with the end of the log if the socket does not answer in time.
    """
    log = folder / "engine.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, MARK: str(folder), **environment},
            start_new_session=True,
        )
    engine = Engine(kind, kind, f"unix://{folder}/s", folder, log, process)
    try:
        await_ping(engine)
        engine.answered = time.clock_gettime(time.CLOCK_BOOTTIME)
        answer = engine.request("GET", "/version").json()
        engine.version, engine.api = answer["Version"], answer["ApiVersion"]
        yield engine
    finally:
        if init is None:
            end(process)
        else:
            kill_init(process, init)
        end_marked(folder)
        keep_log(engine)


def await_ping(engine: Engine) -> None:
    """Wait until /_ping answers 200; raises RuntimeError if the engine ends or takes too long."""
    deadline = time.monotonic() + patience.START
    while time.monotonic() < deadline:
        if engine.process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if answers_ping(engine.socket):
                return
        time.sleep(0.005)
    tail = engine.log.read_text(errors="replace")[-3000:]
    raise RuntimeError(f"{engine.kind} engine did not answer /_ping; its log ends:\n{tail}")


def answers_ping(path: Path) -> bool:
    """Return True if /_ping at this socket answers 200.

    Writes HTTP by hand: loading a library takes as long as some engines take to start.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience.EVENT)
        connection.connect(str(path))
        connection.sendall(b"GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")
        return connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a process, wait for its end, and kill it after a timeout."""
    process.terminate()
    try:
        process.wait(patience.EVENT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def kill(engine: Engine) -> None:
    """Kill an engine and what it runs, as a crash of the machine does."""
    engine.process.kill()
    engine.process.wait()
    end_marked(engine.folder)


def kill_init(process: "subprocess.Popen[bytes]", init: Path) -> None:
    """Kill the first process of a process namespace, and so every process in it."""
    if init.exists() and init.read_text().isdigit():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(init.read_text()), signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def marked(folder: Path) -> list[int]:
    """Return the pids of the engine of `folder` and its descendants, found by environment."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def end_marked(folder: Path) -> None:
    """Kill the processes that an engine left behind, by id."""
    for pid in marked(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def keep_log(engine: Engine) -> None:
    """Copy an engine's log to $INSIDEDOCKER_ARTEFACTS/engines, if CI sets this variable."""
    if target := os.environ.get("INSIDEDOCKER_ARTEFACTS"):
        logs = Path(target) / "engines"
        logs.mkdir(parents=True, exist_ok=True)
        shutil.copy(engine.log, logs / f"{engine.folder.name}-{engine.kind}.log")


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Make a new folder with a short path: a socket's path has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="idt-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        directory_trees.remove(folder)  # includes containers' folders without write permission


def remove_cgroups(name: str) -> None:
    """Remove the empty control groups that an engine made at the top of each hierarchy."""
    for top in [CGROUPS / name, *CGROUPS.glob(f"*/{name}")]:
        for folder in sorted(top.glob("**/"), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()


def need(program: str, package: str | None = None) -> str:
    """Return the path of a program; raises Missing, naming the package that provides it."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"{program} is missing: apt install {package or program}")
    return path


def need_root(part: str) -> None:
    """Raise Missing without root, which a daemon in new namespaces needs."""
    if os.geteuid() != 0:
        raise Missing(f"{part} needs root: run the tests as root to include it")


def need_embedded(runtime: Runtime) -> None:
    """Raise Missing when this machine cannot run the embedded engine with `runtime`."""
    if not importlib.util.find_spec("insidedocker_engine.__main__"):
        raise Missing("the embedded engine is missing: install this project with its dependencies")
    ordinary_python()
    if runtime == "proot":
        need("proot")
        return
    probe = [*as_ordinary_user(), "unshare", "--user", "--map-root-user", "true"]
    if subprocess.run(probe, cwd="/", capture_output=True, check=False).returncode != 0:
        raise Missing("user namespaces are forbidden to ordinary users on this machine")


def other_suite(suite: str) -> Path:
    """Return the root folder of another Debian suite's Docker Engine; raises Missing."""
    try:
        return suite_root(suite)
    except CatalogError as error:
        raise Missing(f"Docker Engine of Debian {suite} is missing: {error}") from error


def iptables_work() -> bool:
    """Return True if address translation works in a new network namespace on this machine."""
    probe = ["unshare", "--net", "iptables", "-t", "nat", "-L"]
    try:
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def busybox(folder: Path) -> Path:
    """Make a busybox image archive in `folder`, tagged busybox:latest; raises Missing."""
    if not BUSYBOX.exists():
        raise Missing("busybox is missing: apt install busybox-static")
    return busybox_archive(folder / "busybox.tar")
