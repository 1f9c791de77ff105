"""What the tests take from another Debian suite's packages, without installing anything.

A root folder with that suite's Docker Engine in it, and the Engine API's descriptions. Both are
kept in the user's cache folder, under the versions of the packages they come from.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from insidedocker.catalog import debian

# procps: `docker top` runs ps; xz-utils: layers may be compressed with it.
ENGINE = ("docker.io", "docker-cli", "iptables", "procps", "xz-utils", "dash")
FOLDERS = ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "tmp", "root", "var/lib")


def suite_root(suite: str) -> Path:
    """Return the root folder of `suite`'s Docker Engine, made at the first call.

    Raises CatalogError when the suite's packages cannot be fetched.
    """
    packages = _fetch(ENGINE, suite)
    names = "\n".join(sorted(package.name for package in packages))
    root = _cache() / f"{suite}-{hashlib.sha256(names.encode()).hexdigest()[:16]}"
    if not root.exists():
        with _whole(root) as partial:
            _lay_out(packages, partial)
    return root


def api_description(version: str, suite: str) -> Path:
    """Return the Engine API's description of `version` from `suite`'s docker-doc (gzipped YAML).

    Raises CatalogError when the package cannot be fetched, FileNotFoundError when it has none.
    """
    fetched = _fetch(["docker-doc"], suite)
    package = next(path for path in fetched if path.name.startswith("docker-doc_"))
    folder = _cache() / package.stem
    if not folder.exists():
        with _whole(folder) as partial:
            debian.unpack(package, partial)
    description = folder / f"usr/share/doc/docker-doc/api/v{version}.yaml.gz"
    if not description.exists():
        raise FileNotFoundError(f"{package.name} has no description of version {version}")
    return description


def compose_plugin(suite: str = "trixie") -> Path:
    """Return the docker CLI's plugin `compose` (version 2), which bookworm has not.

    Raises CatalogError when the package cannot be fetched.
    """
    package = next(each for each in _fetch(["docker-compose"], suite) if "compose" in each.name)
    folder = _cache() / package.stem
    if not folder.exists():
        with _whole(folder) as partial:
            debian.unpack(package, partial)
    return next(each for each in folder.glob("usr/lib*/**/docker-compose") if each.is_file())


def _fetch(packages: Sequence[str], suite: str) -> list[Path]:
    """As `debian.fetch`, also from a mirror that has not been brought up to date for weeks.

    Debian's signature is checked all the same; only its date may have passed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write('Acquire::Check-Valid-Until "false";\n')
        settings.flush()
        before = os.environ.get("APT_CONFIG")
        os.environ["APT_CONFIG"] = before or settings.name
        try:
            return debian.fetch(packages, suite)
        finally:
            del os.environ["APT_CONFIG"]
            if before is not None:
                os.environ["APT_CONFIG"] = before


def _lay_out(packages: list[Path], root: Path) -> None:
    """Unpack `packages` and add the few files that installing them would make."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        (root / link).symlink_to(f"usr/{link}")
    for package in packages:
        debian.unpack(package, root)
    for name in ("iptables", "ip6tables"):
        (root / "usr/sbin" / name).symlink_to("xtables-nft-multi")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\ndocker:x:1:\n")
    (root / "etc/resolv.conf").touch()


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "insidedocker-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to fill that gets its name only when it is complete."""
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield partial
        partial.chmod(0o755)
        if not folder.exists():
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
