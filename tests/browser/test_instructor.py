"""An instructor's round through Formgrader's own buttons, in a real browser, on a scratch course
with one lesson; only the learner hands in by command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.jupyterlab import LONG, formgrader, press, screenshot
from tests.support.newcomer import Newcomer
from tests.support.ordinary import give_away

pytestmark = [pytest.mark.slow, pytest.mark.real]

LESSON = "00-start-here"
STUB = "    pass  # Your code goes here: replace this line."
RIGHT = '    return lab.connect(url).get(\\"/_ping\\").text'  # as it stands in the notebook's JSON


@pytest.fixture(scope="module")
def scratch(somebody: Newcomer) -> Path:
    """A course with one lesson, the instructor's own."""
    folder = somebody.home / "scratch course"
    for name in (f"source/{LESSON}", f"release/{LESSON}", "notebooks"):
        shutil.copytree(somebody.course / name, folder / name)
    shutil.copy(somebody.course / "nbgrader_config.py", folder)
    for path in (folder, *folder.rglob("*")):
        give_away(path)
    return folder


@pytest.fixture(scope="module")
def exchange(somebody: Newcomer) -> Path:
    """Where `insidedocker teach` puts the exchange by itself."""
    return somebody.home / ".local/share/insidedocker/exchange"


@pytest.fixture(scope="module")
def url(somebody: Newcomer, scratch: Path, exchange: Path) -> Iterator[str]:
    """The address that `insidedocker teach` prints."""
    teach = (str(somebody.course / ".venv/bin/insidedocker"), "teach", "--no-open")
    with somebody.terminal(*teach, "--engine", "embedded", folder=scratch) as terminal:
        yield terminal.url()
        assert f"Exchange: {exchange}\n" in terminal.text


def hand_in(somebody: Newcomer, exchange: Path, learner: str) -> None:
    """Fetch the lesson, solve its first task, and submit it, by nbgrader's commands."""
    own = somebody.home / learner
    own.mkdir()
    give_away(own)
    who = ("--course=insidedocker", f"--student={learner}", f"--Exchange.root={exchange}")
    nbgrader = (str(somebody.course / ".venv/bin/nbgrader"),)
    done = somebody.run(*nbgrader, "fetch_assignment", LESSON, *who, folder=own)
    assert done.returncode == 0, done.stderr
    notebook = own / LESSON / f"{LESSON}.ipynb"
    text = notebook.read_text()
    assert STUB in text
    somebody.write(notebook, text.replace(STUB, RIGHT, 1))
    done = somebody.run(*nbgrader, "submit", LESSON, *who, folder=own)
    assert done.returncode == 0, done.stderr


def test_a_round_through_formgrader(
    somebody: Newcomer, scratch: Path, exchange: Path, url: str, open_page: OpenPage
) -> None:
    # The page of a submission takes MathJax from the net; the rest of it does without.
    page = open_page(url, but=("cdnjs.cloudflare.com", "MathJax is not defined"))
    frame = formgrader(page)
    row = frame.locator("#main-table tr").filter(has_text=LESSON)
    expect(row).to_contain_text("draft", timeout=LONG)
    screenshot(page, "formgrader-start")

    press(frame, "assign", LESSON)
    press(frame, "release", LESSON)
    expect(row).to_contain_text("released")
    hand_in(somebody, exchange, "ada")
    press(frame, "collect", LESSON)
    expect(row.locator("td.num-submissions")).to_have_text("1")
    screenshot(page, "formgrader-collected")

    row.locator("td.num-submissions a").click()
    submission = frame.locator("#main-table tr").filter(has_text="ada")
    expect(submission).to_contain_text("needs autograding", timeout=LONG)
    press(frame, "autograde", "ada")
    expect(submission).to_contain_text("graded")
    expect(submission.locator("td.score")).to_have_text("1 / 4")
    screenshot(page, "formgrader-autograded")

    frame.get_by_text("Manage Assignments").first.click()
    expect(row.locator("td.num-submissions")).to_have_text("1")
    press(frame, "generate-feedback", LESSON)
    assert list((scratch / "feedback" / "ada" / LESSON).glob("*.html"))
    frame.get_by_text("Manual Grading").first.click()
    expect(row).to_contain_text("1 / 4", timeout=LONG)
    screenshot(page, "formgrader-gradebook")

    for _ in range(2):  # the lesson, then its only notebook
        frame.locator("#main-table a").get_by_text(LESSON).click()
        expect(frame.locator(".breadcrumb")).to_contain_text(LESSON)
    frame.locator("#main-table a").get_by_text("Submission #1").click()
    checks = frame.locator(".nbgrader_cell").filter(has_text="ping_test").first
    checks.scroll_into_view_if_needed(timeout=LONG)
    expect(checks.locator("input.score")).to_have_attribute("placeholder", "1")
    screenshot(page, "formgrader-submission")
