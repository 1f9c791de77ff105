"""Fixtures for every test: real engines, the embedded engine, the docker CLI, a browser.

A part that this machine lacks skips the test and names the part; with CI set it fails it.
Every answer of an embedded engine is judged by the Engine API's description, and a wrong one
fails the test in which it came.
"""

import contextlib
import os
import shutil
import signal
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from insidedocker.grading import sandbox
from tests.support import engines, openapi
from tests.support.engines import ENGINES, Engine
from tests.support.missing import CI, Missing, skip_missing
from tests.support.ordinary import lasting_folder, remove_lasting_folders
from tests.support.recorder import take_judged

LESSONS = [path.name for path in Path(__file__).parents[1].glob("notebooks/[0-9]*")]


def _start(stack: contextlib.ExitStack, engine: Any) -> Engine:
    with skip_missing():
        return stack.enter_context(engine)


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker that the hooks below look for; end engines also when we are terminated.

    An engine that the account has running, or names, is not the tests'; neither are its settings.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell's background jobs ignore it, and hand that on: then no test could press Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "INSIDEDOCKER_ENGINE"):
        os.environ.pop(name, None)
    own = lasting_folder("idt-run-")
    for name in ("XDG_RUNTIME_DIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
        (own / name).mkdir()
        (own / name).chmod(0o700 if name == "XDG_RUNTIME_DIR" else 0o777)
        os.environ[name] = str(own / name)
    config.addinivalue_line(
        "markers", "answers_unjudged(reason): the engine is made to break the API's description"
    )


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    remove_lasting_folders()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: nothing long is left when a process has no more to do."""
    here = Path(__file__).parent
    long = [here / "exercises", here]
    items.sort(key=lambda item: [item.path.parent != folder for folder in long])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What shares a costly start stays in one process: a file's tests, of those that are run on
    every engine the tests on one engine, and of lessons those on one lesson where an engine costs
    little. (xdist's own groups do not work with pytest 9.)"""
    from xdist.scheduler import LoadScopeScheduling

    class ByStart(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            words = test.partition("[")[2].rstrip("]").split("-")
            found = [word for word in words if word in ENGINES]
            if found == ["embedded_namespaces"]:
                found += [name for name in LESSONS if name in test]
            return " ".join([file, *found])

    return ByStart(config, log)


def judge_answers(item: pytest.Item) -> None:
    """Fail when an embedded engine has answered against the Engine API's own description."""
    exchanges = take_judged()
    if not exchanges or item.get_closest_marker("answers_unjudged"):
        return
    try:
        wrong = dict.fromkeys(problem for each in exchanges for problem in openapi.judge(each))
    except Missing as missing:
        if CI:
            pytest.fail(str(missing), pytrace=False)
        warnings.warn(f"the engine's answers are not judged: {missing}", stacklevel=1)
        return
    if wrong:
        listing = "\n".join(f"  {problem}" for problem in wrong)
        pytest.fail(f"answers that break the Engine API's description:\n{listing}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    judge_answers(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    judge_answers(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    judge_answers(item)
    return result


@pytest.fixture(scope="session")
def session_stack() -> Iterator[contextlib.ExitStack]:
    """What is open until the end of the session."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def docker_20(session_stack: contextlib.ExitStack) -> Engine:
    """Docker Engine 20.10 (API 1.41), the one of Debian bookworm."""
    return _start(session_stack, engines.dockerd())


@pytest.fixture(scope="session")
def docker_26(session_stack: contextlib.ExitStack) -> Engine:
    """Docker Engine 26.1 (API 1.45), the one of Debian trixie, without installing it."""
    return _start(session_stack, engines.dockerd("trixie"))


@pytest.fixture(scope="session")
def docker_28(session_stack: contextlib.ExitStack) -> Engine:
    """Docker Engine of Debian unstable (28.5 once, API 1.51) with the containerd image store."""
    store = ("--feature", "containerd-snapshotter=true")
    return _start(session_stack, engines.dockerd("sid", options=store))


@pytest.fixture(scope="session")
def podman(session_stack: contextlib.ExitStack) -> Engine:
    """This machine's Podman as a service."""
    return _start(session_stack, engines.podman())


@pytest.fixture(scope="session")
def embedded_namespaces(session_stack: contextlib.ExitStack) -> Engine:
    """The embedded engine in the `namespaces` runtime, run by an ordinary user."""
    return _start(session_stack, engines.embedded("namespaces"))


@pytest.fixture(scope="session")
def embedded_proot(session_stack: contextlib.ExitStack) -> Engine:
    """The embedded engine in the `proot` runtime, run by an ordinary user."""
    return _start(session_stack, engines.embedded("proot"))


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.real, pytest.mark.slow]) for name in ENGINES]
)
def any_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each of the engines in turn; containers, networks and volumes are removed afterwards."""
    engine: Engine = request.getfixturevalue(request.param)
    yield engine
    engine.clear()


@pytest.fixture
def engine_folder() -> Iterator[Path]:
    """A folder that outlives the engines of a test, for several of them one after the other."""
    with engines.own_folder() as folder:
        yield folder


@pytest.fixture
def embedded(engine_folder: Path) -> Iterator[Callable[..., Engine]]:
    """Starts embedded engines for one test: `embedded(runtime="proot", images=(archive,))`."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: _start(stack, engines.embedded(*args, **options))


@pytest.fixture(scope="session")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with the image busybox:latest."""
    with skip_missing():
        return engines.busybox(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def docker_cli() -> str:
    """The path of a real docker CLI, Debian's own before any other."""
    with skip_missing():
        return shutil.which("docker", path="/usr/bin") or engines.need("docker", "docker.io")


@pytest.fixture(scope="session")
def every_docker_cli() -> list[str]:
    """All the docker CLIs on PATH, without repeating one that is reached by two folders."""
    folders = os.environ["PATH"].split(os.pathsep)
    found = [path for folder in folders if (path := shutil.which("docker", path=folder))]
    with skip_missing():
        if not found:
            engines.need("docker", "docker.io")
    return list({Path(path).resolve(): path for path in found}.values())


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, for Playwright's `executable_path`."""
    with skip_missing():
        return engines.need("chromium")


@pytest.fixture(scope="session")
def walls() -> None:
    """Submissions can be walled off here."""
    with skip_missing():
        if why := sandbox.why_not():
            raise Missing(f"no sandbox here: {why}")
