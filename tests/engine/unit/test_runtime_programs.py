"""The two programs that the runtime makes itself, byte by byte: the filter of system calls, and
the first program of a container under PRoot."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker_engine.host import seccomp
from insidedocker_engine.runtime import capabilities, tinyinit

PACKAGES = Path(__file__).parents[3]
SOURCES = PACKAGES / "insidedocker_engine/runtime"
ASSEMBLERS = {"x86_64": "x86_64-linux-gnu-", "aarch64": "aarch64-linux-gnu-"}


def filtered(code: str, arguments: str) -> list[str]:
    """What `code` prints in a process behind the filter with these arguments."""
    head = (
        f"import ctypes, os, sys; sys.path.insert(0, {str(PACKAGES)!r})\n"
        "from insidedocker_engine.host import linux\n"
        "from insidedocker_engine.host import seccomp\n"
        "def tried(call, *arguments):\n"
        "    try: return call(*arguments) or 'done'\n"
        "    except OSError as error: return error.errno\n"
        "linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)\n"
        f"linux.install_seccomp(seccomp.program({arguments}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_default_profile_refuses_and_allows() -> None:
    code = (
        "print(tried(linux.unshare, linux.CLONE_NEWUSER), tried(linux.unshare, 0))\n"
        "print(tried(linux.clone, linux.CLONE_NEWUSER), tried(linux.mount, None, '/', None, 0))\n"
        "print(tried(linux.sethostname, 'x'), tried(linux._syscall, 'open_tree', -100, b'/', 0))\n"
        "print(tried(os.mkdir, '/nowhere/at/all'), os.getpid() > 1, os.waitpid(os.fork() or "
        "os._exit(3), 0)[1] >> 8)\n"
    )
    assert filtered(code, "True, frozenset(), False") == [
        *("1", "1", "1", "1", "1", "1"),
        *("2", "True", "3"),
    ]


def test_sockets_to_a_virtual_machines_host_are_refused() -> None:
    code = (
        "import socket\n"
        "print(tried(socket.socket, 40, socket.SOCK_STREAM))\n"
        "print(tried(lambda: socket.socket().close()))\n"
    )
    assert filtered(code, "True, frozenset(), False") == ["1", "done"]


def test_a_capability_brings_its_calls_back() -> None:
    code = "print(tried(linux.unshare, 0), tried(linux.new_mount, 'none such'))"
    assert filtered(code, "True, frozenset({'CAP_SYS_ADMIN'}), False")[0] == "done"


@pytest.mark.skipif(os.geteuid() != 0, reason="changing owners for real needs root")
def test_owners_that_do_not_exist_are_pretended(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    code = (
        f"file = {str(file)!r}\n"
        "print(tried(os.chown, file, 33, 33), tried(os.lchown, file, -1, 7))\n"
        "print(os.stat(file).st_uid)\n"
        "print(tried(os.chown, file, 0, -1), tried(os.chown, '/no/such', 0, 0))\n"
        "print(tried(os.setgroups, [1, 2]), tried(os.setresgid, 9, 9, 9))\n"
        "print(tried(os.setuid, 33), tried(os.setreuid, -1, 5), tried(os.setuid, 0), os.getuid())\n"
    )
    assert filtered(code, "False, frozenset(), True") == [
        *("done", "done", "0", "done", "2"),
        *("done", "done", "done", "done", "done", "0"),
    ]


def test_nothing_to_filter() -> None:
    assert seccomp.program(False, capabilities.ALL, False) == b""


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_inside(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    uname = os.uname()
    monkeypatch.setattr(os, "uname", lambda: type(uname)((*uname[:4], machine)))
    program = seccomp.program(True, frozenset(), True)
    lines = list(struct.iter_unpack("HBBI", program))
    for place, (code, then, otherwise, _) in enumerate(lines):
        if code & 7 == 5:
            assert place + 1 + max(then, otherwise) < len(lines)
    assert lines[-1] == (6, 0, 0, 0x7FFF0000)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_machine_code_is_its_source(tmp_path: Path, machine: str) -> None:
    prefix = "" if os.uname().machine == machine else ASSEMBLERS[machine]
    if shutil.which(f"{prefix}as") is None:
        pytest.skip(f"no assembler for {machine}: apt install binutils-{machine}-linux-gnu")
    source, object_file, raw = SOURCES / f"tinyinit-{machine}.S", tmp_path / "o", tmp_path / "raw"
    subprocess.run([f"{prefix}as", source, "-o", object_file], check=True)
    copy = [f"{prefix}objcopy", "-O", "binary", "-j", ".text"]
    subprocess.run([*copy, object_file, raw], check=True)
    assert raw.read_bytes() == tinyinit.CODE[machine]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("program", "numbers"),
    [
        (["/bin/sh", "any name", "-c", 'test "$0" = given', "given"], [0]),
        (["/bin/sh", "sh", "-c", "exit 3"], [3 << 8]),
        (["/bin/sh", "sh", "-c", "kill -9 $$"], [9]),
        (["/no/such/program", "it"], [-2, 127 << 8]),
        (["/etc/passwd", "it"], [-13, 127 << 8]),
    ],
)
def test_the_first_program_tells(
    tmp_path: Path, machine: str, program: list[str], numbers: list[int]
) -> None:
    emulator = []
    if os.uname().machine != machine:
        found = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
        if found is None:
            pytest.skip(f"nothing here runs programs for {machine}: apt install qemu-user-static")
        emulator = [found]
    init = tmp_path / "init"
    init.write_bytes(tinyinit.program(machine))
    init.chmod(0o755)
    script = f'exec "$@" {tinyinit.STATUS}>&1 >/dev/null'
    command = ["sh", "-c", script, "sh", *emulator, str(init), *program]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    told = [number for (number,) in struct.iter_unpack("i", done.stdout)]
    process_ids = [number for number in told if number > 0 and number not in numbers]
    assert len(process_ids) == 1
    assert [number for number in told if number not in process_ids] == numbers
