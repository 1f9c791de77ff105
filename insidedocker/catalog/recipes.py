"""The recipes of the course's images for Debian's packages as the source.

A recipe gives the image's layers, lowest first, with the line of history of each, and its
configuration. The images show lessons how layers work: nginx, python and registry share the
lowest layer, and nginx changes one file of a lower layer and hides another.
"""

from __future__ import annotations

import fnmatch
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insidedocker.catalog import debian, greeting
from insidedocker.catalog.errors import CatalogError
from insidedocker.catalog.layer import Layer
from insidedocker.catalog.texts import text
from insidedocker.progress import Progress
from insidedocker_engine import Platform

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Packages that others depend on and no program of these images calls: configuration at
# installation (debconf and what runs it), service management, and databases and directory
# services behind modules of Python; these modules are left out, too.
_WITHOUT = (
    "adduser",
    "awk",
    "debconf",
    "dpkg",
    "init-system-helpers",
    "install-info",
    "iproute2",
    "libcom-err2",
    "libdb5.3",
    "libdb5.3t64",
    "libgssapi-krb5-2",
    "libk5crypto3",
    "libkeyutils1",
    "libkrb5-3",
    "libkrb5support0",
    "libnsl2",
    "libtirpc-common",
    "libtirpc3",
    "libtirpc3t64",
    "lsb-base",
    "media-types",
    "perl-base",
    "readline-common",
    "sysvinit-utils",
    "tar",
    "tzdata",
)

# Files that a container never reads are left out. Copyright files stay: they belong to the
# binaries.
_KEPT_OF_SHARE = ("ca-certificates/*", "common-licenses/*", "doc/*/copyright", "nginx/*")
_LEFT_OUT = (
    "etc/ca-certificates*",
    "etc/default*",
    "etc/dpkg*",
    "etc/init.d*",
    "etc/logrotate.d*",
    "etc/ufw*",
    "etc/update-motd.d*",
    "usr/bin/c_rehash",
    "usr/bin/catchsegv",
    "usr/bin/iconv",
    "usr/bin/localedef",
    "usr/bin/openssl",
    "usr/bin/tzselect",
    "usr/bin/zdump",
    "usr/games",
    "usr/include",
    "usr/lib/*/audit*",
    "usr/lib/*/engines-3*",
    "usr/lib/*/gconv*",
    "usr/lib/*/libc_malloc_debug.so.0",
    "usr/lib/*/libmemusage.so",
    "usr/lib/*/libmvec.so.1",
    "usr/lib/*/libnsl.so.1",
    "usr/lib/*/libnss_hesiod.so.2",
    "usr/lib/*/libpcprofile.so",
    "usr/lib/*/libthread_db.so.1",
    "usr/lib/python3*/config-*",
    "usr/lib/python3*/ensurepip*",
    "usr/lib/python3*/idlelib*",
    "usr/lib/python3*/lib-dynload/_dbm.*",
    "usr/lib/python3*/lib-dynload/nis.*",
    "usr/lib/python3*/lib2to3*",
    "usr/lib/python3*/pydoc_data*",
    "usr/lib/python3*/test*",
    "usr/lib/python3*/tkinter*",
    "usr/lib/python3*/turtledemo*",
    "usr/lib/ssl/misc*",
    "usr/lib/systemd*",
    "usr/lib/tmpfiles.d*",
    "usr/lib/valgrind*",
    "usr/libexec*",
    "usr/local/games",
    "usr/sbin/iconvconfig",
    "usr/sbin/ldconfig",
    "usr/sbin/update-ca-certificates",
    "usr/sbin/zic",
    "usr/src",
    "var/backups",
    "var/cache/ldconfig*",
    "var/lib/dpkg*",
    "var/lib/systemd*",
)


@dataclass(frozen=True)
class Step:
    """One line of an image's history; `layer` is None for a step that made no layer."""

    created_by: str
    layer: Layer | None = None
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """An image before it is written: its steps, lowest first, and its run configuration."""

    steps: Sequence[Step]
    run: dict[str, Any]
    description: str


@dataclass
class Kitchen:
    """The source of packages and layers for recipes; layers that images share are made once."""

    platform: Platform
    progress: Progress
    _base: Step | None = field(default=None, init=False)
    _secure: Step | None = field(default=None, init=False)

    def packages(
        self, names: Sequence[str], below: Sequence[Step] = ()
    ) -> tuple[Layer, tuple[str, ...]]:
        """A layer of the packages and of those dependencies that the layers `below` lack."""
        there = {package for step in below for package in step.packages}
        layer, packages = Layer(), []
        for package in debian.closure(names, without=_WITHOUT, progress=self.progress):
            if str(package) not in there:
                packages.append(str(package))
                with debian.contents(package.path) as stream:
                    layer.package(stream, _wanted)
        return layer, tuple(packages)

    def base(self) -> Step:
        """The base layer: C library, a shell with the usual commands, users, os-release."""
        if self._base is None:
            names = ("base-files", "libc6", "libc-bin", "libcrypt1", "zlib1g", "netbase")
            layer, packages = self.packages((*names, "busybox-static"))
            _add_commands(layer, "usr/bin")
            for name in ("bin", "sbin", "lib", "lib64"):
                layer.folder(f"usr/{name}")
                layer.link(name, f"usr/{name}")
            layer.file("etc/passwd", text("passwd"))
            layer.file("etc/group", text("group"))
            layer.file("etc/nsswitch.conf", text("nsswitch.conf"))
            self._base = Step("ADD debian-base / # a small Debian", layer, packages)
        return self._base

    def secure(self) -> Step:
        """OpenSSL's libraries and the certificates of the authorities, a layer above the base."""
        if self._secure is None:
            layer, packages = self.packages(("openssl", "ca-certificates"), (self.base(),))
            _add_certificate_bundle(layer)
            self._secure = Step("ADD tls / # OpenSSL and CA certificates", layer, packages)
        return self._secure


def _wanted(path: str) -> bool:
    if path.startswith("usr/share/"):
        below = path.removeprefix("usr/share/")
        return any(fnmatch.fnmatchcase(below, pattern) for pattern in _KEPT_OF_SHARE)
    return not any(fnmatch.fnmatchcase(path, pattern) for pattern in _LEFT_OUT)


def _applets(busybox: bytes) -> list[str]:
    """The names of busybox's commands, as the program itself lists them."""
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "busybox"
        program.write_bytes(busybox)
        program.chmod(0o755)
        done = subprocess.run([program, "--list"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CatalogError(f"busybox does not run on this machine: {done.stderr.strip()}.")
    return sorted(set(done.stdout.split()) - {"busybox"})


def _add_commands(layer: Layer, folder: str) -> None:
    """Link every command of busybox, except those that a package brings itself."""
    for name in _applets(layer.file_data("usr/bin/busybox")):
        if f"{folder}/{name}" not in layer.entries and f"usr/sbin/{name}" not in layer.entries:
            layer.link(f"{folder}/{name}", "busybox")


def _add_certificate_bundle(layer: Layer) -> None:
    """Write one file of all authorities where TLS looks for it, as update-ca-certificates does."""
    authorities = sorted(
        path for path in layer.entries if path.startswith("usr/share/ca-certificates/mozilla/")
    )
    bundle = b"".join(layer.file_data(path).rstrip(b"\n") + b"\n" for path in authorities)
    layer.remove(lambda path: not path.startswith("usr/share/ca-certificates"))
    layer.file("etc/ssl/certs/ca-certificates.crt", bundle)
    layer.link("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt")


def hello_world(kitchen: Kitchen) -> Made:
    layer = Layer()
    layer.file(
        "hello", greeting.program(text("greeting.txt"), kitchen.platform.architecture), 0o755
    )
    steps = [Step("COPY hello / # buildkit", layer), Step('CMD ["/hello"]')]
    return Made(steps, {"Cmd": ["/hello"]}, "One file that prints a greeting")


def busybox(kitchen: Kitchen) -> Made:
    fetched, packages = kitchen.packages(("busybox-static",))
    layer = Layer()
    layer.file("bin/busybox", fetched.file_data("usr/bin/busybox"), 0o755)
    for name in _applets(layer.file_data("bin/busybox")):
        layer.link(f"bin/{name}", "busybox")
    for folder in ("dev", "etc", "home", "proc", "sys", "usr/bin", "usr/sbin", "var/www"):
        layer.folder(folder)
    layer.link("usr/bin/env", "../../bin/env")
    layer.folder("root", 0o700)
    layer.folder("tmp", 0o1777)
    layer.folder("var/tmp", 0o1777)
    layer.file("etc/passwd", text("passwd"))
    layer.file("etc/group", text("group"))
    layer.file("etc/nsswitch.conf", text("nsswitch.conf"))
    steps = [Step("ADD busybox / # busybox-static", layer, packages), Step('CMD ["sh"]')]
    return Made(steps, {"Cmd": ["sh"], "Env": [_PATH]}, "Many small Unix commands in one program")


def nginx(kitchen: Kitchen) -> Made:
    below = [kitchen.base(), kitchen.secure()]
    server, packages = kitchen.packages(("nginx",), below)
    server.link("var/log/nginx/access.log", "/dev/stdout")
    server.link("var/log/nginx/error.log", "/dev/stderr")
    configured = Layer()
    configured.file("etc/nginx/nginx.conf", text("nginx.conf"))
    configured.file("etc/nginx/conf.d/default.conf", text("default.conf"))
    configured.file("docker-entrypoint.sh", text("nginx-entrypoint.sh"), 0o755)
    hidden = Layer()
    hidden.whiteout("etc/nginx/sites-available/default")
    page = Layer()
    page.file("usr/share/nginx/html/index.html", text("index.html"))
    version = _version(packages, "nginx")
    steps = [
        *below,
        Step(f"ENV NGINX_VERSION={version}"),
        Step("ADD nginx / # Debian's nginx", server, packages),
        Step("COPY nginx.conf default.conf docker-entrypoint.sh /", configured),
        Step("RUN rm /etc/nginx/sites-available/default", hidden),
        Step("COPY index.html /usr/share/nginx/html/", page),
        Step('ENTRYPOINT ["/docker-entrypoint.sh"]'),
        Step("EXPOSE map[80/tcp:{}]"),
        Step("STOPSIGNAL SIGQUIT"),
        Step('CMD ["nginx" "-g" "daemon off;"]'),
    ]
    run = {
        "Cmd": ["nginx", "-g", "daemon off;"],
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Env": [_PATH, f"NGINX_VERSION={version}"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    return Made(steps, run, "The nginx web server")


def python(kitchen: Kitchen) -> Made:
    below = [kitchen.base(), kitchen.secure()]
    interpreter, packages = kitchen.packages(("python3",), below)
    names = Layer()
    names.link("usr/local/bin/python", "/usr/bin/python3")
    version = _version(packages, "python3.")
    steps = [
        *below,
        Step("ENV LANG=C.UTF-8"),
        Step(f"ENV PYTHON_VERSION={version}"),
        Step("ENV PYTHONDONTWRITEBYTECODE=1"),
        Step("ADD python3 / # Debian's Python", interpreter, packages),
        Step("RUN ln -s /usr/bin/python3 /usr/local/bin/python", names),
        Step('CMD ["python3"]'),
    ]
    # Without bytecode the image is a third smaller, and a container changes no file by importing.
    env = [_PATH, "LANG=C.UTF-8", f"PYTHON_VERSION={version}", "PYTHONDONTWRITEBYTECODE=1"]
    return Made(steps, {"Cmd": ["python3"], "Env": env}, "Python and its standard library")


def registry(kitchen: Kitchen) -> Made:
    below = [kitchen.base()]
    server, packages = kitchen.packages(("docker-registry",), below)
    server.link("usr/bin/registry", "docker-registry")
    server.folder("var/lib/registry")
    configured = Layer()
    configured.file("etc/docker/registry/config.yml", text("registry.yml"))
    configured.file("entrypoint.sh", text("registry-entrypoint.sh"), 0o755)
    steps = [
        *below,
        Step("ADD registry / # Debian's docker-registry", server, packages),
        Step("COPY config.yml entrypoint.sh /", configured),
        Step("VOLUME [/var/lib/registry]"),
        Step("EXPOSE map[5000/tcp:{}]"),
        Step('ENTRYPOINT ["/entrypoint.sh"]'),
        Step('CMD ["/etc/docker/registry/config.yml"]'),
    ]
    run = {
        "Cmd": ["/etc/docker/registry/config.yml"],
        "Entrypoint": ["/entrypoint.sh"],
        "Env": [_PATH],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    return Made(steps, run, "A registry of images")


RECIPES: dict[str, Callable[[Kitchen], Made]] = {
    "hello-world:latest": hello_world,
    "busybox:latest": busybox,
    "nginx:latest": nginx,
    "python:3-slim": python,
    "registry:2": registry,
}


def _version(packages: Sequence[str], start: str) -> str:
    """The upstream version of the first package whose name begins with `start`."""
    for package in packages:
        name, _, version = package.partition(" ")
        if name.startswith(start):
            return version.rpartition(":")[2].partition("-")[0]
    raise CatalogError(f"Debian's packages hold no {start} where it is looked for.")
