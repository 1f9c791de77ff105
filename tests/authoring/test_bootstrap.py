"""`make` on a fresh machine: bootstrap.py and the Makefile, in a clone whose path has a space.

These install for real, from the package index that pip is set to use.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.authoring.taste import ROOT

Make = Callable[..., subprocess.CompletedProcess[str]]
PARTS = ("Makefile", "bootstrap.py", "pyproject.toml", "README.md", "LICENSE", "LICENSE-lessons")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as a fresh clone has it, without lessons."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "locks", folder / "locks")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for name in ("insidedocker", "insidedocker_engine"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "objectives.yml", folder / "notebooks")
    return folder


@pytest.fixture
def make(clone: Path, tmp_path: Path) -> Make:
    """Runs make in the clone with a new HOME; extra variables as keywords."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*targets: str, **variables: str) -> subprocess.CompletedProcess[str]:
        misleading = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
        environment = {name: each for name, each in os.environ.items() if name not in misleading}
        environment |= {"HOME": str(home), "TMPDIR": str(tmp_path)}
        command = ["make", *targets, *(f"{name}={each}" for name, each in variables.items())]
        return subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_make_alone_lists_the_commands(make: Make) -> None:
    done = make()
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    listed = {line.split()[1] for line in lines}
    assert listed >= {"lab", "teach", "demo", "test", "test-quick", "sync", "lint", "bench"}
    assert all(re.fullmatch(r"make \S+ +\S.*", line) for line in lines)


def test_an_old_python_is_told_so(make: Make, tmp_path: Path) -> None:
    old = next(
        (
            path
            for minor in ("3.10", "3.9", "3.8")
            for path in (Path.home() / ".pyenv" / "versions").glob(f"{minor}.*/bin/python")
        ),
        None,
    )
    if old is None:
        pytest.skip("no Python older than 3.11 on this machine")
    done = make("sync", PYTHON=str(old))
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_launch_options_are_passed_on(make: Make) -> None:
    done = make("--dry-run", "lab", PORT="9999", ENGINE="embedded", OPEN="no")
    assert "insidedocker lab --port 9999 --engine embedded --no-open" in done.stdout
    assert re.search(r"insidedocker lab\s*$", make("--dry-run", "lab").stdout)


@pytest.mark.slow
def test_the_first_time_installs_and_the_second_does_not(make: Make, clone: Path) -> None:
    first = make("sync", PYTHON=sys.executable)
    assert first.returncode == 0, first.stderr
    said = [line for line in first.stdout.splitlines() if "ensurepip" not in line]
    assert said[0].startswith("Setting up .venv for Python 3.")
    assert re.fullmatch(r"Set up in \d+ s\.", said[1])
    installed = clone / ".venv" / "bin" / "python"
    changed = (clone / ".venv").stat().st_mtime_ns, installed.lstat().st_mtime_ns
    second = subprocess.run(
        [sys.executable, "bootstrap.py"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert second.stdout == ""
    assert ((clone / ".venv").stat().st_mtime_ns, installed.lstat().st_mtime_ns) == changed
    # what is installed is what the lock says
    listing = subprocess.run(
        [installed, "-m", "pip", "list", "--format=freeze"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pins = dict(line.split("==") for line in listing.split())
    for name, version in re.findall(
        r"^(nbgrader|jupyterlab|docker)==(\S+)",
        (ROOT / "locks/requirements.lock").read_text(),
        re.M,
    ):
        assert pins[name] == version
    assert "pytest" not in pins
    # a changed lock is noticed
    lock = clone / "locks/requirements.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    assert "Setting up" in make("sync", PYTHON=sys.executable).stdout


@pytest.mark.slow
def test_an_interrupted_installation_is_done_again(make: Make, clone: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "bootstrap.py"],
        cwd=clone,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    packages = clone / ".venv" / "lib"
    while process.poll() is None and not list(packages.glob("python3.*/site-packages/uv*")):
        os.sched_yield()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list((clone / ".venv").glob(".ready-*"))
    done = make("sync", PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert "Setting up" in done.stdout


def test_a_venv_of_somebody_elses_is_kept(clone: Path) -> None:
    """Editors make one in every folder, and people install into it what they like."""
    (clone / ".venv/lib/theirs").mkdir(parents=True)
    (clone / ".venv/lib/theirs/work.py").write_text("mine")
    command = [sys.executable, "-c", "import bootstrap; bootstrap.make_venv()"]
    for _ in range(2):  # the second time it is ours, if not finished
        done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (clone / ".venv/bin/python").exists()
    assert (clone / ".venv-yours-1/lib/theirs/work.py").read_text() == "mine"
    assert sorted(path.name for path in clone.glob(".venv*")) == [".venv", ".venv-yours-1"]


@pytest.mark.slow
def test_pip_stands_in_where_uv_cannot_be_had(make: Make, clone: Path) -> None:
    lock = clone / "locks/requirements-dev.lock"
    lock.write_text(re.sub(r"^uv==\S+", "uv==0.0.0", lock.read_text(), flags=re.M))
    done = make("sync", PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert "uv cannot be had here" in done.stdout
    assert not (clone / ".venv" / "bin" / "uv").exists()


@pytest.mark.slow
def test_a_failed_installation_says_what_to_do(make: Make, clone: Path) -> None:
    lock = clone / "locks/requirements.lock"
    text = lock.read_text()
    first = re.search(r"sha256:([0-9a-f]{64})", text)
    assert first
    entry = text[: text.index("    # via")]
    lock.write_text(text.replace(entry, re.sub(r"sha256:\w{64}", "sha256:" + "0" * 64, entry)))
    done = make("sync", PYTHON=sys.executable)
    assert done.returncode != 0
    assert "The packages could not be installed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_pip_comes_from_debian_where_ensurepip_is_missing(clone: Path, tmp_path: Path) -> None:
    python = Path("/usr/bin/python3")
    system = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    ensurepip = Path(f"/usr/lib/python{system}/ensurepip")
    missing = [part for part in ("apt-get", "dpkg-deb", "unshare") if not shutil.which(part)]
    if missing or not system or tuple(map(int, system.split("."))) < (3, 11):
        pytest.skip(f"needs Debian with python3 >= 3.11; missing: {missing or python}")
    # a mount namespace in which ensurepip is hidden, as where python3-venv is not installed
    empty = tmp_path / "empty"
    empty.mkdir()
    script = f"""
        if [ -d '{ensurepip}' ]; then mount --bind '{empty}' '{ensurepip}' || exit 77; fi
        exec {python} bootstrap.py insidedocker --version
    """
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "taking pip from Debian's package" in done.stdout


@pytest.mark.slow
def test_a_checkout_at_another_place_has_an_environment_of_its_own(
    make: Make, clone: Path, tmp_path: Path
) -> None:
    assert make("sync", PYTHON=sys.executable).returncode == 0
    other = tmp_path / "another place"
    shutil.copytree(clone, other, symlinks=True)
    command = other / "insidedocker/cli.py"
    command.write_text(command.read_text().replace('version("insidedocker")', '"of the other"'))
    program, python = other / ".venv/bin/insidedocker", other / ".venv/bin/python"
    environment = {**os.environ, "HOME": str(tmp_path / "home")}

    def run(*words: str | Path, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        # Not from the checkout's folder, whose package would come first.
        return subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    # Without a look at it by make, nothing of the original is run unsaid.
    for words in ([program], [python, "-m", "insidedocker"]):
        said = run(*words, "--version")
        assert (said.returncode, said.stdout) == (1, "")
        assert "Run make lab in" in said.stderr and len(said.stderr.splitlines()) == 1

    # An environment that is only linked to is not written into.
    linked = tmp_path / "linked"
    shutil.copytree(clone, linked, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    (linked / ".venv").symlink_to(clone / ".venv")
    make_venv = (sys.executable, "-c", "import bootstrap; bootstrap.make_venv()")
    assert run(*make_venv, folder=linked).returncode == 0
    assert not (linked / ".venv").is_symlink()
    assert run(clone / ".venv/bin/insidedocker", "--version").stdout == "0.1.0\n"

    done = run(sys.executable, other / "bootstrap.py", "insidedocker", "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "of the other"
    shutil.rmtree(clone)
    assert run(program, "--version").stdout == "of the other\n"
    assert run(other / ".venv/bin/pip", "--version").returncode == 0
    files = [path for path in (other / ".venv/bin").iterdir() if path.is_file()]
    assert [each for each in files if f"{clone}/" in each.read_text(errors="replace")[:4096]] == []
    again = run(sys.executable, other / "bootstrap.py", "insidedocker", "--version")
    assert again.stdout == "of the other\n", "nothing is set up a second time"

    moved = other.rename(tmp_path / "moved")
    assert run(*make_venv, folder=moved).returncode == 0
    assert f"{moved}/.venv" in (moved / ".venv/bin/pip").read_text()
    assert not (moved / ".venv/bin/nbgrader").exists()
