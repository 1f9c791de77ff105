"""A program from Debian's packages, run by an ordinary user without installation."""

from __future__ import annotations

import os
import shlex
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from insidedocker.catalog import debian, folders
from insidedocker.catalog.errors import CatalogError
from insidedocker.progress import Progress
from insidedocker_engine.host import locks


def tool(name: str, progress: Progress | None = None) -> Path:
    """The path of the program `name` ("proot"): on PATH, else in the cache, else from Debian.

    A file in the cache is called `name` and is the only program in its folder, so the folder may
    be added to PATH. The package must be named like the program. Raises `CatalogError`.
    """
    installed = shutil.which(name)
    if installed is not None:
        return Path(installed)
    return _kept(name, progress or Progress()) / name


def copy_to(folder: Path, names: Iterable[str], progress: Progress) -> None:
    """Copy programs from Debian's packages to `folder`, for `take_from` on another machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        # An archive, since the file system of a USB stick may have neither links nor modes.
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            archive.add(_kept(name, progress), ".")


def take_from(folder: Path) -> None:
    """Add the programs that `copy_to` put into `folder` to the cache, where they are missing."""
    for path in sorted(folder.glob("*.tar")):
        home = _home(path.stem)
        with _in_turn(home):
            if not (home / path.stem).is_file():
                with _drafted(home) as files, tarfile.open(path) as archive:
                    archive.extraction_filter = getattr(tarfile, "tar_filter", None)
                    archive.extractall(files)  # Python knows filters from 3.11.4 on
                    _write_command(path.stem, files, home)


def _in_turn(home: Path) -> AbstractContextManager[None]:
    home.parent.mkdir(parents=True, exist_ok=True)
    return locks.held(home.with_suffix(".lock"))


def _home(name: str) -> Path:
    return folders.cache() / "tools" / name


def _kept(name: str, progress: Progress) -> Path:
    """The program's folder in the cache; a missing program is fetched first."""
    folders.make()
    home = _home(name)
    with _in_turn(home):
        if not (home / name).is_file():
            _fetch(name, home, progress)
    return home


def _fetch(name: str, home: Path, progress: Progress) -> None:
    progress.say(f"Fetching {name} from Debian's packages.")
    with _drafted(home) as files:
        for package in debian.fetch([name], progress=progress):
            debian.unpack(package, files)
        _write_command(name, files, home)


@contextmanager
def _drafted(home: Path) -> Iterator[Path]:
    """Yield a folder to fill; it is renamed to `home` once it is whole."""
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        files = Path(scratch) / "files"
        yield files
        files.rename(home)


def _write_command(name: str, files: Path, home: Path) -> None:
    """Write the script that starts the program in `files` once they are in `home`.

    The program brings its own loader and libraries, so the system's may be older. The script
    calls the loader by name: LD_LIBRARY_PATH would also apply to the program's children.
    """
    binary, loader = _find(files, name), _loader(files)
    libraries = sorted({_moved(path.parent, files, home) for path in files.rglob("lib*.so.*")})
    run = files / name
    run.write_text(
        "#!/bin/sh\n"
        f"exec {shlex.quote(_moved(loader, files, home))} --argv0 {shlex.quote(name)} "
        f"--library-path {shlex.quote(':'.join(libraries))} "
        f'{shlex.quote(_moved(binary, files, home))} "$@"\n'
    )
    run.chmod(0o755)


def _find(files: Path, name: str) -> Path:
    for folder in ("usr/bin", "bin", "usr/sbin", "sbin"):
        if os.access(files / folder / name, os.X_OK):
            return files / folder / name
    raise CatalogError(f"Debian's package {name} holds no program of that name.")


def _loader(files: Path) -> Path:
    for path in sorted(files.rglob("ld-linux*.so.*")):
        if path.is_file() and not path.is_symlink():
            return path
    raise CatalogError("Debian's libc6 holds no program loader where it is looked for.")


def _moved(path: Path, old: Path, new: Path) -> str:
    return str(new / path.relative_to(old))
