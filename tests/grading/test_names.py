"""Which names code sets and needs, and which shown cells the checks build upon."""

import ast
import gc
from pathlib import Path

import pytest

from insidedocker.grading.pod import names
from insidedocker.grading.pod.names import needed, needs, sets


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("a = 1\nb, (c, *d) = 2, (3, 4)", {"a", "b", "c", "d"}),
        ("import os.path, json as j\nfrom sys import argv", {"os", "j", "argv"}),
        ("def f(x):\n    y = x\nclass C:\n    z = 1", {"f", "C"}),
        ("for n in range(3):\n    with open('f') as file: pass", {"n", "file"}),
        ("found = [each for each in 'abc']\na.b = c[0] = 1", {"found"}),
        ("this is no Python", set()),
    ],
)
def test_a_cell_sets(source: str, made: set[str]) -> None:
    assert sets(source) == made


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a = 1\nprint(a, b)", {"b"}),
        ("total = total + 1", {"total"}),
        ("def f(x):\n    return later(x)\nlater = 1", set()),
        ("def f(x):\n    return other(x)", {"other"}),
        ("class C:\n    z = 1\n    y = z + w", {"w"}),
        ("[each + extra for each in known]", {"known", "extra"}),
        ("with place() as name:\n    name.use()", {"place"}),
    ],
)
def test_a_cell_needs(source: str, wanted: set[str]) -> None:
    assert needs(source) == wanted


def cell(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source, "stub": source}


def test_the_shown_cell_that_counts_is_the_last_one_before() -> None:
    cells = [
        cell("shown", "port = 1"),
        cell("shown", "port = 2\nhost = name_of(port)"),
        cell("shown", "def name_of(port): return prefix + str(port)\nprefix = ''"),
        cell("tests", "assert ask(host)"),
        cell("shown", "host = 'another'"),
        cell("answer", "def ask(host): pass"),
    ]
    assert needed(cells) == {1, 2}


def test_what_a_check_sets_itself_needs_no_shown_cell() -> None:
    cells = [
        cell("shown", "client = 1\nname = 2"),
        cell("tests", "def check(name):\n    client = 3\n    return client, name\ncheck(4)"),
    ]
    assert needed(cells) == set()


def test_a_cell_is_read_whatever_else_python_reads_meanwhile() -> None:
    class Reading:
        """Garbage whose finalizer parses: the collector runs it in the middle of another parse."""

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            ast.parse("a + b")

    source = Path(names.__file__).read_text()
    thresholds = gc.get_threshold()
    gc.set_threshold(100)
    disturbed = 0
    try:
        for _ in range(50):
            for _ in range(10):
                Reading()
            try:
                ast.parse(source)
            except SystemError:
                disturbed += 1
            for _ in range(10):
                Reading()
            assert len(names.parsed(source).body) > 10
            assert "parsed" in names.sets(source)
    finally:
        gc.set_threshold(*thresholds)
    print(f"plain ast.parse failed {disturbed} times of 50 on this Python")
