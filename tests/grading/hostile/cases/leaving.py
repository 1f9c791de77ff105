"""Leaving something: what is written outside the submission's own folder."""

from tests.grading.hostile.case import Case

WRITE = """\
import os
try:
    os.makedirs(os.path.dirname({path}), exist_ok=True)
    with open({path}, "{mode}") as file: file.write("{text}")
except OSError: pass
"""
EVERY = """\
import glob, os
for path in glob.glob({pattern}):
    try: {do}
    except OSError: pass
"""
LOCKED = """\
import sqlite3, threading
try:
    book = sqlite3.connect("@COURSE@/gradebook.db", timeout=1, isolation_level=None)
    book.execute("begin exclusive")
except sqlite3.Error: pass
"""
IN_THE_BOOK = """\
import sqlite3
try:
    book = sqlite3.connect("@COURSE@/gradebook.db", timeout=5)
    book.execute("{what}")
    book.commit()
except sqlite3.Error: pass
"""


def leaving(name: str, source: str) -> Case:
    return Case(name, "leaving something", {"double": source})


def written(name: str, path: str, text: str = "@MARK@", mode: str = "w") -> Case:
    return leaving(name, WRITE.format(path=repr(path), text=text, mode=mode))


def every(name: str, pattern: str, do: str) -> Case:
    return leaving(name, EVERY.format(pattern=repr(pattern), do=do))


CASES = [
    leaving(
        "points-in-the-gradebook", IN_THE_BOOK.format(what="update grade set manual_score = 99")
    ),
    leaving("rows-deleted", IN_THE_BOOK.format(what="delete from grade")),
    leaving(
        "names-changed", IN_THE_BOOK.format(what="update student set last_name = 'canary-was-here'")
    ),
    leaving("gradebook-locked", LOCKED),
    every("gradebook-removed", "@COURSE@/gradebook.db*", "os.remove(path)"),
    written("gradebook-overwritten", "@COURSE@/gradebook.db", mode="a"),
    every(
        "others-changed", "@COURSE@/submitted/victim/*/*.ipynb", "open(path, 'a').write('@MARK@')"
    ),
    every("others-removed", "@COURSE@/submitted/victim/*/*.ipynb", "os.remove(path)"),
    every("source-changed", "@COURSE@/source/*/*.ipynb", "open(path, 'a').write('@MARK@')"),
    every("release-changed", "@COURSE@/release/*/*.ipynb", "open(path, 'a').write('@MARK@')"),
    written("config-changed", "@COURSE@/nbgrader_config.py", "# @MARK@", mode="a"),
    written("result-planted", "@COURSE@/autograded/victim/mini/planted.ipynb"),
    written("feedback-planted", "@COURSE@/feedback/victim/mini/mini.html"),
    written("cache-planted", "@COURSE@/.grading/cache/00/planted.json"),
    written("ipython-start-up", "@HOME@/.ipython/profile_default/startup/00-mark.py"),
    written("kernelspec", "@HOME@/.local/share/jupyter/kernels/python3/kernel.json"),
    written("jupyter-config", "@HOME@/.jupyter/jupyter_config.py"),
    written("shell-start-up", "@HOME@/.bashrc", mode="a"),
    written(
        "site-packages-of-the-user", "@HOME@/.local/lib/python3.11/site-packages/usercustomize.py"
    ),
    leaving(
        "site-packages-of-the-course",
        "import insidedocker, os\ntry: open(os.path.join(os.path.dirname(insidedocker.__file__), 'canary-was-here.py'), 'w').close()\nexcept OSError: pass",
    ),
    written("in-tmp", "/tmp/canary-was-here"),
    written("in-shared-memory", "/dev/shm/canary-was-here"),
    written("in-var-tmp", "/var/tmp/canary-was-here"),
]
