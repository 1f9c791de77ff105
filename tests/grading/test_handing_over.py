"""What a set-up cell has made arrives in the learner's process, made once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from insidedocker.grading.pod.learner_main import unpacked
from insidedocker.grading.pod.setup_values import packed
from insidedocker.grading.runner import Cell, run
from insidedocker.grading.sandbox import Sandbox
from insidedocker.lab import Engine
from insidedocker.lab.checks.registries import Registry


def arrived(source: str, names: dict[str, Any]) -> dict[str, Any]:
    """What a cell has made, as it is on the other side."""
    made: dict[str, Any] = dict(names)
    exec(source, made)
    taken = packed(source, made)
    there: dict[str, Any] = unpacked(taken["values"])
    exec(taken["source"], there)
    return there


def test_values_are_not_made_again_and_definitions_are_there() -> None:
    source = "import json\nport = free()\ndef f(x):\n    return json.dumps([x, port])\nfree()\n"
    ports = iter(range(7, 9))
    there = arrived(source, {"free": lambda: next(ports)})
    assert there["f"](1) == "[1, 7]"
    assert there["port"] == 7


def test_an_engine_and_a_registry_keep_their_addresses() -> None:
    made = {
        "make": lambda: Engine("unix:///run/some.sock", "why not"),
        "Registry": Registry,
    }
    there = arrived("engine = make()\nhere = Registry('127.0.0.1:5', 'me', 'open')", made)
    assert there["engine"].url == "unix:///run/some.sock"
    assert there["here"] == Registry("127.0.0.1:5", "me", "open")


@pytest.mark.parametrize(
    "value", [threading.Lock(), (lambda: 1), (_ for _ in ()), b"x" * (5 << 20)]
)
def test_what_cannot_travel_is_made_there_by_its_own_statement(value: object) -> None:
    taken = packed(
        "first = 1\nheavy = (\n    make()\n)\nprint(heavy)", {"first": 1, "heavy": value}
    )
    assert taken["source"].split("\n") == ["", "heavy = (", "    make()", ")", ""]
    assert set(taken["values"]) == {"first"}


COUNTING = """\
import uuid
from pathlib import Path

name = uuid.uuid4().hex
HINTS = [(lambda seen: seen == name, "the same")]


def hint(seen):
    return HINTS[0][1] if HINTS[0][0](seen) else "another"
"""
ANSWER = 'def mine():\n    return [name, hint(name), Path("made").exists()]'


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("kind", ["locked", "shown"])
def test_both_sides_have_the_same(kind: Any) -> None:
    """Also of an ordinary cell that a check builds upon."""
    made = COUNTING + 'Path("made").touch()\n'
    cells = [
        Cell(kind, made, stub=made),
        Cell("answer", ANSWER, stub="def mine(): pass"),
        Cell("tests", "assert mine() == [name, 'the same', False], mine()", points=1),
    ]
    ran = run(cells, Sandbox())
    assert ran.outputs == [[], [], []]


@pytest.mark.usefixtures("walls")
def test_a_shown_cell_that_was_changed_runs_besides() -> None:
    released = "name = 'released'\n"
    cells = [
        Cell("shown", "name = 'changed'\nprint(name)", stub=released),
        Cell("answer", "def mine():\n    return name", stub="def mine(): pass"),
        Cell("tests", "assert [name, mine()] == ['released', 'changed']", points=1),
    ]
    ran = run(cells, Sandbox())
    assert ran.outputs[0][0]["text"] == "changed\n"
    assert ran.outputs[2] == []


WITH_HELPERS = """\
import json

LINES = ["a", "b"]


def written(x):
    return json.dumps([x, *LINES])


assert mine()
### BEGIN HIDDEN TESTS
def key():
    return 4711
### END HIDDEN TESTS
"""


@pytest.mark.usefixtures("walls")
def test_a_learner_may_use_what_a_check_shows_and_not_what_it_hides() -> None:
    cells = [
        Cell("answer", "def mine(): return 1", stub="def mine(): pass"),
        Cell("tests", WITH_HELPERS, points=1),
        Cell("answer", "def more(): return written(1)", stub="def more(): pass"),
        Cell("tests", "assert more() == written(1)", points=1),
        Cell("own", "key()"),
    ]
    ran = run(cells, Sandbox())
    assert ran.outputs[:4] == [[], [], [], []]
    assert ran.outputs[4][0]["ename"] == "NameError"


def test_the_weaker_mode_hands_over_too(tmp_path: Path) -> None:
    cells = [
        Cell("locked", COUNTING),
        Cell("answer", ANSWER, stub="def mine(): pass"),
        Cell("tests", "assert mine()[:2] == [name, 'the same']", points=1),
    ]
    assert run(cells, Sandbox("processes")).outputs[2] == []
