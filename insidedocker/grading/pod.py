"""The first process inside a submission's pod: brings the loopback up, starts the learner's
sandbox, and becomes the checker. The standard library alone, and little of it: it runs each time.

    python -I -S pod.py PLAN-AS-JSON
"""

import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
PR_SET_CHILD_SUBREAPER = 36
SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x41


def main() -> None:
    plan = json.loads(sys.argv[1])
    if plan["network"]:
        with socket.socket() as any_socket:
            request = struct.pack("16sh", b"lo", IFF_UP_AND_RUNNING)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
    # Capabilities of this namespace were for the line above only; bubblewrap refuses to have any.
    ctypes.CDLL(None).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    # Without a namespace of processes, orphans come to us all the same, and end with us.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours, theirs = socket.socketpair()
    learner = os.fork()
    if learner == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        for descriptor in range(3, 64):
            if descriptor != theirs.fileno():
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        os.set_inheritable(theirs.fileno(), True)
        run(plan["learner"], {"@SOCKET@": str(theirs.fileno())}, plan["learner_environment"])
    theirs.close()
    os.set_inheritable(ours.fileno(), True)
    words = {"@SOCKET@": str(ours.fileno()), "@LEARNER@": str(learner)}
    run(plan["checker"], words, plan["checker_environment"])


def run(command: list[str], words: dict[str, str], environment: dict[str, str]) -> None:
    filled = {name: words.get(value, value) for name, value in environment.items()}
    arguments = [words.get(word, word) for word in command]
    os.execvpe(arguments[0], arguments, {"PATH": "/usr/bin:/bin", **filled})


if __name__ == "__main__":
    main()
