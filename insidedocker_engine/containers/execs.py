"""Execs: more processes in running containers.

Execs are kept in memory only: they end with their container or with the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base import errors
from ..base.restrictions import Restrictions
from ..container import streams
from ..container.record import Container
from ..container.store import ContainerStore
from ..runtime.contract import Process, ProcessSpec
from . import spec, users, validation
from .defaults import spelled
from .file_systems import FileSystems

if TYPE_CHECKING:
    from ..runtime.contract import Runtime

log = logging.getLogger(__name__)

DRAIN = 2.0
"""Seconds that output may go on after the process has ended (a child may hold the pipe)."""
NOT_STARTED = 126
"""Exit code of an exec whose program could not be run, whatever the reason, as with the Engine."""
UNKNOWN = 255
"""Exit code of a process whose end could not be learned."""
KEPT = 64
"""Ended execs kept for inspection, per container."""


@dataclass
class Exec:
    """One exec. `exit_code` is None until the process has ended."""

    id: str
    container: Container
    words: list[str]
    settings: dict[str, Any]
    """AttachStdin, AttachStdout, AttachStderr, Tty, Privileged, User, WorkingDir, Env, DetachKeys
    and ConsoleSize, as requested."""
    keys: bytes
    exit_code: int | None = None
    pid: int = 0
    started: bool = False
    running: bool = False
    process: Process | None = None
    output: streams.Output = field(default_factory=streams.Output)
    input: streams.Input = field(default_factory=streams.Input)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def tty(self) -> bool:
        return bool(self.settings["Tty"])

    @property
    def line(self) -> str:
        """The command as in events: first word, a space, the other words."""
        return f"{self.words[0]} {' '.join(self.words[1:])}"


_FIELDS: dict[str, Any] = {
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "Privileged": False,
    "User": "",
    "WorkingDir": "",
    "DetachKeys": "",
}


class Execs:
    """All execs of one engine."""

    def __init__(
        self,
        runtime: Runtime,
        containers: ContainerStore,
        file_systems: FileSystems,
        restrictions: Restrictions,
    ) -> None:
        self._runtime = runtime
        self._containers = containers
        self._file_systems = file_systems
        self._restrictions = restrictions
        self._all: dict[str, Exec] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, identity: str) -> Exec:
        """Find an exec. Raises NotFound."""
        found = self._all.get(identity)
        if found is None:
            raise errors.NotFound(f"No such exec instance: {identity}")
        return found

    def create(self, container: Container, body: Any) -> Exec:
        """Create an exec. Raises BadRequest, or Conflict where the container does not run."""
        if not isinstance(body, dict):
            raise errors.BadRequest("invalid JSON: an object is needed")
        body = spelled(body, (*_FIELDS, "Cmd", "Env", "ConsoleSize"))
        words, env = body.get("Cmd") or [], body.get("Env") or []
        words = [words] if isinstance(words, str) else words
        if not words:
            raise errors.BadRequest("No exec command specified")
        for name, value in (("Cmd", words), ("Env", env)):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise errors.BadRequest(f"invalid JSON: {name} needs a list of strings")
        size = validation.console_size(body.get("ConsoleSize"))
        settings: dict[str, Any] = {"Env": env, "ConsoleSize": size}
        for name, default in _FIELDS.items():
            value = body.get(name)
            if value is not None and not isinstance(value, type(default)):
                raise errors.BadRequest(f"invalid JSON: {name} has the wrong type")
            settings[name] = default if value is None else value
        keys = streams.detach_keys(settings["DetachKeys"])
        check_running(container)
        self._restrictions.refuse(settings["Privileged"], "a privileged exec")
        self._restrictions.limit("execs", len(self._all))
        made = Exec(secrets.token_hex(32), container, words, settings, keys)
        self._add(made)
        self._emit(made, f"exec_create: {made.line}")
        return made

    def _add(self, made: Exec) -> None:
        own = [each for each in self._all.values() if each.container is made.container]
        ended = [each for each in own if each.exit_code is not None]
        for old in ended[: max(0, len(ended) - KEPT)]:
            self._forget(old)
        self._all[made.id] = made
        made.container.exec_ids.add(made.id)

    def _forget(self, old: Exec) -> None:
        self._all.pop(old.id, None)
        old.container.exec_ids.discard(old.id)

    def check_startable(self, made: Exec) -> None:
        """Raise Conflict where the exec has been started, or its container cannot run it."""
        if made.running:
            raise errors.Conflict(f"Error: Exec command {made.id} is already running")
        if made.started:
            raise errors.Conflict(f"Error: Exec command {made.id} has already run")
        check_running(made.container)

    async def start(self, made: Exec, size: tuple[int, int] | None = None) -> None:
        """Start an exec. Raises Conflict, StartError; after StartError it counts as having run."""
        self.check_startable(made)
        made.started = made.running = True
        self._emit(made, f"exec_start: {made.line}")
        try:
            process_spec = await self._specify(made, size)
            process = await self._runtime.exec(made.container.id, process_spec)
        except BaseException:
            made.output.leave_all()
            self._end(made, NOT_STARTED)
            raise
        made.process, made.pid = process, process.pid
        made.output.start(process.stdout, process.stderr)
        made.input.start(process.stdin)
        task = asyncio.get_running_loop().create_task(self._watch(made, process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _specify(self, made: Exec, size: tuple[int, int] | None) -> ProcessSpec:
        container, wanted = made.container, made.settings
        host = container.host_config
        async with self._file_systems.mounted(container) as root:
            account = await asyncio.to_thread(
                users.find, root, wanted["User"] or container.config["User"]
            )
        given = [*(container.config["Env"] or []), *wanted["Env"]]
        capabilities = spec.capabilities({**host, "Privileged": True})
        return ProcessSpec(
            args=made.words,
            env=spec.environment(container, given, account.home, made.tty),
            cwd=wanted["WorkingDir"] or container.config["WorkingDir"] or "/",
            user=account.user,
            tty=made.tty,
            stdin=wanted["AttachStdin"],
            size=size or wanted["ConsoleSize"],
            capabilities=capabilities if wanted["Privileged"] else spec.capabilities(host),
            no_new_privileges=spec.no_new_privileges(host),
        )

    async def _watch(self, made: Exec, process: Process) -> None:
        code = UNKNOWN
        try:
            code = (await process.wait()).code
            made.input.finish()
            await made.output.finish(DRAIN)
        except Exception:
            log.exception("the end of exec %s was not handled", made.id)
        self._emit(made, "exec_die", exitCode=str(code))
        self._end(made, code)

    def _end(self, made: Exec, code: int) -> None:
        """Note the end: the exec can still be inspected, but its container no longer lists it."""
        made.running, made.exit_code = False, code
        made.container.exec_ids.discard(made.id)
        made.ended.set()

    def resize(self, made: Exec, rows: int, columns: int) -> None:
        if made.process is None or not made.running:
            raise errors.BadRequest("exec process is not started")
        made.process.resize(rows, columns)

    async def run(
        self, container: Container, words: list[str], timeout: float, most: int
    ) -> tuple[int | None, str]:
        """Run a command to its end, as a health check does; returns (exit code, the first `most`
        bytes of output). The code is None where `timeout` seconds were not enough."""
        wanted = {"Cmd": words, "AttachStdout": True, "AttachStderr": True}
        made = self.create(container, wanted)
        client = made.output.listen((streams.STDOUT, streams.STDERR), raw=True)
        collected = bytearray()

        async def collect() -> None:
            async for data in client.chunks():
                collected.extend(data[: most - len(collected)])
            await made.ended.wait()

        await self.start(made)
        try:
            await asyncio.wait_for(collect(), timeout)
        except TimeoutError:
            if made.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    made.process.kill(9)
        finally:
            self._forget(made)
        return made.exit_code, collected.decode(errors="replace")

    async def container_ended(self, container: Container) -> None:
        """Kill the container's execs; `_watch` handles their ends."""
        for made in [each for each in self._all.values() if each.container is container]:
            if made.running and made.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    made.process.kill(9)

    async def container_removed(self, container: Container) -> None:
        for made in [each for each in self._all.values() if each.container is container]:
            self._forget(made)

    def _emit(self, made: Exec, action: str, **more: str) -> None:
        self._containers.emit(made.container, action, execID=made.id, **more)


def check_running(container: Container) -> None:
    """Raise Conflict where the container cannot run another process."""
    if container.state.status == "paused":
        raise errors.Conflict(
            f"Container {container.id} is paused, unpause the container before exec"
        )
    if container.state.status == "restarting":
        raise errors.Conflict(
            f"Container {container.id} is restarting, wait until the container is running"
        )
    if container.run is None:
        raise errors.Conflict(f"container {container.id} is not running")


def describe(made: Exec) -> dict[str, Any]:
    """The inspect answer of an exec."""
    wanted = made.settings
    process: dict[str, Any] = {
        "tty": made.tty,
        "entrypoint": made.words[0],
        "arguments": made.words[1:],
        "privileged": bool(wanted["Privileged"]),
    }
    if wanted["User"]:
        process["user"] = wanted["User"]
    return {
        "ID": made.id,
        "Running": made.running,
        "ExitCode": made.exit_code,
        "ProcessConfig": process,
        "OpenStdin": wanted["AttachStdin"],
        "OpenStderr": wanted["AttachStderr"],
        "OpenStdout": wanted["AttachStdout"],
        "CanRemove": False,
        "ContainerID": made.container.id,
        "DetachKeys": made.keys.hex() if wanted["DetachKeys"] else "",
        "Pid": made.pid,
    }
