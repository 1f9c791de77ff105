"""`make lab` and `make teach`, step by step: copies, engine, JupyterLab, and the end of exactly
what was started here."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from insidedocker.course import Course
from insidedocker.errors import UserError
from insidedocker.lab import terminals
from insidedocker.lab.engines import discovery, embedded
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import NoEngine
from insidedocker.launch import copies
from insidedocker.launch.jupyter_lab import JupyterLab, need_port
from insidedocker_engine import (
    ROOT_VARIABLE,
    Joined,
    PathError,
    account_root,
    every_root,
    find,
    own_root,
    owner,
)
from insidedocker_engine.host import private

START_PAGE = "00-start-here/00-start-here.ipynb"


def open_lab(course: Course, work: Path, *, engine: str, port: int | None, show: bool) -> int:
    """Open the learner's copies in JupyterLab; returns when it has ended."""
    if not course.release.is_dir():
        raise UserError(f"There are no lessons in {course.release}: run make sync first.")
    with _until_asked_to_end():
        if port is not None:
            need_port(port)
        for line in copies.update(course.release, work).lines(work):
            print(line)
        page = f"/lab/tree/{START_PAGE}" if (work / START_PAGE).exists() else "/lab"
        with _engine(engine, "make lab", course) as found:
            return _serve(work, "learner", page, found, {}, port=port, show=show)
    return 0


def open_teach(
    course: Course, *, engine: str, port: int | None, show: bool, exchange: str | None
) -> int:
    """Open the course folder in JupyterLab with Formgrader; returns when it has ended."""
    place = Path(exchange) if exchange else _own_folder() / "exchange"
    with _until_asked_to_end():
        if port is not None:
            need_port(port)
        place.mkdir(parents=True, exist_ok=True)
        print(f"Exchange: {place}")
        with _engine(engine, "make teach", course) as found:
            environment = {"NBGRADER_EXCHANGE": str(place)}
            return _serve(course.root, "teacher", "/lab", found, environment, port=port, show=show)
    return 0


@contextlib.contextmanager
def _until_asked_to_end() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does, at every step."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _engine(choice: str, command: str, course: Course) -> Iterator[Engine]:
    """Yield the engine to use, and print whose it is and who else uses it. An embedded engine
    without another user ends with this process."""
    if choice != "auto":
        os.environ["INSIDEDOCKER_ENGINE"] = choice
    fetch_tools()
    what = f"{command} in {course.root} (process {os.getpid()})"
    joined: list[Joined] = []

    def start() -> str:
        root = own_root(course.root)
        os.environ[ROOT_VARIABLE] = str(root)  # for kernels and terminals: the same engine
        joined.append(embedded.while_used(what))
        return joined[0].running.urls[0]

    try:
        engine = _find(start)
        if engine.kind == "embedded" and not joined:  # DOCKER_HOST names it
            root = Path(engine.get("/info").json()["DockerRootDir"])
            joined += filter(None, [embedded.named(root, what)])
        for line in _whose(engine, *joined):
            print(line)
        yield engine
    finally:
        for each in joined:
            _leave(each)


def _find(start: Callable[[], str]) -> Engine:
    try:
        return discovery.find(start)
    except PathError as error:
        raise UserError(f"The embedded engine cannot be used: {error}.") from None
    except NoEngine as error:
        # People choose the engine with `make lab ENGINE=…`, so messages use that name.
        raise UserError(str(error).replace("INSIDEDOCKER_ENGINE", "ENGINE")) from None


def _whose(engine: Engine, joined: Joined | None = None) -> Iterator[str]:
    """Lines on the engine; for an embedded engine also its owner, its other users and its end."""
    told = discovery.describe(engine)
    if joined is None:
        yield told
        return
    place = owner(joined.running.root)
    others = joined.use.others()
    yield (
        f"{told}; {'started' if joined.started else 'running already'}"
        + (f" for {place}" if place else "")
        + ("" if others else ", nobody else uses it")
    )
    if others:
        yield f"It is also used by: {', '.join(others)}."
    if joined.running.stays:
        yield "It stays when you end here; to end it: .venv/bin/insidedocker engine stop"
    elif others:
        yield "It ends with the last of you."
    if joined.started and not any((joined.running.root / "storage").glob("*/layers/*")):
        for other in every_root():
            if other != joined.running.root and (place := owner(other)):
                yield f"{place} has one of its own; to use that one here: {ROOT_VARIABLE}={other}"


def _leave(joined: Joined) -> None:
    """End the use of an embedded engine, and print whether the engine ended with it."""
    joined.use.end()
    running = find(joined.running.root)
    if running is None or running.stays:
        return
    name = f"The embedded engine (process {running.pid})"
    silent = time.monotonic() + running.SILENT
    try:
        while not running.await_end(0.1):
            if others := running.users():
                print(f"The embedded engine runs on: it is used by {', '.join(others)}.")
                return
            if time.monotonic() > silent:
                print(f"{name} {running.WAITS}.")
                silent = math.inf
    except KeyboardInterrupt:
        running.hurry()
        if not running.await_end():
            print(f"{name} has not ended yet.")
            return
    print("Ended the embedded engine; what you made on it is kept for the next time.")


def telling(engine: Engine) -> dict[str, str]:
    """The environment variables that tell kernels and terminals the chosen engine."""
    if engine.place != engine.url:
        return {}  # behind TLS or ssh: they find it by the same settings
    told = {"DOCKER_HOST": engine.url}
    if engine.kind == "embedded":
        # Should the engine end too soon, the next `lab.connect()` may start it again.
        told["INSIDEDOCKER_ENGINE"] = "embedded"
    return told


def fetch_tools() -> None:
    """Fetch PRoot where only PRoot can run containers: the engine looks for it when it starts."""
    from insidedocker.catalog import tools
    from insidedocker.catalog.errors import CatalogError
    from insidedocker_engine import probe

    if shutil.which("proot") or probe().namespaces.works:
        return
    with contextlib.suppress(CatalogError):  # the engine itself says what is missing
        program = tools.tool("proot")
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"


def _serve(
    root: Path,
    settings: str,
    page: str,
    engine: Engine,
    environment: dict[str, str],
    *,
    port: int | None,
    show: bool,
) -> int:
    log = _own_folder() / "jupyterlab.log"
    with terminals.linked(engine.place) as link:
        server = JupyterLab(
            root,
            settings=settings,
            page=page,
            port=port,
            environment={**telling(engine), **environment, **link},
            terminals=terminals.environment(link),
            log=log,
        )
        try:
            print(f"JupyterLab: {server.url}")
            print("Press Ctrl-C here to end it.", flush=True)
            if show:
                server.open_browser()
            return server.wait()
        finally:
            server.close()


def _own_folder() -> Path:
    """The folder of this account's data, which only this account can enter. Raises UserError."""
    try:
        return private.folder(account_root().parent)
    except private.NotPrivate as error:
        raise UserError(f"{error}.".capitalize()) from None
