"""`make lab` and `make teach`, step by step: copies, engine, JupyterLab, and ending what was
started here and nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from insidedocker.authoring.course import Course
from insidedocker.engine import lock, paths, private, process
from insidedocker.errors import UserError
from insidedocker.lab import discovery, terminals
from insidedocker.lab.failure import NoEngine
from insidedocker.lab.session import Engine
from insidedocker.launch import copies
from insidedocker.launch.jupyter_lab import JupyterLab, need_port

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
        with _engine(engine) as found:
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
        with _engine(engine) as found:
            environment = {"NBGRADER_EXCHANGE": str(place)}
            return _serve(course.root, "teacher", "/lab", found, environment, port=port, show=show)
    return 0


@contextlib.contextmanager
def _until_asked_to_end() -> Iterator[None]:
    """SIGTERM and a terminal that is closed end us as Ctrl-C does, at whatever step we are."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _engine(choice: str) -> Iterator[Engine]:
    """The engine to use, said in one line; an embedded one that was started here ends here."""
    if choice != "auto":
        os.environ["INSIDEDOCKER_ENGINE"] = choice
    fetch_tools()
    before = lock.holder(paths.default_root())
    try:
        yield _connect()
    finally:
        ours = lock.holder(paths.default_root())
        if ours and ours != before:
            process.stop(paths.default_root())
            print("Ended the embedded engine; what you made on it is kept for the next time.")


def _connect() -> Engine:
    try:
        return discovery.connect()
    except NoEngine as error:
        # What was chosen here is called ENGINE by those who choose it.
        raise UserError(str(error).replace("INSIDEDOCKER_ENGINE", "ENGINE")) from None


def telling(engine: Engine) -> dict[str, str]:
    """What tells kernels and terminals which engine was taken."""
    told = {"DOCKER_HOST": engine.url}
    if engine.kind == "embedded":
        # Should it end too soon, whoever connects next may start it again.
        told["INSIDEDOCKER_ENGINE"] = "embedded"
    return told


def fetch_tools() -> None:
    """Where only PRoot can run containers, it must be there before the engine looks for it."""
    from insidedocker.catalog import tools
    from insidedocker.catalog.errors import CatalogError
    from insidedocker.engine.runtime import probe

    if shutil.which("proot") or probe.namespaces().works:
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
    with terminals.linked(engine.url) as link:
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
    """What we keep for this account, which only it can look into."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    try:
        return private.folder(Path(base) / "insidedocker")
    except private.NotPrivate as error:
        raise UserError(f"{error}.".capitalize()) from None
