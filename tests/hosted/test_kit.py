"""The offline kit: written where there is a network, installed and used by somebody new behind a
wall that lets nothing through."""

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from insidedocker import catalog
from insidedocker.catalog import folders
from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.support.missing import skip_missing
from tests.support.newcomer import Newcomer, make_home, set_up_course
from tests.support.ordinary import give_away, lasting_folder

asked_for = pytest.mark.skipif(not ASKED_FOR, reason="takes a minute: INSIDEDOCKER_MORE=hosted")

# A network of one's own with nothing in it but a loopback. The rights that a user namespace gives
# are for that alone, and dropped.
CUT_OFF = (
    *("unshare", "--user", "--map-current-user", "--keep-caps", "--net", "--", "sh", "-c"),
    'ip link set lo up && exec setpriv --ambient-caps=-all --inh-caps=-all -- "$@"',
    "sh",
)
EVERY_IMAGE = """
from insidedocker import catalog, lab
engine = lab.connect()
lab.need(engine, *catalog.names(), quiet=True)
made = engine.post("/containers/create", json={"Image": "busybox", "Cmd": ["echo", "here"]})
identity = made.json()["Id"]
engine.post(f"/containers/{identity}/start")
engine.post(f"/containers/{identity}/wait")
print(lab.text_of(engine.get(f"/containers/{identity}/logs?stdout=1").content))
"""


@pytest.fixture(scope="module")
def kit() -> Iterator[Path]:
    """A kit written by somebody whose cache has the images already."""
    with skip_missing():
        course = set_up_course()
    catalog.archive("hello-world")
    folder = lasting_folder("idt-new-")
    make_home(folder / "home")
    cache = folder / "home/.cache/insidedocker/catalog"
    shutil.copytree(folders.cache(), cache, ignore=shutil.ignore_patterns("apt", "lock"))
    for path in [folder, *folder.rglob("*")]:
        give_away(path)
    author = Newcomer(course.folder, folder / "home")
    done = author.run(".venv/bin/insidedocker", "kit", "write", str(folder / "kit"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("python3 kit/install.py [FOLDER]\n")
    yield folder / "kit"


@pytest.fixture
def pupil() -> Iterator[Newcomer]:
    """Somebody with an empty HOME, and nothing else."""
    folder = lasting_folder("idt-new-")
    make_home(folder / "home")
    give_away(folder)
    somebody = Newcomer(folder / "course", folder / "home")
    yield somebody
    somebody.kill_all()


@pytest.mark.slow
@pytest.mark.real
@asked_for
def test_without_a_network_it_installs_and_runs(kit: Path, pupil: Newcomer) -> None:
    out = 'import urllib.request; urllib.request.urlopen("http://deb.debian.org", timeout=5)'
    assert pupil.run(*CUT_OFF, "python3", "-c", out, folder=kit).returncode != 0

    install = ("python3", str(kit / "install.py"), str(pupil.course))
    done = pupil.run(*CUT_OFF, *install, folder=kit)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Installed. In the course's folder: make lab\n")
    assert "uv cannot be had" not in done.stdout
    with pupil.terminal(*CUT_OFF, "make", "lab", "OPEN=no") as terminal:
        terminal.url()
        assert "Setting up" not in terminal.text
        terminal.press_ctrl_c()
        terminal.ends()
    done = pupil.run(*CUT_OFF, ".venv/bin/python", "-c", EVERY_IMAGE)
    assert done.returncode == 0, done.stderr
    assert "here" in done.stdout.splitlines()

    mine = pupil.course / "work/04-rest-api/04-rest-api.ipynb"
    mine.write_text(mine.read_text() + "\n")
    done = pupil.run(*CUT_OFF, *install, folder=kit)
    assert done.returncode == 0, done.stdout + done.stderr
    assert mine.read_text().endswith("\n\n")


@pytest.mark.slow
@pytest.mark.real
@asked_for
def test_a_folder_with_something_else_in_it_is_left_alone(kit: Path, pupil: Newcomer) -> None:
    pupil.write(pupil.course / "thesis.txt", "mine")
    done = pupil.run("python3", str(kit / "install.py"), str(pupil.course), folder=kit)
    assert done.returncode == 1
    assert done.stderr == (
        f"{pupil.course} holds something else: name a new folder, or an empty one.\n"
    )
    assert [path.name for path in pupil.course.iterdir()] == ["thesis.txt"]


def test_a_kit_is_not_written_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "insidedocker", "kit", "write", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "holds something else" in done.stderr


def test_an_update_from_a_kit_keeps_what_was_changed(tmp_path: Path) -> None:
    """Of the course's own files, too: an instructor writes in them."""
    kit, course = tmp_path / "kit", tmp_path / "course"
    kit.mkdir()
    shutil.copyfile(ROOT / "insidedocker/launch/kit_install.py", kit / "install.py")

    def install(version: str) -> str:
        files = {
            "bootstrap.py": "print('installed')",  # stands for setting up, which has its own test
            "notebooks/a.md": f"the first lesson, {version}",
            "notebooks/b.md": f"the second lesson, {version}",
            "notebooks/c.md": "the third lesson, as ever",
        }
        with tarfile.open(kit / "course.tar", "w") as packed:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                packed.addfile(entry, io.BytesIO(text.encode()))
        done = subprocess.run(
            [sys.executable, str(kit / "install.py"), str(course)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "yours" not in install("version 1")
    (course / "notebooks/a.md").write_text("my own words")
    (course / "notebooks/d.md").write_text("my own lesson")
    said = install("version 2")
    assert "You changed notebooks/a.md: yours is now a.md.yours-1, beside the new one." in said
    assert "b.md" not in said
    found = {path.name: path.read_text() for path in (course / "notebooks").iterdir()}
    assert found == {
        "a.md": "the first lesson, version 2",
        "a.md.yours-1": "my own words",
        "b.md": "the second lesson, version 2",
        "c.md": "the third lesson, as ever",
        "d.md": "my own lesson",
    }
    (course / "notebooks/b.md").write_text("mine, too")
    (course / ".kit-delivered.json").unlink()  # an older kit kept no list: in doubt it is yours
    install("version 3")
    assert (course / "notebooks/b.md.yours-1").read_text() == "mine, too"
    assert (course / "notebooks/a.md.yours-2").read_text() == "the first lesson, version 2"
