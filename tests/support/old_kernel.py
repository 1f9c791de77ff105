"""Runs a command as if on Linux 5.2: later system calls that the engine uses are missing.
`python old_kernel.py COMMAND ARGUMENT…`"""

import errno
import os
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from insidedocker_engine.host import linux

MISSING = {"pidfd_open": 434, "clone3": 435, "close_range": 436, "openat2": 437, "mount": 442}
LOAD, IF_EQUAL, RETURN, ALLOW, ERRNO = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000

lines = [struct.pack("HBBI", LOAD, 0, 0, 0)]
for number in MISSING.values():
    lines.append(struct.pack("HBBI", IF_EQUAL, 0, 1, number))
    lines.append(struct.pack("HBBI", RETURN, 0, 0, ERRNO | errno.ENOSYS))
lines.append(struct.pack("HBBI", RETURN, 0, 0, ALLOW))

linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
linux.install_seccomp(b"".join(lines))
os.execvp(sys.argv[1], sys.argv[1:])
