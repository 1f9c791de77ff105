"""Learners' slips are made as the rules say, graded, and refused by the checks: a sample of
`python -m benchmarks.mutants`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from insidedocker import lab
from insidedocker.lab import Engine
from tests.exercises import play
from tests.exercises.evidence import REPOSITORY, Lesson
from tests.exercises.mutants import outcomes
from tests.exercises.slips import OWN_ENGINE, SLEEP, Call, slips

LESSON = "04-rest-api"
SAMPLE = "negotiate"  # an exercise that needs no engine


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("a = x == y", "a = str(y) in str(x)"),
        ("a = x == y", "a = str(x).startswith(str(y))"),
        ("a = x != y", "a = not str(y) in str(x)"),
        ("a = x in names", "a = any((str(x) in str(each) for each in names))"),
        ("a = answer.status_code == 404", "a = answer.status_code >= 400"),
        ("a = answer.status_code == 204", "a = answer.status_code < 400"),
        ("a = answer.status_code >= 400", "a = answer.status_code >= 500"),
        ("a = x >= y", "a = x > y"),
        ("if x:\n    pass", "if True:\n    pass"),
        ("a = x or []", "a = x"),
        ("a = [x for x in y if x]", "a = [x for x in y]"),
        ("a = [x for x in y]", "a = [x for x in list(y)[:1]]"),
        ("for x in y:\n    a(x)", "for x in list(y)[-1:]:\n    a(x)"),
        ("a = all(x)", "a = any(x)"),
        ("a = sorted(x)", "a = list(x)"),
        ("a.sort()", ""),
        ("a = x[0]", "a = x[-1]"),
        ("a = x[4:8]", "a = x[4:9]"),
        ("a = x.partition(':')", "a = x.rpartition(':')"),
        ("a = x.split(':', 1)", "a = x.split(':')"),
        ("a = x.removesuffix('abc')", "a = x.rstrip('abc')"),
        ("a = get('/x?all=1&size=1')", "a = get('/x?size=1')"),
        ("a = get(f'/x/{y}?all=1')", "a = get(f'/x/{y}')"),
        ("a = get('/x', params={'all': 1})", "a = get('/x', params={})"),
        ("a = get('/x', headers=h)", "a = get('/x')"),
        ("a = {'Image': x, 'Labels': y}", "a = {'Image': x}"),
        ("a = get(stdout=True)", "a = get(stderr=True)"),
        ("a = get('/x?stdout=1')", "a = get('/x?stdout=1&stderr=1')"),
        ("a = {'stdout': 1}", "a = {'stdout': 1, 'stderr': 1}"),
        ("post('/x/wait')", SLEEP),
        ("x.wait()", SLEEP),
        ("a = ['sleep', '600']", "a = ['sleep', '3']"),
        ("answer.raise_for_status()", ""),
        ("try:\n    a()\nexcept KeyError:\n    b()", "try:\n    a()\nexcept Exception:\n    b()"),
    ],
)
def test_a_slip_is_made(right: str, wrong: str) -> None:
    assert wrong.replace('"', "'") in [each.source for each in slips(right)] or not wrong
    if not wrong:
        assert "pass" in [each.source for each in slips(right)]


def test_parameters_and_answers_of_visible_calls_take_the_place_of_work() -> None:
    right = "def f(url, name):\n    return name"
    made = {
        each.source
        for each in slips(right, [Call("f", ["unix:///a.sock", "web"], "web")])
        if each.source.count("\n") <= 2
    }
    head = "def f(url, name):\n    "
    assert f"{head}url = {OWN_ENGINE}\n    return name" in made
    assert f"{head}name = 'web'\n    return name" in made
    assert f"{head}return 'web'" in made
    assert f"{head}return []" in made


def test_a_slip_says_which_lines_changed() -> None:
    [sort_dropped] = [each for each in slips("a = 1\nb = sorted(a)") if "list" in each.source]
    assert (sort_dropped.was, sort_dropped.now) == ("b = sorted(a)", "b = list(a)")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with lab.check.fresh_engine() as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", made.url)
        patch.setenv("INSIDEDOCKER_ENGINE", "auto")
        yield made


@pytest.mark.slow
def test_the_checks_refuse_every_slip(engine: Engine) -> None:
    [found] = outcomes(Lesson(LESSON), engine, [SAMPLE])
    assert len(found.refused) > 20
    assert found.equivalent
    assert [str(each) for each in found.survived] == []
    assert found.stale == []
    assert found.never_varied == []


@pytest.mark.slow
def test_slips_survive_weak_checks(engine: Engine, tmp_path: Path) -> None:
    """Without its hidden checks an exercise accepts what the visible ones do not ask for."""
    for part in ("source", "release", "notebooks"):
        shutil.copytree(REPOSITORY / part / LESSON, tmp_path / part / LESSON)
    path = tmp_path / "source" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [play.without_hidden_checks(cell) for cell in notebook.cells]
    nbformat.write(notebook, path)

    [found] = outcomes(Lesson(LESSON, tmp_path), engine, [SAMPLE])

    assert found.survived
    assert found.refused
