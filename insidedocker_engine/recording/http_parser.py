"""Reads a copy of what passes on one connection and tells what it means, request by request.

It knows HTTP and nothing of engines or sockets; whoever wants to note something gives it `Notes`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

import h11

Headers = list[tuple[str, str]]
"""Names as they were sent."""

LONGEST_HEAD = 1 << 20  # X-Registry-Config is long where many registries are known
STREAM = "application/vnd.docker."
HOST = (b"host", b"engine")
ASKING = (b"upgrade", b"connection")


class Notes(Protocol):
    """Takes down one request and its answer, in the order in which they pass."""

    def sent(self, data: bytes) -> None:
        """Some of the request's body."""

    def head(self, status: int, headers: Headers, taken_over: bool) -> None:
        """The answer's head; `taken_over` where the connection is no longer HTTP after it."""

    def got(self, data: bytes) -> None:
        """Some of the answer's body, or of what came over a connection that was taken over."""

    def broken(self, why: str) -> None:
        """The answer is not HTTP/1.1."""

    def end(self, complete: bool, why: str = "") -> None:
        """Nothing more comes; `why` the connection ended before the answer was complete."""


Begin = Callable[[str, str, Headers], Notes]
"""Called with method, target and headers of each request."""


class Watcher:
    """Reads a copy of one connection's bytes, which may come in any pieces."""

    def __init__(self, begin: Begin) -> None:
        self.raw = False  # what passes is read no longer
        self.begun = False  # there has been a request
        self._begin = begin
        self._request = _requests()
        self._request_open = False
        self._answer: h11.Connection | None = None
        self._notes: Notes | None = None

    @property
    def asked(self) -> bool:
        """Whether a whole request waits for its answer."""
        return self._notes is not None and not self._request_open

    def from_client(self, data: bytes) -> None:
        """Read what the client sent; what is not a request is the input of a stream."""
        if self.raw:
            return
        try:
            self._request.receive_data(data)
            self._read_requests()
        except h11.RemoteProtocolError:
            self.raw = True

    def _read_requests(self) -> None:
        while True:
            event = self._request.next_event()
            if isinstance(event, h11.Request):
                self._begin_exchange(event)
            elif isinstance(event, h11.Data):
                if self._notes is not None:  # else it was answered before it was whole
                    self._notes.sent(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._request_open = False
                if self._notes is None:
                    self._next_request()
                return
            else:  # NEED_DATA, PAUSED, ConnectionClosed
                return

    def _begin_exchange(self, request: h11.Request) -> None:
        self._request_open = self.begun = True
        self._notes = self._begin(
            request.method.decode(), request.target.decode("latin-1"), _as_sent(request)
        )
        self._answer = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        # The client side of h11 only reads an answer to a request that it has itself sent.
        wanted = [(name, value) for name, value in request.headers if name in ASKING]
        self._answer.send(
            h11.Request(method=request.method, target=request.target, headers=[HOST, *wanted])
        )
        self._answer.send(h11.EndOfMessage())

    def from_engine(self, data: bytes) -> int:
        """Read what the engine sent; return how many bytes belong before a stream begins."""
        if self.raw or self._answer is None:
            if self._notes is not None:
                self._notes.got(data)
            return len(data)
        self._answer.receive_data(data)
        try:
            return self._read_answer(len(data))
        except h11.RemoteProtocolError as error:
            self.raw = True
            self._finish(complete=False, broken=str(error))
            return len(data)

    def _read_answer(self, length: int) -> int:
        assert self._answer is not None and self._notes is not None
        while True:
            event = self._answer.next_event()
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                continue
            if isinstance(event, h11.Response | h11.InformationalResponse):
                self.raw = _takes_over(event)
                self._notes.head(event.status_code, _as_sent(event), self.raw)
                if self.raw:
                    stream = self._answer.trailing_data[0]
                    if stream:
                        self._notes.got(stream)
                    return length - len(stream)
            elif isinstance(event, h11.Data):
                self._notes.got(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                extra = len(self._answer.trailing_data[0])
                self._finish(complete=True, broken=f"{extra} bytes too many" if extra else "")
                return length
            else:
                return length

    def _finish(self, *, complete: bool, broken: str = "", why: str = "") -> None:
        """The exchange is over; be ready for the next request of this connection."""
        if self._notes is not None:
            if broken:
                self._notes.broken(broken)
            self._notes.end(complete, why)
        self._notes = self._answer = None
        if not self._request_open:
            self._next_request()

    def _next_request(self) -> None:
        if self.raw:
            return
        left = self._request.trailing_data[0]
        self._request = _requests()
        if left:
            self.from_client(left)

    def ended(self, why: str) -> None:
        """The connection is closed: an answer without a length is complete now."""
        if self._notes is not None and self._answer is not None and not self.raw:
            with contextlib.suppress(h11.RemoteProtocolError):
                self._answer.receive_data(b"")
                self._read_answer(0)
        self._finish(complete=self.raw, why="" if self.raw else why)


def _requests() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)


def _as_sent(event: h11.Request | h11.Response | h11.InformationalResponse) -> Headers:
    items = event.headers.raw_items()
    return [(name.decode(), value.decode("latin-1")) for name, value in items]


def _takes_over(answer: h11.Response | h11.InformationalResponse) -> bool:
    """Whether the connection is a stream in both directions from here on."""
    headers = dict(answer.headers)
    endless = b"content-length" not in headers and b"transfer-encoding" not in headers
    kind = headers.get(b"content-type", b"").decode("latin-1")
    return answer.status_code == 101 or (kind.startswith(STREAM) and endless)
