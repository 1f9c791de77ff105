"""Every kind of question in a real browser: by mouse, by keyboard alone, after a restart and
reopened, in light and dark; and what axe-core thinks of all that a lesson shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.support.axe import serious
from tests.support.jupyterlab import LONG, Notebook, screenshot
from tests.support.newcomer import Newcomer

pytestmark = [pytest.mark.slow, pytest.mark.real]

SET_UP = "from insidedocker import lab\nfrom insidedocker.lab import quiz"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
FEEDBACK = """\
lab.check.equal(
    "exited",
    "running",
    what="the state of the container web",
    try_next="its main process has ended: read its logs, and look at its command.",
)"""
FAULT = """\
with lab.fault("crashed") as broken:
    try:
        broken.engine.get("/_ping")
    except lab.EngineUnreachable as error:
        print(error)"""
PARTS = (FEEDBACK, FAULT, "lab.my_progress('..')")
LONG_TEXT = "The client asks for the container once more, and the daemon answers 201: it is made"


@dataclass(frozen=True)
class Kind:
    """A question, how it is answered by mouse and by keyboard, and what is then saved."""

    name: str
    code: str
    mouse: Callable[[Locator], None]
    keys: tuple[str, ...]  # once its first control has the focus
    saved: Any
    status: str


def choose(shown: Locator, *letters: str) -> None:
    for each, letter in zip(shown.get_by_role("combobox").all(), letters, strict=True):
        each.select_option(letter)


def tick(shown: Locator) -> None:
    for name in ("a) A socket", "c) A TCP port"):
        shown.get_by_role("checkbox", name=name).check()


def fill(shown: Locator) -> None:
    shown.get_by_role("textbox").fill("docker images")
    shown.get_by_role("textbox").press("Enter")


KINDS = [
    Kind(
        "one",
        f'quiz.choice("one", "Which is it?", {{"a": "{LONG_TEXT}", "b": "A container"}})',
        lambda shown: shown.get_by_role("radio", name="b) A container").check(),
        ("Space", "ArrowDown"),
        "b",
        "saved: b",
    ),
    Kind(
        "many",
        'quiz.choice("many", "Which ways lead in?", '
        '{"a": "A socket", "b": "A file", "c": "A TCP port"}, many=True)',
        tick,
        ("Space", "Tab", "Tab", "Space"),
        ["a", "c"],
        "saved: a, c",
    ),
    Kind(
        "so",
        'quiz.true_false("so", "An image is a running container.")',
        lambda shown: shown.get_by_role("radio", name="False").check(),
        ("Space", "ArrowDown"),
        False,
        "saved: False",
    ),
    Kind(
        "words",
        'quiz.short("words", "Which command lists images?")',
        fill,
        (*"docker", "Space", *"images", "Enter"),
        "docker images",
        "saved: docker images",
    ),
    Kind(
        "steps",
        'quiz.ordering("steps", "In which order?", {"a": "start", "b": "create", '
        f'"c": "{LONG_TEXT}"}})',
        lambda shown: choose(shown, "b) create", "a) start", f"c) {LONG_TEXT}"),
        ("b", "Tab", "a", "Tab", "c"),
        ["b", "a", "c"],
        "saved: b, a, c",
    ),
    Kind(
        "ends",
        'quiz.matching("ends", "Which request does each command send?", '
        '{"1": "docker ps", "2": "docker images"}, '
        '{"a": "GET /images/json", "b": "GET /containers/json", "c": "GET /ps"})',
        lambda shown: choose(shown, "b) GET /containers/json", "a) GET /images/json"),
        ("b", "Tab", "a"),
        {"1": "b", "2": "a"},
        "saved: 1 → b, 2 → a",
    ),
    Kind(
        "play",
        'quiz.choice("play", "For practice: which runs?", {"a": "An image", "b": "A container"},'
        ' right="b", explain={"a": "An image is only ever read."})',
        lambda shown: shown.get_by_role("radio", name="a) An image").check(),
        ("Space",),
        "a",
        "Not yet. An image is only ever read.",
    ),
]
SAVED = {kind.name: kind.saved for kind in KINDS}


@pytest.fixture(scope="module")
def url(somebody: Newcomer) -> Iterator[str]:
    """The address that `insidedocker lab` prints."""
    command = (".venv/bin/insidedocker", "lab", "--no-open", "--engine", "embedded")
    with somebody.terminal(*command, "--work", str(somebody.home / "work")) as terminal:
        yield terminal.url()


@dataclass(frozen=True)
class Opened:
    """A notebook with every kind of question, and where its answers go."""

    notebook: Notebook
    answers: Path

    @property
    def page(self) -> Page:
        return self.notebook.page

    def ask(self, kind: Kind) -> Locator:
        """Run a question's cell; what it shows."""
        return self.notebook.run(self.notebook.cell(kind.code))

    def set_up(self) -> None:
        self.notebook.run(self.notebook.cell("from insidedocker.lab import quiz"))

    def saved(self) -> Any:
        return json.loads(self.answers.read_text())


OpenQuiz = Callable[..., Opened]


@pytest.fixture
def open_quiz(
    somebody: Newcomer, url: str, open_page: OpenPage, request: pytest.FixtureRequest
) -> OpenQuiz:
    """Opens the notebook in a folder of this test's own."""

    def open_one(name: str = "", *, dark: bool = False) -> Opened:
        folder = somebody.home / "work" / (name or request.node.name)
        code = [SET_UP, *(kind.code for kind in KINDS), *PARTS]
        cells = [nbformat.v4.new_code_cell(each) for each in code]
        text = nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL))
        somebody.write(folder / "questions.ipynb", text)
        page = url.replace("00-start-here/00-start-here", f"{folder.name}/questions")
        page = page.replace("?", "?reset&")
        # JupyterLab itself complains where a question is shown again without its kernel.
        notebook = Notebook(open_page(page, dark=dark, but=["widget model not found"]))
        notebook.await_kernel()
        return Opened(notebook, folder / "answers.json")

    return open_one


def test_by_mouse_then_after_a_restart_and_reopened(open_quiz: OpenQuiz) -> None:
    quiz = open_quiz()
    quiz.set_up()
    for kind in KINDS:
        shown = quiz.ask(kind)
        expect(shown.get_by_role("status")).to_contain_text("no answer saved yet")
        kind.mouse(shown)
        expect(shown.get_by_role("status")).to_contain_text(kind.status)
    assert quiz.saved() == SAVED

    quiz.notebook.save()
    quiz.notebook.restart_kernel()
    quiz.page.reload()
    quiz.notebook.await_kernel()
    for kind in KINDS:
        status = quiz.notebook.cell(kind.code).get_by_role("status")
        status.scroll_into_view_if_needed()
        expect(status).to_contain_text(kind.status)
        expect(status).to_contain_text("run this cell to answer")
    screenshot(quiz.page, "questions-reopened")

    quiz.set_up()
    for kind in KINDS:
        shown = quiz.ask(kind)
        expect(shown.get_by_role("status")).to_contain_text(kind.status)
        for control in shown.get_by_role("combobox").all():
            expect(control).not_to_have_value("(choose)")
        for role in ("radio", "checkbox"):
            controls = shown.get_by_role(role)
            if controls.count():
                assert any(each.is_checked() for each in controls.all())
    assert quiz.saved() == SAVED


def focus_by_tab(page: Page, shown: Locator) -> None:
    """From the cell after it, where Shift+Enter has led: back up, and Tab into its output."""
    page.keyboard.press("ArrowUp")
    for _ in range(6):
        page.keyboard.press("Tab")
        if shown.evaluate(
            "each => each.contains(document.activeElement)"
            " && document.activeElement.matches('input, select')"
        ):
            return
    raise AssertionError("Tab does not lead to the question's controls")


def test_by_keyboard_alone(open_quiz: OpenQuiz) -> None:
    quiz = open_quiz()
    keyboard = quiz.page.keyboard
    quiz.set_up()
    cells = quiz.notebook.panel.locator(".jp-CodeCell")
    count = cells.count()
    for kind in KINDS:
        cell = quiz.notebook.cell(kind.code)
        shown = quiz.ask(kind)
        focus_by_tab(quiz.page, cell)
        for key in kind.keys:
            keyboard.press(key)
        expect(shown.get_by_role("status")).to_contain_text(kind.status)
    assert quiz.saved() == SAVED
    assert cells.count() == count, "a letter typed into a question is no command to JupyterLab"


def test_half_an_answer_is_kept(open_quiz: OpenQuiz) -> None:
    quiz = open_quiz()
    quiz.set_up()
    steps = next(kind for kind in KINDS if kind.name == "steps")
    shown = quiz.ask(steps)
    first, second, third = shown.get_by_role("combobox").all()
    first.select_option("b) create")
    status = shown.get_by_role("status")
    expect(status).to_contain_text("saved so far: b, …, …; nothing chosen yet at 2, 3")
    second.select_option("b) create")
    third.select_option("a) start")
    expect(status).to_contain_text("b chosen twice, c missing")
    quiz.notebook.restart_kernel()
    quiz.set_up()
    shown = quiz.ask(steps)
    expect(shown.get_by_role("status")).to_contain_text("b chosen twice, c missing")
    expect(shown.get_by_role("combobox").nth(2)).to_have_value("a) start")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_quiz: OpenQuiz, theme: str) -> None:
    quiz = open_quiz(f"axe {theme}", dark=theme == "dark")
    quiz.set_up()
    for kind in KINDS:
        kind.mouse(quiz.ask(kind))
    for part in PARTS:
        quiz.notebook.run(quiz.notebook.cell(part.splitlines()[0]))
    for width in (1280, 800):
        quiz.page.set_viewport_size({"width": width, "height": 3000})
        expect(quiz.notebook.cell("lab.my_progress").get_by_role("table")).to_be_visible()
        for kind in KINDS:
            expect(quiz.notebook.cell(kind.code).get_by_role("status")).to_be_visible()
        first = quiz.notebook.cell("from insidedocker.lab import quiz")
        first.scroll_into_view_if_needed()
        screenshot(quiz.page, f"questions-{theme}-{width}")
        assert serious(quiz.page, f"questions-{theme}-{width}") == []
    serious(quiz.page, f"jupyterlab-itself-{theme}", "html")  # for the report: it is not ours


def test_my_progress_leads_to_the_lesson_and_the_task(open_quiz: OpenQuiz) -> None:
    quiz = open_quiz()
    quiz.set_up()
    shown = quiz.notebook.run(quiz.notebook.cell("lab.my_progress"))
    row = shown.get_by_role("row").filter(has_text="Talk to the REST API")
    row.get_by_role("link", name="Exercise 1").click()
    title = quiz.page.get_by_role("heading", name="Exercise 1: write the address")
    expect(title).to_be_in_viewport(timeout=LONG)
    screenshot(quiz.page, "my-progress-led-to-the-task")
