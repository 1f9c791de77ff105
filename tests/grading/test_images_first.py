"""Inside a submission's walls nothing can be fetched: what a notebook asks for is there before."""

from pathlib import Path

import pytest

from insidedocker import catalog
from insidedocker.grading.plugins import preprocessors
from insidedocker.grading.runner import Cell
from insidedocker.grading.sandbox import Sandbox


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that the catalogue was asked for."""
    found: list[str] = []
    monkeypatch.setattr(catalog, "archive", found.append)
    preprocessors._have_image.cache_clear()
    return found


LAB = "from insidedocker import lab"


def test_what_a_lesson_names_and_what_the_lab_uses_unasked(asked: list[str]) -> None:
    preprocessors.have_images(
        [
            Cell("shown", "", stub=f"{LAB}\nlab.need(engine, 'nginx')"),
            Cell("answer", "pass", stub="run(url, 'python:3-slim')"),
            Cell("tests", 'with registry(engine, "registry:2") as url:\n    assert push(url)'),
        ]
    )
    unasked = ["hello-world:latest", "busybox:latest"]
    assert sorted(asked) == sorted([*unasked, "nginx:latest", "python:3-slim", "registry:2"])


def test_what_a_learner_writes_asks_for_nothing(asked: list[str]) -> None:
    wanted = f'{LAB}\nlab.need(engine, "registry:2")  # insidedocker "nginx"'
    preprocessors.have_images(
        [
            Cell("own", wanted),
            Cell("answer", wanted, stub="def push(url):\n    pass"),
            Cell("shown", wanted, stub="shown = 1"),
        ]
    )
    assert asked == []
    preprocessors.have_images([Cell("locked", LAB), Cell("own", wanted)])
    assert sorted(asked) == ["busybox:latest", "hello-world:latest"]


def test_a_lesson_without_the_lab_needs_none(asked: list[str]) -> None:
    preprocessors.have_images([Cell("tests", 'print("nginx")')])
    assert asked == []


@pytest.mark.usefixtures("walls")
def test_words_of_a_learner_do_not_keep_the_work_from_being_graded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(name: str) -> None:
        raise catalog.CatalogError("there is no network")

    monkeypatch.setattr(catalog, "archive", offline)
    preprocessors._have_image.cache_clear()
    cells = [
        Cell("answer", '# insidedocker "registry:2"\nanswer = 42', stub="answer = None"),
        Cell("own", "'insidedocker', 'busybox'"),
        Cell("tests", "assert answer == 42", points=1),
    ]
    assert preprocessors.execute(cells, Sandbox(), tmp_path, None).complete
