"""The image that Binder would build of this checkout, on an engine without a network.

The Dockerfile is the one that repo2docker renders, but for `COPY --chmod`, which the classic
builder leaves to BuildKit. For the registries that it asks, the base image has stand-ins: it is a
Debian made by debootstrap (not Ubuntu) with a folder of apt's packages and one of wheels, and pip
does what conda would (binder/).
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import yaml

from insidedocker.catalog import debian
from insidedocker.catalog.errors import CatalogError
from tests.hosted import hosting
from tests.support.engines import Engine, need
from tests.support.missing import Missing

HERE = Path(__file__).parent / "binder"
LOCK = Path(__file__).parent / "repo2docker.lock"
SUITE = "bookworm"
BASE = "binder-base"
IMAGE = "binder"
BUILD_SECONDS = 1200
# Of what buildpack-deps has, that of which the course may know; and what Python's modules load.
BUILDPACK = ["bzip2", "ca-certificates", "curl", "git", "procps", "wget"]
LIBRARIES = ["libbz2-1.0", "libffi8", "liblzma5", "libreadline8", "libsqlite3-0", "libssl3"]
# What repo2docker's Dockerfile installs, and what the course's images are made of.
ASKED = ["gettext-base", "less", "locales", "unzip"]
RECIPES = [
    *("base-files", "busybox-static", "ca-certificates", "docker-registry", "libc-bin"),
    *("libcrypt1", "netbase", "nginx", "openssl", "python3", "zlib1g"),
]
# Of repo2docker's conda packages those that are on PyPI under the same name and matter here.
FROM_CONDA = re.compile(
    r"/(ipywidgets|jupyter-resource-usage|jupyter_server|jupyterhub|jupyterlab|notebook)"
    r"(?:-base)?-(\d[\d.]*)-"
)


def build(engine: Engine) -> str:
    """Build the image on `engine`; its name. Raises Missing where an ingredient is."""
    repo2docker = hosting.environment(LOCK)
    dockerfile, files = rendered(repo2docker)
    base = base_archive(files["environment.lock"].decode())
    if engine.request("GET", f"/images/{BASE}/json").status_code != 200:
        with base.open("rb") as body:
            query = f"/images/create?fromSrc=-&repo={BASE}&tag=latest"
            engine.request("POST", query, data=body, timeout=BUILD_SECONDS).raise_for_status()
    arguments = json.dumps({"NB_USER": "jovyan", "NB_UID": "1000"})
    with context(dockerfile, files) as body:
        answer = engine.request(
            "POST",
            "/build",
            params={"t": IMAGE, "buildargs": arguments, "rm": "1", "forcerm": "1"},
            data=body,
            headers={"Content-Type": "application/x-tar"},
            timeout=BUILD_SECONDS,
        )
    said = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
    problems = [each["error"] for each in said if "error" in each]
    if problems or answer.status_code != 200:
        told = "".join(each.get("stream", "") for each in said)[-6000:]
        raise AssertionError(f"the build failed: {problems or answer.text}\n{told}")
    return IMAGE


def rendered(repo2docker: Path) -> tuple[str, dict[str, bytes]]:
    """The Dockerfile of this checkout, and by name the files of repo2docker that it copies."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = Path(scratch) / "checkout"
        for name in ("apt.txt", "environment.yml", "postBuild", "pyproject.toml", "start"):
            checkout.mkdir(exist_ok=True)
            shutil.copy(hosting.ROOT / name, checkout / name)
        done = subprocess.run(
            [
                *(repo2docker / "bin/python", "-m", "repo2docker", "--no-build", "--debug"),
                *("--user-id", "1000", "--user-name", "jovyan"),
                *(f"--Repo2Docker.base_image={BASE}", checkout),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    dockerfile = done.stdout[done.stdout.index(f"FROM {BASE}") :]
    parts = next((repo2docker / "lib").glob("python*/site-packages/repo2docker/buildpacks"))
    files = {
        "install-base-env.bash": (HERE / "install-base-env.bash").read_bytes(),
        "activate-conda.sh": (parts / "conda/activate-conda.sh").read_bytes(),
        "environment.lock": (parts / "conda/environment.py-3.12-linux-64.lock").read_bytes(),
        "repo2docker-entrypoint": (parts / "repo2docker-entrypoint").read_bytes(),
        "python3-login": (parts / "python3-login").read_bytes(),
    }
    return dockerfile.replace("COPY --chmod=0755 ", "COPY "), files


def context(dockerfile: str, files: dict[str, bytes]) -> io.BufferedRandom:
    """The build context as an archive, laid out as repo2docker does."""
    body = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    with tarfile.open(fileobj=body, mode="w") as archive:
        _add(archive, "Dockerfile", dockerfile.encode(), 0o644)
        for source, target in re.findall(
            r"^COPY .*?(build_script_files/\S+) (\S+)$", dockerfile, re.M
        ):
            _add(archive, source, files[Path(target).name], 0o755)
        for name in ("repo2docker-entrypoint", "python3-login"):
            _add(archive, name, files[name], 0o755)
        for name in hosting.tracked_files():
            path = hosting.ROOT / name
            _add(archive, f"src/{name}", path.read_bytes(), path.stat().st_mode & 0o777)
    body.seek(0)
    return body


def _add(archive: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid = len(data), mode, 1000, 1000
    archive.addfile(entry, io.BytesIO(data))


def base_archive(conda_lock: str) -> Path:
    """The base image's file system as an archive, made at the first call."""
    environment = yaml.safe_load((hosting.ROOT / "environment.yml").read_text())
    pins = next(each["pip"] for each in environment["dependencies"] if isinstance(each, dict))
    base_pins = [f"{name}=={version}" for name, version in FROM_CONDA.findall(conda_lock)]
    python = python_3_12()
    apt = [line.split("#")[0].strip() for line in (hosting.ROOT / "apt.txt").open()]
    wanted = sorted({*ASKED, *RECIPES, *filter(None, apt)})
    build_lock = (hosting.ROOT / "locks/requirements-build.lock").read_text()
    told = repr((SUITE, BUILDPACK, LIBRARIES, wanted, pins, base_pins, build_lock, str(python)))
    told += (HERE / "micromamba").read_text()
    archive = hosting.cache() / f"base-{hashlib.sha256(told.encode()).hexdigest()[:12]}.tar"
    if not archive.exists():
        with tempfile.TemporaryDirectory(dir=hosting.cache()) as scratch:
            root = Path(scratch) / "root"
            _debootstrap(root)
            _add_packages(root, wanted)
            _add_python(root, python)
            _add_wheels(root, python, pins, base_pins)
            shutil.copy(need("docker", "docker.io"), root / "srv/docker")
            shutil.copy(HERE / "micromamba", root / "usr/local/bin/micromamba")
            (root / "usr/local/bin/micromamba").chmod(0o755)
            draft = Path(scratch) / "base.tar"
            subprocess.run(["tar", "--one-file-system", "-C", root, "-cf", draft, "."], check=True)
            draft.rename(archive)
    return archive


def python_3_12() -> Path:
    """The folder of a Python 3.12 that can be copied into the image."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for folder in pyenv.glob("versions/3.12.*"):
        if (folder / "bin/python3.12").exists():
            return folder
    raise Missing("Python 3.12 in a folder of its own is missing: pyenv install 3.12")


def _debootstrap(root: Path) -> None:
    include = ",".join([*BUILDPACK, *LIBRARIES])
    options = ["--variant=minbase", f"--include={include}", SUITE, str(root), debian.MIRROR]
    done = subprocess.run(
        [need("debootstrap"), *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Missing(f"debootstrap gave no {SUITE}: {done.stdout[-500:]}{done.stderr[-500:]}")


def _add_packages(root: Path, wanted: list[str]) -> None:
    """A repository for apt in the image: nothing else can be reached during the build."""
    folder = root / "srv/packages"
    folder.mkdir()
    try:
        for package in debian.fetch(wanted, SUITE):
            shutil.copy(package, folder)
    except CatalogError as error:
        raise Missing(str(error)) from error
    scan = [need("dpkg-scanpackages", "dpkg-dev"), "--multiversion", "."]
    with (folder / "Packages").open("wb") as listed:
        subprocess.run(scan, cwd=folder, stdout=listed, stderr=subprocess.DEVNULL, check=True)
    for path in (root / "etc/apt").glob("sources.list*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] copy:/srv/packages ./\n")


def _add_python(root: Path, python: Path) -> None:
    home = root / "opt/python3.12"
    ignored = shutil.ignore_patterns("__pycache__", "test", "idlelib", "tkinter", "site-packages")
    shutil.copytree(python, home, symlinks=True, ignore=ignored)
    (home / "lib/python3.12/site-packages").mkdir()
    (root / "etc/ld.so.conf.d/python.conf").write_text("/opt/python3.12/lib\n")
    subprocess.run(["chroot", root, "ldconfig"], check=True)


def _add_wheels(root: Path, python: Path, pins: list[str], base_pins: list[str]) -> None:
    wheels = root / "srv/wheels"
    download: list[str | Path] = [
        *(python / "bin/python3.12", "-m", "pip", "download", "--quiet"),
        *("--only-binary=:all:", "--dest", wheels),
    ]
    build_lock = hosting.ROOT / "locks/requirements-build.lock"
    for wanted in (["--no-deps", *pins], base_pins, ["--no-deps", "-r", str(build_lock)]):
        done = subprocess.run([*download, *wanted], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"wheels for the image cannot be had: {done.stderr[-500:]}")
    (root / "srv/base-requirements.txt").write_text("\n".join(base_pins) + "\n")
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /srv/wheels\n")
