"""WebSocket (RFC 6455) over a hijacked connection, for attaching from a browser. Its `read` and
`write` work like those of any other connection."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import struct
from collections.abc import Awaitable, Callable

from ..base import errors
from .http import Duplex, Hijack, Request

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FRAME_LIMIT = 1 << 20
"""Most bytes of one frame from a client; a longer frame ends the connection."""
TOO_BIG, PROTOCOL_ERROR, NORMAL = 1009, 1002, 1000


def upgrade(request: Request, serve: Callable[[WebSocket], Awaitable[None]]) -> Hijack:
    """The answer to a WebSocket handshake. Raises BadRequest for any other request."""
    key = request.headers.get("sec-websocket-key", "")
    try:
        whole = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        whole = False
    if request.headers.get("upgrade", "").lower() != "websocket" or not whole:
        raise errors.BadRequest("not a websocket handshake: Upgrade and Sec-WebSocket-Key needed")
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()

    async def serve_frames(connection: Duplex) -> None:
        socket = WebSocket(connection)
        await serve(socket)
        await socket.close(NORMAL)

    return Hijack(
        serve_frames,
        content_type="",
        protocol="websocket",
        headers={"Sec-WebSocket-Accept": accept},
    )


class WebSocket:
    """The server's side: reads the payload of frames, writes binary frames."""

    def __init__(self, connection: Duplex) -> None:
        self._connection = connection
        self._data = b""
        self._closed = False

    async def read(self) -> bytes:
        """Read the client's next bytes; b"" when the client has closed."""
        while not self._closed:
            kind, payload = await self._frame()
            if kind in (CONTINUED, TEXT, BINARY) and payload:
                return payload
            if kind == PING:
                await self._send(PONG, payload)
            elif kind == CLOSE:
                await self.close(NORMAL)
        return b""

    async def write(self, data: bytes) -> None:
        if not self._closed:
            await self._send(BINARY, data)

    async def close(self, code: int) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(ConnectionError):
                await self._send(CLOSE, struct.pack(">H", code))

    async def _frame(self) -> tuple[int, bytes]:
        """Read a frame: (kind, payload). Raises ConnectionResetError for a broken frame, as if
        the client had left."""
        first, second = await self._exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._exactly(8))
        if first & 0x70 or not second & 0x80:  # extensions that were not negotiated, or no mask
            await self.close(PROTOCOL_ERROR)
            raise ConnectionResetError("a broken WebSocket frame")
        if length > FRAME_LIMIT:
            await self.close(TOO_BIG)
            raise ConnectionResetError("a WebSocket frame is too long")
        mask = await self._exactly(4)
        masked = await self._exactly(length)
        repeated = (mask * (length // 4 + 1))[:length]
        number = int.from_bytes(masked, "big") ^ int.from_bytes(repeated, "big")
        return first & 0x0F, number.to_bytes(length, "big")

    async def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            more = await self._connection.read()
            if not more:
                self._closed = True
                raise ConnectionResetError("the client closed in the middle of a frame")
            self._data += more
        data, self._data = self._data[:size], self._data[size:]
        return data

    async def _send(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack(">BB", 0x80 | kind, length)
        elif length < 1 << 16:
            head = struct.pack(">BBH", 0x80 | kind, 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | kind, 127, length)
        await self._connection.write(head + payload)
