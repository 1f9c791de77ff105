"""The first process inside a submission's pod: brings the loopback up, mounts the file systems in
memory, starts the learner's sandbox, and becomes the checker. Imports little, and only from the
standard library: this process starts for every submission.

    python -I -S pod_init.py PLAN-AS-JSON < JOB
"""

import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x41
MS_NOSUID, MS_NODEV = 2, 4
PRINTED = ("stdout", "stderr")

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    plan = json.loads(sys.argv[1])
    for group in plan["groups"]:  # some hosts refuse; then only the watcher limits the pod
        with contextlib.suppress(OSError):
            write(f"{group}/cgroup.procs", b"0")
    if plan["network"]:
        with socket.socket() as any_socket:
            request = struct.pack("16sh", b"lo", IFF_UP_AND_RUNNING)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
    for place, options in plan["in_memory"].items():
        flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV)
        check(libc.mount(b"tmpfs", place.encode(), b"tmpfs", flags, options.encode()), "mount")
    printed = [unnamed(f"{plan['printed']}/{name}") for name in PRINTED]
    # Only the lines above need this namespace's capabilities; bubblewrap refuses to run with any.
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    # Also without a pid namespace, orphans become children of this process and end with it.
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours, theirs = socket.socketpair()
    learner = os.fork()
    if learner == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        keep_only(theirs.fileno(), *printed)
        with contextlib.suppress(OSError):  # if memory runs out, the learner's process ends first
            write("/proc/self/oom_score_adj", b"1000")
        refuse_calls(bytes.fromhex(plan["refused_calls"]))
        words = {
            "@SOCKET@": str(theirs.fileno()),
            "@PRINTED@": ",".join(map(str, printed)),
        }
        run(plan["learner"], words, plan["learner_environment"])
    keep_only(ours.fileno(), plan["events"])
    words = {"@SOCKET@": str(ours.fileno()), "@LEARNER@": str(learner)}
    run(plan["checker"], words, plan["checker_environment"])


def check(result: int, what: str) -> None:
    if result < 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")


def write(path: str, text: bytes) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text)
    finally:
        os.close(file)


def unnamed(path: str) -> int:
    """Create a file without a name, return its descriptor. Its file system limits its size."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)  # noqa: PTH108 (pathlib: 5 ms)
    return file


def keep_only(*meant: int) -> None:
    """Close every descriptor but 0, 1, 2 and those `meant`, which the next program inherits.

    The program that started this one may have left others open.
    """
    for each in [int(entry.name) for entry in os.scandir("/proc/self/fd")]:
        if each > 2 and each not in meant:
            with contextlib.suppress(OSError):  # the descriptor of the listing itself
                os.close(each)
    for each in meant:
        os.set_inheritable(each, True)


def refuse_calls(program: bytes) -> None:
    """Install a filter of system calls (seccomp, classic BPF) in this process, for good.

    Programs that this process becomes or starts keep the filter. An empty program: no filter.
    """
    if program:
        buffer = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0), "seccomp")


def run(command: list[str], words: dict[str, str], environment: dict[str, str]) -> None:
    filled = {name: words.get(value, value) for name, value in environment.items()}
    arguments = [words.get(word, word) for word in command]
    os.execvpe(arguments[0], arguments, {"PATH": "/usr/bin:/bin", **filled})


if __name__ == "__main__":
    main()
