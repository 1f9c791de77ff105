"""The system calls, each tried where it can be: in a child that is root of its own namespaces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker_engine.host import linux
from tests.support.missing import Missing, skip_missing
from tests.support.ordinary import as_ordinary_user, ordinary_python

PACKAGES = str(Path(__file__).parents[3])


def ordinary(code: str) -> str:
    """What `code` prints, run by an ordinary user as root of a user namespace."""
    head = (
        f"import os, sys; sys.path.insert(0, {PACKAGES!r})\n"
        "from insidedocker_engine.host import linux\n"
        "try: linux.become_root_in_user_namespace()\n"
        "except OSError as error: sys.exit(f'refused: {error}')\n"
    )
    with skip_missing():
        command = [*as_ordinary_user(), ordinary_python(), "-c", head + code]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if "refused" in done.stderr:
            raise Missing(f"user namespaces are forbidden here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_error_names_the_call_and_the_path() -> None:
    with pytest.raises(FileNotFoundError, match=r"umount2: No such file.*/no/such/place"):
        linux.umount2("/no/such/place")
    with pytest.raises(OSError, match="setns: Bad file descriptor"):
        linux.setns(-1)


def test_root_of_a_user_namespace() -> None:
    said = ordinary(
        "print(os.getuid(), os.getgid(), linux.capget()[0] >> 21 & 1)\n"
        "print('private' if 'shared:' not in open('/proc/self/mountinfo').read() else 'shared')"
    )
    assert said.split() == ["0", "0", "1", "private"]


def test_mounts() -> None:
    said = ordinary(
        "linux.mount('tmpfs', '/mnt', 'tmpfs', linux.MS_NODEV, 'size=64k')\n"
        "os.mkdir('/mnt/inner')\n"
        "tree = linux.new_mount('tmpfs', 'mode=711,size=1m')\n"
        "linux.set_mount_attributes(tree, linux.MOUNT_ATTR_RDONLY)\n"
        "linux.attach(tree, os.open('/mnt/inner', os.O_PATH))\n"
        "print(oct(os.stat('/mnt/inner').st_mode & 0o777), os.statvfs('/mnt/inner').f_flag & 1)\n"
        "linux.umount2('/mnt', linux.MNT_DETACH)\n"
        "print(os.path.exists('/mnt/inner'))\n"
        "try: linux.new_mount('tmpfs', 'nonsense=1')\n"
        "except OSError as error: print(error)\n"
    )
    lines = said.splitlines()
    assert lines[:2] == ["0o711 1", "False"]
    assert "fsconfig: Invalid argument" in lines[2]


def test_the_host_does_not_see_these_mounts() -> None:
    before = Path("/proc/self/mountinfo").read_text()
    ordinary("linux.mount('tmpfs', '/mnt', 'tmpfs')")
    assert Path("/proc/self/mountinfo").read_text() == before


def test_clone_gives_new_namespaces() -> None:
    said = ordinary(
        "child = linux.clone(linux.CLONE_NEWPID | linux.CLONE_NEWUTS)\n"
        "if child == 0:\n"
        "    linux.sethostname('inner')\n"
        "    print(os.getpid(), os.uname().nodename, flush=True)\n"
        "    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.uname().nodename)"
    )
    assert said.splitlines() == ["1 inner", f"7 {os.uname().nodename}"]


def test_nothing_leads_out_of_a_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("inside")
    (tmp_path / "absolute").symlink_to("/file")
    (tmp_path / "up").symlink_to("../../../../../../file")
    (tmp_path / "magic").symlink_to("/proc/self/root/etc/passwd")
    root = os.open(tmp_path, os.O_PATH)
    for name in ("file", "/file", "absolute", "up", "../../file"):
        found = linux.open_in_root(root, name, os.O_RDONLY)
        assert os.read(found, 99) == b"inside"
        os.close(found)
    with pytest.raises(FileNotFoundError):
        linux.open_in_root(root, "magic", os.O_RDONLY)
    os.close(root)


def test_granted_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "root:1:2\nothers:100:5\n77777:1000:65536\n77777:x:y\nbroken\n77777:3:4\n"
    monkeypatch.setattr(Path, "read_text", lambda _path: text)
    assert linux.granted_ids("uid", 77777) == [(1000, 65536), (3, 4)]


def test_signal_descriptor() -> None:
    code = (
        f"import os, signal, sys; sys.path.insert(0, {PACKAGES!r})\n"
        "from insidedocker_engine.host import linux\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "descriptor = linux.signal_descriptor([signal.SIGUSR1])\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
        "print(os.read(descriptor, 4096)[0] == signal.SIGUSR1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
