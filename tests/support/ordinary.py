"""The ordinary user who runs the tests' programs: `nobody` (65534) when the tests run as root."""

import compileall
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from insidedocker_engine.files import directory_trees
from tests.support.missing import Missing

UID = 65534
ROOT = Path(__file__).parents[2]
NEEDED = "import insidedocker, requests_unixsocket"
LASTING: list[Path] = []


def as_ordinary_user() -> list[str]:
    """Return a command prefix that drops root; the command gets SIGTERM when the tests end."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "TERM"]
    ids = [f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig", "TERM"]


def lasting_folder(prefix: str) -> Path:
    """Make a folder with a short path that every user may enter; removed when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o755)
    LASTING.append(folder)
    return folder


def remove_lasting_folders() -> None:
    """Remove the lasting folders. Must not be left to atexit: xdist kills its processes."""
    while LASTING:
        directory_trees.remove(LASTING.pop())


def give_away(folder: Path) -> None:
    """Give `folder` to the ordinary user."""
    if os.geteuid() == 0:
        os.chown(folder, UID, UID)


@functools.cache
def ordinary_python() -> str:
    """Return a Python with this project and its dependencies that the ordinary user may run.

    If the running Python is in a private folder (root's pyenv), this is the system's Python of the
    same version with the running one's packages. Raises Missing if neither works.
    """
    if runs(sys.executable):
        compile_all()
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    system = shutil.which(version, path="/usr/local/bin:/usr/bin")
    if system is not None:
        borrowed = _borrow_packages(system, version)
        if runs(borrowed):
            compile_all()
            return borrowed
    raise Missing(
        f"an ordinary user can neither run {sys.executable} with this checkout nor the system's "
        f"{version}: put Python and the checkout where everyone may read"
    )


def compile_all() -> None:
    """Compile all modules: an ordinary user cannot write compiled modules here, and each of
    hundreds of processes would compile them again. A lock keeps test processes from compiling at
    the same time."""
    if os.geteuid() != 0:
        return
    folders = [
        Path(sysconfig.get_path("purelib")),
        ROOT / "insidedocker",
        ROOT / "insidedocker_engine",
        ROOT / "tests",
    ]
    with (ROOT / "pyproject.toml").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for folder in folders:
            compileall.compile_dir(folder, quiet=2, workers=2)


def runs(python: str) -> bool:
    """Return True if the ordinary user can run `python` with the project.

    A shell starts it: setpriv itself may still start programs that its new user may not.
    """
    probe = [*as_ordinary_user(), "sh", "-c", f'exec "$0" -c "{NEEDED}"', python]
    return subprocess.run(probe, cwd="/", capture_output=True, check=False).returncode == 0


def _borrow_packages(system: str, version: str) -> str:
    """Make a virtual environment of the system's Python with access to this one's packages."""
    folder = lasting_folder("idt-python-")
    # A command of the course that ran in this process may have set a private umask.
    make: list[str | Path] = [system, "-m", "venv", "--without-pip", folder]
    subprocess.run(make, check=True, umask=0o022)
    borrowed = folder / "lib" / version / "site-packages/borrowed.pth"
    ours = sysconfig.get_path("purelib")
    borrowed.write_text(f"import site; site.addsitedir({ours!r})\n")
    borrowed.chmod(0o644)
    return str(folder / "bin/python")
