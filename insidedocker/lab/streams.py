"""What comes out of a container's logs, attach and exec: frames, cut and read as text."""

from __future__ import annotations

HEADER = 8  # bytes before each piece: stream number, three zeros, length


def frames(raw: bytes) -> list[tuple[int, bytes]]:
    """The pieces of a stream with the number of the output each came from: 1 standard output,
    2 standard error. A piece that is cut off at the end is given as far as it is there."""
    found = []
    while len(raw) >= HEADER:
        length = int.from_bytes(raw[4:HEADER], "big")
        found.append((raw[0], raw[HEADER : HEADER + length]))
        raw = raw[HEADER + length :]
    return found


def text_of(raw: bytes) -> str:
    """The text in a stream of frames, both outputs in the order in which they came."""
    return b"".join(piece for _, piece in frames(raw)).decode(errors="replace")
