"""Stopping the show: the batch must go on, in time, with nothing left running."""

from pathlib import Path
from typing import Any

from tests.grading.hostile.case import RIGHT, Case, Scene


def stopping(name: str, *lines: str) -> Case:
    return Case(name, "stopping the show", {"double": "\n".join(lines)})


def in_call(name: str, *lines: str) -> Case:
    body = "\n    ".join(lines)
    return stopping(name, f"def double(value):\n    {body}")


def slow_cells(notebook: Any) -> None:
    for number in range(60):
        cell = {
            "cell_type": "code",
            "source": "import time; time.sleep(1)",
            "metadata": {},
            "outputs": [],
        }
        notebook["cells"].insert(2, {**cell, "execution_count": None, "id": f"slow{number}"})


def about_the_lab(notebook: Any) -> None:
    """An own cell whose words make nothing of the grader's run."""
    cell = {"cell_type": "code", "source": "# insidedocker", "metadata": {}, "outputs": []}
    notebook["cells"].insert(0, {**cell, "execution_count": None, "id": "lab"})


def modules_that_end_it(folder: Path, scene: Scene) -> None:
    for name in ("simplejson", "sitecustomize", "chardet", "zstandard", "socks", "numpy"):
        (folder / f"{name}.py").write_text("import os\nos._exit(0)\n")


def more_than_fits(folder: Path, scene: Scene) -> None:
    for name in ("one", "two"):
        (folder / name).write_bytes(bytes(20 << 20))


CASES = [
    # Two that once kept everybody after them from being graded; their work is right.
    Case("aab-modules", "stopping the show", RIGHT, about_the_lab, modules_that_end_it, most=6),
    Case("aac-modules", "stopping the show", RIGHT, about_the_lab, modules_that_end_it, most=6),
    Case("aad-more-than-fits", "stopping the show", RIGHT, files=more_than_fits, most=0),
    Case(
        "aae-images-by-word",
        "stopping the show",
        {**RIGHT, "limit": f"{RIGHT['limit']}  # insidedocker 'registry:2'"},
        most=6,
        honest=True,
    ),
    stopping("endless-loop", "while True: pass"),
    in_call("endless-call", "while True: pass"),
    stopping(
        "uninterruptible",
        "import signal",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "while True:",
        "    try:",
        "        while True: pass",
        "    except BaseException: pass",
    ),
    in_call("sleeping-for-days", "import time", "time.sleep(10 ** 6)"),
    Case("many-slow-cells", "stopping the show", edit=slow_cells),
    stopping("memory", "hog = []", "while True: hog.append(bytearray(10_000_000))"),
    stopping(
        "memory-of-children",
        "import os, time",
        "for _ in range(12):",
        "    if os.fork() == 0:",
        "        hog = bytearray(os.urandom(1 << 20)) * 90",
        "        time.sleep(120)",
        "        os._exit(0)",
        "time.sleep(30)",
    ),
    stopping(
        "processes-without-end",
        "import os, time",
        "try:",
        "    for _ in range(2000):",
        "        if os.fork() == 0:",
        "            time.sleep(60)",
        "            os._exit(0)",
        "except OSError: pass",
        "time.sleep(20)",
    ),
    stopping(
        "fork-bomb", "import os", "while True:", "    try: os.fork()", "    except OSError: pass"
    ),
    stopping(
        "threads-without-end",
        "import threading, time",
        "while True: threading.Thread(target=time.sleep, args=(60,)).start()",
    ),
    stopping("flood-of-text", "line = 'x' * 1000", "while True: print(line)"),
    stopping("flood-of-warnings", "import sys", "while True: print('x' * 1000, file=sys.stderr)"),
    stopping("flood-by-a-child", "import subprocess", "subprocess.run('yes', timeout=20)"),
    stopping(
        "flood-of-displays",
        "from IPython.display import display",
        "for n in range(100_000): display({'n': n})",
    ),
    stopping(
        "one-large-display",
        "from IPython.display import HTML, display",
        "display(HTML('x' * 50_000_000))",
    ),
    stopping(
        "disk", "with open('hog', 'wb') as file:", "    while True: file.write(bytes(10_000_000))"
    ),
    stopping(
        "many-small-files",
        "import itertools",
        "for n in itertools.count(): open(f'f{n}', 'w').close()",
    ),
    stopping("parent-killed", "import os, signal", "os.kill(os.getppid(), signal.SIGKILL)"),
    stopping(
        "everything-killed",
        "import os, signal",
        "try: os.kill(-1, signal.SIGKILL)",
        "except OSError: pass",
    ),
    stopping("group-stopped", "import os, signal", "os.kill(0, signal.SIGSTOP)"),
    stopping(
        "grandparent-interrupted",
        "import os, signal",
        "status = open(f'/proc/{os.getppid()}/status').read()",
        "above = int(status.split('PPid:')[1].split()[0])",
        "if above > 1: os.kill(above, signal.SIGINT)",
    ),
    stopping(
        "orphans",
        "import os, time, subprocess",
        "subprocess.Popen(['sh', '-c', 'exec -a canary-was-here sleep 300'], start_new_session=True)",
        "if os.fork() == 0:",
        "    os.setsid()",
        "    os.execvp('sleep', ['canary-was-here', '300'])",
    ),
    stopping(
        "will-not-end",
        "import atexit, threading, time",
        "atexit.register(time.sleep, 300)",
        "threading.Thread(target=time.sleep, args=(300,)).start()",
    ),
    stopping("ends-at-once", "import os", "os._exit(0)"),
    stopping("exits", "import sys", "sys.exit(0)"),
    stopping("crashes", "import ctypes", "ctypes.string_at(0)"),
    in_call("crashes-in-call", "import ctypes", "return ctypes.string_at(0)"),
    in_call("recursion", "return double(value)"),
    stopping("closes-everything", "import os", "os.closerange(0, 1000)"),
    stopping(
        "broken-messages",
        "import os",
        "for n in range(3, 40):",
        "    try: os.write(n, b'\\xff\\x00[[[[{\\n' * 100)",
        "    except OSError: pass",
    ),
    in_call("endless-answer", "import itertools", "return list(itertools.repeat(0))"),
    in_call("very-large-answer", "return 'x' * 100_000_000"),
    in_call(
        "very-deep-answer", "deep = []", "for _ in range(100_000): deep = [deep]", "return deep"
    ),
    in_call("round-answer", "round = []", "round.append(round)", "return round"),
    in_call("very-long-number", "return 10 ** 2_000_000"),
    stopping(
        "endless-repr",
        "class Slow:",
        "    def __repr__(self):",
        "        while True: pass",
        "Slow()",
    ),
    stopping("raising-repr", "class Bad:", "    def __repr__(self): raise SystemExit", "Bad()"),
    stopping("waits-for-input", "input('your name? ')"),
    stopping(
        "raises-strangely", "class E(Exception):", "    def __str__(self): raise E()", "raise E()"
    ),
    stopping("stops-itself", "import os, signal", "os.kill(os.getpid(), signal.SIGSTOP)"),
]
