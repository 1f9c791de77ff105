"""A minimal program: machine code, written byte by byte, that prints a text and ends.

The program is the only file of the course's hello-world image: an ELF header, one segment, two
system calls: write(1, text, length) and exit(0).
"""

from __future__ import annotations

import struct

from insidedocker.catalog.errors import CatalogError

_ADDRESS = 0x400000
_HEADERS = 64 + 56
_MACHINES = {"amd64": 62, "arm64": 183}


def program(text: bytes, architecture: str) -> bytes:
    """A static ELF executable that prints `text` (at most 65535 bytes) on standard output.

    `architecture` is Docker's name, amd64 or arm64; raises `CatalogError` for another.
    """
    if architecture not in _MACHINES:
        raise CatalogError(
            f"hello-world is written for amd64 and arm64, not for {architecture}; "
            "use --from hub for this image."
        )
    code = _amd64(len(text)) if architecture == "amd64" else _arm64(len(text))
    size = _HEADERS + len(code) + len(text)
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)  # 64 bits, little-endian, version 1
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH",
        2,  # an executable at a fixed address
        _MACHINES[architecture],
        1,
        _ADDRESS + _HEADERS,  # the first instruction
        64,  # the program header follows this header
        0,
        0,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    # One segment, the whole file, readable and executable (flags 5).
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x10000)
    return header + segment + code + text


def _amd64(length: int) -> bytes:
    after_lea = 5 + 2 + 5 + 2 + 2  # bytes of code between the lea and the text
    return b"".join(
        (
            b"\xb8" + struct.pack("<I", 1),  # mov eax, 1        write
            b"\xbf" + struct.pack("<I", 1),  # mov edi, 1        standard output
            b"\x48\x8d\x35" + struct.pack("<I", after_lea),  # lea rsi, [rip+n]  the text
            b"\xba" + struct.pack("<I", length),  # mov edx, length
            b"\x0f\x05",  # syscall
            b"\xb8" + struct.pack("<I", 60),  # mov eax, 60       exit
            b"\x31\xff",  # xor edi, edi      0
            b"\x0f\x05",  # syscall
        )
    )


def _arm64(length: int) -> bytes:
    def mov(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    call = 0xD4000001  # svc #0
    after_adr = 7 * 4  # bytes from the adr to the text
    adr = 0x10000000 | (after_adr & 3) << 29 | (after_adr >> 2) << 5 | 1
    code = (mov(0, 1), adr, mov(2, length), mov(8, 64), call, mov(0, 0), mov(8, 93), call)
    return struct.pack("<8I", *code)
