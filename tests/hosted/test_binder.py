"""A Binder session for real: the image that repo2docker would build, run with the limits of
mybinder.org, opened in a browser, and every lesson's instructor version played in it.

Made from nothing it takes some minutes; how a session starts is also in the standard run
(test_hosted_session.py). The figures of docs/hosted/binder.md are printed by these tests.
"""

import json
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.hosted import binder_image, binder_session
from tests.hosted.binder_session import Session
from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.support import engines, patience
from tests.support.jupyterlab import FLAGS, Notebook, screenshot
from tests.support.missing import skip_missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(not ASKED_FOR, reason="takes minutes: INSIDEDOCKER_MORE=hosted"),
    pytest.mark.timeout(1800),
]

LESSONS = sorted(path.stem for path in (ROOT / "source").glob("*/*.ipynb"))
START_PAGE = "lab/tree/00-start-here/00-start-here.ipynb"
MEMORY = 1.2e9


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with skip_missing(), engines.dockerd() as engine:
        image = binder_image.build(engine)
        with binder_session.session(engine, image) as found:
            yield found


@pytest.fixture(scope="module")
def page(session: Session, chromium: str) -> Iterator[Page]:
    """A page of Chromium in the network of the session's engine, which nobody else can reach."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        inside = Path(folder) / "chromium"
        inside.write_text(f'#!/bin/sh\nexec {" ".join(session.engine.inside)} {chromium} "$@"\n')
        inside.chmod(inside.stat().st_mode | stat.S_IXUSR)
        browser = playwright.chromium.launch(executable_path=inside, args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def test_the_start_page_opens(session: Session, page: Page) -> None:
    page.goto(session.url(START_PAGE))
    heading = page.locator(".jp-NotebookPanel h1").first
    expect(heading).to_be_visible(timeout=patience.START * 1000)
    first_page = time.monotonic() - session.began
    first_ping = session.seconds_until("Engine: embedded")
    print(f"first page {first_page:.1f} s, first /_ping {first_ping:.1f} s after the start")
    notebook = Notebook(page)
    notebook.await_kernel()
    notebook.menu("Run", "Run All Cells")
    notebook.await_kernel()
    screenshot(page, "binder-start-page")
    assert session.memory() < MEMORY


def test_the_walls_are_those_of_binder(session: Session) -> None:
    code, said = session.run("insidedocker", "engine", "status")
    assert code == 0 and "proot" in said
    assert session.run("id", "-u")[1].strip() == "1000"
    assert session.run("unshare", "--user", "true")[0] != 0
    assert session.run("curl", "--max-time", "3", "http://deb.debian.org")[0] != 0


def test_terminals_have_the_docker_command(session: Session) -> None:
    code, said = session.run("docker", "version", "--format", "{{.Server.Version}}")
    assert code == 0, said


def test_no_image_has_to_be_pulled(session: Session) -> None:
    code, said = session.run("insidedocker", "catalog", "load")
    assert code == 0, said
    assert "Building" not in said and "Fetching" not in said


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_full_marks(session: Session, lesson: str) -> None:
    report: dict[str, Any] = binder_session.play(session, lesson)
    for run in report["runs"]:
        assert run["errors"] == {}
        wrong = {name: score for name, score in run["scores"].items() if score[0] != score[1]}
        assert not wrong, json.dumps(run["told"], indent=1)
    assert report["after"] == report["before"]
    peak = session.peaks[lesson]
    print(f"{lesson}: at most {peak / 1e6:.0f} MB")
    assert peak < MEMORY
