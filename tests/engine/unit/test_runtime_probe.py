"""Which runtime is chosen, and what is said about it, on hosts that allow more or less."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker_engine.runtime import probe
from insidedocker_engine.runtime.contract import Unavailable
from tests.support.driven import Refused, driven, need_busybox
from tests.support.missing import Missing, skip_missing

SUPPORT = Path(__file__).parents[2] / "support"
WITHOUT = [sys.executable, str(SUPPORT / "without_namespaces.py")]
OLD_KERNEL = [sys.executable, str(SUPPORT / "old_kernel.py")]


def test_the_better_one_where_it_works() -> None:
    with skip_missing(), driven("auto") as runtime:
        about = runtime.ask("about")
    assert about["name"] == "namespaces"
    assert about["why"] == "user namespaces work on this host"
    assert about["isolation"]["network"] is True


def test_the_other_one_inside_a_container() -> None:
    with skip_missing(), driven("auto", before=WITHOUT) as runtime:
        about = runtime.ask("about")
        assert about["name"] == "proot"
        assert "seccomp=unconfined" in about["why"]
        assert about["isolation"]["processes"] is False
        ended = runtime.run("sh", "-c", "id -u; cat /etc/passwd; exit 5")
        assert ended["code"] == 5
        assert ended["stdout"].startswith("0\nroot:x:0:0")
        container = runtime.start("sleep", "60")
        assert container.execute("echo", "more")["stdout"] == "more\n"
        with pytest.raises(Refused):
            container.exec("nope")
        container.end()


def test_the_other_one_on_an_old_kernel() -> None:
    """PRoot needs nothing that came after Linux 5.2, pidfd_open for one."""
    with skip_missing(), driven("auto", before=OLD_KERNEL) as runtime:
        about = runtime.ask("about")
        assert about["name"] == "proot"
        assert "this kernel is too old for it; Linux 5.12 or newer" in about["why"]
        assert runtime.run("sh", "-c", "echo out; exit 5") == {
            "code": 5,
            "stdout": "out\n",
            "stderr": "",
        }
        container = runtime.start("sleep", "60")
        assert container.execute("echo", "more")["stdout"] == "more\n"
        assert container.pid in container.pids()
        container.end()


def test_insisting_on_what_is_refused_says_what_to_do() -> None:
    with skip_missing():
        need_busybox()
    with pytest.raises(Missing) as refused, driven("namespaces", before=WITHOUT):
        pass
    assert "the runtime namespaces cannot work here" in str(refused.value)
    assert "--security-opt seccomp=unconfined" in str(refused.value)


@pytest.mark.parametrize(
    ("step", "number", "settings", "words"),
    [
        ("user", 28, {}, "sysctl -w user.max_user_namespaces"),
        ("user", 1, {"user/max_user_namespaces": "0"}, "sysctl -w user.max_user_namespaces"),
        ("user", 1, {"kernel/unprivileged_userns_clone": "0"}, "unprivileged_userns_clone=1"),
        ("mount", 13, {"kernel/apparmor_restrict_unprivileged_userns": "1"}, "AppArmor"),
        ("kernel", 38, {}, "5.12"),
        ("proc", 1, {}, "systempaths=unconfined"),
        ("network", 1, {}, "refuses network"),
    ],
)
def test_every_reason_has_its_words(
    monkeypatch: pytest.MonkeyPatch, step: str, number: int, settings: dict[str, str], words: str
) -> None:
    monkeypatch.setattr(probe, "_setting", lambda name: settings.get(name, ""))
    monkeypatch.setattr(probe, "_filtered", lambda: False)
    finding = probe._explain(step, number)
    assert not finding.works
    assert words in finding.sentence()


def test_neither(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "proot"
    broken.write_text("#!/bin/sh\necho 'proot error: ptrace: not allowed' >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("INSIDEDOCKER_PROOT", str(broken))
    no = probe.Finding("namespaces", False, "this is a test", "stop it")
    monkeypatch.setattr(probe.Trial, "finding", lambda _trial: no)
    with pytest.raises(Unavailable, match="this is a test; stop it") as refused:
        probe.choose("auto")
    assert "ptrace: not allowed" in str(refused.value)
    monkeypatch.setenv("INSIDEDOCKER_PROOT", str(tmp_path / "none"))
    with pytest.raises(Unavailable, match="install the package proot"):
        probe.choose("proot")


def test_proot_without_its_filter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some kernels break PRoot's quicker way; then the slower one is taken."""
    proot = shutil.which("proot")
    if proot is None:
        pytest.skip("proot is missing: apt install proot")
    fussy = tmp_path / "proot"
    fussy.write_text(f'#!/bin/sh\n[ -n "$PROOT_NO_SECCOMP" ] && exec {proot} "$@"\nexit 1\n')
    fussy.chmod(0o755)
    monkeypatch.setenv("INSIDEDOCKER_PROOT", str(fussy))
    assert probe.find_proot() == probe.PRootFound(str(fussy), {"PROOT_NO_SECCOMP": "1"})


def test_trying_leaves_nothing() -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    probe.namespaces()
    assert Path("/proc/self/mountinfo").read_text() == mounts


def test_everything_a_person_may_want_to_know() -> None:
    code = (
        "from insidedocker_engine import probe as p; p = p(); print(p.namespaces, p.users, p.proot)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"subject='{name}'" in done.stdout for name in ("namespaces", "users", "proot"))
