"""Stand-ins for the images that docker-py's own tests use, made of this machine's busybox-static.

Knows neither engines nor the tests.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from functools import cache

from tests.support.made_images import Made
from tests.support.missing import Missing
from tests.support.real.busybox import BUSYBOX

FOLDERS = {
    **dict.fromkeys(("bin", "dev", "etc", "home", "lib", "media", "mnt", "opt", "proc"), 0o755),
    **dict.fromkeys(("run", "sbin", "srv", "sys", "usr", "usr/bin", "usr/sbin"), 0o755),
    **dict.fromkeys(
        ("var", "var/cache", "var/lib", "var/log", "var/mail", "var/opt", "var/run"), 0o755
    ),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    "root": 0o700,
}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\noperator:x:37:37:operator:/var:/bin/false\n"
    "postgres:x:70:70::/var/lib/postgresql:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\noperator:x:37:\npostgres:x:70:\nusers:x:100:\n"
    "nogroup:x:65533:\nnobody:x:65534:\n",
    "etc/shadow": "root:*:::::::\nnobody:*:::::::\n",
}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@cache
def images() -> dict[str, Made]:
    """By name and tag. Raises Missing."""
    if not BUSYBOX.exists():
        raise Missing("busybox is missing: apt install busybox-static")
    shell = {"Cmd": ["/bin/sh"], "Env": [PATH]}
    return {
        "busybox:latest": Made([_system("busybox")], {"Cmd": ["sh"], "Env": [PATH]}),
        "alpine:latest": Made([_system("alpine")], shell),
        "alpine:3.10": Made([_system("alpine 3.10")], shell),
        "hello-world:latest": Made(
            [_greeting()], {"Cmd": ["/bin/echo", "Hello from Docker!"], "Env": [PATH]}
        ),
    }


def _system(name: str) -> bytes:
    layer = _Layer()
    for folder, mode in FOLDERS.items():
        layer.add(folder, kind=tarfile.DIRTYPE, mode=mode)
    for path, text in {**FILES, "etc/os-release": f'NAME="{name}"\n'}.items():
        layer.add(path, text.encode(), mode=0o644)
    layer.add("bin/busybox", BUSYBOX.read_bytes())
    listed = subprocess.run([BUSYBOX, "--list-full"], check=True, capture_output=True, text=True)
    for path in listed.stdout.split():
        if path not in ("bin/busybox", "linuxrc"):
            layer.add(path, kind=tarfile.SYMTYPE, link="/bin/busybox")
    return layer.bytes()


def _greeting() -> bytes:
    layer = _Layer()
    layer.add("bin", kind=tarfile.DIRTYPE)
    layer.add("bin/busybox", BUSYBOX.read_bytes())
    layer.add("bin/echo", kind=tarfile.SYMTYPE, link="busybox")
    return layer.bytes()


class _Layer:
    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._archive = tarfile.TarFile(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)

    def add(
        self,
        path: str,
        data: bytes = b"",
        mode: int = 0o755,
        kind: bytes = tarfile.REGTYPE,
        link: str = "",
    ) -> None:
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode, entry.type, entry.linkname = len(data), mode, kind, link
        entry.mtime = 1_700_000_000
        self._archive.addfile(entry, io.BytesIO(data))

    def bytes(self) -> bytes:
        self._archive.close()
        return self._buffer.getvalue()
