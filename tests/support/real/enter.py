"""First process of an engine's own namespaces: gives it a root, /proc, /run and a loopback.

Run as `unshare --mount --net --pid --fork … python enter.py --root DIR --pid-file FILE -- COMMAND`.
When this process ends, the kernel ends every process and unmounts everything of the engine with
it. It must not import anything after it has left the old root.
"""

import argparse
import ctypes
import os
import signal
import subprocess
from pathlib import Path

SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MNT_DETACH = 2
# Where a machine with the old hierarchies of control groups may have the new one as well.
UNIFIED = Path("/sys/fs/cgroup/unified")


def mount(*arguments: str) -> None:
    """Call mount(8) while the old root is still there."""
    subprocess.run(["mount", *arguments], check=True)


def pivot(root: Path) -> None:
    """Make `root` the root of this mount namespace: runc refuses to work under a plain chroot."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.chdir(root)
    if libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", b".") != 0:
        raise OSError(ctypes.get_errno(), f"pivot_root {root}")
    if libc.umount2(b".", MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount of the old root")
    os.chdir("/")


def prepare(root: Path, empty: list[str], unified: bool) -> None:
    """Mount what an engine needs below `root`, then move there if it is not the root already."""
    if unified:
        mount("--bind", str(UNIFIED), str(UNIFIED.parent))
    if root != Path("/"):
        mount("--bind", str(root), str(root))
        for shared in ("dev", "sys", "tmp"):
            (root / shared).mkdir(exist_ok=True)
            mount("--rbind", f"/{shared}", str(root / shared))
        mount("--bind", "/etc/resolv.conf", str(root / "etc/resolv.conf"))
    # Engines write below /run (sockets, locks); their own tmpfs keeps the machine's clean.
    for path in ["run", *(name.strip("/") for name in empty)]:
        (root / path).mkdir(parents=True, exist_ok=True)
        mount("-t", "tmpfs", "tmpfs", str(root / path))
    (root / "proc").mkdir(exist_ok=True)
    mount("-t", "proc", "proc", str(root / "proc"))
    if root != Path("/"):
        pivot(root)


def main() -> int:
    """Prepare, run the command, reap what it orphans, and return its exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--empty", action="append", default=[], help="a folder to hide")
    parser.add_argument("--unified", action="store_true", help="show control groups version 2")
    parser.add_argument("--pid-file", type=Path, required=True, help="gets this process's outer id")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    # /proc is still the one outside, so it tells by which id the tests can end us.
    options.pid_file.write_text(str(Path("/proc/self").readlink()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    prepare(options.root, options.empty, options.unified)
    child = os.fork()
    if child == 0:
        os.execvp(options.command[0], options.command)
    signal.signal(signal.SIGTERM, lambda number, _frame: os.kill(child, number))
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    raise SystemExit(main())
