"""A busybox image archive (`docker load` format) made of the machine's busybox-static.

For tests that need any image at all; knows neither engines nor the course's catalogue.
"""

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
CREATED = "2024-01-01T00:00:00Z"
FOLDERS = {"bin": 0o755, "etc": 0o755, "root": 0o700, "tmp": 0o1777, "var": 0o755, "home": 0o755}
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
}


def busybox_archive(target: Path, tag: str = "busybox:latest") -> Path:
    """Write an archive with one image of one layer, named `tag`, and return its path."""
    layer = _layer()
    diff_id = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": _architecture(),
            "os": "linux",
            "created": CREATED,
            "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
            "history": [{"created": CREATED, "created_by": "ADD busybox /bin"}],
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    entry = {"Config": name, "RepoTags": [tag], "Layers": [f"{diff_id}/layer.tar"]}
    with tarfile.open(target, "w") as archive:
        _add(archive, name, config)
        _add(archive, f"{diff_id}/layer.tar", layer)
        _add(archive, "manifest.json", json.dumps([entry]).encode())
    return target


def _layer() -> bytes:
    applets = subprocess.run(
        [BUSYBOX, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for folder, mode in FOLDERS.items():
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            layer.addfile(entry)
        for file, text in ETC.items():
            _add(layer, f"etc/{file}", text.encode())
        _add(layer, "bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                layer.addfile(link)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _architecture() -> str:
    return subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
