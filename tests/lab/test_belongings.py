"""What lessons make is found again and removed, and nothing else is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from insidedocker import lab
from insidedocker.lab.checks import fixtures
from tests.support import engines

LESSON, OTHER = "05-images", "06-containers"


@pytest.fixture
def engine(any_engine: engines.Engine, busybox: Path) -> Iterator[lab.Engine]:
    """A session with each engine in turn, which has busybox."""
    any_engine.load(busybox)
    with lab.connect(any_engine.url) as session:
        yield session


def container(engine: lab.Engine, labels: dict[str, str]) -> str:
    made = engine.post("/containers/create", json={"Image": "busybox", "Labels": labels})
    assert made.status_code == 201, made.text
    return str(made.json()["Id"])


def test_only_the_lessons_own_is_removed(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    theirs = container(engine, {})
    others = container(engine, lab.labels(OTHER))
    container(engine, lab.labels(LESSON))
    tag(engine, lab.repository(LESSON, "box"))
    tag(engine, "somebody/box")

    removed = lab.clean_up(engine, LESSON)

    left = lab.inventory(engine)
    assert len(removed) == 2
    assert left["containers"] == sorted([*before["containers"], theirs, others])
    assert left["images"] == before["images"]
    assert [name for name in left["tags"] if "somebody/box" in name]
    assert not [name for name in left["tags"] if LESSON in name]

    assert lab.clean_up(engine, LESSON) == []
    lab.clean_up(engine, OTHER)
    engine.delete(f"/containers/{theirs}?force=1")
    engine.delete("/images/somebody/box:latest")
    assert lab.inventory(engine) == before


def test_a_running_container_is_removed_too(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    made: Any = engine.post(
        "/containers/create",
        json={"Image": "busybox", "Cmd": ["sleep", "60"], "Labels": lab.labels(LESSON)},
    )
    assert engine.post(f"/containers/{made.json()['Id']}/start").status_code == 204
    assert len(lab.clean_up(engine, LESSON)) == 1
    assert lab.inventory(engine) == before


def test_a_build_goes_with_its_steps(engine: lab.Engine) -> None:
    before = lab.inventory(engine)
    text = b"FROM busybox\nCOPY same /\nENV A=b\nCOPY other /\n"
    for version in ("1", "2"):
        files = {"Dockerfile": text, "same": b"same", "other": version.encode()}
        fixtures.build(engine, LESSON, files, f"{lab.repository(LESSON, 'app')}:{version}")
    assert lab.clean_up(engine, LESSON)
    assert lab.inventory(engine) == before


def tag(engine: lab.Engine, repository: str) -> None:
    made = engine.post(f"/images/busybox/tag?repo={repository}&tag=latest")
    assert made.status_code == 201, made.text
