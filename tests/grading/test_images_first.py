"""Inside a submission's walls nothing can be fetched: what a notebook asks for is there before."""

import pytest

from insidedocker import catalog
from insidedocker.grading import execute
from insidedocker.grading.running import Cell


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that the catalogue was asked for."""
    found: list[str] = []
    monkeypatch.setattr(catalog, "archive", found.append)
    execute._have_image.cache_clear()
    return found


def test_what_any_cell_names_and_what_the_lab_uses_unasked(asked: list[str]) -> None:
    execute.have_images(
        [
            Cell("shown", "from insidedocker import lab\nlab.need(engine, 'nginx')"),
            Cell("own", 'lab.need(engine, "registry:2")'),
        ]
    )
    assert asked == ["hello-world:latest", "busybox:latest", "nginx:latest", "registry:2"]


def test_a_notebook_without_the_lab_needs_none(asked: list[str]) -> None:
    execute.have_images([Cell("own", 'print("nginx")')])
    assert asked == []
