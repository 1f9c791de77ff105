"""Grades cases and says what came of each: points, what was shown, what was reached or changed.

A course in a scratch folder with a gradebook of real nbgrader; what must not be touched is looked
at before and after. `ours` grades with this project's nbgrader_config.py, all cases in one go;
`plain` with nbgrader's own defaults, each case by itself, because one may stop all others.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat

import insidedocker
from tests.grading.hostile.case import (
    ASSIGNMENT,
    MARK,
    RIGHT,
    SECRET,
    Case,
    Scene,
    source_notebook,
    use_released,
)

REPOSITORY = Path(__file__).parents[3]
CONTROLS = ("aaa-control", "victim", "zzz-control")
ELSEWHERE = (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"))

PLAIN = """\
c = get_config()
c.CourseDirectory.course_id = "hostile"
c.ClearSolutions.code_stub = {"python": "pass  # Your code goes here: replace this line."}
c.Execute.timeout = 3
c.Execute.startup_timeout = 30
"""
OURS = """
c.SandboxedExecute.cell_seconds = 3
c.SandboxedExecute.notebook_seconds = 20
c.SandboxedExecute.memory = 256
c.SandboxedExecute.processes = 64
c.SandboxedExecute.disk = 32
"""


@dataclass
class Outcome:
    """What came of one case."""

    case: Case
    points: float | None
    bad: list[str] = field(default_factory=list)


@contextlib.contextmanager
def scene(folder: Path, kind: str, like: Path | None = None) -> Iterator[tuple[Scene, list[bytes]]]:
    """A course, a home, and services of a host that remember who came; `kind` is ours or plain.
    `like` is the folder of another scene of that kind, of which this one is to be a copy."""
    reached: list[bytes] = []
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(_service(socket.AF_INET, ("127.0.0.1", 0), reached))
        path = folder / "docker.sock"
        stack.enter_context(_service(socket.AF_UNIX, str(path), reached))
        abstract = f"canary-{os.getpid()}-{time.monotonic_ns()}"
        stack.enter_context(_service(socket.AF_UNIX, f"\0{abstract}", reached))
        stack.enter_context(_datagrams(tcp[1], reached))
        made = Scene(folder, tcp[1], path, abstract)
        if like is None:
            _furnish(made, kind)
        else:
            _copy(like, made)
        yield made, reached


def _copy(like: Path, scene: Scene) -> None:
    for name in ("home", "course"):
        shutil.copytree(like / name, scene.root / name)
    use_released(scene.course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


def _furnish(scene: Scene, kind: str) -> None:
    home, course = scene.home, scene.course
    home.mkdir()
    (home / "secret.txt").write_text(f"{SECRET}\n")
    (home / ".bashrc").write_text("")
    source = course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (course / "instructor-notes.txt").write_text(f"{SECRET}\n")
    nbformat.write(source_notebook(), source / f"{ASSIGNMENT}.ipynb")
    if kind == "ours":
        shutil.copy(REPOSITORY / "nbgrader_config.py", course)
        with (course / "nbgrader_config.py").open("a") as config:
            config.write(OURS)
    else:
        (course / "nbgrader_config.py").write_text(PLAIN)
    made = nbgrader(scene, "generate_assignment", ASSIGNMENT, "--force")
    assert made.returncode == 0, made.stdout
    use_released(course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    answers = {**RIGHT, "words": f"My own words: {SECRET}"}
    for name in CONTROLS:
        Case(name, "control", answers, most=6.0).write(scene)


def nbgrader(scene: Scene, *words: str) -> subprocess.CompletedProcess[str]:
    """One of nbgrader's commands in the course."""
    return run(scene, ["nbgrader", *words], 600)


def run(scene: Scene, words: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """A command in the course, in a session of its own that ends with it."""
    beside_python = str(Path(sys.executable).parent)
    environment = {
        "PATH": os.pathsep.join([beside_python, os.environ.get("PATH", os.defpath)]),
        "LANG": "C.UTF-8",
        "HOME": str(scene.home),
        "TOKEN": SECRET,
        "JUPYTER_ALLOW_INSECURE_WRITES": "true",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=scene.course,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        said = ""
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(words, process.returncode, said, "")


def grade(
    cases: Sequence[Case], folder: Path, kind: str, seconds: float, like: Path | None = None
) -> list[Outcome]:
    """Grade cases in one run and judge what came of it; for `like` see `scene`."""
    with scene(folder, kind, like) as (made, reached):
        if like is None:
            # A control is graded by nbgrader's own command, the others as instructors would.
            nbgrader(made, "autograde", ASSIGNMENT, "--student=victim")
        for case in cases:
            case.write(made)
        before = _state(made)
        command = ["insidedocker", "grade"] if kind == "ours" else ["nbgrader", "autograde"]
        done = run(made, [*command, ASSIGNMENT], seconds)
        (folder / "graded.log").write_text(done.stdout)
        left = _left_running()
        outcomes = [_judged(made, case) for case in cases]
        general = _changed(made, before) + left
        general += [f"a service of the host was reached: {data!r}" for data in reached]
        general += _controls(made)
        if done.returncode != 0:
            general.append("the batch was stopped")
        shown = _feedback(made, cases)
    for outcome in outcomes:
        outcome.bad += shown.get(outcome.case.name, [])
    return [*outcomes, Outcome(Case("everything together", "the whole run"), None, general)]


def _judged(scene: Scene, case: Case) -> Outcome:
    points = points_of(scene, case.name)
    outcome = Outcome(case, points)
    if points is None:
        outcome.bad.append("it has no grade")
    elif points > case.most or (case.honest and points < case.most):
        outcome.bad.append(f"it got {points:g} points of {case.most:g} deserved")
    if SECRET in _outputs(scene, case.name):
        outcome.bad.append("it showed a secret")
    if (
        MARK in _outputs(scene, case.name, files=False)
        and case.of == "files beside it"
        and not case.answers
    ):
        outcome.bad.append("code beside the notebook was run")
    return outcome


def points_of(scene: Scene, learner: str) -> float | None:
    """What the gradebook has, for cells that are not graded by a person."""
    from nbgrader.api import Gradebook, MissingEntry

    try:
        with Gradebook(f"sqlite:///{scene.course}/gradebook.db") as book:
            submission = book.find_submission(ASSIGNMENT, learner)
            if not (scene.course / "autograded" / learner).exists():
                return None
            grades = [grade for each in submission.notebooks for grade in each.grades]
            return float(sum(g.score or 0 for g in grades if g.name != "words"))
    except MissingEntry:
        return None
    except Exception:
        return 99.0  # a gradebook that cannot be read is as bad as it gets


def _outputs(scene: Scene, learner: str, files: bool = True) -> str:
    """Everything that the graded notebook shows as a learner's output, and the files beside it."""
    found = []
    folder = scene.course / "autograded" / learner
    for path in folder.rglob("*"):
        if not path.is_file() or path.stat().st_size > 50_000_000:
            continue
        if path.name == f"{ASSIGNMENT}.ipynb":
            with contextlib.suppress(ValueError, KeyError):
                cells = json.loads(path.read_bytes())["cells"]
                found += [json.dumps(cell.get("outputs", "")) for cell in cells]
        elif files:
            found.append(path.read_bytes().decode("latin-1"))
    return "\n".join(found)


def _controls(scene: Scene) -> list[str]:
    found = {name: points_of(scene, name) for name in CONTROLS}
    return [f"{name} got {points}, not 6" for name, points in found.items() if points != 6.0]


def _state(scene: Scene) -> dict[str, str]:
    """What no submission may change, by path."""
    found = {}
    for top in (scene.home, scene.course):
        for path in sorted(top.rglob("*")):
            place = path.relative_to(scene.root)
            if (
                place.parts[1] in ("autograded", "feedback", ".grading")
                and "victim" not in place.parts
            ):
                continue
            if (
                place.name.startswith(("gradebook.db", "history.sqlite"))
                or "__pycache__" in place.parts
            ):
                continue
            if place.parts[1] == ".grading" or path.is_symlink() or not path.is_file():
                continue
            if "/runtime/" in str(place) or (
                ".jupyter" in place.parts and path.suffix == ".secret"
            ):
                continue
            with contextlib.suppress(OSError):
                found[str(place)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _changed(scene: Scene, before: dict[str, str]) -> list[str]:
    after = _state(scene)
    bad = [f"changed or gone: {name}" for name in before if after.get(name) != before[name]]
    for name in after:
        if name not in before and (
            MARK in name or MARK in (scene.root / name).read_text("latin-1")
        ):
            bad.append(f"planted: {name}")
    for top in ELSEWHERE:
        for path in top.glob(f"{MARK}*"):
            bad.append(f"left behind: {path}")
            path.unlink()
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(scene.course / "gradebook.db")) as book,
    ):
        if list(book.execute("select 1 from student where last_name = ?", (MARK,))):
            bad.append("names in the gradebook were changed")
    planted = Path(insidedocker.__file__).parent / f"{MARK}.py"
    if planted.exists():
        planted.unlink()
        bad.append("planted in the package")
    return bad


def _left_running() -> list[str]:
    """Processes that outlive the run, by the mark in their command line; they are ended here."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().startswith(MARK.encode()):
                found.append(f"still running: process {path.parent.name}")
                os.kill(int(path.parent.name), signal.SIGKILL)
    return found


TOLD = re.compile(r"seen[=_](21|(&#39;|')?ab)")
"""What a hidden check asks for, as the cases that pass it on write it."""


def _feedback(scene: Scene, cases: Sequence[Case]) -> dict[str, list[str]]:
    """Whether feedback pages of the cases that try it hold their script, or hidden values."""
    found: dict[str, list[str]] = {}
    for case in cases:
        if case.name.startswith("tells-"):
            nbgrader(scene, "generate_feedback", ASSIGNMENT, f"--student={case.name}")
            pages = [page.read_text() for page in (scene.course / "feedback").rglob("*.html")]
            if not pages:
                found[case.name] = ["it has no feedback page"]
            elif any(TOLD.search(page) for page in pages):
                found[case.name] = ["its feedback page tells what a hidden check asks"]
            shutil.rmtree(scene.course / "feedback")
        if case.name.startswith("script-"):
            nbgrader(scene, "generate_feedback", ASSIGNMENT, f"--student={case.name}")
            for page in (scene.course / "feedback" / case.name).rglob("*.html"):
                scripts = _Scripts()
                scripts.feed(page.read_text())
                if any(MARK in script for script in scripts.found):
                    found[case.name] = ["its script is on the feedback page"]
    return found


class _Scripts(HTMLParser):
    """Everything on a page that a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@contextlib.contextmanager
def _service(family: int, address: Any, reached: list[bytes]) -> Iterator[Any]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(1)
            with contextlib.suppress(OSError):
                reached.append(self.request.recv(100))

    class Server(socketserver.ThreadingTCPServer):
        address_family = family
        daemon_threads = True

        def get_request(self) -> Any:
            request, came_from = super().get_request()
            return request, came_from or ("", 0)

    Server.allow_reuse_address = False
    with Server(address, Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            yield server.server_address
        finally:
            server.shutdown()


@contextlib.contextmanager
def _datagrams(port: int, reached: list[bytes]) -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    reached.append(receiver.recv(100))

        threading.Thread(target=listen, daemon=True).start()
        yield
        with contextlib.suppress(OSError):
            receiver.shutdown(socket.SHUT_RDWR)
