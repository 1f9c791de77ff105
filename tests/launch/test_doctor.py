"""`insidedocker doctor` as an ordinary user types it, on hosts that allow more or less."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from insidedocker.lab.checks import check
from insidedocker.lab.engines.stub_engine import Answer
from tests.support import patience
from tests.support.engines import need_embedded, own_folder
from tests.support.missing import skip_missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

SUPPORT = Path(__file__).parents[1] / "support"
WITHOUT = [sys.executable, str(SUPPORT / "without_namespaces.py")]
OLD_KERNEL = [sys.executable, str(SUPPORT / "old_kernel.py")]
PODMAN: dict[str, Answer] = {
    "GET /_ping": (200, {"Server": "Libpod/5.4.2 (linux)"}, b"OK"),
    "GET /version": (200, {}, {"Version": "5.4.2"}),
}


@pytest.fixture
def home() -> Iterator[Path]:
    with own_folder() as folder:
        give_away(folder)
        yield folder


def doctor(home: Path, *before: str, **variables: str) -> tuple[int, str]:
    """Exit code and report of the command in an environment of its own."""
    with skip_missing():
        python = ordinary_python()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    # A proxy that refuses at once: nothing here depends on what can be reached from where.
    closed = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    inner = [f"{name}={value}" for name, value in {**environment, **closed, **variables}.items()]
    done = subprocess.run(
        [
            *before,
            *as_ordinary_user(),
            *("env", "-i", *inner),
            python,
            "-m",
            "insidedocker",
            "doctor",
        ],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=patience.EVENT,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_where_everything_is_allowed(home: Path) -> None:
    with skip_missing():
        need_embedded("namespaces")
    _, said = doctor(home)
    assert "runtime       namespaces: user namespaces work on this host" in said
    assert "storage       overlay2" in said or "storage       vfs: layers are copied" in said
    assert "Python        3." in said
    assert "GB free at" in said
    assert "PRoot" in said
    assert list(home.glob(".insidedocker*")) == []


def test_where_namespaces_are_refused(home: Path) -> None:
    with skip_missing():
        need_embedded("proot")
    _, said = doctor(home, *WITHOUT)
    assert "note  runtime       proot: PRoot works here" in said
    assert "not namespaces: a filter of system calls refuses user namespaces" in said
    assert "→ inside Docker this needs --security-opt seccomp=unconfined" in said
    assert "vfs: layers are copied" in said


def test_what_is_promised_on_an_old_kernel_is_kept(home: Path) -> None:
    with skip_missing():
        need_embedded("proot")
    _, said = doctor(home, *OLD_KERNEL)
    assert "note  runtime       proot: PRoot works here" in said
    assert "not namespaces: this kernel is too old for it" in said
    code = """
import insidedocker_engine as engine, pathlib, sys
root = pathlib.Path(sys.argv[1])
joined = engine.join(root, "a test", stays=True)
print(joined.running.answers(), joined.running.await_end(0), flush=True)
engine.stop(root)
print(joined.running.await_end(), engine.find(root), flush=True)
"""
    done = subprocess.run(
        [
            *OLD_KERNEL,
            *as_ordinary_user(),
            *("env", "-i", "PATH=/usr/bin:/bin", f"HOME={home}", f"XDG_RUNTIME_DIR={home}"),
            *(ordinary_python(), "-c", code, str(home / "root")),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=patience.EVENT,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True False\nTrue None\n", "")


def test_where_no_runtime_works(home: Path) -> None:
    code, said = doctor(home, *WITHOUT, INSIDEDOCKER_PROOT="/none/such")
    assert code == 1
    assert "no    runtime       not namespaces:" in said
    assert "→ install the package proot" in said
    assert "no Docker or Podman answers" in said.splitlines()[-1]


def test_another_engine_does_as_well(home: Path) -> None:
    with ExitStack() as stack:
        podman = stack.enter_context(check.scripted_engine(PODMAN))
        socket = Path(podman.url.removeprefix("unix://"))
        socket.parent.chmod(0o755)
        socket.chmod(0o666)
        (home / "podman").mkdir()
        (home / "podman/podman.sock").symlink_to(socket)
        _, said = doctor(home, *WITHOUT, INSIDEDOCKER_PROOT="/none/such")
    assert f"Podman answers at unix://{home}/podman/podman.sock" in said
    assert "no Docker or Podman answers" not in said


def test_an_engine_that_was_named_must_answer(home: Path) -> None:
    code, said = doctor(home, DOCKER_HOST="unix:///none/such")
    assert code == 1
    assert "unix:///none/such: there is no socket of that name" in said
    assert "DOCKER_HOST names unix:///none/such" in said.splitlines()[-1]
    code, said = doctor(home, DOCKER_HOST="ftp://somewhere")
    assert code == 1
    assert "is not an address this course can use" in said


def test_images_that_are_not_cached_and_cannot_be_made(home: Path) -> None:
    code, said = doctor(home, PATH="/nowhere")
    assert code == 1
    assert "0 of 5 are cached" in said
    assert "apt-get is not on this machine" in said
    assert "Docker Hub    cannot be reached" in said
    assert "needed only for images that are not cached" in said
    assert not (home / ".cache").exists()


def test_an_engines_folder_whose_checkout_has_gone_is_named(home: Path) -> None:
    root = home / ".local/share/insidedocker/engine-2"
    root.mkdir(parents=True)
    (root / "checkout").write_text(f"{home}/gone\n1\n")
    _, said = doctor(home)
    assert f"{root} was for {home}/gone, which has gone" in said
    assert f"insidedocker engine remove --root {root}" in said
