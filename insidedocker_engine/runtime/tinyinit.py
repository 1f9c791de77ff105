"""The first program of a container under PRoot: it starts the container's own program, waits
for it, and reports its process id and exit status to the engine, which PRoot does not.

The program must run in any image, and hosts have no compiler: so it is a static program of about
300 bytes, made here from its machine code. `tinyinit-*.S` beside this module are the sources; a
test assembles and compares them.
"""

from __future__ import annotations

import struct

STATUS = 3
"""The descriptor that the program writes its numbers to (signed, 4 bytes each): a process id, a
negative error number where exec fails, and a wait status."""

CODE = {
    "x86_64": bytes.fromhex(
        "4889e5b8390000000f0585c0745489c36affb80e00000031ff4889e631d241ba080000000f0553e8"
        "1f000000b83d00000083cfff4889e631d24531d20f0539d875eae80400000031ffeb50b801000000"
        "bf03000000488d742408ba040000000f05c3b848000000bf03000000be02000000ba010000000f05"
        "488b7d10488d7518488b5500488d54d510b83b0000000f0550e8b5ffffffbf7f000000b8e7000000"
        "0f05"
    ),
    "aarch64": bytes.fromhex(
        "f3030091200280d2010080d2020080d2030080d2040080d2881b80d2010000d4a00300b4f403002a"
        "00008092e00f1ff8000080d2e1030091020080d2030180d2e81080d2010000d4f40f1ff80c000094"
        "00008092e1030091020080d2030080d2882080d2010000d41f00146b21ffff5403000094000080d2"
        "16000014600080d2e1030091820080d2080880d2010000d4c0035fd6600080d2410080d2220080d2"
        "280380d2010000d4600a40f961620091620240f9620e028b42400091a81b80d2010000d4e00f1ff8"
        "edffff97e00f80d2c80b80d2010000d4"
    ),
}
_MACHINES = {"x86_64": 62, "aarch64": 183}
_BASE = 0x400000
_HEADERS = 64 + 56


def program(machine: str) -> bytes:
    """Build the program's file, an ELF executable for `machine` (x86_64 or aarch64). Raises
    KeyError for any other machine."""
    code = CODE[machine]
    size = _HEADERS + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, little-endian
    kind = struct.pack("<HHI", 2, _MACHINES[machine], 1)  # an executable
    where = struct.pack("<QQQ", _BASE + _HEADERS, 64, 0)
    sizes = struct.pack("<IHHHHHH", 0, 64, 56, 1, 0, 0, 0)
    load_readable_executable = struct.pack("<II", 1, 5)
    segment = struct.pack("<QQQQQQ", 0, _BASE, _BASE, size, size, 0x1000)
    return identity + kind + where + sizes + load_readable_executable + segment + code
