"""A container runtime in a separate process, driven by JSON lines, for tests."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import patience
from tests.support.engines import own_folder
from tests.support.missing import Missing
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

BUSYBOX = Path("/bin/busybox")
PATH = "PATH=/usr/bin:/bin"


class Refused(Exception):
    """The runtime refused to start a process. `code` is the exit code of `docker run`."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Failed(Exception):
    """The runtime failed unexpectedly."""


class Driven:
    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self.process = process
        self.folder = folder
        self._containers = 0

    def ask(self, what: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, "with": arguments}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the driver has ended")
        answer = json.loads(line)
        if "unavailable" in answer:
            raise Missing(answer["unavailable"])
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]

    def rootfs(self) -> Path:
        """Make a new root file system with busybox and a user."""
        self._containers += 1
        root = self.folder / f"rootfs-{self._containers}"
        (root / "bin").mkdir(parents=True)
        (root / "etc").mkdir()
        (root / "tmp").mkdir()
        shutil.copy(BUSYBOX, root / "bin/busybox")
        applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
        for applet in applets.stdout.split():
            if applet != "busybox":
                (root / "bin" / applet).symlink_to("busybox")
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\n")
        for each in (root, *root.iterdir(), *(root / "etc").iterdir(), root / "bin/busybox"):
            give_away(each)
        return root

    def start(self, *args: str, **options: Any) -> "Container":
        """Start a container. Options named as in ProcessSpec go to the process, all others to
        the sandbox. Raises Refused."""
        process = self._process(args, options)
        name = options.pop("id", f"c{self._containers + 1}")
        rootfs = options.pop("rootfs", None) or self.rootfs()
        sandbox = {"id": name, "rootfs": str(rootfs), "hostname": name} | options
        return Container(
            self, self._handle(self.ask("start", sandbox=sandbox, process=process)), name, rootfs
        )

    def run(self, *args: str, **options: Any) -> dict[str, Any]:
        """Start a container and wait for its end; returns its code, stdout and stderr."""
        container = self.start(*args, **options)
        ended = container.wait()
        self.ask("call", name="forget", arguments=[container.name])
        return ended

    def _handle(self, started: dict[str, Any]) -> dict[str, Any]:
        if "refused" in started:
            raise Refused(started["refused"], started["code"])
        return started

    def _process(self, args: tuple[str, ...], options: dict[str, Any]) -> dict[str, Any]:
        process: dict[str, Any] = {"args": args, "env": [PATH]}
        for name in (
            "env",
            "cwd",
            "user",
            "tty",
            "stdin",
            "size",
            "capabilities",
            "no_new_privileges",
        ):
            if name in options:
                process[name] = options.pop(name)
        return process


class Process:
    def __init__(self, driven: Driven, started: dict[str, Any]) -> None:
        self.driven = driven
        self.handle: int = started["handle"]
        self.pid: int = started["pid"]

    def ask(self, what: str, **arguments: Any) -> Any:
        return self.driven.ask(what, handle=self.handle, **arguments)

    def wait(self) -> dict[str, Any]:
        ended: dict[str, Any] = self.ask("wait")
        return ended


class Container(Process):
    def __init__(self, driven: Driven, started: dict[str, Any], name: str, rootfs: Path) -> None:
        super().__init__(driven, started)
        self.name = name
        self.rootfs = rootfs

    def exec(self, *args: str, **options: Any) -> Process:
        process = self.driven._process(args, options)
        started = self.driven.ask("exec", container=self.name, process=process)
        return Process(self.driven, self.driven._handle(started))

    def execute(self, *args: str, **options: Any) -> dict[str, Any]:
        return self.exec(*args, **options).wait()

    def pids(self) -> list[int]:
        found: list[int] = self.driven.ask("pids", container=self.name)
        return found

    def end(self) -> None:
        self.ask("kill", number=signal.SIGKILL)
        self.wait()
        self.driven.ask("call", name="forget", arguments=[self.name])


def need_busybox() -> None:
    """Raise Missing without busybox: containers would have no programs."""
    if not BUSYBOX.exists():
        raise Missing("busybox is missing: apt install busybox-static")


@contextlib.contextmanager
def driven(runtime: str, before: list[str] | None = None) -> Iterator[Driven]:
    """Start a runtime as an ordinary user. `before` is a command prefix that runs as the user who
    runs the tests. Raises Missing."""
    need_busybox()
    with own_folder() as folder:
        give_away(folder)
        with _process(runtime, folder, before or []) as made:
            yield made


@contextlib.contextmanager
def _process(runtime: str, folder: Path, before: list[str]) -> Iterator[Driven]:
    command = [
        *before,
        *as_ordinary_user(),
        ordinary_python(),
        str(Path(__file__).with_name("runtime_driver.py")),
        runtime,
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
        stderr=sys.stderr,
    )
    try:
        made = Driven(process, folder)
        made.answer()
        yield made
    finally:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(patience.EVENT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
