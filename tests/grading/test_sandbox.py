"""The pod from outside: where it cannot be built nothing is graded, and its limits hold."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from insidedocker.grading import sandbox
from insidedocker.grading.plugins.preprocessors import SandboxedExecute
from insidedocker.grading.runner import Cell, Ran, run
from insidedocker.grading.sandbox import Limits, Sandbox, SandboxUnavailable
from tests.support import patience

needs_walls = pytest.mark.usefixtures("walls")

TWICE = [
    Cell("locked", "STEP = 2"),
    Cell("answer", "def f(x):\n    return x * 2", stub="def f(x):\n    pass"),
    Cell("tests", "assert f(3) == 3 * STEP\nprint('fine')", points=1),
    Cell(
        "tests", "### BEGIN HIDDEN TESTS\nassert f(4) == 9, 'nine'\n### END HIDDEN TESTS", points=1
    ),
]

SLEEP = ["sleep", f"4711.{os.getpid()}"]  # another run of these tests has one of its own


def command_lines() -> list[bytes]:
    """Of every process that is running."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return found


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + patience.EVENT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_twice(ran: Ran) -> None:
    assert ran.complete
    assert ran.outputs[2] == [{"output_type": "stream", "name": "stdout", "text": "fine\n"}]
    (failed,) = ran.outputs[3]
    assert failed["output_type"] == "error"
    assert failed["traceback"] == ["AssertionError: nine"], "a hidden line is not quoted"


@needs_walls
def test_checks_run_beside_the_learner() -> None:
    check_twice(run(TWICE, Sandbox()))


def test_the_weaker_mode_does_the_same_without_walls(tmp_path: Path) -> None:
    check_twice(run(TWICE, Sandbox(sandbox.PROCESSES)))


def test_the_weaker_mode_ends_orphans_too() -> None:
    orphan = f"import subprocess\nsubprocess.Popen({SLEEP}, start_new_session=True)"
    gone = "import os\nos._exit(0)"
    run([Cell("own", orphan), Cell("own", gone), *TWICE], Sandbox(sandbox.PROCESSES))
    assert "\0".join([*SLEEP, ""]).encode() not in command_lines()


def test_without_bubblewrap_nothing_runs_and_a_sentence_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SandboxUnavailable) as refused:
        sandbox.insist(sandbox.BUBBLEWRAP)
    assert str(refused.value).startswith("Nothing was graded")
    assert "install the package bubblewrap" in str(refused.value)


def test_each_limit_is_a_setting_and_is_written_down() -> None:
    page = (Path(__file__).parents[2] / "docs/instructors.md").read_text()
    for each in fields(Limits):
        line = f"c.SandboxedExecute.{each.name} = {each.default}  # {each.metadata['help']}"
        assert line in page.splitlines()
    asked = SandboxedExecute(**{each.name: 7 for each in fields(Limits)})
    assert asked.chosen(Path("/elsewhere")).limits == Limits(**dict.fromkeys(vars(Limits()), 7))


def test_an_unknown_sandbox_is_no_sandbox() -> None:
    with pytest.raises(SandboxUnavailable, match="There is no sandbox 'none'"):
        sandbox.insist("none")


@needs_walls
def test_a_course_that_submissions_would_see_is_refused() -> None:
    package = Path(sandbox.__file__).parent
    with pytest.raises(SandboxUnavailable, match="move the course to a folder of its own"):
        run(TWICE, Sandbox(never_shown=(package,)))


@needs_walls
def test_an_endless_cell_is_stopped_and_the_rest_goes_on() -> None:
    cells = [Cell("own", "while True: pass"), *TWICE]
    ran = run(cells, Sandbox(limits=Limits(cell_seconds=5)))
    assert ran.outputs[0][-1]["ename"] == "KeyboardInterrupt"
    assert ran.outputs[3][0]["text"] == "fine\n"
    assert ran.notes[0].startswith("stopped after")
    assert not ran.complete


@needs_walls
def test_memory_is_counted_over_all_processes() -> None:
    children = (
        "import os, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        hog = os.urandom(1 << 20) * 64\n"
        "        time.sleep(100)\n"
        "time.sleep(100)\n"
    )
    ran = run([Cell("own", children), *TWICE], Sandbox(limits=Limits(memory=256)))
    assert "the notebook used more than 256 MiB of memory" in ran.notes
    assert ran.outputs[3][-1]["output_type"] == "error"


@needs_walls
def test_nothing_is_left_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    orphan = f"import subprocess\nsubprocess.Popen({SLEEP}, start_new_session=True)"
    run([Cell("own", orphan)], Sandbox())
    assert "\0".join([*SLEEP, ""]).encode() not in command_lines()
    assert list(tmp_path.iterdir()) == []


WAITING = f"""\
from insidedocker.grading.runner import Cell, run
from insidedocker.grading.sandbox import Sandbox
run([Cell("own", "import subprocess; subprocess.run({SLEEP})")], Sandbox())
"""


@needs_walls
def test_a_killed_grader_takes_its_pods_along() -> None:
    def sleeps() -> bool:
        return "\0".join([*SLEEP, ""]).encode() in command_lines()

    with subprocess.Popen([sys.executable, "-c", WAITING]) as grader:
        wait_until(sleeps)
        grader.kill()
    wait_until(lambda: not sleeps())


LEFT_OPEN = """\
import json, os, stat
for each in sorted(map(int, os.listdir("/proc/self/fd"))):
    try: kind = os.fstat(each).st_mode
    except OSError: continue
    print(each, "pipe" if stat.S_ISFIFO(kind) else stat.S_IFMT(kind))
    if each > 2 and not stat.S_ISSOCK(kind):
        for event in {"cell": 2, "outputs": []}, {"done": True, "notes": [], "failed": []}:
            try: os.write(each, json.dumps(event).encode() + b"\\n")
            except OSError: pass
"""


@pytest.fixture
def many_open_files() -> Iterator[None]:
    """As of a grader with many workers; whoever it starts could inherit every one of them."""
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(200)]
    for each in opened:
        os.set_inheritable(each, True)
    yield
    for each in opened:
        os.close(each)


@pytest.mark.parametrize("kind", [sandbox.BUBBLEWRAP, sandbox.PROCESSES])
@pytest.mark.usefixtures("many_open_files", "walls")
def test_nobody_inherits_what_is_open_in_the_grader(kind: str) -> None:
    count = "import os\n\nlen(os.listdir('/proc/self/fd'))"
    wrong = Cell("tests", "assert False, 'never right'", points=1)
    ran = run([Cell("locked", count), Cell("own", LEFT_OPEN), wrong], Sandbox(kind))
    told = [line for line in ran.outputs[1][0]["text"].splitlines() if line[0].isdigit()]
    assert not [line for line in told if "pipe" in line]
    assert len(told) <= 6, told  # 0 to 2, the checks', and two for what is printed
    assert int(ran.outputs[0][0]["data"]["text/plain"]) <= 7  # 0 to 3, learner, events, listing
    assert [each["ename"] for each in ran.outputs[2] if "ename" in each] == ["AssertionError"]


ONCE = "from pathlib import Path\n\nassert Path({!r}).exists() or Path({!r}).touch()"


def test_a_set_up_that_the_machine_lets_down_is_done_again(tmp_path: Path) -> None:
    again = Cell("locked", ONCE.format(*[str(tmp_path / "tried")] * 2))
    check_twice(run([*TWICE, again], Sandbox(sandbox.PROCESSES)))


@needs_walls
def test_a_set_up_that_fails_again_is_for_a_person_to_look_at() -> None:
    ran = run([Cell("locked", "1 / 0"), *TWICE[1:]], Sandbox())
    assert not ran.complete
    assert ran.notes == [
        "code cell 1, which is the lesson's own, failed (ZeroDivisionError: division by zero)"
    ]
