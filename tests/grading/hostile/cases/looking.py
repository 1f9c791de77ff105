"""Looking around: what a submission shows must not hold what it has no business with."""

from typing import Any

from tests.grading.hostile.case import Case

WALK = """\
import os
for top in {places}:
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            try:
                if os.path.isfile(path) and os.path.getsize(path) < 300000 and name != "mini.py":
                    text = open(path, "rb").read().decode("latin-1")
                    at = text.find("canary-" + "5f1e")
                    if at >= 0: print(path, text[at:at + 15])
            except OSError: pass
"""
PROC = """\
import glob
for path in glob.glob("/proc/[0-9]*/{what}"):
    try: text = open(path, "rb").read().decode("latin-1")
    except OSError: continue
    at = text.find("canary-" + "5f1e")
    if at >= 0: print(path, text[at:at + 15])
"""
MEMORY = """\
import glob, re, os
for maps in glob.glob("/proc/[0-9]*/maps"):
    pid = maps.split("/")[2]
    if int(pid) == os.getpid(): continue
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in open(maps):
                ends = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if ends and "heap" in line or ends and "anon" in line:
                    start, end = (int(each, 16) for each in ends.groups())
                    memory.seek(start)
                    data = memory.read(min(end - start, 1 << 26))
                    at = data.find(b"canary-" + b"5f1e")
                    if at >= 0: print(pid, data[at:at + 15])
    except (OSError, ValueError): pass
"""
HISTORY = """\
def double(value):
    import re
    ip = get_ipython()
    text = repr(ip.user_ns.get("In")) + repr(ip.user_ns.get("_ih"))
    return value * 2 if "21 * " + chr(83) + "TEP" in text else None
"""
OPEN_FILES = """\
import os
for descriptor in range(3, 64):
    try:
        os.lseek(descriptor, 0, 0)
        text = os.read(descriptor, 1 << 20).decode("latin-1")
    except OSError: continue
    at = text.find("canary-" + "5f1e")
    if at >= 0: print(descriptor, text[at:at + 15])
"""
NUMBER_FROM = """\
import glob, re, os
limit = None
for path in {paths}:
    try: found = re.search(r"limit == (\\d+)|^limit = (\\d+)", open(path).read().replace("\\\\n", "\\n"), re.M)
    except OSError: continue
    if found: limit = int(found[1] or found[2])
"""


def looking(name: str, source: str) -> Case:
    return Case(name, "looking around", {"double": source})


def walking(name: str, *places: str) -> Case:
    return looking(name, WALK.format(places=list(places)))


def tells(name: str, *lines: str, own: str = "", **more: Any) -> Case:
    """A case that passes on what a hidden check asks its function, to the learner's page."""

    def edit(notebook: Any) -> None:
        cell = {"cell_type": "code", "source": own, "metadata": {}, "outputs": []}
        notebook["cells"].append({**cell, "execution_count": None, "id": "own"})

    answers = {"double": "\n".join(lines), **more.pop("answers", {})}
    return Case(f"tells-{name}", "looking around", answers, edit if own else None, **more)


SEEN = 'seen = f"seen={value!r}"'
TELLING = [
    tells("by-print", "def double(value):", f"    {SEEN}", "    print(seen)", most=2.0),
    tells(
        "by-print-and-passes",
        *("def double(value):", f"    {SEEN}", "    print(seen)", "    return value * 2"),
        most=2.0,
    ),
    tells(
        "by-a-child",
        *("import subprocess", "def double(value):", f"    {SEEN}"),
        *("    subprocess.run(['echo', seen])", "    return value * 2"),
        most=2.0,
    ),
    tells(
        "by-a-warning",
        *("import sys", "def double(value):", f"    {SEEN}"),
        *("    print(seen, file=sys.stderr)", "    return value * 2"),
        most=2.0,
    ),
    tells(
        "by-an-exception",
        *("def double(value):", "    if value == 2: return 4", f"    {SEEN}"),
        "    raise ValueError(seen)",
    ),
    tells(
        "by-the-name-of-an-exception",
        *("def double(value):", "    if value == 2: return 4"),
        "    raise type(f'seen_{value}', (Exception,), {})()",
    ),
    tells(
        "by-a-later-cell",
        *("kept = []", "def double(value):", f"    {SEEN}", "    kept.append(seen)"),
        "    return value * 2",
        own="print(kept); kept",
        most=2.0,
    ),
    tells(
        "by-a-file-and-a-later-cell",
        *("def double(value):", f"    {SEEN}"),
        *("    open('kept', 'a').write(seen)", "    return value * 2"),
        own="print(open('kept').read())",
        most=2.0,
    ),
    tells(
        "by-an-error-in-a-later-cell",
        *("kept = []", "def double(value):", f"    {SEEN}", "    kept.append(seen)"),
        "    return value * 2",
        own="raise LookupError(str(kept))",
        most=2.0,
    ),
    tells(
        "by-an-exception-in-a-later-check",
        *("kept = []", "def double(value):", f"    {SEEN}", "    kept.append(seen)"),
        "    return value * 2",
        answers={"share": "def share(number): raise LookupError(str(kept))"},
        most=2.0,
    ),
    tells(
        "by-a-thread",
        *("import threading, time", "kept = []"),
        *("def speak():", "    while True:", "        print(kept, flush=True)"),
        "        time.sleep(0.001)",
        "threading.Thread(target=speak, daemon=True).start()",
        *("def double(value):", f"    {SEEN}", "    kept.append(seen)", "    return value * 2"),
        own="import time; time.sleep(0.2)",
        most=2.0,
    ),
    tells(
        "by-a-malformed-answer",
        "import insidedocker.grading.pod.codec as w",
        *("old, kept = w.dumps, []", "def dumps(message):"),
        "    return old({**message, 'value': {kept[-1]: 0}} if len(kept) > 1 else message)",
        *("w.dumps = dumps", "def double(value):", f"    {SEEN}", "    kept.append(seen)"),
        "    return value * 2",
    ),
]

CASES = [
    *TELLING,
    walking("home", "@HOME@"),
    walking("course", "@COURSE@"),
    walking("one-folder-up", "..", "../..", "../../.."),
    walking("other-submissions", "@COURSE@/submitted"),
    walking("temporary-files", "/tmp", "/dev/shm", "/var/tmp"),
    looking(
        "environment",
        "import os\nprint(*[v for v in os.environ.values() if 'canary-' + '5f1e' in v])",
    ),
    looking(
        "environment-by-shell",
        "import subprocess\nprint(subprocess.run('env | grep 5f1e', shell=True, capture_output=True, text=True).stdout)",
    ),
    looking("environment-of-others", PROC.format(what="environ")),
    looking("command-lines-of-others", PROC.format(what="cmdline")),
    looking("memory-of-others", MEMORY),
    looking("open-files", OPEN_FILES),
    looking(
        "working-folders-of-others",
        "import glob, os\nfor link in glob.glob('/proc/[0-9]*/cwd'):\n"
        "    try: print(open(os.path.join(link, 'instructor-notes.txt')).read())\n    except OSError: pass",
    ),
    looking(
        "root-of-others",
        "import glob\nfor root in glob.glob('/proc/[0-9]*/root'):\n    try: print(open(root + '@HOME@/secret.txt').read())\n    except OSError: pass",
    ),
    looking(
        "password-file",
        "import getpass, os\nprint(open(os.path.expanduser('~/secret.txt')).read())",
    ),
    looking("home-by-account", "import pwd, os\nprint(open('@HOME@/secret.txt').read())"),
    looking(
        "gradebook",
        "import sqlite3\nbook = sqlite3.connect('@COURSE@/gradebook.db')\nprint(*book.execute('select last_name from student'))",
    ),
    looking("history-at-call", HISTORY),
    Case(
        "hidden-check-in-files",
        "looking around",
        {
            "limit": NUMBER_FROM.format(
                paths="glob.glob('**/*.ipynb', recursive=True) + glob.glob('../**/*.ipynb', recursive=True) + glob.glob('/in/*')"
            )
        },
    ),
    Case(
        "hidden-check-in-source",
        "looking around",
        {
            "limit": NUMBER_FROM.format(
                paths="glob.glob('@COURSE@/source/*/*') + glob.glob('@COURSE@/autograded/*/*/*') + glob.glob('@COURSE@/.grading/**/*', recursive=True)"
            )
        },
    ),
    Case(
        "hidden-check-in-gradebook",
        "looking around",
        {
            "limit": "import sqlite3, re\nrows = str(list(sqlite3.connect('file:@COURSE@/gradebook.db?mode=ro', uri=True).execute('select source from source_cell')))\nlimit = int(re.search(r'limit == (\\d+)', rows)[1])"
        },
    ),
    Case(
        "hidden-check-in-another-result",
        "looking around",
        {"limit": NUMBER_FROM.format(paths="glob.glob('@COURSE@/submitted/*/*/*.ipynb')")},
    ),
    looking(
        "kernel-connection-file",
        "import glob, os\nfor path in glob.glob('@HOME@/.local/share/jupyter/runtime/*') + glob.glob('/root/.local/share/jupyter/runtime/kernel-*.json'):\n    print('canary-' + '5f1e0c9a', path)",
    ),
    looking(
        "host-processes",
        "import glob\nfor path in glob.glob('/proc/[0-9]*/cmdline'):\n    if b'nbgrader' in open(path, 'rb').read(): print('canary-' + '5f1e0c9a')",
    ),
]
