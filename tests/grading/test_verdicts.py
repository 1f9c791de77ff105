"""A check's verdict from outside: nothing that is shown, cut or forged takes its place, and none
is no points."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import from_dict
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

from insidedocker.grading import runner
from insidedocker.grading.pod import checker_main
from insidedocker.grading.runner import Cell, Ran, run
from insidedocker.grading.sandbox import PROCESSES, Limits, Sandbox
from tests.grading.hostile.case import ASSIGNMENT
from tests.grading.hostile.judge import nbgrader, points_of, scene

ANSWER = Cell("answer", "def f(x):\n    return x * 2", stub="def f(x):\n    pass")
PASSING = Cell("tests", "assert f(3) == 6", points=3)
FAILING = Cell("tests", "assert f(3) == 7", points=3)
TOO_MANY = runner.MOST_OUTPUT  # characters that no notebook may show
HERE = Sandbox(PROCESSES, Limits(cell_seconds=5))  # the same checker, and quicker to start


def points(ran: Ran, notebook: Sequence[Cell]) -> list[float]:
    """What nbgrader makes of the outputs of test cells; the same as their verdicts."""
    found = []
    for cell, outputs, verdict in zip(notebook, ran.outputs, ran.points, strict=True):
        if cell.kind != "tests":
            continue
        marks = {"grade": True, "solution": False, "points": cell.points}
        as_nbgrader = {"cell_type": "code", "outputs": outputs, "metadata": {"nbgrader": marks}}
        score, _ = determine_grade(from_dict(as_nbgrader))
        assert score == (verdict or 0.0)
        found.append(score)
    return found


def of(*notebook: Cell) -> list[float]:
    return points(run(notebook, HERE), notebook)


def check(source: str) -> Cell:
    return Cell("tests", source, points=3)


def answer(source: str) -> Cell:
    return replace(ANSWER, source=source)


CHECKS = {
    "f(1)": 2,
    "f(1) * 0.5": 1,
    "0": 0,
    "0.0": 0,
    "f(1);": 3,
    "None": 3,
    "f(3) == 6": 3,
    "f(3) == 7": 0,
    "float('nan')": 0,
    "float('inf')": 0,
    "-float('inf')": 0,
    "-1": 0,
    "3.01": 0,
    "10 ** 5000": 0,
    "-10 ** 5000": 0,
    "'words'": 3,
    "raise SystemExit(0)": 0,
    "raise KeyboardInterrupt": 0,
    "raise GeneratorExit": 0,
    "exit()": 0,
    "this is no python": 0,
    "assert False, '\\ud800'": 0,
    "assert False, 'x' * 10_000_000": 0,
    "print('x' * 10_000_000)\nassert False": 0,
    "for n in range(1000): print(n)\nassert False": 0,
    "import sys\nprint('a warning', file=sys.stderr)": 3,
}
MAGICS = {
    "%%time\nassert f(3) == 7": 0,
    "%%capture\nassert f(3) == 7": 0,
    "%time assert f(3) == 7": 0,
    "get_ipython().run_cell('assert f(3) == 7')": 0,
    "%%bash\nfalse": 0,
    "from IPython.display import display\nfor n in range(300): display(n)\n0": 0,
    "from IPython.display import display\nfor n in range(300): display(n)\nassert f(3) == 7": 0,
    "%%time\nassert f(3) == 6": 3,
}


def of_each(*before: Cell, checks: dict[str, float]) -> dict[str, float]:
    found = of(*before, *map(check, checks))
    return dict(zip(checks, found, strict=True))


@pytest.mark.parametrize("checks", [CHECKS, {**CHECKS, **MAGICS}], ids=["plain", "ipython"])
def test_a_check_has_the_points_of_its_last_line_or_none(checks: dict[str, float]) -> None:
    """No magic keeps a failure back, and no number of things that are shown does."""
    assert of_each(ANSWER, checks=checks) == checks


def test_what_is_shown_takes_no_verdict_s_room() -> None:
    much = [Cell("own", "print('x' * 150_000)")] * 60
    assert of(*much, ANSWER, FAILING, check("f(1)"), PASSING) == [0, 2, 3]


@pytest.mark.parametrize(
    ("size", "many"),
    [(1, 499), (1, 500), (1, 501), (100, 20_000), (100_000, 41), (100_000, 120), (TOO_MANY, 2)],
)
def test_prints_in_a_call_take_no_verdict_s_room(size: int, many: int) -> None:
    source = (
        "import insidedocker.grading.pod.codec as w\n"
        "old = w.dumps\n"
        f"shown = [{{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * {size}}}] * {many}\n"
        "w.dumps = lambda message: old({**message, 'printed': shown})\n"
        "def f(x): return 2"
    )
    assert of(answer(source), FAILING, check("f(1)"), check("f(1)\nf(2)\nf(3)\n0")) == [0, 2, 0]


RAISES = """\
def expect_an_exception():
    try:
        f(1)
    except Exception:
        return
    raise AssertionError("it answered")
expect_an_exception()
"""
"""As `lab.check.raises` does it."""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise ValueError(x)", 3),
        ("class Mine(Exception): pass\n    raise Mine", 3),
        ("import os; os._exit(0)", 0),
        ("import sys; sys.exit()", 0),
        ("raise KeyboardInterrupt", 0),
        ("while True: pass", 0),
        ("return x", 0),
    ],
)
def test_only_an_exception_is_one(body: str, expected: float) -> None:
    assert of(answer(f"def f(x):\n    {body}"), check(RAISES)) == [expected]


def test_a_process_that_has_gone_answers_nothing() -> None:
    """Not even that a name of it is set."""
    gone = Cell("answer", "import os\nos._exit(0)", stub="limit = None")
    checks = dict.fromkeys(["limit", "assert limit", "assert limit is not None", "pass"], 0.0)
    assert of_each(gone, checks=checks) == checks


def test_an_answer_that_was_not_asked_for_ends_the_talk() -> None:
    source = (
        "import insidedocker.grading.pod.codec as w\n"
        "old = w.dumps\n"
        "w.dumps = lambda m: old(m) + (old({'value': 6}) if 'names' in m else b'')\n"
        "def f(x): pass"
    )
    notebook = [answer(source), PASSING]
    ran = run(notebook, HERE)
    assert points(ran, notebook) == [0]
    assert ran.notes == ["the notebook's process sent an answer that was not asked for"]


EVENTS = {
    "no verdict": lambda event: {**event, "verdict": None},
    "a verdict without points": lambda event: {**event, "verdict": {"error": None}},
    "points as a text": lambda event: {**event, "verdict": {"points": "3", "error": None}},
    "True": lambda event: {**event, "verdict": {"points": True, "error": None}},
    "not a number": lambda event: {**event, "verdict": {"points": "nan", "error": None}},
    "too many": lambda event: {**event, "verdict": {"points": 4, "error": None}},
    "negative": lambda event: {**event, "verdict": {"points": -1, "error": None}},
    "both": lambda event: {**event, "verdict": {**event["verdict"], "error": {"ename": "E"}}},
    "another cell": lambda event: {**event, "cell": event["cell"] + 1},
    "a cell that is not there": lambda event: {**event, "cell": 99},
    "no cell": lambda event: {"verdict": event["verdict"]},
    "the end": lambda event: {"done": True, "notes": [], "failed": [], "faults": []},
}


@pytest.mark.parametrize("kind", EVENTS)
def test_without_a_verdict_there_are_no_points_and_a_person_looks(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the checks' own process sends: by a pod that is not there."""
    made = {"cell": 0, "outputs": [], "learner": None, "verdict": {"points": 3.0, "error": None}}
    lines = [{"started": True}, EVENTS[kind](made), {"done": True}]
    said = b"".join(runner.codec.dumps(each) for each in lines)
    script = f"import sys; sys.stdout.buffer.write({said!r})"
    monkeypatch.setattr(runner.Sandbox, "start", lambda *_: _Pod(script))
    ran = run([PASSING], Sandbox())
    assert points(ran, [PASSING]) == [0]
    assert not ran.complete
    assert ran.notes
    assert ran.faults


class _Pod:
    """In place of a pod: a script that writes the events."""

    def __init__(self, script: str) -> None:
        import subprocess
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.private = Path(self.folder.name)
        (self.private / "log").touch()
        self.process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        self.events = self.process.stdout

    def learner(self) -> list[object]:
        return []

    def all(self) -> list[object]:
        return []

    def out_of_memory(self) -> bool:
        return False

    def __enter__(self) -> _Pod:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
        self.folder.cleanup()


def test_hidden_lines_are_those_that_nbgrader_hides() -> None:
    assert checker_main.hidden_lines("a\n# BEGIN HIDDEN TESTS\nb\n# END HIDDEN TESTS\nc") == {
        2,
        3,
        4,
    }


LOST = """
c.Autograde.autograde_preprocessors.insert(1, "nbgrader.preprocessors.ClearOutput")
c.SandboxedExecute.sandbox = "processes"
"""


def test_outputs_that_are_lost_on_the_way_give_no_points(tmp_path: Path) -> None:
    """What an instructor's own settings may do to them; a person is told."""
    with scene(tmp_path, "ours") as (made, _):
        with (made.course / "nbgrader_config.py").open("a") as config:
            config.write(LOST)
        path = made.submission("victim") / f"{ASSIGNMENT}.ipynb"
        path.write_text(path.read_text().replace("value * 2", "value * 3"))
        done = nbgrader(made, "autograde", ASSIGNMENT, "--student=victim")
        assert done.returncode == 0, done.stdout
        assert points_of(made, "victim") == 4
        with Gradebook(f"sqlite:///{made.course}/gradebook.db") as book:
            (notebook,) = book.find_submission(ASSIGNMENT, "victim").notebooks
            waiting = {each.name for each in notebook.grades if each.needs_manual_grade}
        assert "double_test" in waiting


ASKING = """\
from insidedocker import lab
def f(url):
    try:
        lab.connect("unix:///none/own.sock").get("/_ping")
    except OSError:
        return 1
"""
COMPARED = """\
from insidedocker.lab import check
check.equal(check.call(f, "unix:///none/{}.sock"), 2, what="f", try_next="count again.")
"""


@pytest.mark.parametrize(("handed", "told"), [("other", "another engine"), ("own", "count again")])
def test_the_engines_that_a_function_has_asked_are_told(handed: str, told: str) -> None:
    """Between two processes: the failure is put down to the wrong engine, where it was."""
    ran = run(
        [Cell("answer", ASKING, stub="def f(url): ..."), check(COMPARED.format(handed))], HERE
    )
    assert told in str(ran.outputs)
