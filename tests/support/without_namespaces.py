"""Runs a command under a seccomp filter as in a Docker container: new namespaces, mounts and
similar system calls fail. `python without_namespaces.py COMMAND ARGUMENT…`"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from insidedocker_engine.host import linux, seccomp

linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
linux.install_seccomp(seccomp.program(True, frozenset(), pretend_owners=False))
os.execvp(sys.argv[1], sys.argv[1:])
