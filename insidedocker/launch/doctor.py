"""`insidedocker doctor`: what this machine offers the course, what it lacks, and what to do.

Tries things out and reports; changes nothing and starts no engine.
"""

from __future__ import annotations

import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from insidedocker.lab.engines.machine import DISK_WANTED, PYTHON_WANTED

DISK_NEEDED = 3e8
"""Bytes: with less, not even a trial is possible."""
PACKAGES_SECONDS = 4.0
APT_SECONDS = 60.0  # no network request, but slow on a busy machine
HUB = "https://registry-1.docker.io/v2/"


@dataclass(frozen=True)
class Line:
    """One finding. `mark` is ok, note (the course runs with less) or no (the course cannot run)."""

    mark: str
    what: str
    found: str
    advice: str = ""


def run() -> int:
    """Print the report; returns 0 where the course can run, else 1."""
    # The trials fork, and a fork must come before any thread starts.
    embedded, runs_containers = _embedded_engine()
    lines = [_python(), *embedded]
    engines, other_engine, spoiled = _engines()
    images, all_cached = _images()
    packages, reachable = _packages()
    lines += [*engines, *_left_behind(), _disk(), images, *packages]
    for line in lines:
        _print(line)
    verdict, can_run = _verdict(
        lines, runs_containers or other_engine, spoiled, all_cached or reachable
    )
    print(f"\n{verdict}")
    return 0 if can_run else 1


def _print(line: Line) -> None:
    print(f"{line.mark:<6}{line.what:<14}{line.found}")
    if line.advice:
        print(f"{'':<20}→ {line.advice}")


def _verdict(lines: list[Line], engine: bool, spoiled: str, images: bool) -> tuple[str, bool]:
    """The report's last sentence, and True where the course can run."""
    if any(line.mark == "no" and line.what in ("Python", "disk") for line in lines):
        return "The course cannot run here yet: see the lines marked no.", False
    if spoiled:
        return f"The course cannot start as things are: {spoiled}.", False
    if not engine:
        return (
            "The course cannot run here yet: no Docker or Podman answers, and the embedded "
            "engine has no way to run containers. One of the arrows above is enough.",
            False,
        )
    if not images:
        return (
            "The course cannot run here yet: its images are not cached, and neither Docker Hub "
            "nor Debian's packages can be reached to make them.",
            False,
        )
    if any(line.mark == "note" for line in lines):
        return "The course can run here. The notes say what would be better.", True
    return "The course can run here.", True


# This machine


def _python() -> Line:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= PYTHON_WANTED:
        return Line("ok", "Python", found)
    return Line("no", "Python", found, "install Python 3.11 or newer")


def _disk() -> Line:
    from insidedocker_engine import default_root

    place = _existing(default_root())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free at {place}"
    if free >= DISK_WANTED:
        return Line("ok", "disk", found)
    mark = "note" if free >= DISK_NEEDED else "no"
    return Line(mark, "disk", found, "make room there (2 GB are enough), or set XDG_DATA_HOME")


def _left_behind() -> list[Line]:
    """Folders of embedded engines whose checkouts are gone: they take up disk space."""
    from insidedocker_engine import every_root, owner

    lines = []
    for root in every_root():
        place = owner(root)
        if place is not None and not place.exists():
            found = f"{root} was for {place}, which has gone"
            advice = f"to remove it with all in it: insidedocker engine remove --root {root}"
            lines.append(Line("note", "left behind", found, advice))
    return lines


def _existing(path: Path) -> Path:
    """The nearest folder at or above `path` that exists."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


# The embedded engine


def _embedded_engine() -> tuple[list[Line], bool]:
    """The runtimes and the storage of the embedded engine, and True where it can run containers."""
    from insidedocker_engine import default_root, probe

    found = probe()
    lines = []
    if found.namespaces.works:
        lines.append(Line("ok", "runtime", f"namespaces: {found.namespaces.why}"))
        if not found.users.works:
            lines.append(Line("note", "user ids", found.users.why, found.users.advice))
        state = (
            found.proot.why if found.proot.works else f"{found.proot.why}; it is not needed here"
        )
        lines.append(Line("ok", "PRoot", state))
    else:
        mark = "note" if found.proot.works else "no"
        if found.proot.works:
            lines.append(Line(mark, "runtime", f"proot: {found.proot.why}"))
        why = f"not namespaces: {found.namespaces.why}"
        lines.append(Line(mark, "" if lines else "runtime", why, found.namespaces.advice))
        if not found.proot.works:
            lines.append(Line(mark, "", f"not proot: {found.proot.why}", found.proot.advice))
    if not found.works:
        return [*lines, Line("note", "storage", "not tried: it depends on the runtime")], False
    storage = found.storage(_existing(default_root()))
    if storage.works:
        line = Line("ok", "storage", f"{storage.subject}: layers are stacked by overlayfs")
    elif storage.subject:
        slow = "layers are copied, which takes more time and room"
        line = Line("note", "storage", f"{storage.subject}: {slow} ({storage.why})")
    else:
        line = Line("note", "storage", f"not tried: {storage.why}")
    return [*lines, line], True


# Other engines


def _engines() -> tuple[list[Line], bool, str]:
    """A line for each place of an engine, True where one answers, and the named engine that does
    not answer and so keeps the course from choosing ("" without one)."""
    from insidedocker.lab.engines import discovery
    from insidedocker.lab.engines.session import NAMES, Engine

    lines: list[Line] = []
    answered, spoiled = False, ""
    for candidate in discovery.candidates():
        name = "engine" if candidate.named else candidate.says.split("'")[0]
        found = discovery.attempt(candidate)
        if isinstance(found, Engine):
            lines.append(Line("ok", name, f"{NAMES[found.kind]} answers at {candidate.url}"))
            answered = True
        elif candidate.named:
            spoiled = f"{candidate.says.removesuffix(' names it')} names {candidate.url}"
            advice = f"{found.remedy}, or unset the variable"
            lines.append(Line("no", name, f"{candidate.url}: {found.why}", advice))
        elif not found.nothing_there:
            advice = f"not needed; to use it, {found.remedy}"
            lines.append(Line("note", name, f"{candidate.url}: {found.why}", advice))
    if not lines:
        text = "no socket of Docker or Podman; the embedded engine is used"
        lines.append(Line("ok", "engines", text))
    return lines, answered, spoiled


# Images


def _images() -> tuple[Line, bool]:
    """The cached images of the course, and True where all are cached."""
    from insidedocker.catalog import store
    from insidedocker_engine import Platform

    entries, here = store.stored(), str(Platform.host())
    missing = []
    for name in store.names():
        entry = entries.get(name)
        try:
            whole = entry is not None and store.path_of(entry).stat().st_size == entry.size
        except OSError:
            whole = False
        if entry is None or not whole or entry.platform != here:
            missing.append(name)
    total = len(store.names())
    if not missing:
        return Line("ok", "images", f"all {total} are cached"), True
    found = f"{total - len(missing)} of {total} are cached; not {', '.join(missing)}"
    advice = "they are made when first needed, or now by: insidedocker catalog build"
    return Line("note", "images", found, advice), False


def _packages() -> tuple[list[Line], bool]:
    """The two sources of images, and True where one of them can be reached."""
    with ThreadPoolExecutor(2) as both:
        hub, debian = both.submit(_ask, HUB), both.submit(_ask_debian)
        found = {"Docker Hub": hub.result(), "Debian": debian.result()}
    reachable = not all(found.values())
    lines = []
    for name, problem in found.items():
        if not problem:
            lines.append(Line("ok", name, "can be reached"))
        elif reachable:
            lines.append(Line("note", name, problem, "not needed: the other one can be reached"))
        else:
            advice = "needed only for images that are not cached"
            lines.append(Line("note", name, problem, advice))
    return lines, reachable


def _ask(url: str) -> str:
    """The reason why a server cannot be reached; "" after any answer."""
    import requests

    from insidedocker.lab.engines.session import reason_of

    try:
        requests.head(url, timeout=PACKAGES_SECONDS)
    except requests.RequestException as error:
        return f"cannot be reached from here ({reason_of(error)})"
    return ""


def _ask_debian() -> str:
    """The reason why apt's package source cannot be used; "" where it can."""
    import subprocess

    if shutil.which("apt-get") is None:
        return "cannot be used here: apt-get is not on this machine"
    try:
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
            capture_output=True,
            text=True,
            timeout=APT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"cannot be used here: apt-get gave no answer within {APT_SECONDS:.0f} s"
    addresses = dict.fromkeys(listed.stdout.split())
    if any(url.startswith(("file:", "copy:", "cdrom:")) for url in addresses):
        return ""
    from insidedocker.catalog import debian

    remote = [url for url in addresses if url.startswith(("http://", "https://"))]
    return _ask(remote[0] if remote else debian.MIRROR)
