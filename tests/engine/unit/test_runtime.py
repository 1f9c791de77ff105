"""What both runtimes do: real processes, their input, output and end. Run by an ordinary user."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.driven import Container, Driven, Refused, driven
from tests.support.missing import skip_missing

RUNTIMES = ["namespaces", "proot"]


@pytest.fixture(scope="module", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Iterator[Driven]:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven(request.param))
        yield made


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait for something that nobody tells."""
    end = time.monotonic() + patience.EVENT
    while not true():
        assert time.monotonic() < end, f"it did not come: {what}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_output_and_exit_code(runtime: Driven) -> None:
    ended = runtime.run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert ended == {"code": 3, "stdout": "out\n", "stderr": "err\n"}


def test_arguments_environment_and_folder_arrive(runtime: Driven) -> None:
    ended = runtime.run(
        "sh",
        "-c",
        'echo "$0|$1|$X|$PWD"',
        "zero",
        "a b",
        cwd="/made/here",
        env=["PATH=/bin", "X=y=z"],
    )
    assert ended["stdout"] == "zero|a b|y=z|/made/here\n"


def test_input_until_it_is_closed(runtime: Driven) -> None:
    container = runtime.start("cat", stdin=True)
    container.ask("write", text="hello\n")
    container.ask("see", text="hello")
    container.ask("close_input")
    assert container.wait() == {"code": 0, "stdout": "hello\n", "stderr": ""}


def test_no_input_is_empty_input(runtime: Driven) -> None:
    assert runtime.run("cat")["code"] == 0


def test_no_descriptor_of_the_engine_leaks(runtime: Driven) -> None:
    container = runtime.start("sleep", "60")
    for ended in (
        runtime.run("ls", "/proc/self/fd"),
        runtime.run("ls", "/proc/self/fd", init=True),
        container.execute("ls", "/proc/self/fd"),
    ):
        assert ended["stdout"].split() == ["0", "1", "2", "3"]  # the last is the folder itself
    container.end()


def test_standard_streams_have_names(runtime: Driven) -> None:
    ended = runtime.run("sh", "-c", "echo a > /dev/stdout; echo b > /dev/stderr")
    assert (ended["stdout"], ended["stderr"]) == ("a\n", "b\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_that_ends_it_shows_in_the_code(runtime: Driven, number: int) -> None:
    container = runtime.start(
        "sh", "-c", f"trap - {int(number)}; echo up; exec sleep 60", init=True
    )
    container.ask("see", text="up")
    assert container.ask("kill", number=int(number))
    assert container.ask("ended") == 128 + number
    assert not container.ask("kill", number=int(number))


def test_a_program_may_handle_signals(runtime: Driven) -> None:
    container = runtime.start(
        "sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"
    )
    container.ask("see", text="up")
    container.ask("kill", number=int(signal.SIGTERM))
    ended = container.wait()
    assert (ended["code"], ended["stdout"]) == (7, "up\nbye\n")


def test_a_program_that_kills_itself(runtime: Driven) -> None:
    assert runtime.run("sh", "-c", "true; kill -9 $$", init=True)["code"] == 137


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nope"], 127, 'exec: "nope": executable file not found in $PATH: unknown'),
        (["/nope"], 127, 'exec: "/nope": stat /nope: no such file or directory: unknown'),
        (["/etc/passwd"], 126, 'exec: "/etc/passwd": permission denied: unknown'),
        (["/etc"], 126, 'exec: "/etc": is a directory: permission denied: unknown'),
        ([""], 127, "executable file not found in $PATH: unknown"),
    ],
)
def test_what_cannot_be_started(runtime: Driven, args: list[str], code: int, words: str) -> None:
    with pytest.raises(Refused, match="failed to create task for container: ") as refused:
        runtime.run(*args)
    assert refused.value.code == code
    assert str(refused.value).endswith(words)


def test_a_folder_that_is_none(runtime: Driven) -> None:
    container = runtime.start("sleep", "60")
    with pytest.raises(Refused, match=r'chdir to cwd \("/nope"\)') as refused:
        container.exec("true", cwd="/nope")
    assert refused.value.code == 127
    container.end()


def test_a_file_that_is_no_program(runtime: Driven) -> None:
    rootfs = runtime.rootfs()
    (rootfs / "bin/odd").write_bytes(b"\x7fELF nothing more")
    (rootfs / "bin/odd").chmod(0o755)
    assert runtime.run("odd", rootfs=rootfs)["code"] == 255


def test_terminal(runtime: Driven) -> None:
    script = "tty; trap 'stty size' WINCH; trap 'echo stopped; exit 4' INT; echo up; "
    script += "stty size; read line; echo got $line; while :; do sleep 0.05; done"
    container = runtime.start("sh", "-c", script, tty=True, stdin=True, size=[30, 100])
    assert "/dev/pts/" in container.ask("see", text="30 100")
    container.ask("write", text="words\n")
    container.ask("see", text="got words")
    container.ask("resize", rows=40, columns=120)
    container.ask("see", text="40 120")
    container.ask("write", text="\x03")
    ended = container.wait()
    assert (ended["code"], "stopped\r\n" in ended["stdout"]) == (4, True)


def test_exec_sees_the_same_container(runtime: Driven) -> None:
    container = runtime.start("sh", "-c", "echo made > /tmp/file; echo up; exec sleep 60")
    container.ask("see", text="up")
    assert container.execute("cat", "/tmp/file")["stdout"] == "made\n"
    assert container.execute("sh", "-c", "exit 9")["code"] == 9
    with pytest.raises(Refused) as refused:
        container.exec("nope")
    assert refused.value.code == 127
    assert str(refused.value).startswith("OCI runtime exec failed: exec failed: ")
    container.end()


def test_exec_needs_a_running_container(runtime: Driven) -> None:
    with pytest.raises(Refused):
        Driven._handle(
            runtime, runtime.ask("exec", container="gone", process={"args": ["true"], "env": []})
        )


def test_all_ends_with_the_first_process(runtime: Driven) -> None:
    container = runtime.start("sh", "-c", "sleep 60 & sleep 60 & echo up; read x", stdin=True)
    container.ask("see", text="up")
    more = container.exec("sleep", "60")
    eventually(lambda: len(container.pids()) >= 4, "four processes")
    pids = container.pids()
    assert pids[0] == container.pid
    assert more.pid in pids
    container.ask("close_input")
    assert container.wait()["code"] == 1
    assert more.wait()["code"] == 137
    eventually(lambda: not any(map(alive, pids)), "the end of all processes")


def test_orphans_are_collected(runtime: Driven) -> None:
    container = runtime.start("sh", "-c", "(true & true &); sleep 60", init=True)
    container.execute("sh", "-c", "(sleep 0 &)")
    eventually(
        lambda: all(map(alive, container.pids())) and len(container.pids()) <= 2, "no zombies"
    )
    container.end()


def test_users(runtime: Driven) -> None:
    ended = runtime.run("sh", "-c", "id -u; id -g", user=[1000, 1001])
    assert ended["stdout"] == "1000\n1001\n"
    container = runtime.start("sleep", "60")
    assert container.execute("id", "-u", user=[33, 33])["stdout"] == "33\n"
    assert container.execute("id", "-u")["stdout"] == "0\n"
    container.end()


def test_files_can_be_given_to_users_that_do_not_exist(runtime: Driven) -> None:
    script = "touch /tmp/f && chown 33:33 /tmp/f && chown -h 0:0 /tmp/f && echo done"
    assert runtime.run("sh", "-c", script)["stdout"] == "done\n"


def test_binds_and_tmpfs(runtime: Driven) -> None:
    folder = runtime.folder / "bound"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    (folder / "there").write_text("from the host\n")
    file = runtime.folder / "file"
    file.write_text("a file\n")
    mounts = [
        {"kind": "bind", "source": str(folder), "target": "/new/place"},
        {"kind": "bind", "source": str(file), "target": "/etc/hosts"},
        {"kind": "tmpfs", "target": "/scratch", "options": "size=1m,mode=1777"},
    ]
    script = "cat /new/place/there /etc/hosts; echo x > /new/place/back; echo y > /scratch/y"
    ended = runtime.run("sh", "-c", script, mounts=mounts)
    assert ended == {"code": 0, "stdout": "from the host\na file\n", "stderr": ""}
    assert (folder / "back").read_text() == "x\n"


def test_limits(runtime: Driven) -> None:
    ended = runtime.run(
        "sh", "-c", "ulimit -n; ulimit -c", ulimits=[["nofile", 77, 88], ["core", 0, 0]]
    )
    assert ended["stdout"] == "77\n0\n"


def test_pause(runtime: Driven) -> None:
    container = runtime.start(
        "sh", "-c", "(while :; do echo inner; done) & while :; do echo outer; done > /tmp/o"
    )
    container.ask("see", text="inner")
    file = container.rootfs / "tmp/o"
    eventually(file.exists, "the other loop's first line")
    runtime.ask("call", name="pause", arguments=[container.name])

    def stands_still() -> bool:
        before = file.stat().st_size
        time.sleep(0.2)
        return file.stat().st_size == before

    eventually(stands_still, "a pause")
    runtime.ask("call", name="unpause", arguments=[container.name])
    eventually(lambda: not stands_still(), "going on")
    container.end()


def test_many_at_once(runtime: Driven) -> None:
    rootfs = runtime.rootfs()
    containers = [
        runtime.start("sh", "-c", f"exit {code}", id=f"many{code}", rootfs=rootfs)
        for code in range(30)
    ]
    assert [each.wait()["code"] for each in containers] == list(range(30))


@pytest.mark.parametrize("name", RUNTIMES)
def test_too_many_open_files(name: str) -> None:
    """Some containers do not start then, and say why; the others and the engine go on."""
    limited = ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh"]
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven(name, before=limited))
        rootfs = made.rootfs()
        started: list[Container] = []
        with pytest.raises(Refused, match=r"Too many open files|open than its limit allows"):
            while len(started) < 100:
                identity = f"c{len(started)}"
                started.append(made.start("sleep", "60", id=identity, rootfs=rootfs))
        assert len(started) > 5
        for container in started:
            container.end()
        assert made.run("echo", "again", rootfs=rootfs)["stdout"] == "again\n"


@pytest.mark.parametrize("name", RUNTIMES)
def test_nothing_is_left_when_the_engine_is_killed(name: str) -> None:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven(name))
        container = made.start("sh", "-c", "(trap '' TERM HUP; setsid sleep 77 &) ; sleep 77")
        container.exec("sleep", "78")
        eventually(lambda: len(container.pids()) >= 3, "three processes")
        pids = container.pids()
        launcher = made.ask("about")["launcher"]
        made.process.kill()
        eventually(lambda: not any(map(alive, [*pids, launcher])), "the end of all processes")
        mounts = Path("/proc/self/mountinfo").read_text()
        assert str(made.folder) not in mounts
        left = "insidedocker-proot-*"
        eventually(lambda: not list(made.folder.glob(left)), "the end of temporary folders")


@pytest.mark.parametrize("name", RUNTIMES)
def test_nothing_is_left_when_the_launcher_is_killed(name: str) -> None:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven(name))
        container = made.start("sleep", "79")
        pids = container.pids()
        os.kill(made.ask("about")["launcher"], signal.SIGKILL)
        assert container.ask("ended") == 137
        eventually(lambda: not any(map(alive, pids)), "the end of all processes")
        assert made.run("echo", "again")["stdout"] == "again\n"
