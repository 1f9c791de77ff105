"""What we write outside of the course's folder is this account's alone, whatever its umask and
whatever an older version has left; and nothing that another account has made is taken for ours."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from insidedocker_engine.host import private
from tests.support.engines import own_folder
from tests.support.ordinary import as_ordinary_user, give_away, ordinary_python

UMASKS = ["000", "022"]
OTHER = 65533
"""Another account, that nobody has."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: two accounts")


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty HOME in a folder that everybody may enter."""
    with own_folder() as folder:
        place = folder / "home"
        place.mkdir()
        place.chmod(0o755)
        give_away(place)
        yield place


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "SSL_CERT_FILE") if name in os.environ}
    places = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PATH": "/usr/bin:/bin"}
    (home / "tmp").mkdir(exist_ok=True)
    give_away(home / "tmp")
    return {**kept, **places, "XDG_RUNTIME_DIR": str(home / "tmp"), **more}


def command(umask: str, *words: str) -> list[str]:
    """`insidedocker` with words, as an ordinary user with this umask."""
    start = f'umask {umask}; exec "$0" -m insidedocker "$@"'
    return [*as_ordinary_user(), "sh", "-c", start, ordinary_python(), *words]


@contextmanager
def running(words: list[str], env: dict[str, str]) -> Iterator[str]:
    """`make lab` or `make teach` until it says its address; ended by Ctrl-C."""
    process = subprocess.Popen(
        words, env=env, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Press Ctrl-C"):
                break
        yield "".join(said)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def exposed(top: Path) -> list[str]:
    """What others can read or change below `top`: files, sockets, and entries of folders."""
    found = []
    for path in sorted(top.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue
        if stat.S_ISDIR(mode):
            if mode & 0o007:
                found += [f"{oct(mode)} {path}"] if mode & 0o002 else []
                found += exposed(path)
        elif mode & 0o006:
            found.append(f"{oct(mode)} {path}")
    return found


def ours(top: Path) -> list[str]:
    """Those of them that are not the tools' own settings, as IPython's history."""
    return [each for each in exposed(top) if not re.search(r"/\.(ipython|jupyter|config)\b", each)]


@pytest.mark.slow
@pytest.mark.parametrize("umask", UMASKS)
@pytest.mark.parametrize("role", ["lab", "teach"])
def test_the_server_keeps_its_secrets(home: Path, umask: str, role: str) -> None:
    env = environment(home)
    old = home / ".local/share/insidedocker"
    old.mkdir(parents=True)
    (old / "jupyterlab.log").write_text("an older one")
    for path in (home / ".local", home / ".local/share", old, old / "jupyterlab.log"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        give_away(path)
    with (old / "jupyterlab.log").open() as held:
        work = ["--work", str(home / "work")] if role == "lab" else []
        words = command(umask, role, "--no-open", "--engine", "embedded", *work)
        with running(words, env) as said:
            token = said.partition("token=")[2].split()[0]
            assert token in (old / "jupyterlab.log").read_text()
            # Work is an ordinary course file, under the learner's own umask.
            assert [each for each in ours(home) if f"{home}/work" not in each] == []
            for folder in (old, home / "tmp/insidedocker"):
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        held.seek(0)
        assert token not in held.read()


@pytest.mark.slow
def test_no_command_line_tells_the_token(home: Path) -> None:
    browser = home / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$HOME/told"\n')
    browser.chmod(0o755)
    os.mkfifo(home / "told")
    for path in (browser, home / "told"):
        give_away(path)
    env = environment(home, BROWSER=f"{browser} %s", DISPLAY=":0")
    words = command("022", "lab", "--engine", "embedded", "--work", str(home / "work"))
    with running(words, env) as said:
        token = said.partition("token=")[2].split()[0]
        (told,) = (home / "told").read_text().splitlines()
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert token.encode() not in each.read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
        assert token not in told
        assert told.startswith("file://")
        page = Path(told.removeprefix("file://").replace("%20", " "))
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        target = re.search(r'url=(http[^"]+)', page.read_text())
        assert target
        assert target[1] in said
        assert requests.get(target[1], timeout=30).ok
    assert not page.exists()


@pytest.mark.slow
@pytest.mark.parametrize("umask", UMASKS)
def test_the_engine_and_the_catalogue_keep_to_themselves(home: Path, umask: str) -> None:
    env = environment(home)
    loose = [home / ".local/share/insidedocker/engine", home / ".cache/insidedocker/catalog"]
    for folder in loose:
        folder.mkdir(parents=True)
        for each in (folder, *list(folder.parents)[:3]):
            each.chmod(0o755)
            give_away(each)
    try:
        for words in (("engine", "start"), ("catalog", "build", "hello-world")):
            done = subprocess.run(
                command(umask, *words), env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        assert ours(home) == []
    finally:
        subprocess.run(command(umask, "engine", "stop"), env=env, capture_output=True, check=False)


def test_a_folder_is_private_with_all_that_it_needs_above(home: Path) -> None:
    before = os.umask(0)
    try:
        private.folder(home / "a/b/c")
        with private.new_file(home / "a/file") as file:
            file.write("x")
    finally:
        os.umask(before)
    (home / "link").symlink_to("/tmp")
    with pytest.raises(private.NotPrivate):
        private.folder(home / "link")
    for name, mode in (("a", 0o700), ("a/b", 0o700), ("a/b/c", 0o700), ("a/file", 0o600)):
        assert stat.S_IMODE((home / name).stat().st_mode) == mode


@needs_root
@pytest.mark.parametrize("kind", ["folder", "open folder", "link", "file"])
def test_what_another_account_has_made_is_not_taken(home: Path, kind: str) -> None:
    place, target = home / "ours", home / "elsewhere"
    if kind == "link":
        target.mkdir(mode=0o755)
        give_away(target)
        place.symlink_to(target)
    elif kind == "file":
        place.touch()
    else:
        place.mkdir()
        place.chmod(0o777 if kind == "open folder" else 0o700)
    os.lchown(place, OTHER, OTHER)
    with pytest.raises(private.NotPrivate, match=r"only you can change|a file is there"):
        private.folder(place)


@needs_root
@pytest.mark.slow
def test_an_engine_that_another_account_lends_is_not_taken(home: Path) -> None:
    env = environment(home, INSIDEDOCKER_ENGINE="embedded")
    folder = home / "tmp/insidedocker"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as lent:
        lent.bind(str(folder / "engine.sock"))
        lent.listen()
        for path in (folder, folder / "engine.sock"):
            path.chmod(0o777)
            os.chown(path, OTHER, OTHER)
        for script in (
            "from insidedocker.lab.engines import embedded; embedded.staying()",
            "from insidedocker_engine.base import paths;"
            "from insidedocker_engine.server import listen;"
            "listen.UnixAddress(paths.default_socket()).prepare()",
        ):
            words = [*as_ordinary_user(), ordinary_python(), "-c", script]
            done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
            assert f"{folder} is not a folder that only you can change" in done.stderr
