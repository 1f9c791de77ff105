"""A learner's first hour in a real browser: the first lesson opens, cells run, a task is solved,
a question is answered, the notebook is validated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.jupyterlab import LONG, Notebook, screenshot
from tests.support.newcomer import Newcomer

pytestmark = [pytest.mark.slow, pytest.mark.real]

LESSON = "00-start-here"
RIGHT = 'def ping(url):\n    return lab.connect(url).get("/_ping").text'
FOR_INSTRUCTORS = re.compile("Formgrader|Create Assignment|Assignment List|Course List|Jupytext")


@pytest.fixture(scope="module")
def url(somebody: Newcomer) -> Iterator[str]:
    """The address that `insidedocker lab` prints."""
    work = str(somebody.home / "work")
    command = (".venv/bin/insidedocker", "lab", "--no-open", "--engine", "embedded")
    with somebody.terminal(*command, "--work", work) as terminal:
        yield terminal.url()


@pytest.fixture
def own_lesson(
    somebody: Newcomer, url: str, open_page: OpenPage, request: pytest.FixtureRequest
) -> Notebook:
    """The first lesson, open in a folder of this test's own."""
    return open_copy(somebody, url, open_page, request.node.name, "release")


def open_copy(somebody: Newcomer, url: str, open_page: OpenPage, name: str, kind: str) -> Notebook:
    """Open a copy of the lesson's learner's ("release") or instructor's ("source") version."""
    text = (somebody.course / kind / LESSON / f"{LESSON}.ipynb").read_text()
    somebody.write(somebody.home / "work" / name / f"{LESSON}.ipynb", text)
    address = url.replace(f"{LESSON}/", f"{name}/", 1).replace("?", "?reset&")
    # JupyterLab itself complains where a question is shown again without its kernel.
    notebook = Notebook(open_page(address, but=["widget model not found"]))
    notebook.await_kernel()
    return notebook


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_printed_address_opens_the_first_lesson(
    url: str, open_page: OpenPage, theme: str
) -> None:
    page = open_page(url, dark=theme == "dark")
    notebook = Notebook(page)
    title = notebook.panel.get_by_role("heading", name="Start here")
    expect(title).to_be_visible(timeout=LONG)
    notebook.await_kernel()
    screenshot(page, f"lesson-opened-{theme}")
    title.click()
    request = notebook.cell('answer = engine.get("/_ping")')
    for _ in range(40):
        if request.evaluate("each => each.classList.contains('jp-mod-active')"):
            break
        notebook.press_shift_enter()
    notebook.press_shift_enter()
    expect(request.locator(".jp-Cell-outputArea")).to_contain_text("<Response [200]>", timeout=LONG)
    engine_line = notebook.cell("engine = lab.connect()").locator(".jp-Cell-outputArea")
    expect(engine_line).to_contain_text(re.compile(r"^Engine: embedded \(.*\), runtime \w+"))
    machine = notebook.cell("lab.machine(engine)").locator(".jp-Cell-outputArea")
    expect(machine).to_contain_text("This machine has what the course needs.")
    screenshot(page, f"lesson-running-{theme}")
    machine.scroll_into_view_if_needed()
    screenshot(page, f"lesson-machine-{theme}")


def test_a_learner_sees_no_instructors_tools_and_no_news(own_lesson: Notebook) -> None:
    page = own_lesson.page
    for name in page.locator(".lm-MenuBar-itemLabel").all_inner_texts():
        page.locator(".lm-MenuBar-itemLabel").get_by_text(name, exact=True).click()
        entries = page.locator(".lm-Menu-itemLabel").all_inner_texts()
        assert not [each for each in entries if FOR_INSTRUCTORS.search(each)]
        page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+C")
    for word in ("Formgrader", "Assignment", "Course List", "Jupytext"):
        page.locator(".lm-CommandPalette-input").fill(word)
        expect(page.locator(".lm-CommandPalette-itemLabel").filter(has_text=word)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".Toastify__toast")).to_have_count(0)
    titles = page.locator(".jp-SideBar .lm-TabBar-tab").evaluate_all(
        "tabs => tabs.map(tab => tab.title)"
    )
    assert not [each for each in titles if FOR_INSTRUCTORS.search(each)]


def test_a_task_is_solved_by_typing(own_lesson: Notebook) -> None:
    answer = own_lesson.cell("def ping(url):")
    checks = own_lesson.cell("ping_hints = [")
    own_lesson.run_all_above(answer)
    own_lesson.run(answer)
    told = own_lesson.run(checks)
    expect(told).to_contain_text("Observed")
    expect(told).not_to_contain_text("Traceback")
    screenshot(own_lesson.page, "task-not-solved-yet")
    own_lesson.write(answer, RIGHT)
    own_lesson.run(answer)
    expect(own_lesson.run(checks)).to_contain_text("Task 1")
    screenshot(own_lesson.page, "task-solved")


def test_a_clicked_answer_is_saved_and_survives_a_restart(
    own_lesson: Notebook, somebody: Newcomer, request: pytest.FixtureRequest
) -> None:
    page = own_lesson.page
    saved = somebody.home / "work" / request.node.name / "answers.json"
    question = own_lesson.cell("where_to_look = lab.quiz.choice(")
    own_lesson.run(own_lesson.cell("engine = lab.connect()"))
    shown = own_lesson.run(question)
    status = shown.get_by_role("status")
    expect(status).to_contain_text("no answer saved yet")
    shown.get_by_role("radio").nth(1).click()
    expect(status).to_contain_text("saved: b")
    assert json.loads(saved.read_text()) == {"where_to_look": "b"}
    screenshot(page, "quiz-answered")

    own_lesson.save()
    own_lesson.restart_kernel()
    page.reload()
    own_lesson.await_kernel()
    question.scroll_into_view_if_needed()
    expect(status).to_contain_text("saved: b")
    expect(status).to_contain_text("run this cell to answer")
    screenshot(page, "quiz-reopened")

    own_lesson.run(own_lesson.cell("engine = lab.connect()"))
    shown = own_lesson.run(question)
    expect(shown.get_by_role("radio").nth(1)).to_be_checked()
    shown.get_by_role("radio").nth(0).click()
    expect(status).to_contain_text("saved: a")
    assert json.loads(saved.read_text()) == {"where_to_look": "a"}


def test_a_question_is_answered_by_keyboard(own_lesson: Notebook) -> None:
    page = own_lesson.page
    own_lesson.run(own_lesson.cell("engine = lab.connect()"))
    shown = own_lesson.run(own_lesson.cell("where_to_look = lab.quiz.choice("))
    shown.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    expect(shown.get_by_role("status")).to_contain_text("saved: a")
    for key in "bcd":
        page.keyboard.press("ArrowDown")
        expect(shown.get_by_role("status")).to_contain_text(f"saved: {key}")
    page.keyboard.press("ArrowUp")
    expect(shown.get_by_role("status")).to_contain_text("saved: c")
    screenshot(page, "quiz-by-keyboard")


def validate(page: Page) -> str:
    """Press the button, read what the dialog says, and close it."""
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text(re.compile("Validation|Error"), timeout=LONG)
    return dialog.inner_text()


def test_validate_says_what_is_not_solved_yet(own_lesson: Notebook) -> None:
    told = validate(own_lesson.page)
    screenshot(own_lesson.page, "validate-untouched")
    assert told.count("Try next:") == 4, "one for each cell with checks"
    assert "Traceback" not in told


def test_validate_says_that_all_is_well(somebody: Newcomer, url: str, open_page: OpenPage) -> None:
    notebook = open_copy(somebody, url, open_page, "solved", "source")
    told = validate(notebook.page)
    screenshot(notebook.page, "validate-solved")
    assert "Success" in told
