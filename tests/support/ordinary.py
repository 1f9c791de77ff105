"""An ordinary user for what the tests run: nobody, when the tests themselves run as root."""

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
    """Command prefix; what it runs ends with the tests in any case."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "TERM"]
    ids = [f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig", "TERM"]


def lasting_folder(prefix: str) -> Path:
    """A new folder with a short path that everybody may enter; goes when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o755)
    LASTING.append(folder)
    return folder


def remove_lasting_folders() -> None:
    """Not left to atexit: xdist kills its processes when their tests are done."""
    while LASTING:
        directory_trees.remove(LASTING.pop())


def give_away(folder: Path) -> None:
    """Let the ordinary user write in `folder`."""
    if os.geteuid() == 0:
        os.chown(folder, UID, UID)


@functools.cache
def ordinary_python() -> str:
    """A Python with this project and its dependencies that the ordinary user may run.

    Where this one lies in a private folder (root's pyenv), the system's of the same version with
    this one's packages; raises Missing when that does not do either.
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
    """Write the compiled modules that an ordinary user could not write here, and would compile
    anew in each of hundreds of processes. Two test processes take turns."""
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
    """Whether the ordinary user can run `python` with the project.

    Run by a shell: setpriv itself may still start what its new user may not.
    """
    probe = [*as_ordinary_user(), "sh", "-c", f'exec "$0" -c "{NEEDED}"', python]
    return subprocess.run(probe, cwd="/", capture_output=True, check=False).returncode == 0


def _borrow_packages(system: str, version: str) -> str:
    """A virtual environment of the system's Python that sees this environment's packages."""
    folder = lasting_folder("idt-python-")
    # A command of the course that ran in this process may have made its umask a private one.
    make: list[str | Path] = [system, "-m", "venv", "--without-pip", folder]
    subprocess.run(make, check=True, umask=0o022)
    borrowed = folder / "lib" / version / "site-packages/borrowed.pth"
    ours = sysconfig.get_path("purelib")
    borrowed.write_text(f"import site; site.addsitedir({ours!r})\n")
    borrowed.chmod(0o644)
    return str(folder / "bin/python")
