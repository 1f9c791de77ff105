"""The life of a container's first process: start, signals, end, restart.

Every change is made in a turn of the container (`Container.turn`): what clients ask and the end of
its process are handled one after the other, and each change is written, then entered in memory,
then told. Between turns a stop waits for the end of the run that it met.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import errors, signals, timestamps
from ..base.restrictions import Restrictions
from ..container.record import Container, Run, State
from ..container.store import ContainerStore
from ..networks import links
from ..runtime.contract import StartError
from . import etc_files, mounts, restricted, spec, users
from .execs import DRAIN, UNKNOWN, Execs
from .file_systems import FileSystems
from .health import HealthChecks

if TYPE_CHECKING:
    from ..networks.networks import Networks
    from ..runtime.contract import Process, Runtime
    from ..volumes import Volumes

log = logging.getLogger(__name__)

SIGTERM, SIGKILL, SIGCONT = 15, 9, 18
NEVER_CAUGHT = (0, SIGKILL, 19)  # 19: SIGSTOP
_MASKS = ("SigCgt:", "SigBlk:", "SigIgn:")
STOP_TIMEOUT = 10
"""Seconds between the stop signal and SIGKILL, by default."""
FIRST_BACKOFF, LAST_BACKOFF = 0.1, 60.0
STEADY = 10.0
"""Seconds after which a run counts as good and the restart delay is reset."""
YOUNG = 0.5
"""Seconds after its start in which a program may still be about to install its signal handlers."""
STEP = 0.01


class Lifecycle:
    """Starts and ends the first processes of all containers."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        containers: ContainerStore,
        file_systems: FileSystems,
        volumes: Volumes,
        networks: Networks,
        execs: Execs,
        restrictions: Restrictions,
        remove: Callable[[Container], Coroutine[Any, Any, None]],
    ) -> None:
        """`remove` removes an ended container, as AutoRemove asks."""
        self._runtime = runtime
        self._containers = containers
        self._file_systems = file_systems
        self._volumes = volumes
        self._networks = networks
        self._execs = execs
        self._restrictions = restrictions
        self._remove = remove
        self._health = HealthChecks(containers, execs)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reviving: dict[str, asyncio.Task[None]] = {}
        """Container id -> its restart after the engine's start."""
        self._removals: set[asyncio.Task[None]] = set()
        self._backoff: dict[str, float] = {}
        self._closing = False

    # Starting

    async def start(self, container: Container) -> None:
        """Start a container. Raises NotModified where it runs, Conflict where it cannot start,
        BadRequest and others where its process does not start."""
        await container.turn(self._start(container))

    async def _start(self, container: Container) -> None:
        if container.state.status == "paused":
            raise errors.Conflict("cannot start a paused container, try unpause instead")
        if container.run is not None:
            raise errors.NotModified("")
        if container.removing:
            raise errors.Conflict("container is marked for removal and cannot be started")
        self._cancel_restart(container)
        self._backoff.pop(container.id, None)
        await self._launch(container, restart_count=0, stopped_by_hand=False)

    async def _launch(self, container: Container, **changed: Any) -> None:
        """Begin a run, and change fields of the record with it; within the container's turn. A
        start that fails changes the state alone."""
        if self._closing:
            raise errors.Unavailable("the engine is shutting down")
        try:
            root = await self._file_systems.hold(container)
            try:
                await self._begin(container, root, changed)
            except BaseException:
                await self._tidy(container)
                raise
        except Exception as error:
            failure = _failure(error)
            state = dataclasses.replace(
                container.state,
                status="exited" if container.record.started_before else "created",
                exit_code=failure.exit_code,
                error=str(failure),
            )
            await self._containers.change(container, happened=True, state=state)
            container.tell_exit()
            if container.host_config["AutoRemove"]:
                self._remove_soon(container)
            raise _answer(error, failure) from error

    async def _begin(self, container: Container, root: Path, changed: dict[str, Any]) -> None:
        """Do all steps up to a running process; the caller undoes a failed attempt."""
        membership = self._networks.membership
        place = await self._join_networks(container)
        joined = self._joined(container)
        self._volumes.mounted(container)
        linked = links.environment(self._containers, container, membership.on_bridge)
        state = State("running", started=timestamps.now(), finished=container.state.finished)
        changed = {**changed, "state": state, "started_before": True}

        def prepare() -> spec.ProcessSpec:
            spec.prepare_output(container)
            mounts.prepare_binds(container.record.mounts)
            if place.files is None:
                etc_files.write(container, named=place.name_server, shared=place.shares_host)
            return spec.process(container, root, linked)

        process_spec = await asyncio.to_thread(prepare)
        asked = spec.sandbox(container, root, place, joined)
        sandbox = restricted.sandbox(self._restrictions, asked)
        # Written while the process starts: the state must be on disk before clients hear of the
        # start.
        writing = asyncio.ensure_future(self._containers.write(container, **changed))
        try:
            process = await self._runtime.start(sandbox, process_spec)
        except BaseException:
            await asyncio.wait([writing])
            raise
        try:
            await writing
            await membership.serve_names(container, process.name_sockets)
            self._enter(container, process, changed)
        except BaseException:
            container.run = None
            await _discard(process)
            raise

    def _enter(self, container: Container, process: Process, changed: dict[str, Any]) -> None:
        """Enter a run: between two steps of the loop, so that clients see all of it or nothing."""
        run = Run(process, time.monotonic(), asyncio.get_running_loop().create_future())
        container.output.start(process.stdout, process.stderr)
        container.input.start(process.stdin)
        container.run = run
        container.enter(**changed)
        container.state.pid = process.pid
        self._health.begin(container)
        self._containers.emit(container, "start")
        self.spawn(self._watch(container, run))

    async def _join_networks(self, container: Container) -> spec.Place:
        """Join the networks before a start. Raises NotFound for a missing network, Conflict for a
        container to join that does not run."""
        mode = container.network_mode
        if mode.startswith("container:"):
            other = self._containers.get(mode.removeprefix("container:"))
            if not other.state.running:
                raise errors.Conflict(
                    "cannot join network namespace of a non running container: "
                    f"container {other.name} is {other.state.status}"
                )
            return spec.Place(f"container:{other.id}", files=other.folder)
        membership = self._networks.membership
        made = await membership.join(container)
        await membership.write_hosts(container, etc_files.hosts(container))
        return spec.Place(
            "host" if mode == "host" else "private",
            made,
            name_server=membership.has_name_server(container),
            shares_host=membership.shares_host(container),
        )

    def _joined(self, container: Container) -> dict[str, str]:
        """Name -> id of the containers whose namespaces this one shares. Raises Conflict where one
        does not run."""
        found = {}
        for field in ("PidMode", "IpcMode"):
            mode = str(container.host_config[field])
            if mode.startswith("container:"):
                name = mode.removeprefix("container:")
                other = self._containers.get(name)
                if not other.state.running:
                    raise errors.Conflict(f"cannot join {field} of a non running container: {name}")
                found[name] = other.id
        return found

    async def _tidy(self, container: Container) -> None:
        """Release what a run, or a failed attempt, held. A step that fails is logged and does not
        keep the others from being done: the end of a process is handled in any case."""
        membership, runtime = self._networks.membership, self._runtime
        for step in (
            partial(membership.last_words, container),
            partial(runtime.forget, container.id),
            partial(membership.leave, container),
            partial(self._file_systems.release, container),
        ):
            try:
                await step()
            except Exception:
                log.exception("container %s: %s failed", container.name, step.func.__name__)
        self._volumes.unmounted(container)

    # Ending

    async def _watch(self, container: Container, run: Run) -> None:
        """Wait for the end of a run and handle it. Whatever fails, no container seems to run
        without a process, and nobody waits for its end in vain."""
        code = UNKNOWN
        try:
            code = (await run.process.wait()).code
            self._health.end(container)
            container.input.finish()
            await container.output.finish(DRAIN)
            await self._execs.container_ended(container)
        except Exception:
            log.exception("the end of container %s was not handled", container.name)
        await container.turn(self._end(container, run, code))

    async def _end(self, container: Container, run: Run, code: int) -> None:
        """Leave a run, and restart or remove the container as it asks."""
        lived = time.monotonic() - run.began
        by_hand = container.record.stopped_by_hand or run.stay_down
        again = not run.stay_down and not self._closing and self.wants_restart(container, code)
        ended = dataclasses.replace(
            container.state,
            status="restarting" if again else "exited",
            pid=0,
            exit_code=code,
            finished=timestamps.now(),
            out_of_memory=self._out_of_memory(container),
        )
        restarts = container.record.restart_count + again
        changed = {"state": ended, "stopped_by_hand": by_hand, "restart_count": restarts}
        try:
            # Told only after all of it: a client that sees the end may start or remove the
            # container at once.
            writing = asyncio.ensure_future(
                self._containers.write(container, happened=True, **changed)
            )
            await self._tidy(container)
            await writing
        except Exception:
            log.exception("the end of container %s was not handled", container.name)
        finally:
            container.run = None
            container.enter(**changed)
            if ended.out_of_memory:
                self._containers.emit(container, "oom")
            told = {"exitCode": str(code), "execDuration": str(int(lived))}
            self._containers.emit(container, "die", **told)
            run.ended.set_result(code)
            container.tell_exit()
        if again:
            self._plan_restart(container, lived)
        elif container.host_config["AutoRemove"] and not (container.removing or run.keep):
            self._remove_soon(container)

    def _out_of_memory(self, container: Container) -> bool:
        try:
            return self._runtime.out_of_memory(container.id)
        except OSError as error:
            log.warning("container %s: its memory events: %s", container.name, error)
            return False

    def _remove_soon(self, container: Container) -> None:
        """Remove an ended container, as AutoRemove asks; `close` waits for it."""
        task = self.spawn(self._remove(container))
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    def wants_restart(self, container: Container, code: int) -> bool:
        """True where the restart policy asks for a restart after exit code `code`."""
        policy = container.host_config["RestartPolicy"]
        name, most = policy["Name"], policy["MaximumRetryCount"]
        if container.removing:
            return False
        if name == "on-failure":
            tries = container.record.restart_count
            return code != 0 and (most == 0 or tries < most)
        if name == "unless-stopped":
            return not container.record.stopped_by_hand
        return bool(name == "always")

    def _plan_restart(self, container: Container, lived: float) -> None:
        before = 0.0 if lived >= STEADY else self._backoff.get(container.id, 0.0)
        wait = min(max(2 * before, FIRST_BACKOFF), LAST_BACKOFF)
        self._backoff[container.id] = wait
        container.restarting = self.spawn(self._restart_later(container, wait))

    async def _restart_later(self, container: Container, wait: float) -> None:
        await asyncio.sleep(wait)
        await container.turn(self._restart_now(container))

    async def _restart_now(self, container: Container) -> None:
        if container.state.status != "restarting" or container.run or container.removing:
            return
        container.restarting = None
        with contextlib.suppress(errors.APIError):  # in the record, for clients to see
            await self._launch(container)

    def _cancel_restart(self, container: Container) -> None:
        if container.restarting is not None:
            container.restarting.cancel()
            container.restarting = None

    def revive(self, container: Container) -> None:
        """Restart a container after the engine's start, as its restart policy asks: after the
        containers whose namespaces it shares."""
        self._reviving[container.id] = self.spawn(self._revive(container))

    async def _revive(self, container: Container) -> None:
        for name in ("NetworkMode", "PidMode", "IpcMode"):
            kind, _, other = str(container.host_config[name]).partition(":")
            if kind == "container":
                with contextlib.suppress(errors.NotFound):
                    awaited = self._reviving.get(self._containers.get(other).id)
                    if awaited is not None and awaited is not asyncio.current_task():
                        await asyncio.wait([awaited])
        with contextlib.suppress(errors.APIError):
            await container.turn(self._revive_now(container))

    async def _revive_now(self, container: Container) -> None:
        if not (container.run or container.removing):  # a client may have been quicker
            await self._launch(container)

    # Signals

    async def kill(self, container: Container, number: int, named: str) -> None:
        """Send a signal; after SIGKILL also wait for the end. Raises Conflict."""
        own = container.config.get("StopSignal")
        deadly = number == SIGKILL or not own or signals.parse(own) == number
        absent = errors.Conflict(
            f"cannot kill container: {named}: container {container.id} is not running"
        )
        run = await container.turn(self._meet(container, absent, stay_down=deadly))
        if run is not None:
            await self._signal(container, run, number, deadly)
            if number == SIGKILL:
                await _end_of(run)

    async def _meet(
        self, container: Container, absent: errors.APIError, *, stay_down: bool, keep: bool = False
    ) -> Run | None:
        """The run for which a request is meant; None between two runs of a restart policy. Raises
        `absent` where the container does not run. With `stay_down` the policy applies no more."""
        run = container.run
        if run is not None:
            run.stay_down = run.stay_down or stay_down
            run.keep = run.keep or keep
        elif container.state.status != "restarting":
            raise absent
        elif stay_down:
            state = dataclasses.replace(container.state, status="exited")
            await self._containers.change(container, state=state, stopped_by_hand=True)
            self._cancel_restart(container)
        return run

    async def _signal(self, container: Container, run: Run, number: int, deadly: bool) -> None:
        await self._heard(run, number)
        await container.turn(self._send(container, run, number, deadly))

    async def _send(self, container: Container, run: Run, number: int, deadly: bool) -> None:
        if container.run is not run:  # it has ended
            return
        if container.state.status == "paused" and number == SIGKILL:
            await self._unpause(container)
        with contextlib.suppress(ProcessLookupError):
            run.process.kill(number)
        self._containers.emit(container, "kill", signal=str(number))
        if deadly and container.state.status == "paused":
            await self._unpause(container)

    @staticmethod
    async def _heard(run: Run, number: int) -> None:
        """Wait until a program that has only just started can hear a signal: before it has a
        handler, the kernel drops what is sent to the first process of a namespace."""
        while time.monotonic() - run.began < YOUNG and not run.ended.done():
            if number in NEVER_CAUGHT or _hears(run.process.pid, number):
                return
            await asyncio.sleep(STEP)

    async def stop(self, container: Container, timeout: int | None, signal: str = "") -> None:
        """Send the stop signal, then SIGKILL after `timeout` seconds (negative: never). Raises
        NotModified where the container does not run."""
        await self._stop(container, timeout, signal)

    async def _stop(
        self, container: Container, timeout: int | None, signal: str, keep: bool = False
    ) -> None:
        number = signals.parse(signal or container.config.get("StopSignal") or "TERM")
        meeting = self._meet(container, errors.NotModified(""), stay_down=True, keep=keep)
        run = await container.turn(meeting)
        if run is not None:
            await self._signal(container, run, number, deadly=True)
            if not await _ends_within(run, _patience(container, timeout)):
                await self._signal(container, run, SIGKILL, deadly=True)
            await _end_of(run)
        self._containers.emit(container, "stop")

    async def restart(self, container: Container, timeout: int | None, signal: str = "") -> None:
        with contextlib.suppress(errors.NotModified):
            await self._stop(container, timeout, signal, keep=True)
        with contextlib.suppress(errors.NotModified):
            await self.start(container)
        self._containers.emit(container, "restart")

    # Pausing

    async def pause(self, container: Container) -> None:
        """Suspend every process of a container. Raises Conflict."""
        await container.turn(self._pause(container))

    async def _pause(self, container: Container) -> None:
        if container.run is None:
            raise errors.Conflict(f"container {container.id} is not running")
        if container.state.status == "paused":
            raise errors.Conflict(f"Container {container.id} is already paused")
        await self._runtime.pause(container.id)
        await self._become(container, "paused", "pause")

    async def unpause(self, container: Container) -> None:
        """Resume a paused container. Raises APIError."""
        await container.turn(self._resume(container))

    async def _resume(self, container: Container) -> None:
        if container.state.status != "paused":
            raise errors.APIError(f"Container {container.id} is not paused")
        await self._unpause(container)

    async def _unpause(self, container: Container) -> None:
        await self._runtime.unpause(container.id)
        await self._become(container, "running", "unpause")

    async def _become(self, container: Container, status: str, event: str) -> None:
        state = dataclasses.replace(container.state, status=status)
        await self._containers.change(container, (event, {}), happened=True, state=state)

    # The engine's end

    async def close(self, hurry: asyncio.Event) -> None:
        """End every container: stop signal first, SIGKILL after the container's stop timeout, or
        when `hurry` is set. A container with AutoRemove is removed."""
        self._closing = True
        hurried = self.spawn(hurry.wait())
        await asyncio.gather(*(self._end_with_us(each, hurried) for each in self._containers.all()))
        if self._removals:
            await asyncio.wait(self._removals)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _end_with_us(self, container: Container, hurried: asyncio.Task[Any]) -> None:
        run = await container.turn(self._present(container))  # a start may be under way
        if run is None:
            return
        number = signals.parse(container.config.get("StopSignal") or "TERM")
        patience = _patience(container, None)
        await self._signal(container, run, number, deadly=True)
        if not _hears(run.process.pid, number):  # the first process of a namespace: lost on it
            patience = 0
        if not await _ends_within(run, patience, hurried):
            await self._signal(container, run, SIGKILL, deadly=True)
        await _end_of(run)

    async def _present(self, container: Container) -> Run | None:
        self._cancel_restart(container)
        return container.run

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _patience(container: Container, timeout: int | None) -> int:
    """Seconds between the stop signal and SIGKILL; negative for no end of them."""
    if timeout is None:
        timeout = container.config.get("StopTimeout")
    return STOP_TIMEOUT if timeout is None else timeout


async def _ends_within(run: Run, patience: int, *sooner: asyncio.Future[Any]) -> bool:
    """Wait for a run's end, for `patience` seconds, and no longer than until one of `sooner` is
    done."""
    await asyncio.wait(
        [run.ended, *sooner],
        timeout=patience if patience >= 0 else None,
        return_when=asyncio.FIRST_COMPLETED,
    )
    return run.ended.done()


async def _end_of(run: Run) -> None:
    await asyncio.wait([run.ended])


def _hears(pid: int, number: int) -> bool:
    """True where a process catches, blocks or ignores a signal: where it is not simply dropped.
    Also True where that cannot be told."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    masks = [line.split()[1] for line in lines.splitlines() if line.startswith(_MASKS)]
    return not masks or any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


async def _discard(process: Process) -> None:
    """End a process that clients have not seen."""
    with contextlib.suppress(ProcessLookupError):
        process.kill(SIGKILL)
    await process.wait()
    for handle in (process.stdin, process.stdout, process.stderr):
        if handle is not None:
            os.close(handle)


def _failure(error: Exception) -> StartError:
    """The error for `docker run`, with the exit code that it ends with."""
    if isinstance(error, StartError):
        return error
    if isinstance(error, errors.APIError):
        return StartError(error.message)
    if isinstance(error, users.UnknownUser | spec.WorkingDirError):
        return StartError(str(error))
    if isinstance(error, OSError):
        where = f": {Path(error.filename).name}" if isinstance(error.filename, str) else ""
        return StartError(f"the container cannot be prepared: {error.strerror or error}{where}")
    log.error("a start failed", exc_info=error)
    return StartError(f"{type(error).__name__}: {error}")


def _answer(error: Exception, failure: StartError) -> errors.APIError:
    """The answer to a failed start: BadRequest where the program cannot be run, else a server
    error, as with the Engine."""
    if isinstance(error, errors.APIError):
        return error
    if failure.exit_code in (126, 127):
        return errors.BadRequest(str(failure))
    return errors.APIError(str(failure))
