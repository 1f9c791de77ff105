"""The tap: for a `with` block all requests to the engine pass through it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from insidedocker.lab import pictures, terminals
from insidedocker.lab.engines import discovery, embedded
from insidedocker.lab.engines.session import Engine, reason_of
from insidedocker.lab.errors import EngineUnreachable
from insidedocker.lab.tapping import timeline
from insidedocker.lab.tapping.calls import Call, Clock, Taker, asked
from insidedocker.lab.tapping.events import Collector, Event
from insidedocker.lab.tapping.live import Live
from insidedocker.lab.tapping.target import target_of
from insidedocker_engine.host.linux import short_temporary
from insidedocker_engine.recording.http_parser import Headers
from insidedocker_engine.recording.proxy import Proxy, Target, listening, loop_in_thread

CATCH_UP_SECONDS = 5.0
TLS = ("DOCKER_TLS_VERIFY", "DOCKER_TLS")  # unset for the block: the tap listens on a plain socket

log = logging.getLogger(__name__)


class Tap:
    """A recording proxy in front of an engine.

        with lab.tap() as tap:
            subprocess.run(["docker", "ps"])
        tap

    For the block DOCKER_HOST is the tap's address, so the docker command, the SDK's
    `docker.from_env()`, compose and `lab.connect()` go through the tap; `tap.engine` is a session
    through the tap, and `tap.url` the address for other clients. `calls` and `events` are the
    records, oldest first, and can be read in the block and after it. A cell that ends with the tap
    shows both as a timeline; `show()` in the block shows them as they arrive.

    `on_call` gets each call when it begins, when its answer begins, and when it has ended (then
    `call.seconds` is a number), from a thread of the tap.
    """

    def __init__(
        self,
        engine: Engine | str | None = None,
        *,
        on_call: Callable[[Call], object] | None = None,
    ) -> None:
        """Prepare a tap for `engine`, a session or an address; default: the engine that
        `lab.connect()` would take."""
        self.url = ""
        self._wanted = engine
        self._on_call = on_call
        self._clock = Clock()
        self._calls: list[Call] = []
        self._collector: Collector | None = None
        self._ended: float | None = None
        self._lives: list[Live] = []
        self._stack = contextlib.ExitStack()

    @property
    def calls(self) -> list[Call]:
        """The calls that have begun until now."""
        return list(self._calls)

    @property
    def events(self) -> list[Event]:
        """The engine's events until now, oldest first; complete after the block."""
        found = self._collector.events if self._collector else []
        return sorted(found, key=lambda event: event.at)

    @property
    def engine(self) -> Engine:
        """A session through the tap."""
        return Engine(self.url, "through the tap")

    @property
    def seconds(self) -> float:
        """The duration of the block, until its end or until now."""
        return self._clock.now() if self._ended is None else self._ended

    def __enter__(self) -> Tap:
        if self.url:
            raise RuntimeError("This tap was used already: make a new one with lab.tap().")
        with contextlib.ExitStack() as stack:
            target = target_of(terminals.behind(_url(self._wanted)))
            place = stack.enter_context(own_folder()) / "docker.sock"
            self.url = f"unix://{place}"
            stack.callback(self._show_the_end)
            loop = stack.enter_context(loop_in_thread("tap"))
            self._clock = Clock()
            proxy = Proxy(target, self._begin, reason_of=reason_of)
            stack.enter_context(listening(loop, proxy, place, mode=0o600))
            stack.enter_context(self._events(loop, target))
            stack.callback(self._note_the_end)
            stack.enter_context(terminals.led_through(place))
            stack.enter_context(_pointing_at(self.url))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def show(self, *, picture: bool = False) -> None:
        """Show the timeline here, and in the block update it as calls arrive; with `picture` also
        the parts of the engine below it, which light up as calls pass."""
        draw = self._picture() if picture else None
        live = Live(lambda: self._bundle(draw))
        if self.url and self._ended is None:
            self._lives.append(live)
            live.follow()

    def _begin(self, method: str, target: str, headers: Headers) -> Taker:
        call = asked(method, target, headers, self._clock)
        self._calls.append(call)
        self._changed(call)
        return Taker(call, self._clock, self._changed)

    def _changed(self, call: Call) -> None:
        self._repaint()
        if self._on_call is not None:
            try:
                self._on_call(call)
            except Exception:
                log.exception("on_call of a tap failed; it is not called again")
                self._on_call = None

    def _repaint(self, _event: Event | None = None) -> None:
        for live in self._lives:
            live.changed()

    @contextlib.contextmanager
    def _events(self, loop: asyncio.AbstractEventLoop, target: Target) -> Iterator[None]:
        collector = self._collector = Collector(target, self._clock, self._repaint)
        following = asyncio.run_coroutine_threadsafe(collector.follow(), loop)
        try:
            yield
        finally:
            last = asyncio.wait_for(collector.catch_up(), CATCH_UP_SECONDS)
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(last, loop).result()
            following.cancel()

    def _note_the_end(self) -> None:
        self._ended = self._clock.now()

    def _show_the_end(self) -> None:
        for live in self._lives:
            live.end()

    def _picture(self) -> Callable[[], pictures.Picture]:
        """A function that draws the calls so far; the engine's parts are requested only once."""
        try:
            with Engine(terminals.behind(_url(self._wanted)), "behind the tap") as behind:
                parts = pictures.parts_of(behind)
        except EngineUnreachable:
            return lambda: pictures.architecture(self.calls)
        return lambda: pictures.architecture(self.calls, parts)

    def _bundle(self, draw: Callable[[], pictures.Picture] | None = None) -> dict[str, str]:
        found, events = self.calls, self.events
        shown = {
            "text/plain": timeline.text(found, events, self.seconds),
            "text/html": timeline.html(found, events, self.seconds),
        }
        if draw:
            drawn = draw()
            shown["text/plain"] = f"{drawn}\n\n{shown['text/plain']}"
            shown["text/html"] = f"{drawn.html}{shown['text/html']}"
        return shown

    def __repr__(self) -> str:
        return timeline.text(self.calls, self.events, self.seconds)

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        return self._bundle()


def _url(wanted: Engine | str | None) -> str:
    if wanted is None:
        return discovery.find().url
    return wanted if isinstance(wanted, str) else wanted.url


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A private folder for a socket, below INSIDEDOCKER_SOCKETS, TMPDIR or /tmp."""
    where = short_temporary(embedded.sockets())
    with tempfile.TemporaryDirectory(prefix="inside-docker-", dir=where) as name:
        yield Path(name)


@contextlib.contextmanager
def _pointing_at(url: str) -> Iterator[None]:
    """Set DOCKER_HOST for the block, and restore its former value."""
    ours = {"DOCKER_HOST": url, discovery.TAP: url}
    before = {name: os.environ.pop(name, None) for name in (*ours, *TLS)}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
