"""Sets up .venv from the hash-pinned locks, then runs a command in it; needs a bare Python only.

    python3 bootstrap.py [--dev] [MODULE ARGUMENT...]

Used by the Makefile. The first time it installs, and says so; afterwards it only compares a stamp.
This file must at least compile on old Pythons, to be able to say that they are too old.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (an old Python may well run this)
    from shutil import which

    newer = [name for name in ("python3.13", "python3.12", "python3.11") if which(name)]
    sys.exit(
        "This course needs Python 3.11 or newer and {} is {}.{}: {}.".format(
            sys.executable,
            *sys.version_info[:2],
            f"set PYTHON={newer[0]}, as in 'make lab PYTHON={newer[0]}'"
            if newer
            else "install one, then name it as in 'make lab PYTHON=python3.12'",
        )
    )

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
MARK = VENV / ".made-for-the-course"
"""In a .venv that is made here, from the first moment on."""
BUILD_LOCK = ROOT / "locks/requirements-build.lock"
DEV_LOCK = ROOT / "locks/requirements-dev.lock"
# The larger kind holds all of the smaller one, with the same pins.
LOCKS = {"lab": ROOT / "locks/requirements.lock", "dev": DEV_LOCK}


class SetupError(Exception):
    """Setting up cannot go on; the text says what to do."""


def main(arguments: list[str]) -> int:
    kind = "dev" if arguments[:1] == ["--dev"] else "lab"
    command = arguments[1:] if kind == "dev" else arguments
    try:
        ensure(kind)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSetting up was stopped; the next make does it again.", file=sys.stderr)
        return 130
    if command:
        sys.stdout.flush()
        os.execve(VENV_PYTHON, [str(VENV_PYTHON), "-m", *command], inner_environment())
    return 0


def ensure(kind: str) -> None:
    """Make .venv hold what `kind` needs; does nothing if it does."""
    if is_ready(kind):
        return
    with only_one():
        if not is_ready(kind):  # another make may have done it while we waited
            install(kind)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Let two makes that start together take turns."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def stamp(kind: str) -> Path:
    return VENV / f".ready-{kind}"


def key(kind: str) -> str:
    """Changes whenever what is installed would: Python, place, lock or package."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (LOCKS[kind], BUILD_LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_ready(kind: str) -> bool:
    return os.access(VENV_PYTHON, os.X_OK) and any(
        stamp(each).is_file() and stamp(each).read_text() == key(each)
        for each in ("lab", "dev")
        if each in (kind, "dev")
    )


def install(kind: str) -> None:
    began = time.monotonic()
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Setting up .venv for Python {version} from {LOCKS[kind].name} ...", flush=True)
    make_venv()
    for each in LOCKS:
        stamp(each).unlink(missing_ok=True)
    uv = find_uv()
    install_packages(kind, uv)
    written = stamp(kind).with_suffix(".new")
    written.write_text(key(kind))
    written.replace(stamp(kind))
    print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


def make_venv() -> None:
    """Create .venv with pip, or keep the one that is there if it is whole, of this Python and of
    this place.

    One without a stamp was interrupted: what is half installed in it looks installed to pip. In
    one that was copied or moved here the programs are those of the other place.
    """
    whole = any(stamp(each).is_file() for each in LOCKS)
    fits = venv_version() == sys.version_info[:2] and venv_place() == VENV
    if whole and fits and runs("-m", "pip", "--version"):
        return
    if VENV.is_symlink() and venv_place() not in (None, VENV):  # it leads to another checkout's
        VENV.unlink()
    if whole or MARK.exists():
        shutil.rmtree(VENV, ignore_errors=True)
    elif VENV.is_dir() and any(VENV.iterdir()):
        keep_aside()
    VENV.mkdir(exist_ok=True)
    MARK.touch()
    has_pip = has_ensurepip()
    run(
        [sys.executable, "-m", "venv", *([] if has_pip else ["--without-pip"]), str(VENV)],
        "The virtual environment could not be made",
    )
    if not has_pip and not pip_from_kit():
        pip_from_debian()


def keep_aside() -> None:
    """Rename a .venv that somebody else has made here, an editor for example."""
    number = 1
    while (aside := VENV.with_name(f".venv-yours-{number}")).exists():
        number += 1
    VENV.rename(aside)
    print(f"There was a .venv that this course has not made: it is now {aside.name}.", flush=True)


def venv_version() -> tuple[int, ...]:
    match = re.search(r"^version\s*=\s*(\d+)\.(\d+)", venv_config(), re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else ()


def venv_place() -> Path | None:
    """Where .venv was made, as its maker has noted it."""
    match = re.search(r"^command\s*=.* -m venv (?:--without-pip )?(.+)$", venv_config(), re.M)
    return Path(match[1]) if match else None


def venv_config() -> str:
    try:
        return (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return ""


def has_ensurepip() -> bool:
    """Debian and Ubuntu keep ensurepip in a package of its own."""
    try:
        from ensurepip import version  # an empty folder of that name would import too
    except ImportError:
        return False
    return bool(version())


def pip_from_kit() -> bool:
    """Install pip into .venv from the folder of wheels that pip is to look in, if it has it."""
    links = Path(os.environ.get("PIP_FIND_LINKS") or "/none")
    wheels = sorted(map(str, links.glob("pip-*.whl")))
    return bool(wheels) and runs(f"{wheels[-1]}/pip", "install", "--quiet", "--no-deps", wheels[-1])


def pip_from_debian() -> None:
    """Install pip into .venv from Debian's own wheel of it, without being root."""
    advice = (
        "This Python comes without ensurepip, and pip could not be had from Debian's package "
        "either: install it (sudo apt install python3-venv), then run make again."
    )
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise SetupError(advice)
    print("This Python comes without ensurepip: taking pip from Debian's package.", flush=True)
    with tempfile.TemporaryDirectory(prefix="insidedocker-apt-") as folder:
        place = Path(folder)
        for part in ("lists/partial", "cache/archives/partial"):
            (place / part).mkdir(parents=True)
        apt = [
            "apt-get",
            "-qq",
            *("-o", f"Dir::State::Lists={place}/lists"),
            *("-o", f"Dir::Cache={place}/cache"),
            *("-o", "Debug::NoLocking=true"),
            *("-o", "APT::Sandbox::User="),
        ]
        for step in (["update"], ["download", "python3-pip-whl"]):
            run([*apt, *step], advice, cwd=place)
        packages = list(place.glob("python3-pip-whl_*.deb"))
        if not packages:
            raise SetupError(advice)
        run(["dpkg-deb", "-x", str(packages[0]), str(place / "unpacked")], advice)
        wheels = list(place.glob("unpacked/usr/share/python-wheels/pip-*.whl"))
        if not wheels:
            raise SetupError(advice)
        wheel = str(wheels[0])
        options = ["--quiet", "--no-index", "--no-deps"]
        run([str(VENV_PYTHON), f"{wheel}/pip", "install", *options, wheel], advice)


def find_uv() -> list[str] | None:
    """The command for uv, installed from the lock; None if it cannot be had."""
    entry = re.search(r"^uv==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", DEV_LOCK.read_text(), re.M)
    if not entry:
        return None
    with tempfile.TemporaryDirectory(prefix="insidedocker-uv-") as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(entry[0])
        options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        if runs("-m", "pip", "install", *options, "-r", str(wanted)):
            return [str(VENV_PYTHON), "-m", "uv"]
    print("uv cannot be had here: installing with pip, which takes longer.", flush=True)
    return None


def install_packages(kind: str, uv: list[str] | None) -> None:
    failed = "The packages could not be installed (is the network up?); make tries again"
    package = ["--no-deps", "--editable", str(ROOT)]
    if uv:
        environment = {**inner_environment(), **pip_settings_for_uv()}
        where = ["--quiet", "--python", str(VENV_PYTHON)]
        locked = ["--require-hashes", str(LOCKS[kind])]
        build = ["--build-constraints", str(BUILD_LOCK), "--require-build-hashes"]
        run([*uv, "pip", "sync", *where, *locked], failed, environment)
        run([*uv, "pip", "install", *where, *build, *package], failed, environment)
    else:
        pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet"]
        run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCKS[kind])], failed)
        run([*pip, *package], failed)


def pip_settings_for_uv() -> dict[str, str]:
    """uv reads no pip.conf: hand on the index and the certificates that pip is set to use."""
    settings = {}
    index = pip_setting("index-url")
    if index and "UV_DEFAULT_INDEX" not in os.environ:
        settings["UV_DEFAULT_INDEX"] = index
    bundle = pip_setting("cert")
    if bundle and "SSL_CERT_FILE" not in os.environ:
        settings["SSL_CERT_FILE"] = bundle
    elif ssl.get_default_verify_paths().cafile:
        # Where the system trusts more than the usual authorities (a proxy's), so does pip on
        # Debian; uv must be told. Without a bundle of the system, uv's own is the better one.
        settings["UV_SYSTEM_CERTS"] = "true"
    return settings


def pip_setting(name: str) -> str | None:
    """What pip takes for a setting: its variable, else pip.conf ([install] before [global])."""
    from_variable = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if from_variable:
        return from_variable
    for section in ("install", "global"):
        done = subprocess.run(
            [str(VENV_PYTHON), "-m", "pip", "config", "get", f"{section}.{name}"],
            env=inner_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip()
    return None


def inner_environment() -> dict[str, str]:
    """The environment without what would point Python or pip away from .venv."""
    misleading = {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    path = f"{VENV / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, "VIRTUAL_ENV": str(VENV), "PATH": path}


def runs(*arguments: str) -> bool:
    """Whether .venv's Python runs this successfully."""
    if not os.access(VENV_PYTHON, os.X_OK):
        return False
    done = subprocess.run(
        [str(VENV_PYTHON), *arguments], env=inner_environment(), capture_output=True, check=False
    )
    return done.returncode == 0


def run(
    command: list[str],
    failed: str,
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run one step of the installation; on failure show what it said and raise SetupError."""
    done = subprocess.run(
        command,
        env=environment or inner_environment(),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"{done.stdout.rstrip()}\n{failed}.".lstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
