"""Debian's packages, fetched as an ordinary user by apt with a private state.

Uses the system's own sources, keys and proxies; changes nothing on the system and installs
nothing. Knows nothing of images.
"""

from __future__ import annotations

import os
import platform as machine
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from insidedocker.catalog import folders
from insidedocker.catalog.errors import CatalogError, OutOfReach
from insidedocker.progress import Progress
from insidedocker_engine.host import locks

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
_LISTS_KEPT_SECONDS = 24 * 3600
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Default-Release "";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "2";
Debug::NoLocking "true";
Dir::State "{apt}/state";
Dir::State::status "{apt}/state/status";
Dir::Cache "{apt}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
"""
_OTHER_SUITE = """\
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


@dataclass(frozen=True)
class Package:
    """One fetched package: `path` is the .deb file in the cache."""

    name: str
    version: str
    architecture: str
    path: Path

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def fetch(
    packages: Sequence[str],
    suite: str | None = None,
    architecture: str | None = None,
    *,
    without: Iterable[str] = (),
    progress: Progress | None = None,
) -> list[Path]:
    """The .deb files of `packages` and of their dependencies.

    `suite` names another Debian suite than the system's ("trixie", "sid"); `architecture`
    another Debian architecture than this machine's ("arm64"). Packages named in `without`, and
    packages that only they need, are left out. Raises `CatalogError` or `OutOfReach`.
    """
    found = closure(packages, suite, architecture, without=without, progress=progress)
    return [package.path for package in found]


def closure(
    packages: Sequence[str],
    suite: str | None = None,
    architecture: str | None = None,
    *,
    without: Iterable[str] = (),
    progress: Progress | None = None,
) -> list[Package]:
    """The result of `fetch` with the name and version of each package; sorted by name."""
    apt = _AptFolder(suite, architecture)
    shown = progress or Progress()
    apt.folder.mkdir(parents=True, exist_ok=True)
    with locks.held(apt.folder / "lock"):
        apt.prepare(without)
        apt.update(shown)
        try:
            return apt.download(packages, shown)
        except CatalogError:
            # A mirror drops superseded packages at once, so old lists may name files that are
            # gone from the mirror. Fresh lists do not.
            if not apt.update(shown, force=True):
                raise
            return apt.download(packages, shown)


def drop_indexes() -> None:
    """Delete apt's index caches to free space; apt makes them again when needed."""
    for index in (folders.cache() / "apt").glob("*/cache/*.bin"):
        index.unlink(missing_ok=True)


@contextmanager
def contents(package: Path) -> Iterator[tarfile.TarFile]:
    """The files of a .deb as a tar stream, to be read once from start to end. Raises
    `CatalogError` for a damaged package."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints)
        assert process.stdout is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as stream:
                yield stream
            process.stdout.read()
        except tarfile.ReadError as error:
            raise CatalogError(f"{package.name} is not a whole Debian package: {error}.") from None
        finally:
            process.stdout.close()
            status = process.wait()
        if status:
            complaints.seek(0)
            reason = complaints.read().decode(errors="replace").strip()
            raise CatalogError(f"{package.name} cannot be unpacked: {reason}.")


def unpack(package: Path, folder: Path) -> None:
    """Unpack the files of a .deb into `folder` (as ``dpkg-deb -x`` does). Raises `CatalogError`."""
    done = subprocess.run(
        ["dpkg-deb", "-x", str(package), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CatalogError(f"{package.name} cannot be unpacked: {done.stderr.strip()}.")


class _AptFolder:
    """One private apt state: lists, packages and settings of one suite and architecture."""

    def __init__(self, suite: str | None, architecture: str | None) -> None:
        for tool in ("apt-get", "dpkg-deb", "dpkg"):
            if shutil.which(tool) is None:
                raise CatalogError(
                    f"Debian's packages are fetched with apt, but this machine has no {tool}: "
                    "use a Debian or Ubuntu machine, or one that reaches Docker Hub."
                )
        if suite is not None and not re.fullmatch(r"[a-z][a-z0-9-]*", suite):
            raise CatalogError(f"{suite!r} is not the name of a Debian suite, such as trixie.")
        self._suite = suite
        self._architecture = architecture or _native_architecture()
        self.folder = folders.cache() / "apt" / f"{suite or 'system'}-{self._architecture}"

    def prepare(self, without: Iterable[str]) -> None:
        """Write apt's settings, and a status file that lists only the packages in `without`.

        The status file names no package that is really installed, so apt fetches the whole
        closure. The packages that an image does without (debconf, perl-base) count as installed.
        """
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        settings = _CONFIGURATION.format(architecture=self._architecture, apt=self.folder)
        if self._suite is not None:
            settings += _OTHER_SUITE.format(apt=self.folder)
            self._write_other_sources(self._suite)
        (self.folder / "apt.conf").write_text(settings)
        (self.folder / "state/status").write_text(
            "".join(_counted_as_installed(name, self._architecture) for name in sorted(without))
        )

    def update(self, progress: Progress, force: bool = False) -> bool:
        """Fetch the package lists unless those of today are there; True where they were fetched.

        Raises `CatalogError` without a source, `OutOfReach` where no list can be had.
        """
        stamp = self.folder / "updated"
        sources = self._sources()
        if not sources:
            raise CatalogError(
                "apt has no package source on this machine (see /etc/apt/sources.list.d): "
                "add Debian's, or use a machine that reaches Docker Hub."
            )
        if not force and _is_fresh(stamp, sources):
            return False
        progress.say("Fetching Debian's package lists.")
        done = self._run("update")
        # A third party's unreachable source does not matter: `download` reports what is missing.
        failures = re.findall(r"^[WE]: (?:Failed to fetch|The repository) .*$", done.stderr, re.M)
        if not failures and done.returncode == 0:
            stamp.write_text(sources)
        elif not any((self.folder / "state/lists").glob("*_Packages*")):
            raise OutOfReach(f"Debian's packages cannot be reached: {_complaint(done.stderr)}.")
        return True

    def download(self, packages: Sequence[str], progress: Progress) -> list[Package]:
        """Fetch `packages` and their dependencies; raises `CatalogError` with apt's own reason."""
        plan = self._run("install", "--simulate", *packages)
        if plan.returncode:
            raise CatalogError(f"apt cannot give {' '.join(packages)}: {_complaint(plan.stderr)}.")
        steps = re.findall(r"^Inst (\S+) \((\S+) .*\[(\S+)\]\)", plan.stdout, re.M)
        if not steps:
            raise CatalogError(f"apt found nothing to fetch for {' '.join(packages)}.")
        self._download_shown(packages, progress)
        found = [self._package(*step) for step in sorted(steps)]
        for package in found:
            if not package.path.is_file():
                raise CatalogError(f"apt did not leave {package.path.name} in its cache.")
        return found

    def _package(self, name: str, version: str, architecture: str) -> Package:
        plain = name.partition(":")[0]
        file = f"{plain}_{version.replace(':', '%3a')}_{architecture}.deb"
        return Package(plain, version, architecture, self.folder / "cache/archives" / file)

    def _download_shown(self, packages: Sequence[str], progress: Progress) -> None:
        status, to_status = os.pipe()
        command = self._command("install", "--download-only", *packages)
        command += ["-o", f"APT::Status-Fd={to_status}"]
        with tempfile.TemporaryFile("w+") as output, os.fdopen(status) as lines:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                pass_fds=[to_status],
            )
            os.close(to_status)
            for line in lines:
                kind, _, rest = line.partition(":")
                if kind == "dlstatus":
                    share = float(rest.split(":")[1])
                    progress.amount(f"Fetching {packages[0]} from Debian", int(share), 100)
            if process.wait():
                output.seek(0)
                raise OutOfReach(
                    f"apt cannot fetch {' '.join(packages)}: {_complaint(output.read())}."
                )

    def _sources(self) -> str:
        return self._run(
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
            "Created-By: Packages",
        ).stdout

    def _write_other_sources(self, suite: str) -> None:
        if not KEYRING.is_file():
            raise CatalogError(
                f"Debian's {suite} can only be trusted with Debian's keys: install "
                "debian-archive-keyring."
            )
        (self.folder / "sources.list").write_text(
            f"deb [signed-by={KEYRING} arch={self._architecture}] {_debian_mirror()} {suite} main\n"
        )

    def _command(self, *arguments: str) -> list[str]:
        return [
            "apt-get",
            "--config-file",
            str(self.folder / "apt.conf"),
            "--assume-yes",
            "--no-install-recommends",
            *arguments,
        ]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=_environment(),
            check=False,
        )


def _counted_as_installed(name: str, architecture: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nVersion: 9999\n"
        f"Architecture: {architecture}\nMulti-Arch: foreign\n"
        "Maintainer: none\nDescription: left out\n\n"
    )


def _is_fresh(stamp: Path, sources: str) -> bool:
    try:
        age = time.time() - stamp.stat().st_mtime
        return 0 <= age < _LISTS_KEPT_SECONDS and stamp.read_text() == sources
    except FileNotFoundError:
        return False


def _debian_mirror() -> str:
    """The mirror that the system uses for its own Debian release, else Debian's own mirror."""
    try:
        system = machine.freedesktop_os_release()
    except OSError:
        return MIRROR
    if system.get("ID") != "debian":
        return MIRROR
    names = {system.get("VERSION_CODENAME"), "oldstable", "stable", "testing", "unstable", "sid"}
    targets = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        ],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    for line in targets.stdout.splitlines():
        uri, _, rest = line.partition(" ")
        release, _, component = rest.partition(" ")
        if release in names and component == "main":
            return uri
    return MIRROR


def _native_architecture() -> str:
    done = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _complaint(said: str) -> str:
    """apt's first error or warning, without the prefix "E: " or "W: "."""
    complaints = re.findall(r"^[WE]: (.*)$", said, re.M)
    return " ".join(complaints[0].split()).rstrip(".") if complaints else "it gave no reason"
