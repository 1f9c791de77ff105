"""An embedded engine that is broken on purpose, and repaired when the block ends.

Only engines that `breakable_engine` has started can be broken. A person's own engine, real or
embedded, is never touched.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from insidedocker.lab.engines import embedded
from insidedocker.lab.engines.fake_registry import ANYBODY, User, small_registry
from insidedocker.lab.engines.images import need
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import NoEngine
from insidedocker_engine import Handle

FILE_RIGHTS = 0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH

_breakable: dict[str, Handle] = {}
"""Address -> engine that may be broken."""


@dataclass(frozen=True)
class Broken:
    """An engine with a fault."""

    engine: Engine
    address: str = ""
    """The address that belongs to the fault: the taken port, or the registry's `host:port`."""

    @property
    def url(self) -> str:
        return self.engine.url


@dataclass(frozen=True)
class Settings:
    """The parameters of a fault."""

    on: str
    seconds: float
    status: int
    port: int


@contextlib.contextmanager
def breakable_engine(*images: str) -> Iterator[Engine]:
    """A new embedded engine with these images of the catalogue, which `fault` can break."""
    with embedded.breakable() as handle:
        _breakable[handle.url] = handle
        try:
            with Engine(handle.url, "a fresh one to be broken") as engine:
                need(engine, *images, quiet=True)
                yield engine
        finally:
            del _breakable[handle.url]


@contextlib.contextmanager
def fault(
    kind: str,
    engine: Engine | None = None,
    *,
    on: str = "*",
    seconds: float = 2.0,
    status: int = 500,
    port: int = 0,
    quiet: bool = False,
) -> Iterator[Broken]:
    """Break an engine for a `with` block: `engine`, which `breakable_engine` has started, or a
    new one.

    `kind` is one of KINDS. `on` selects the requests that a "slow" or "failing" engine affects,
    such as "GET /images/*"; they take `seconds`, or get `status`. `port` is the port to take (0:
    any free port). One printed line says what is broken, unless `quiet`. Blocks nest. Raises
    NoEngine, a sentence, for an engine that may not be broken.
    """
    if kind not in KINDS:
        raise NoEngine(f"There is no fault {kind!r}: choose one of {', '.join(KINDS)}.")
    says, begin = KINDS[kind]
    with contextlib.ExitStack() as stack:
        if engine is None:
            engine = stack.enter_context(breakable_engine())
        handle = _breakable.get(engine.url)
        if handle is None:
            raise NoEngine(
                f"lab.fault leaves {engine.url} as it is: it breaks only embedded engines that "
                "lab.breakable_engine() has started."
            )
        stack.callback(engine.close)
        address = stack.enter_context(begin(handle, Settings(on, seconds, status, port)))
        engine.close()  # open connections would bypass some of the faults
        if not quiet:
            print(f"Broken on purpose: {says}. Whole again at the end of the block.")
        yield Broken(engine, address)


@contextlib.contextmanager
def mystery(number: int, engine: Engine | None = None) -> Iterator[Broken]:
    """Break an engine as `fault` does, in one of five ways, without saying in which."""
    if number not in MYSTERIES:
        raise NoEngine(f"There is no mystery {number!r}: choose one of 1 to {len(MYSTERIES)}.")
    kind, settings = MYSTERIES[number]
    print(f"Engine {number} is broken on purpose. Find out how, before the block ends.")
    with fault(kind, engine, quiet=True, **settings) as broken:
        yield broken


@contextlib.contextmanager
def _crashed(handle: Handle, _settings: Settings) -> Iterator[str]:
    """Kill the engine; start it again afterwards, with its state and the faults set before."""
    with Engine(handle.fault_control) as control:
        others = control.get("/faults").json()
    handle.kill()
    try:
        yield ""
    finally:
        handle.start_again()
        with Engine(handle.fault_control) as control:
            for name, fault in others.items():
                control.put(f"/faults/{name}", json=fault)


@contextlib.contextmanager
def _stopped(handle: Handle, settings: Settings) -> Iterator[str]:
    """Kill the engine and remove its socket, as an engine does that ends in order."""
    with _crashed(handle, settings):
        handle.socket.unlink()
        yield ""


@contextlib.contextmanager
def _forbidden(handle: Handle, _settings: Settings) -> Iterator[str]:
    """Take all rights to the socket. Root ignores modes, so this thread gives up root's
    capabilities over files meanwhile."""
    from insidedocker_engine.host import linux  # not importable on every machine

    place = handle.socket
    before = place.stat().st_mode
    rights = linux.capget()
    place.chmod(0)
    try:
        linux.capset(rights[0] & ~FILE_RIGHTS, *rights[1:])
        yield ""
    finally:
        linux.capset(*rights)
        place.chmod(before & 0o777)


@contextlib.contextmanager
def _asked_for(handle: Handle, fault: dict[str, Any]) -> Iterator[str]:
    """Set a fault over the engine's private control socket."""
    place = f"/faults/{uuid.uuid4().hex}"
    with Engine(handle.fault_control) as control:
        try:
            answer = control.put(place, json=fault)
            if not answer.ok:
                raise NoEngine(f"That fault cannot be had: {answer.json()['message']}.")
            control.close()
            yield ""
        finally:
            control.delete(place)


def _slow(handle: Handle, settings: Settings) -> AbstractContextManager[str]:
    return _asked_for(handle, {"kind": "delay", "on": settings.on, "seconds": settings.seconds})


def _failing(handle: Handle, settings: Settings) -> AbstractContextManager[str]:
    return _asked_for(handle, {"kind": "fail", "on": settings.on, "status": settings.status})


def _disk_full(handle: Handle, _settings: Settings) -> AbstractContextManager[str]:
    return _asked_for(handle, {"kind": "disk-full"})


@contextlib.contextmanager
def _port_taken(_handle: Handle, settings: Settings) -> Iterator[str]:
    with socket.socket() as listener:
        try:
            listener.bind(("0.0.0.0", settings.port))
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise NoEngine(
                f"Port {settings.port} cannot be taken: {why}; choose another."
            ) from None
        listener.listen()
        yield str(listener.getsockname()[1])


@contextlib.contextmanager
def _registry_denies(_handle: Handle, _settings: Settings) -> Iterator[str]:
    with small_registry() as registry:
        yield registry.host


@contextlib.contextmanager
def _registry_limits(_handle: Handle, _settings: Settings) -> Iterator[str]:
    with small_registry({ANYBODY: User("", ("pull",))}, limited=True) as registry:
        yield registry.host


Begin = Callable[[Handle, Settings], AbstractContextManager[str]]

KINDS: dict[str, tuple[str, Begin]] = {
    "stopped": ("the engine does not run, and its socket is gone", _stopped),
    "crashed": ("the engine was killed, and its socket is left over", _crashed),
    "forbidden": ("the engine's socket may be opened by nobody", _forbidden),
    "slow": ("the engine's answers take their time", _slow),
    "failing": ("the engine answers with an error", _failing),
    "disk-full": ("the engine finds no room on its disk", _disk_full),
    "port-taken": ("another program has the port", _port_taken),
    "registry-denies": ("the registry lets nobody in", _registry_denies),
    "registry-limits": ("the registry has had too many pulls", _registry_limits),
}

MYSTERIES: dict[int, tuple[str, dict[str, Any]]] = {
    1: ("crashed", {}),
    2: ("failing", {"on": "* /containers/*"}),
    3: ("forbidden", {}),
    4: ("stopped", {}),
    5: ("slow", {"seconds": 30.0}),
}
