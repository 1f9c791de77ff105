"""Real parts the catalogue's tests need: programs of this machine, and a registry to pull from."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import engines

CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


def need(program: str, package: str | None = None) -> str:
    """The path of a program; without it the test is skipped by name, and fails in CI."""
    try:
        return engines.need(program, package)
    except engines.Missing as missing:
        if CI:
            pytest.fail(f"in CI nothing real may be missing: {missing}")
        pytest.skip(str(missing))


@dataclass(frozen=True)
class Registry:
    """A running registry: its address and the folder of its blobs."""

    url: str
    blobs: Path


@contextlib.contextmanager
def running_registry(folder: Path) -> Iterator[Registry]:
    """Debian's docker-registry on a loopback port of its own choice, keeping all in `folder`."""
    storage, configuration = folder / "registry", folder / "registry.yml"
    configuration.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {storage}}}}}\n"
        "http: {addr: 127.0.0.1:0}\n"
    )
    log = folder / "registry.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [need("docker-registry"), "serve", configuration], stdout=output, stderr=output
        )
    try:
        yield Registry(f"http://127.0.0.1:{_port(process, log)}", storage / _BLOBS)
    finally:
        process.terminate()
        process.wait()


_BLOBS = "docker/registry/v2/blobs/sha256"


def _port(process: subprocess.Popen[bytes], log: Path) -> str:
    """The port the registry says it listens on; raises RuntimeError when it ends instead."""
    with log.open() as said:
        text = ""
        while process.poll() is None:
            text += said.read()
            if found := LISTENING.search(text):
                return found[1]
    raise RuntimeError(f"the registry ended: {log.read_text()}")
