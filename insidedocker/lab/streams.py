"""The output of a container's logs, attach and exec: frames, parsed and read as text."""

from __future__ import annotations

HEADER = 8  # bytes before each piece: stream number, three zeros, length


def frames(raw: bytes) -> list[tuple[int, bytes]]:
    """The frames of a stream: (1 for standard output or 2 for standard error, bytes). A last frame
    that is cut off is returned as far as it goes."""
    found = []
    while len(raw) >= HEADER:
        length = int.from_bytes(raw[4:HEADER], "big")
        found.append((raw[0], raw[HEADER : HEADER + length]))
        raw = raw[HEADER + length :]
    return found


def text_of(raw: bytes) -> str:
    """The text in a stream of frames, both outputs in order of arrival."""
    return b"".join(piece for _, piece in frames(raw)).decode(errors="replace")
