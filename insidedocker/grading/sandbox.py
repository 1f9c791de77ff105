"""Builds pods. A pod runs one submission: it has a private network, the checker, and the learner's
process in a sandbox of its own.

Knows commands and limits; nothing of notebooks or nbgrader.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from insidedocker.catalog import folders
from insidedocker.errors import UserError
from insidedocker.grading import processes, scratch
from insidedocker.place import packages
from insidedocker_engine.host import cgroups, seccomp

HERE = Path(__file__).parent
IN, WORK, HOME, SOCKETS, CACHE = "/in", "/submission", "/tmp/home", "/run/engines", "/cache"
BUBBLEWRAP, PROCESSES = "bubblewrap", "processes"
NO_WALLS = (
    "Submissions are not walled off: nbgrader_config.py says 'processes', and so they run in your "
    "account, with your files and your network in reach."
)
NO_OTHER_USER = 1000
WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
"""A prefix of commands: the kernel kills a pod when its grader dies."""
MIB = 1 << 20
OURS = 512
"""MiB for the checks and the engines, images included."""
OF_GROUPS = 128
"""MiB that a control group allows beyond the watcher's limit: a group also counts cached files."""
SHARED = 16
"""MiB of shared memory, and the same again for what a cell prints."""
FILES = 20_000
"""Files in a learner's file system: an empty file takes memory, too."""
FILES_OF_ENGINES = 300_000
GROUPS_END_SECONDS = 5.0
PLACES = (
    *("work", "tmp", "shared", "printed"),
    *("engines-work", "engines-tmp", "engines-shared"),
)
"""A pod's own folders; under bubblewrap they are file systems in memory."""

ETC = {
    "passwd": "learner:x:1000:1000::/tmp/home:/bin/sh\n",
    "group": "learner:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
ETC_OF_HOST = ("ld.so.cache", "localtime", "alternatives", "mime.types", "ssl/certs")


class SandboxUnavailable(UserError):
    """The sandbox cannot be built on this machine; the text says why and what to do."""


def _limit(default: int, what: str) -> int:
    return field(default=default, metadata={"help": what})


@dataclass(frozen=True)
class Limits:
    """Limits of one submission, in seconds, MiB and numbers. Each limit is defined only here: a
    field is also a setting of `SandboxedExecute` (docs/instructors.md lists them)."""

    cell_seconds: int = _limit(120, "for one cell, and for one call by a check")
    notebook_seconds: int = _limit(600, "for a whole notebook")
    cpu_seconds: int = _limit(0, "of processor time for a process; 0: as notebook_seconds")
    memory: int = _limit(1024, "MiB, of a learner's processes and files together")
    processes: int = _limit(200, "of a submission at once")
    files: int = _limit(1024, "open at once, in one process")
    file_size: int = _limit(64, "MiB of one file")
    disk: int = _limit(128, "MiB in a submission's folder, and in its /tmp")

    @property
    def together(self) -> int:
        """MiB of memory for a whole submission: the learner's part, the checks, the engines, the
        containers, and all their files, which are in memory, too."""
        return self.memory + OURS

    def of_the_learner(self) -> dict[str, int]:
        """Return the rlimits of the learner's processes: name -> value in setrlimit's unit."""
        return {
            "CPU": self.cpu_seconds or self.notebook_seconds,
            "DATA": 2 * self.memory * MIB,
            "NPROC": self.processes,
            "NOFILE": self.files,
            "FSIZE": self.file_size * MIB,
            "CORE": 0,
        }


@dataclass
class Pod:
    """A running pod. `events` gives lines until the pod ends."""

    events: IO[bytes]
    private: Path
    process: subprocess.Popen[bytes]
    walled: bool

    def all(self) -> list[processes.Process]:
        """Return every process of the pod."""
        return processes.below(self.process.pid)

    def learner(self) -> list[processes.Process]:
        """Return the learner's processes."""
        return processes.below(self._learner_root())

    def out_of_memory(self) -> bool:
        """Return True where the kernel killed a process because the pod reached its memory limit.
        Always False without control groups."""
        found = _groups()
        return found is not None and found.out_of_memory(self.private.name)

    def kill_learner(self) -> None:
        processes.kill(self.learner())

    def _learner_root(self) -> int:
        """Return the pid of the first process of the learner's sandbox, 0 where there is none. It
        is a child of bubblewrap's own process, which shares the pod's view; without bubblewrap it
        is the learner's Python. The pod's first process starts the learner before any other."""
        found = self.process.pid
        for _generation in range(3 if self.walled else 1):
            below = processes.children(found)
            if not below:
                return 0
            found = below[0]
        return found

    def close(self) -> None:
        """Kill every process and remove the pod's folder and control group."""
        left = processes.below(self.process.pid)
        self.process.kill()  # --kill-child: the namespace's first process dies, and so all
        processes.kill(left)
        self.process.wait()
        with contextlib.suppress(OSError):
            self.events.close()
        _leave_group(self.private.name)
        scratch.remove(self.private)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _t: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Sandbox:
    """A way to build pods. `kind`: "bubblewrap", or, by explicit choice, "processes", which
    isolates nothing."""

    kind: str = BUBBLEWRAP
    limits: Limits = field(default_factory=Limits)
    never_shown: tuple[Path, ...] = ()
    """Folders that a submission must not see, such as the course."""

    def start(self, job: bytes, files: Path | None = None) -> Pod:
        """Start a pod for a job; its folder is filled from `files`. Raises SandboxUnavailable where
        a folder of `never_shown` would be visible."""
        private = scratch.make("grading")
        for name in ("etc", "engines", "empty", *PLACES):
            (private / name).mkdir(mode=0o700)
        for name, text in ETC.items():
            (private / "etc" / name).write_text(text)
        events, events_inside = os.pipe()
        os.set_inheritable(events_inside, True)
        walled = self.kind == BUBBLEWRAP
        plan = (
            self._walled(private, files, events_inside)
            if walled
            else self._plain(private, files, events_inside)
        )
        plan |= {
            "events": events_inside,
            "printed": str(private / "printed"),
            "refused_calls": seccomp.for_sandbox_builder().hex(),
            "groups": _new_group(private.name, self.limits.together + OF_GROUPS),
        }
        starter = [_python(), "-I", "-S", str(HERE / "pod" / "pod_init.py"), json.dumps(plan)]
        # The job is in a file without a name: writing to a pipe would wait for its reader.
        with (private / "log").open("wb") as log, tempfile.TemporaryFile() as stdin:
            stdin.write(job)
            stdin.seek(0)
            try:
                process = subprocess.Popen(
                    [*WITH_US, *(_unshare() if walled else []), *starter],
                    stdin=stdin,
                    stdout=log,
                    stderr=log,
                    pass_fds=[events_inside],
                    env={"PATH": "/usr/bin:/bin"},
                    cwd="/",
                    start_new_session=True,
                )
            finally:
                os.close(events_inside)
        return Pod(os.fdopen(events, "rb"), private, process, walled)

    def _walled(self, private: Path, files: Path | None, events: int) -> dict[str, object]:
        inside = {
            "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": HOME,
            "USER": "learner",
            "LANG": "C.UTF-8",
            "IPYTHONDIR": f"{HOME}/.ipython",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NBGRADER_EXECUTION": "autograde",
        }
        start = [
            "bwrap",
            "--unshare-user",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        ]
        system = [*self._system(), *self._etc(private)]
        learner = [
            *(*start, "--disable-userns", "--unshare-pid", "--unshare-ipc"),
            *("--unshare-uts", "--hostname", "grading", "--proc", "/proc", "--dev", "/dev"),
            *("--bind", str(private / "shared"), "/dev/shm", "--remount-ro", "/dev"),
            # Comes before the system's folders, which may be below /tmp.
            *("--bind", str(private / "tmp"), "/tmp", "--dir", HOME),
            *("--bind", str(private / "work"), WORK, *system),
            *("--ro-bind", str(files or private / "empty"), IN),
            *("--ro-bind-try", str(folders.cache()), f"{HOME}/.cache/insidedocker/catalog"),
            *("--ro-bind", str(private / "engines"), SOCKETS, "--remount-ro", "/"),
            *_environment({**inside, "INSIDEDOCKER_ENGINE_URL": f"unix://{SOCKETS}/lesson.sock"}),
            *("--chdir", WORK, "--", *self._learner(IN, WORK)),
        ]
        checker = [
            *(*start, "--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"),
            *("--ro-bind", "/sys", "/sys", "--bind", str(private / "engines-shared"), "/dev/shm"),
            *("--bind", str(private / "engines-tmp"), "/tmp", "--dir", HOME, *system),
            *("--bind", str(private / "engines"), SOCKETS),
            *("--ro-bind-try", str(folders.cache()), f"{CACHE}/insidedocker/catalog"),
            *("--bind", str(private / "engines-work"), WORK, "--remount-ro", "/"),
            *_environment({**inside, **self._of_the_checker("@LEARNER@", 2, SOCKETS, CACHE)}),
            *("--setenv", "INSIDEDOCKER_RUNTIME", "namespaces"),
            *("--chdir", WORK, "--", *self._checker(events)),
        ]
        return _plan(learner, checker, network=True, in_memory=self._in_memory(private))

    def _plain(self, private: Path, files: Path | None, events: int) -> dict[str, object]:
        """Return the plan of a pod without isolation: processes of this account, which see what
        the account sees."""
        (private / "home").mkdir(mode=0o700)
        inside = {
            "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(private / "home"),
            "LANG": "C.UTF-8",
            "NBGRADER_EXECUTION": "autograde",
        }
        engines = str(private / "engines")
        at = ["env", "-C", str(private / "work")]
        return _plan(
            [*at, *self._learner(str(files or private / "empty"), str(private / "work"))],
            [*at, *self._checker(events)],
            network=False,
            learner_environment={
                **inside,
                "INSIDEDOCKER_ENGINE_URL": f"unix://{engines}/lesson.sock",
            },
            checker_environment={
                **inside,
                **self._of_the_checker("@LEARNER@", 0, engines, str(folders.cache().parents[1])),
                "INSIDEDOCKER_RUNTIME": os.environ.get("INSIDEDOCKER_RUNTIME", "auto"),
            },
        )

    def _learner(self, files: str, work: str) -> list[str]:
        rlimits = self.limits.of_the_learner()
        if self.kind == PROCESSES:  # counts the whole account's; the watcher counts
            del rlimits["NPROC"]
        settings = {"rlimits": rlimits, "input": files, "work": work}
        return [*_main_of("learner_main"), "@SOCKET@", "@PRINTED@", json.dumps(settings)]

    def _in_memory(self, private: Path) -> dict[str, str]:
        """Return folder -> mount options of the file systems in memory, which start empty and end
        with the pod. bubblewrap's own do not limit the number of files."""
        sizes = {
            "work": (self.limits.disk, FILES),
            "tmp": (self.limits.disk, FILES),
            "shared": (SHARED, FILES),
            "printed": (SHARED, FILES),
            "engines-work": (self.limits.disk, FILES),
            "engines-tmp": (self.limits.together, FILES_OF_ENGINES),
            "engines-shared": (SHARED, FILES),
        }
        return {
            str(private / name): f"size={size}m,nr_inodes={files},mode=0755"
            for name, (size, files) in sizes.items()
        }

    def _checker(self, events: int) -> list[str]:
        return [*_main_of("checker_main"), "@SOCKET@", str(events)]

    @staticmethod
    def _of_the_checker(learner: str, below: int, sockets: str, cache: str) -> dict[str, str]:
        return {
            "INSIDEDOCKER_LEARNER": learner,
            "INSIDEDOCKER_LEARNER_BELOW": str(below),
            "INSIDEDOCKER_SOCKETS": sockets,
            "XDG_CACHE_HOME": cache,
        }

    def _system(self) -> list[str]:
        """Return bubblewrap's options for the system's programs, this Python and this package, all
        read-only."""
        words = ["--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            path = Path("/", name)
            if path.is_symlink():
                words += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                words += ["--ro-bind", str(path), str(path)]
        for shown in self._shown():
            words += ["--ro-bind", str(shown), str(shown)]
        return words

    def _shown(self) -> list[Path]:
        wanted = {
            Path(sys.base_prefix).resolve(),
            Path(sys.base_prefix),
            Path(_python()).resolve().parents[1],
            Path(sys.prefix),
            *packages(),
            # Folders of packages that a .pth file adds, but not its other folders, such as a
            # checkout.
            *(
                Path(each)
                for each in sys.path
                if each.endswith(("/site-packages", "/dist-packages"))
            ),
        }
        found: list[Path] = []
        for path in sorted(wanted, key=lambda each: len(each.parts)):
            if not any(path.is_relative_to(other) for other in (Path("/usr"), *found)):
                found.append(path)
        for secret in self.never_shown:
            if above := next((each for each in found if secret.is_relative_to(each)), None):
                raise SandboxUnavailable(
                    f"{secret} lies within {above}, which submissions must see to run: "
                    "move the course to a folder of its own."
                )
        return found

    @staticmethod
    def _etc(private: Path) -> list[str]:
        words = []
        for name in ETC_OF_HOST:
            words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        for name in ETC:
            words += ["--ro-bind", str(private / "etc" / name), f"/etc/{name}"]
        return words


def why_not(kind: str = BUBBLEWRAP) -> str:
    """Return why pods of this kind cannot be built here; empty where they can."""
    if kind == PROCESSES:
        return ""
    for program in ("bwrap", "unshare", "setpriv"):
        if shutil.which(program, path="/usr/local/bin:/usr/bin:/bin") is None:
            package = "bubblewrap" if program == "bwrap" else "util-linux"
            return f"the program {program} is missing (install the package {package})"
    inner = ["bwrap", "--unshare-user", "--disable-userns", "--unshare-pid", "--ro-bind", "/", "/"]
    probe = [*_unshare(), "sh", "-c", " ".join([*inner, "--proc", "/proc", "--", "true"])]
    without = [word for word in probe if word != "--keep-caps"]
    done = subprocess.run(
        without, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else "bubblewrap fails silently")


def insist(kind: str) -> None:
    """Raise SandboxUnavailable where pods of this kind cannot be built: a weaker kind is used only
    where the configuration names it."""
    if kind not in (BUBBLEWRAP, PROCESSES):
        raise SandboxUnavailable(
            f"There is no sandbox {kind!r}: choose {BUBBLEWRAP!r}, or the weaker {PROCESSES!r}."
        )
    if why := why_not(kind):
        raise SandboxUnavailable(
            f"Nothing was graded, for submissions cannot be walled off on this machine ({why}): "
            "grade where user namespaces are allowed, or choose the weaker mode that "
            f"docs/security.md describes, by c.SandboxedExecute.sandbox = {PROCESSES!r} in "
            "nbgrader_config.py."
        )


def _unshare() -> list[str]:
    number = str(NO_OTHER_USER)
    return [
        *("unshare", "--user", f"--map-user={number}", f"--map-group={number}", "--keep-caps"),
        *("--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--ipc", "--uts"),
        "--",
    ]


@functools.cache
def _groups() -> cgroups.Groups | None:
    """Return the control groups of this process, with which the kernel limits a pod's memory of
    every kind; None where this host does not allow new groups with a memory limit."""
    found = cgroups.find()
    if found is None or "memory" not in found.limits:
        return None
    atexit.register(found.close)
    return found


def _new_group(name: str, memory: int) -> list[str]:
    """Return the folders of a new control group for a pod, limited to `memory` MiB; an empty list
    where the group cannot be made."""
    found = _groups()
    try:
        both = memory * MIB
        return list(found.make(name, cgroups.Limits(both, both)) if found else ())
    except OSError:
        return []


def _leave_group(name: str) -> None:
    """Remove a pod's control group, after its last process or GROUPS_END_SECONDS."""
    found = _groups()
    if found is None:
        return
    deadline = time.monotonic() + GROUPS_END_SECONDS
    for folder in map(Path, found.of(name)):
        with contextlib.suppress(OSError):
            while (folder / "cgroup.procs").read_text() and time.monotonic() < deadline:
                time.sleep(0.002)
    found.remove(name)


def _environment(variables: dict[str, str]) -> list[str]:
    words = ["--clearenv"]
    for name, value in variables.items():
        words += ["--setenv", name, value]
    return words


def _plan(
    learner: list[str],
    checker: list[str],
    *,
    network: bool,
    in_memory: dict[str, str] | None = None,
    learner_environment: dict[str, str] | None = None,
    checker_environment: dict[str, str] | None = None,
) -> dict[str, object]:
    return {
        "learner": learner,
        "checker": checker,
        "network": network,
        "in_memory": in_memory or {},
        "learner_environment": learner_environment or {},
        "checker_environment": checker_environment or {},
    }


def _main_of(module: str) -> list[str]:
    """Return the command that runs a pod module's `main`. Python caches the bytecode of an imported
    module, but not of a script or of a module run by -m."""
    return [_python(), "-I", "-c", f"from insidedocker.grading.pod.{module} import main; main()"]


def _python() -> str:
    return sys.executable
