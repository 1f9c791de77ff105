"""A proxy between any client and an engine's socket that records every answer, for `openapi.py`.

The proxy is the lab's own; this module only records the exchanges. It judges nothing.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from insidedocker_engine.recording.http_parser import Headers
from insidedocker_engine.recording.proxy import Proxy, Target, listening, loop_in_thread

KEPT_BODY = 8 * 1024 * 1024


@dataclass
class Exchange:
    """One request and the engine's answer."""

    method: str
    path: str  # as sent, with version prefix and query
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes | None = b""  # None: not kept (archives, raw streams)
    complete: bool = False  # False: the connection ended before the answer did
    broken: str = ""  # why the answer is not HTTP/1.1


class Taker:
    """Records one exchange and appends it to `exchanges` when its answer has ended.

    Of a hijacked connection only the head is recorded.
    """

    def __init__(self, exchange: Exchange, exchanges: list[Exchange]) -> None:
        self._exchange, self._exchanges = exchange, exchanges
        self._body: bytearray | None = bytearray()
        self._open = True

    def sent(self, data: bytes) -> None:
        """Ignore the request's data: only answers are judged."""

    def head(self, status: int, headers: Headers, taken_over: bool) -> None:
        self._exchange.status = status
        self._exchange.headers = {name.lower(): value for name, value in headers}
        kind = self._exchange.headers.get("content-type", "")
        if status < 400 and kind and not ("json" in kind or kind.startswith("text/")):
            self._body = None
        if taken_over:
            self._body = None
            self.end(complete=True)

    def got(self, data: bytes) -> None:
        if self._body is not None:
            self._body = self._body + data if len(self._body) < KEPT_BODY else None

    def broken(self, why: str) -> None:
        self._exchange.broken = why

    def end(self, complete: bool, why: str = "") -> None:
        if self._open and (self._exchange.status or self._exchange.broken):
            self._exchange.body = None if self._body is None else bytes(self._body)
            self._exchange.complete = complete
            self._exchanges.append(self._exchange)
        self._open = False


# The recorders whose answers are judged after each step of each test.
JUDGED: list["Recorder"] = []


def take_judged() -> list[Exchange]:
    """Return the exchanges that ended since the last call, of the recorders that are judged."""
    taken = [exchange for recorder in JUDGED for exchange in recorder.take()]
    JUDGED[:] = [recorder for recorder in JUDGED if not recorder.closed]
    return taken


class Recorder:
    """The exchanges recorded by a proxy in front of an engine."""

    def __init__(self, listen: Path) -> None:
        self.socket = listen
        self.closed = False
        self._exchanges: list[Exchange] = []

    def begin(self, method: str, path: str, _headers: Headers) -> Taker:
        """Start the record of a request's exchange."""
        return Taker(Exchange(method, path), self._exchanges)

    def take(self) -> list[Exchange]:
        """Return the exchanges that ended since the last call."""
        count = len(self._exchanges)  # the other thread may add more meanwhile
        taken = self._exchanges[:count]
        del self._exchanges[:count]
        return taken


@contextlib.contextmanager
def recording(engine: Path, listen: Path, *, judged: bool = False) -> Iterator[Recorder]:
    """Run a recorder in a separate thread; the socket `engine` need not exist yet.

    With `judged` a wrong answer fails the test that caused it (see `conftest.py`).
    """
    recorder = Recorder(listen)
    proxy = Proxy(Target(engine), recorder.begin)
    if judged:
        JUDGED.append(recorder)
    try:
        # Clients run as ordinary users too.
        with (
            loop_in_thread(f"recorder {listen}") as loop,
            listening(loop, proxy, listen, mode=0o666),
        ):
            yield recorder
    finally:
        recorder.closed = True
