"""Files beside the notebook."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.grading.hostile.case import ASSIGNMENT, MARK, MOST, Case, Scene, cell_of

NOTEBOOK = f"{ASSIGNMENT}.ipynb"
VICTIM = "victim"
SCRIPT = (
    "<script>document.title='canary-was-here'</script><img src=x onerror=alert('canary-was-here')>"
)
SHADOW = f"""\
import pathlib, sys
print("{MARK}")
def __getattr__(name): return lambda *a, **k: None
class Session: pass
"""


def beside(name: str, files: Callable[[Path, Scene], object], **more: Any) -> Case:
    return Case(name, "files beside it", files=files, **more)


def instead(folder: Path) -> Path:
    """The notebook's place, emptied."""
    (folder / NOTEBOOK).unlink()
    return folder / NOTEBOOK


def link_folder(folder: Path, scene: Scene, target: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(target)


def time_as_a_fifo(folder: Path, _scene: Scene) -> None:
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")


def endless_time(folder: Path, _scene: Scene) -> None:
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to("/dev/zero")


def unreadable(folder: Path, _scene: Scene) -> None:
    (folder / "mine.txt").write_text("x")
    (folder / "mine.txt").chmod(0)


def own_package(folder: Path, _scene: Scene) -> None:
    (folder / "ipykernel").mkdir()
    (folder / "ipykernel" / "__init__.py").write_text(SHADOW)
    (folder / "ipykernel" / "__main__.py").write_text(SHADOW)


def shadow(name: str) -> Case:
    def write(folder: Path, _scene: Scene) -> None:
        (folder / name).write_text(SHADOW)

    return beside(f"shadows-{name}", write)


def write_link(name: str, target: str) -> Case:
    """Code that writes through a link that was handed in."""
    source = "open('way-out', 'w').write('canary-was-here')"
    return Case(
        name,
        "files beside it",
        {"double": f"try: {source}\nexcept OSError: pass"},
        files=lambda folder, scene: (folder / "way-out").symlink_to(
            target.replace("@COURSE@", str(scene.course)).replace("@HOME@", str(scene.home))
        ),
    )


def bound_socket(folder: Path, _scene: Scene) -> None:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("plug")
    finally:
        os.chdir(here)


def deep(folder: Path, _scene: Scene) -> None:
    for _ in range(60):
        folder = folder / "d"
        folder.mkdir()
    (folder / "end.txt").write_text("end")


def many(folder: Path, _scene: Scene) -> None:
    for number in range(3000):
        (folder / f"file{number}.txt").write_text("x")


def script_cell(notebook: Any) -> None:
    notebook["cells"].append(
        {"cell_type": "markdown", "metadata": {}, "source": SCRIPT, "id": "script"}
    )


def script_answer(notebook: Any) -> None:
    cell_of(notebook, "words")["source"] = f"[x](javascript:alert('canary-was-here')) {SCRIPT}"


CASES = [
    beside(
        "notebook-is-a-link-to-anothers",
        lambda f, s: instead(f).symlink_to(s.submission(VICTIM) / NOTEBOOK),
    ),
    beside(
        "notebook-is-a-link-to-the-source",
        lambda f, s: instead(f).symlink_to(s.course / "source" / ASSIGNMENT / NOTEBOOK),
    ),
    beside(
        "notebook-is-a-relative-link",
        lambda f, s: instead(f).symlink_to(f"../../{VICTIM}/{ASSIGNMENT}/{NOTEBOOK}"),
    ),
    # Whose it was nobody can tell: it is reported with both, so that both are graded again, and
    # neither loses it.
    beside(
        "notebook-is-a-hard-link",
        lambda f, s: instead(f).hardlink_to(s.submission("zzz-control") / NOTEBOOK),
        most=MOST,
    ),
    beside("notebook-is-a-folder", lambda f, s: instead(f).mkdir()),
    beside("notebook-is-a-fifo", lambda f, s: os.mkfifo(instead(f))),
    beside("notebook-is-endless", lambda f, s: instead(f).symlink_to("/dev/zero")),
    beside("notebook-is-missing", lambda f, s: instead(f)),
    beside("folder-is-a-link-to-anothers", lambda f, s: link_folder(f, s, s.submission(VICTIM))),
    beside("a-link-to-a-secret", lambda f, s: (f / "data.txt").symlink_to(s.home / "secret.txt")),
    beside("a-link-to-a-folder", lambda f, s: (f / "data").symlink_to(s.home)),
    beside("a-link-to-itself", lambda f, s: (f / "round").symlink_to("round")),
    beside("a-link-upwards", lambda f, s: (f / "up").symlink_to("..")),
    beside("a-link-to-an-endless-device", lambda f, s: (f / "data.bin").symlink_to("/dev/zero")),
    beside("a-link-to-a-terminal", lambda f, s: (f / "data.bin").symlink_to("/dev/stdin")),
    beside("a-link-to-memory", lambda f, s: (f / "data.bin").symlink_to("/proc/self/environ")),
    Case(
        "secret-through-a-link",
        "files beside it",
        {"double": "try: print(open('data.txt').read())\nexcept OSError: pass"},
        files=lambda f, s: (f / "data.txt").symlink_to(s.home / "secret.txt"),
    ),
    Case(
        "secret-through-a-hard-link",
        "files beside it",
        {"double": "try: print(open('data.txt').read())\nexcept OSError: pass"},
        files=lambda f, s: (f / "data.txt").hardlink_to(s.home / "secret.txt"),
    ),
    write_link("writes-through-a-link-into-source", "@COURSE@/source/mini/planted.txt"),
    write_link("writes-through-a-link-into-home", "@HOME@/planted.txt"),
    beside("a-fifo", lambda f, s: os.mkfifo(f / "data.txt")),
    beside("timestamp-is-a-fifo", time_as_a_fifo),
    beside("timestamp-is-endless", endless_time),
    beside(
        "timestamp-is-no-time", lambda f, s: (f / "timestamp.txt").write_text("yesterday at noon")
    ),
    beside("timestamp-is-no-text", lambda f, s: (f / "timestamp.txt").write_bytes(b"\xff\xfe\x00")),
    beside(
        "timestamp-of-the-year-9999",
        lambda f, s: (f / "timestamp.txt").write_text("9999-12-31 23:59:59 UTC"),
    ),
    beside("timestamp-overflows", lambda f, s: (f / "timestamp.txt").write_text("9" * 40)),
    beside("a-socket", bound_socket),
    beside("very-deep-folders", deep),
    beside("three-thousand-files", many),
    beside(
        "a-name-that-is-no-text",
        lambda f, s: Path(os.fsdecode(bytes(f) + b"/\xff\xfe.txt")).write_text("x"),
    ),
    beside(
        "a-name-with-markup",
        lambda f, s: (f / "<script>alert('canary-was-here')<").symlink_to("nowhere"),
    ),
    beside("a-name-with-lines", lambda f, s: (f / "two\nlines.txt").write_text("x")),
    beside("a-file-of-90-mb", lambda f, s: (f / "large.bin").write_bytes(bytes(90_000_000))),
    beside("unreadable-file", unreadable),
    *map(
        shadow,
        (
            "requests.py",
            "math.py",
            "json.py",
            "ast.py",
            "ipykernel_launcher.py",
            "IPython.py",
            "sitecustomize.py",
            "usercustomize.py",
            "insidedocker.py",
            "nbgrader.py",
            "socket.py",
        ),
    ),
    beside("a-package-of-its-own", own_package),
    beside(
        "ipython-config",
        lambda f, s: (f / "ipython_config.py").write_text(
            f"c = get_config()\nc.InteractiveShellApp.exec_lines = ['print(\"{MARK}\")']"
        ),
    ),
    beside(
        "ipython-kernel-config",
        lambda f, s: (f / "ipython_kernel_config.py").write_text(
            f"c = get_config()\nc.InteractiveShellApp.exec_lines = ['print(\"{MARK}\")', 'double = lambda v: v * 2']"
        ),
    ),
    beside(
        "nbgrader-config",
        lambda f, s: (f / "nbgrader_config.py").write_text(
            "c = get_config()\nc.Execute.enabled = False"
        ),
    ),
    beside(
        "jupyter-config-beside",
        lambda f, s: (f / "jupyter_config.json").write_text('{"Execute": {"enabled": false}}'),
    ),
    beside(
        "another-notebook",
        lambda f, s: (f / "evil.ipynb").write_text('{"nbformat": 99, "cells": 5}'),
    ),
    beside("a-notebook-with-lines-in-its-name", lambda f, s: (f / "a\nb.ipynb").write_text("{}")),
    Case("script-in-own-text", "files beside it", edit=script_cell),
    Case("script-in-an-answer-in-words", "files beside it", edit=script_answer),
    Case(
        "script-in-output",
        "files beside it",
        {"double": f"from IPython.display import HTML\nHTML({SCRIPT!r})"},
    ),
    Case(
        "script-as-javascript",
        "files beside it",
        {
            "double": "from IPython.display import Javascript\nJavascript(\"document.title='canary-was-here'\")"
        },
    ),
]
