"""The real docker CLI against the embedded engine, in both runtimes."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.engines import Engine

pytestmark = [pytest.mark.real]


@dataclass
class Docker:
    """A docker CLI that talks to one engine."""

    program: str
    engine: Engine

    def command(self, *words: str) -> list[str]:
        return [self.program, *words]

    def try_to(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            input=text,
            capture_output=True,
            text=True,
            env=self.engine.environment,
            timeout=patience.EVENT,
            check=False,
        )

    def __call__(self, *words: str, text: str = "") -> str:
        done = self.try_to(*words, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=self.engine.environment,
        )


class Terminal:
    """The CLI on a terminal of its own, as a person has it."""

    def __init__(self, docker: Docker, *words: str) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.execve(docker.program, docker.command(*words), docker.engine.environment)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.handle, text.encode())

    def expect(self, text: str) -> None:
        """Read until `text` has come."""
        deadline = time.monotonic() + patience.EVENT
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} did not come; seen: {self.seen!r}"
            if select.select([self.handle], [], [], left)[0]:
                try:
                    self.seen += os.read(self.handle, 4096).decode(errors="replace")
                except OSError:
                    pytest.fail(f"the CLI ended before {text!r} came; seen: {self.seen!r}")
        self.seen = self.seen.partition(text)[2]

    def end(self) -> int:
        """The CLI's exit code, once it has ended by itself."""
        with contextlib.suppress(OSError):
            while os.read(self.handle, 4096):
                pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture(scope="module", params=["first", pytest.param("second", marks=pytest.mark.slow)])
def program(request: pytest.FixtureRequest, every_docker_cli: list[str]) -> str:
    at = ["first", "second"].index(request.param)
    if at >= len(every_docker_cli):
        pytest.skip("only one docker CLI is installed here")
    return every_docker_cli[at]


@pytest.fixture
def docker(engine: Engine, program: str) -> Iterator[Docker]:
    yield Docker(program, engine)
    engine.clear()


@pytest.fixture
def running(docker: Docker) -> str:
    """The name of a container that runs until it is told to stop."""
    docker("run", "-d", "--name", "runs", "busybox", "sh", "-c", STOPPABLE)
    following = docker.start("logs", "-f", "runs")
    assert following.stdout is not None
    assert following.stdout.readline() == "up\n"
    following.kill()
    following.communicate()
    return "runs"


STOPPABLE = "trap 'exit 0' TERM; echo up; while true; do sleep 0.1; done"


def test_run_prints_and_removes(docker: Docker) -> None:
    assert docker("run", "--rm", "busybox", "echo", "hi") == "hi\n"
    assert docker("ps", "-aq") == ""


def test_run_separates_streams_and_passes_the_exit_code_on(docker: Docker) -> None:
    done = docker.try_to(
        "run", "--name", "ends", "busybox", "sh", "-c", "echo a; echo b >&2; exit 3"
    )
    assert (done.returncode, done.stdout) == (3, "a\n")
    assert done.stderr.splitlines()[-1] == "b"
    assert docker("wait", "ends") == "3\n"
    assert docker.try_to("logs", "ends").stdout == "a\n"


@pytest.mark.parametrize(
    ("words", "code"), [(["nope"], 127), (["/etc/passwd"], 126), (["-u", "x", "true"], 125)]
)
def test_run_says_why_nothing_ran(docker: Docker, words: list[str], code: int) -> None:
    image = ["busybox", *words] if words[0] != "-u" else ["-u", "nosuch", "busybox", "true"]
    assert docker.try_to("run", "--rm", *image).returncode == code


def test_run_feeds_what_is_piped(docker: Docker) -> None:
    text = "".join(f"line {number}\n" for number in range(20000))
    assert docker("run", "-i", "--rm", "busybox", "cat", text=text) == text


def test_run_on_a_terminal(docker: Docker) -> None:
    terminal = Terminal(docker, "run", "-it", "--rm", "busybox", "sh")
    terminal.expect("# ")
    terminal.type("tty; echo $TERM; exit 7\n")
    terminal.expect("/dev/pts/")
    terminal.expect("xterm")
    assert terminal.end() == 7


def test_terminal_knows_its_size(docker: Docker) -> None:
    terminal = Terminal(docker, "run", "-it", "--rm", "busybox", "sh")
    terminal.expect("# ")
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal.handle, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    os.kill(terminal.pid, signal.SIGWINCH)
    terminal.type("while ! stty size | grep '33 101'; do sleep 0.1; done; exit\n")
    terminal.expect("33 101\r\n")
    assert terminal.end() == 0


def test_detach_and_attach_again(docker: Docker) -> None:
    terminal = Terminal(docker, "run", "-it", "--name", "stays", "busybox", "sh")
    terminal.expect("# ")
    terminal.type("x=kept\n")
    terminal.expect("# ")
    terminal.type("\x10\x11")
    terminal.end()
    assert docker("ps", "--format", "{{.Names}}") == "stays\n"
    again = Terminal(docker, "attach", "stays")
    again.type("echo $x-value; exit 5\n")
    again.expect("kept-value")
    assert again.end() == 5


def test_exec(docker: Docker, running: str) -> None:
    assert docker("exec", running, "echo", "hello") == "hello\n"
    assert docker("exec", "-i", running, "cat", text="in\n") == "in\n"
    assert docker("exec", "-e", "A=b", "-w", "/tmp", running, "sh", "-c", "echo $A; pwd") == (
        "b\n/tmp\n"
    )
    assert docker.try_to("exec", running, "sh", "-c", "exit 4").returncode == 4
    assert docker.try_to("exec", running, "nope").returncode == 126
    docker("exec", "-d", running, "touch", "/detached")
    while docker.try_to("exec", running, "test", "-e", "/detached").returncode:
        pass


def test_exec_on_a_terminal(docker: Docker, running: str) -> None:
    terminal = Terminal(docker, "exec", "-it", running, "sh")
    terminal.expect("# ")
    terminal.type("echo $((6*7))-answer; exit 9\n")
    terminal.expect("42-answer")
    assert terminal.end() == 9


def test_logs(docker: Docker) -> None:
    docker("run", "--name", "wrote", "busybox", "sh", "-c", "echo 1; echo 2; echo 3")
    assert docker("logs", "wrote") == "1\n2\n3\n"
    assert docker("logs", "--tail", "2", "wrote") == "2\n3\n"
    stamp, _, text = docker("logs", "-t", "--tail", "1", "wrote").partition(" ")
    assert text == "3\n"
    assert len(stamp) == len("2026-01-01T00:00:00.000000000Z")
    assert docker("logs", "--since", stamp, "wrote") == "3\n"


def test_logs_follow(docker: Docker) -> None:
    script = "echo first; while [ ! -e /go ]; do sleep 0.1; done; echo last"
    docker("run", "-d", "--name", "writes", "busybox", "sh", "-c", script)
    following = docker.start("logs", "-f", "writes")
    assert following.stdout is not None
    assert following.stdout.readline() == "first\n"
    docker("exec", "writes", "touch", "/go")
    assert following.stdout.readline() == "last\n"
    assert following.wait(patience.EVENT) == 0


def test_copy_both_ways(docker: Docker, running: str, tmp_path: Path) -> None:
    (tmp_path / "tree/inner").mkdir(parents=True)
    (tmp_path / "tree/inner/file").write_text("text")
    (tmp_path / "tree/link").symlink_to("inner/file")
    docker("cp", str(tmp_path / "tree"), f"{running}:/tmp")
    assert docker("exec", running, "cat", "/tmp/tree/link") == "text"
    docker("cp", f"{running}:/tmp/tree", str(tmp_path / "back"))
    assert (tmp_path / "back/inner/file").read_text() == "text"
    assert (tmp_path / "back/link").readlink() == Path("inner/file")
    assert docker.try_to("cp", f"{running}:/nope", str(tmp_path)).returncode == 1
    docker("stop", "-t", "1", running)
    docker("cp", f"{running}:/tmp/tree/inner/file", str(tmp_path / "stopped"))
    assert (tmp_path / "stopped").read_text() == "text"


def test_copy_into_a_container_that_never_ran(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text\n")
    docker("create", "--name", "made", "busybox", "cat", "/tmp/file")
    docker("cp", str(tmp_path / "file"), "made:/tmp/file")
    assert docker("start", "-a", "made") == "text\n"


def test_ps_inspect_and_rename(docker: Docker, running: str) -> None:
    assert docker("ps", "--format", "{{.Names}} {{.Image}} {{.State}}") == (
        f"{running} busybox running\n"
    )
    docker("rename", running, "other")
    assert docker("inspect", "-f", "{{.Name}} {{.State.Running}} {{.Config.Tty}}", "other") == (
        "/other true false\n"
    )
    assert "Up" in docker("ps", "--filter", "name=other", "--format", "{{.Status}}")
    assert docker("ps", "-q", "--filter", "name=nothing") == ""


def test_stop_start_restart_kill(docker: Docker, running: str) -> None:
    docker("stop", "-t", "5", running)
    assert docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", running) == "exited 0\n"
    docker("start", running)
    docker("restart", "-t", "5", running)
    docker("kill", running)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", running) == "137\n"
    docker("rm", running)
    assert docker.try_to("inspect", running).returncode == 1


def test_remove_needs_force_while_it_runs(docker: Docker, running: str) -> None:
    refused = docker.try_to("rm", running)
    assert refused.returncode == 1
    assert "running" in refused.stderr
    docker("rm", "-f", running)
    assert docker("ps", "-aq") == ""


def test_wait_blocks_until_the_end(docker: Docker, running: str) -> None:
    waiting = docker.start("wait", running)
    docker("kill", running)
    assert waiting.communicate(timeout=patience.EVENT)[0] == "137\n"


def test_pause(docker: Docker, running: str) -> None:
    docker("pause", running)
    assert "(Paused)" in docker("ps", "--format", "{{.Status}}")
    assert docker.try_to("exec", running, "true").returncode == 1
    docker("unpause", running)
    docker("exec", running, "true")


def test_top_stats_and_update(docker: Docker, running: str) -> None:
    assert "sleep" in docker("top", running) or "sh -c" in docker("top", running)
    assert docker("top", running, "-o", "pid,comm").split()[:2] == ["PID", "COMMAND"]
    assert running in docker("stats", "--no-stream", running)
    docker("update", "--restart", "unless-stopped", running)
    assert docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", running) == (
        "unless-stopped\n"
    )


def test_diff_and_export(docker: Docker, tmp_path: Path) -> None:
    docker("run", "--name", "wrote", "busybox", "sh", "-c", "echo x >/tmp/new; rm /etc/group")
    changes = set(docker("diff", "wrote").splitlines())
    assert changes == {"C /tmp", "A /tmp/new", "C /etc", "D /etc/group"}
    docker("export", "-o", str(tmp_path / "all.tar"), "wrote")
    with tarfile.open(tmp_path / "all.tar") as archive:
        names = archive.getnames()
    assert "tmp/new" in names
    assert "bin/busybox" in names
    assert "etc/group" not in names


def test_attach_without_a_terminal(docker: Docker) -> None:
    docker("run", "-d", "-i", "--name", "reads", "busybox", "sh", "-c", "read line; echo got $line")
    assert docker("attach", "reads", text="words\n") == "got words\n"


def test_mounts_environment_and_working_directory(docker: Docker) -> None:
    folder = docker.engine.folder / "shared"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / "host").write_text("from the host\n")
    shared = [*("-v", f"{folder}:/shared:ro"), *("-e", "WHO=me"), *("-w", "/made/for/it")]
    script = "cat /shared/host; echo $WHO; pwd; touch /shared/x 2>/dev/null || echo refused"
    lines = docker("run", "--rm", *shared, "busybox", "sh", "-c", script).splitlines()
    assert lines[:3] == ["from the host", "me", "/made/for/it"]


def test_entrypoint_replaces_the_command(docker: Docker) -> None:
    assert docker("run", "--rm", "--entrypoint", "echo", "busybox", "a", "b") == "a b\n"


def test_restart_policy(docker: Docker) -> None:
    docker("run", "-d", "--name", "tries", "--restart", "on-failure:2", "busybox", "false")
    state = "{{.State.Status}} {{.RestartCount}}"
    patience.until(lambda: docker("inspect", "-f", state, "tries") == "exited 2\n")


def test_health(docker: Docker) -> None:
    check = ["--health-cmd", "test -e /fine", "--health-interval", "100ms", "--health-retries", "2"]
    docker("run", "-d", "--name", "ill", *check, "busybox", "sh", "-c", STOPPABLE)
    health = ("inspect", "-f", "{{.State.Health.Status}}", "ill")
    patience.until(lambda: docker(*health) == "unhealthy\n")
    docker("exec", "ill", "touch", "/fine")
    patience.until(lambda: docker(*health) == "healthy\n")
